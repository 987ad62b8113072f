"""A backup is of one moment, whoever writes meanwhile, and waits for nobody."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bots.wiring import only_server
from core.credits import LedgerAccountId, LotId, Milli
from core.records import Records
from core.values import Moment
from storage.database import SqlDatabase
from tests.backups.conftest import Make
from tests.backups.filling import fill
from tests.backups.instances import Instance, Pair


@contextmanager
def writing(database: SqlDatabase, accounts: list[str]) -> Iterator[list[int]]:
    """A thread that books as fast as it can; how many bookings there were."""
    booked = [0]
    ending = threading.Event()

    def book(tx: Records) -> None:
        number = booked[0]
        account, amount = accounts[number % len(accounts)], Milli(1_000 if number % 3 else -500)
        at = Moment(1_800_000_000_000 + number)
        tx.ledger.adjust(f"adjust:{number}", LedgerAccountId(account), LotId(f"lot-{number}"), amount, "gift", at)

    def go_on() -> None:
        while not ending.is_set():
            database.transact(book)
            booked[0] += 1

    writer = threading.Thread(target=go_on)
    writer.start()
    try:
        yield booked
    finally:
        ending.set()
        writer.join()


def test_a_backup_during_heavy_writes_is_clean_and_of_one_moment(
    instance: Instance, pair: Pair, tmp_path: Path, make: Make
) -> None:
    """`--identity` restores each into an empty database, where the checker proves the books from their entries."""
    instance.lives(fill(instance.stage()))
    accounts = [row["id"] for row in instance.rows()["ledger_account"]]
    seen = []
    with writing(instance.database(), accounts) as booked:
        for number in range(5):
            before = booked[0]
            done = instance.does(
                "backup", tmp_path / f"{number}.age", "--recipient", pair.public, "--identity", pair.file
            )
            assert (done["opened"], done["mistakes"], done["missing"]) == (True, [], 0)
            seen.append((before, done["rows"]["ledger_tx"], booked[0]))
    assert all(before < after for before, _, after in seen), "nobody wrote meanwhile"
    start = seen[0][1] - seen[0][0]
    assert [rows for _, rows, _ in seen] == sorted(rows for _, rows, _ in seen)
    assert seen[-1][1] > start

    other = make("sqlite")
    other.does("restore", tmp_path / "4.age", "--identity", pair.file)
    assert other.stage().mistakes() == []


def test_nobody_waits_for_a_backup(instance: Instance, pair: Pair, tmp_path: Path) -> None:
    """A writer that holds the database does not keep a backup waiting, and a server that holds the folder does not either."""
    instance.lives(fill(instance.stage()))
    database = instance.database()
    holding, ending = threading.Event(), threading.Event()

    def hold(_tx: object) -> None:
        holding.set()
        assert ending.wait(60)

    writer = threading.Thread(target=database.transact, args=(hold,))
    writer.start()
    assert holding.wait(10)
    try:
        with only_server(instance.folder):
            instance.does("backup", tmp_path / "backup.age", "--recipient", pair.public)
    finally:
        ending.set()
        writer.join()


def test_a_picture_that_is_deleted_meanwhile_is_left_out_and_counted(
    instance: Instance, pair: Pair, tmp_path: Path, make: Make
) -> None:
    instance.lives(fill(instance.stage()))
    gone = min((instance.folder / "blobs").glob("pictures/*/*/*"))
    gone.unlink()

    done = instance.does("backup", tmp_path / "backup.age", "--recipient", pair.public)
    assert done["missing"] == 1

    other = make("sqlite")
    assert other.does("restore", tmp_path / "backup.age", "--identity", pair.file)["missing"]["pictures"] == 1
    assert (
        "1 picture was not there any more"
        in instance.darkroom("backup", tmp_path / "again.age", "--recipient", pair.public).stdout
    )


def test_wrong_books_are_kept_and_said(instance: Instance, pair: Pair, tmp_path: Path, make: Make) -> None:
    """Better a backup of wrong books than none; but whoever runs it unattended must notice."""
    instance.lives(fill(instance.stage()))
    with instance.engine().begin() as connection:
        connection.exec_driver_sql("UPDATE credit_lot SET available = available + 1, amount = amount + 1")

    done = instance.darkroom("backup", tmp_path / "backup.age", "--recipient", pair.public, "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["mistakes"] != []

    other = make("sqlite")
    restored = other.darkroom("restore", tmp_path / "backup.age", "--identity", pair.file)
    assert restored.returncode == 1
    assert "The books are wrong: Lot" in restored.stdout


def test_a_store_that_fails_leaves_no_file(instance: Instance, pair: Pair, tmp_path: Path) -> None:
    instance.lives(fill(instance.stage()))
    (request, *_) = (instance.folder / "blobs" / "pictures").iterdir()
    shutil.rmtree(request)
    request.touch()

    assert "picture store" in instance.refuses("backup", tmp_path / "backup.age", "--recipient", pair.public)
    assert not list(tmp_path.glob("backup.age*"))
