"""The words the ledger's tests speak: people with accounts, credits coming in, requests, pictures, endings."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import Any

from sqlalchemy import Row, RowMapping, TextClause, text

from core import accounts
from core.credits import Balance, LedgerAccountId, LotId, Milli
from core.ports import Limits
from core.records import Agreed, Grant, NewIdentity, Records
from core.requests import completion, generation, scheduling
from core.values import Accepted, Job, JobId, JobState, Moment, Person, PersonId, Picture, PictureId, Reason, Settings
from storage.database import SqlDatabase, SqlRecords

START = Moment(1_000_000_000)
PARTS = text("SELECT available, held, spent, removed FROM credit_lot WHERE id = :lot")
SMALL = Settings("starter", "square", 8, 8, 4, 1.0)


@dataclass(frozen=True)
class Customer:
    person: PersonId
    account: LedgerAccountId


class Desk:
    """Everything that touches the books, each as the one transaction the product makes of it. Names are given in order."""

    def __init__(self, database: SqlDatabase) -> None:
        self.database = database
        self.spoiled = False
        self._numbers = count(1)

    def name(self, of: str) -> str:
        return f"{of}{next(self._numbers)}"

    def enroll(self, welcome: int = 0, now: int = START) -> Customer:
        person = Person(PersonId(self.name("person")), LedgerAccountId(self.name("account")), False, 1)
        identity = NewIdentity("terminal", self.name("lookup"), b"sealed")
        limits = Limits(open_jobs=0, welcome=Milli(welcome))
        agreed, lot = Agreed(1, 16, "a hash"), LotId(self.name("lot"))
        self.database.transact(accounts.enroll, person, identity, agreed, lot, limits, Moment(now))
        return Customer(person.id, person.account)

    def grant(self, who: Customer, kind: str, amount: int, until: int | None, key: str, now: int) -> LotId:
        lot = LotId(self.name("lot"))
        expires_at = None if until is None else Moment(until)
        grant = Grant(key, who.account, lot, kind, Milli(amount), expires_at, "test")
        self.database.transact(lambda tx: tx.ledger.grant(grant, Moment(now)))
        return lot

    def adjust(self, who: Customer, amount: int, key: str, now: int, reason: str = "fix") -> LotId:
        lot = LotId(self.name("lot"))
        self.database.transact(lambda tx: tx.ledger.adjust(key, who.account, lot, Milli(amount), reason, Moment(now)))
        return lot

    def accept(
        self, who: Customer, price_each: int, pictures: int, now: int, most_open: int = 0, job: str | None = None
    ) -> Accepted:
        wanted = self.job(who, price_each, pictures, now, job)
        return self.database.transact(generation.accept, wanted, who.account, most_open, Moment(now))

    def job(self, who: Customer, price_each: int, pictures: int, now: int, job: str | None = None) -> Job:
        return Job(
            id=JobId(job or self.name("job")),
            person=who.person,
            door="terminal",
            state=JobState.QUEUED,
            settings=SMALL,
            seed=1,
            count=pictures,
            private=False,
            price_each=Milli(price_each),
            sealed_words=b"sealed",
            fence=0,
            attempts=0,
            created_at=Moment(now),
            deadline=Moment(now + generation.START_DEADLINE),
        )

    def dispatch(self, now: int) -> None:
        """Everything in line goes to a worker, who starts on it."""
        for sent in self.database.transact(scheduling.choose, 100, Moment(now)):
            self.database.transact(lambda tx, sent: tx.jobs.start(sent.job.id, sent.job.fence, sent.lease_until), sent)

    def draw(self, job: JobId, index: int, now: int, fence: int | None = None) -> bool:
        """A picture comes back, under the job's own fence unless another is named."""
        found = self.find(job)
        return self.database.transact(
            completion.keep_picture, picture(found, index, now), found.fence if fence is None else fence, Moment(now)
        )

    def fail(self, job: JobId, now: int, fence: int | None = None) -> bool:
        fence = self.find(job).fence if fence is None else fence
        return self.database.transact(generation.end, job, fence, JobState.FAILED, Reason.CRASHED, Moment(now))

    def cancel(self, job: JobId, now: int) -> Job:
        return self.database.transact(generation.take_back, job, self.find(job).person, Moment(now))

    def give_up_attempt(self, job: JobId, now: int) -> None:
        self.database.transact(scheduling.attempt_over, job, self.find(job).fence, Moment(now))

    def reclaim(self, now: int) -> int:
        overdue = self.database.transact(scheduling.due, Moment(now))
        for one in overdue:
            self.database.transact(scheduling.take_in, one, Moment(now))
        return len(overdue)

    def book_expiries(self, now: int) -> int:
        return self.database.transact(lambda tx: tx.ledger.book_expiries(Moment(now)))

    def hold(self, job: JobId, account: str, amount: int, now: int) -> None:
        until = Moment(now + generation.HOLD_LIFE)
        self.database.transact(
            lambda tx: tx.ledger.hold(job, LedgerAccountId(account), Milli(amount), Moment(now), until)
        )

    def resolve(self, job: JobId, captured: int, now: int) -> None:
        self.database.transact(lambda tx: tx.ledger.resolve(job, Milli(captured), Moment(now)))

    def find(self, job: JobId) -> Job:
        found = self.database.transact(lambda tx: tx.jobs.get(job))
        assert found is not None
        return found

    def balance(self, who: Customer, now: int) -> Balance:
        return self.database.transact(lambda tx: tx.ledger.balance(who.account, Moment(now)))

    def mistakes(self) -> list[str]:
        return self.database.transact(lambda tx: tx.ledger.mistakes())

    def lot(self, lot: str) -> dict[str, int]:
        """Where the credits of a lot are; parts with nothing in them are left out."""
        (found,) = self.rows(PARTS, lot=lot)
        return {part: amount for part, amount in found.items() if amount}

    def rows(self, statement: TextClause, **values: Any) -> list[RowMapping]:
        """Rows as they lie in the tables, for tests that look underneath or spoil them."""
        return self.database.transact(lambda tx: [row._mapping for row in self.read(tx, statement, **values)])

    def read(self, tx: Records, statement: TextClause, **values: Any) -> list[Row[Any]]:
        assert isinstance(tx, SqlRecords)
        return list(tx._connection.execute(statement, values))


def picture(job: Job, index: int, now: int) -> Picture:
    return Picture(
        id=PictureId(f"{job.id}-{index}"),
        job=job.id,
        index=index,
        person=job.person,
        seed=job.seed + index,
        blob=f"{job.id}/{index}",
        width=8,
        height=8,
        format="png",
        drawn_at=Moment(now),
    )
