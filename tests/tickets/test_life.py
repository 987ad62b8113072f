"""What somebody wrote is theirs to take away, and goes when they go; what is said about a child is acted on."""

from __future__ import annotations

from sqlalchemy import text

from core import accounts
from core.erasing import erasure
from core.rights import tickets
from core.rules import DAY, HOUR
from core.values.letters import TicketKind
from core.values.receipts import Ground
from tests.cast import Actor, Stage, enter
from tests.erasure.going import finish, goes, id_of
from tests.rights.unpacking import exports

SECRET = "a heron at the fence"


def count(stage: Stage) -> int:
    with stage.database._engine.connect() as connection:
        return int(connection.execute(text("SELECT count(*) FROM ticket WHERE sealed_text IS NOT NULL")).scalar_one())


async def test_a_letter_and_its_answer_are_exported_and_go_with_the_account(stage: Stage, ben: Actor) -> None:
    await ben.says(f"/support {SECRET}")
    (ticket,) = await tickets.unanswered(stage.app)
    await tickets.answer(stage.app, ticket.id, "it was a heron")
    stage.clock.passes(DAY)

    (row,) = [row for row in (await exports(ben)).rows("ticket") if row["kind"] == "support"]
    assert (row["sealed_text"], row["sealed_answer"]) == (SECRET, "it was a heron")
    await goes(ben)
    assert count(stage) == 0


async def test_a_reported_child_is_due_in_a_day_and_erased_without_a_word_of_theirs(stage: Stage, ben: Actor) -> None:
    kit = enter(stage, "kit")
    await kit.agrees()
    await ben.says("/report child kit at this terminal says she is nine")
    (ticket,) = await tickets.unanswered(stage.app)
    assert (ticket.kind, ticket.due_at - ticket.asked_at) == (TicketKind.REPORT_CHILD, 24 * HOUR)

    await erasure.begin(stage.app, await id_of(kit), Ground.CHILD)
    await finish(stage)
    assert await accounts.find(stage.app, kit.who) is None
    assert [one.id for one in await tickets.unanswered(stage.app)] == [ticket.id]
