"""The books hold account numbers and amounts; one record joins a person to them."""

from __future__ import annotations

from sqlalchemy import inspect, text

from core import accounts
from tests.cast import Actor, Stage

BOOKS = ("ledger_account", "ledger_tx", "ledger_entry", "credit_lot", "hold", "hold_slice")


async def test_only_one_row_joins_a_person_to_the_books(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a cat")
    await stage.works()
    person = await accounts.active(stage.app, ben.who)

    with stage.database._engine.begin() as connection:
        joining = {
            name
            for name in inspect(connection).get_table_names()
            for row in connection.exec_driver_sql(f'SELECT * FROM "{name}"').mappings()
            if person.account in row.values()
        } - set(BOOKS)
        assert joining == {"person_account"}
        assert connection.execute(text("SELECT count(*) FROM person_account")).scalar_one() == 1


async def test_no_book_holds_a_persons_id_or_name(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a cat")
    await stage.works()
    person = await accounts.active(stage.app, ben.who)
    lookup = stage.app.keys.lookup(ben.who)

    with stage.database._engine.begin() as connection:
        for name in BOOKS:
            for row in connection.exec_driver_sql(f'SELECT * FROM "{name}"'):
                written = " ".join(str(value) for value in row)
                assert lookup not in written, name
                assert person.id not in written, name
