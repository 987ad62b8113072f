"""Any order of grants, requests, endings and background jobs, with the model beside the books after every step.

Time passing, the sweep and the reclaiming of holds are rules of their own, so that a background job may be late. A fact may
also be booked a little late: its moment was read before its transaction began, and others booked in between.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import nullcontext, suppress

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import Engine, text

from core.credits import Balance, KeyReused, LedgerAccountId, Milli, price_each
from core.errors import Refused
from core.records import Records
from core.rules import HOLD_LIFE, MINUTE
from core.values import JobId, Moment
from storage.database import SqlDatabase
from tests.ledger.desk import START, Customer, Desk
from tests.ledger.model import Lot, Model, price_of_one

LOTS = text("SELECT id, account_id, kind, amount, expires_at, available, held, spent, removed FROM credit_lot")
HOLDS = text("SELECT id, state, amount, captured FROM hold")
OPEN_JOBS = text("SELECT id FROM job WHERE state IN ('queued', 'drawing')")
FREEZE = text("UPDATE ledger_account SET frozen_reason = :reason WHERE id = :account RETURNING id")

PART = 10 * MINUTE  #: lives and ticks are made of these, so that they often meet exactly

which = st.integers(0, 9)
customers = st.integers(0, 1)
kinds = st.sampled_from(["paid", "sub", "promo", "comp"])
amounts = st.integers(1, 30).map(lambda tenths: tenths * 100)
prices = st.integers(1, 10).map(lambda tenths: tenths * 100)
counts = st.integers(1, 4)
lives = st.sampled_from([None, PART, 2 * PART, 30 * PART])
ticks = st.sampled_from([PART, PART, 2 * PART, 4 * PART, 30 * PART, 150 * PART])
lags = st.sampled_from([0, 0, PART])
rarely = st.sampled_from([False, False, False, True])
ends = st.sampled_from([Desk.fail, Desk.cancel])

End = Callable[[Desk, JobId, int], object]


class LedgerMachine(RuleBasedStateMachine):
    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.desk = Desk(SqlDatabase(engine))
        self.model = Model()
        self.now: int = START
        self.customers: list[Customer] = []
        self.booked: dict[
            str, Callable[[int, int], object]
        ] = {}  # key -> the same fact again, or with a changed amount
        self.prices: dict[JobId, int] = {}
        self.pictures: dict[JobId, int] = {}
        self.drawn: dict[JobId, set[int]] = {}

    def teardown(self) -> None:
        self.desk.database.close()

    # Credits

    @initialize(welcome=st.sampled_from([0, 1_000]), first=st.lists(st.tuples(kinds, amounts, lives), max_size=4))
    def two_people_come(self, welcome: int, first: list[tuple[str, int, int | None]]) -> None:
        for who in (0, 1):
            customer = self.desk.enroll(welcome, self.now)
            self.customers.append(customer)
            self.model.debts[customer.account] = 0
            if welcome:
                (lot,) = {row["id"] for row in self.desk.rows(LOTS)} - set(self.model.lots)
                self.model.bring(customer.account, lot, "promo", welcome, None, self.now)
            for kind, amount, life in first:
                self.grant(who, kind, amount, life, 0)

    @rule(who=customers, kind=kinds, amount=amounts, life=lives, lag=lags)
    def grant(self, who: int, kind: str, amount: int, life: int | None, lag: int) -> None:
        customer, key, now = self.customers[who], self.desk.name("grant:"), self.now - lag
        until = None if life is None else now + life
        lot = self.desk.grant(customer, kind, amount, until, key, now)
        self.model.bring(customer.account, lot, kind, amount, until, now)
        self.booked[key] = lambda more, at: self.desk.grant(customer, kind, amount + more, until, key, at)

    @rule(who=customers, amount=amounts, taken=st.booleans(), lag=lags)
    def adjust(self, who: int, amount: int, taken: bool, lag: int) -> None:
        customer, key, now = self.customers[who], self.desk.name("adjust:"), self.now - lag
        lot = self.desk.adjust(customer, -amount if taken else amount, key, now)
        if taken:
            self.model.take_away(customer.account, amount, now)
        else:
            self.model.bring(customer.account, lot, "comp", amount, None, now)
        sign = -1 if taken else 1
        self.booked[key] = lambda more, at: self.desk.adjust(customer, sign * (amount + more), key, at)

    @precondition(lambda self: self.expiring())
    @rule(pick=which, amount=amounts)
    def a_correction_comes_between_an_expiry_and_its_sweep(self, pick: int, amount: int) -> None:
        lots = self.expiring()
        lot = lots[pick % len(lots)]
        self.now = max(self.now, lot.expires_at)
        who = next(at for at, customer in enumerate(self.customers) if customer.account == lot.account)
        self.adjust(who=who, amount=amount, taken=True, lag=0)

    @precondition(lambda self: self.booked)
    @rule(pick=which, more=st.sampled_from([0, 100]))
    def the_same_key_again(self, pick: int, more: int) -> None:
        """The same fact changes nothing; another one is a bug and is called one."""
        with pytest.raises(KeyReused) if more else nullcontext():
            self.booked[chosen(self.booked, pick)](more, self.now)

    @rule(who=customers, freeze=rarely)
    def freeze_or_thaw(self, who: int, freeze: bool) -> None:
        account = self.customers[who].account
        self.desk.rows(FREEZE, reason="dispute" if freeze else None, account=account)
        self.model.frozen = {*self.model.frozen, account} if freeze else self.model.frozen - {account}

    # Requests

    @rule(who=customers, price=prices, steps=st.integers(4, 9), pictures=counts, at_once=st.booleans(), lag=lags)
    def request(self, who: int, price: int, steps: int, pictures: int, at_once: bool, lag: int) -> None:
        self.ask(who, price, steps, pictures, at_once, lag)

    @rule(
        who=customers,
        kind=kinds,
        amount=amounts,
        life=lives,
        price=prices,
        pictures=counts,
        drawn=st.integers(0, 3),
        waits=ticks,
        end=ends,
        lag=lags,
    )
    def story(
        self,
        who: int,
        kind: str,
        amount: int,
        life: int | None,
        price: int,
        pictures: int,
        drawn: int,
        waits: int,
        end: End,
        lag: int,
    ) -> None:
        """Credits come, are asked for and waited with, and the request ends when some of it is drawn. Often, and in one go,
        since what can go wrong needs all of it."""
        self.grant(who, kind, amount, life, lag=0)
        job = self.ask(who, price, 8, pictures, at_once=True, lag=0)
        if job is not None:
            self.pictures_come(list(self.model.holds).index(job), list(range(drawn)), lag=0, stale=False)
            self.tick(waits, sweep=True)
            if job in self.open():
                self.it_ends(self.open().index(job), end, lag)

    @precondition(lambda self: self.model.holds)
    @rule(pick=which, indexes=st.lists(st.integers(0, 3), max_size=3), lag=lags, stale=rarely)
    def pictures_come(self, pick: int, indexes: list[int], lag: int, stale: bool) -> None:
        """Some of them too late, some twice."""
        job, now = chosen(self.model.holds, pick), self.now - lag
        for index in [index % self.pictures[job] for index in indexes]:
            found = self.desk.find(job)
            wanted = found.state == "drawing" and not stale and index not in self.drawn[job]
            assert self.desk.draw(job, index, now, found.fence - stale) is wanted
            if wanted:
                self.drawn[job].add(index)
                if len(self.drawn[job]) == self.pictures[job]:
                    self.settle(job, now)

    @precondition(lambda self: self.open())
    @rule(pick=which, end=ends, lag=lags)
    def it_ends(self, pick: int, end: End, lag: int) -> None:
        job = chosen(self.open(), pick)
        assert end(self.desk, job, self.now - lag)
        self.settle(job, self.now - lag)

    @precondition(lambda self: self.open())
    @rule(pick=which, lost=st.booleans())
    def the_worker_is_lost_and_found(self, pick: int, lost: bool) -> None:
        if lost:
            job = chosen(self.open(), pick)
            self.desk.give_up_attempt(job, self.now)
            if not self.desk.find(job).state.is_open:  # it was started ATTEMPTS times
                self.settle(job, self.now)
        else:
            self.desk.dispatch(self.now)

    @precondition(lambda self: self.open())
    @rule(pick=which)
    def more_is_captured_than_held(self, pick: int) -> None:
        job = chosen(self.open(), pick)
        with pytest.raises(ValueError, match="cannot capture"):
            self.desk.resolve(job, self.model.holds[job].amount + 100, self.now)

    @precondition(lambda self: self.over())
    @rule(pick=which)
    def it_ends_again(self, pick: int) -> None:
        job = chosen(self.over(), pick)
        captured = self.model.holds[job].captured
        assert not self.desk.fail(job, self.now)
        with pytest.raises(Refused):
            self.desk.cancel(job, self.now)
        self.desk.resolve(job, captured, self.now)
        with pytest.raises(KeyReused):
            self.desk.resolve(job, captured + 100, self.now)

    @precondition(lambda self: self.model.holds)
    @rule(pick=which)
    def it_is_held_again(self, pick: int) -> None:
        job = chosen(self.model.holds, pick)
        hold = self.model.holds[job]
        with suppress(Refused):
            self.desk.hold(job, hold.account, hold.amount, self.now)

    # Time and what runs in the background

    @rule(by=ticks, sweep=st.booleans())
    def tick(self, by: int, sweep: bool) -> None:
        self.now += by
        if sweep:
            self.sweep()

    @rule()
    def sweep(self) -> None:
        assert self.desk.book_expiries(self.now) == self.model.book_expiries(self.now)

    @rule()
    def reclaim(self) -> None:
        """Which jobs are due is the scheduler's business; that no hold stays past its life is ours.

        Twice: a lease that ran out sends its job back to the queue first, and then its hold is due under a new fence.
        """
        still_open = self.open()
        self.desk.reclaim(self.now)
        self.desk.reclaim(self.now)
        for job in still_open:
            if not self.desk.find(job).state.is_open:
                self.settle(job, self.now)
        assert not [job for job in self.open() if self.model.holds[job].expires_at <= self.now]

    # What must be true after every step

    @invariant()
    def the_books_are_right_and_say_what_the_model_says(self) -> None:
        self.desk.database.transact(self.compare)

    def compare(self, tx: Records) -> None:
        assert tx.ledger.mistakes() == []
        assert set(self.desk.read(tx, LOTS)) == {
            (lot.id, lot.account, lot.kind, lot.amount, lot.expires_at, lot.available, lot.held, lot.spent, lot.removed)
            for lot in self.model.lots.values()
        }
        assert set(self.desk.read(tx, HOLDS)) == {
            (job, hold.state, hold.amount, hold.captured) for job, hold in self.model.holds.items()
        }
        assert {job for (job,) in self.desk.read(tx, OPEN_JOBS)} == set(self.open())
        for account, debt in self.model.debts.items():
            spendable, held = self.model.spendable(account, self.now), self.model.held(account)
            balance = tx.ledger.balance(LedgerAccountId(account), Moment(self.now))
            assert balance == Balance(Milli(spendable), Milli(held), Milli(debt))

    # Words of the rules above

    def ask(self, who: int, price: int, steps: int, pictures: int, at_once: bool, lag: int) -> JobId | None:
        customer, job, now = self.customers[who], JobId(self.desk.name("job")), self.now - lag
        each = price_each(Milli(price), steps, 8)
        assert each == price_of_one(price, steps, 8)
        refusal = self.model.refusal(customer.account, each * pictures, now)
        if refusal is not None:
            with pytest.raises(Refused) as refused:
                self.desk.accept(customer, each, pictures, now, job=job)
            assert refused.value.key == refusal
            return None
        accepted = self.desk.accept(customer, each, pictures, now, job=job)
        self.model.hold(job, customer.account, each * pictures, now, now + HOLD_LIFE)
        assert accepted.balance.spendable == self.model.spendable(customer.account, now)
        self.prices[job], self.pictures[job], self.drawn[job] = each, pictures, set()
        if at_once:
            self.desk.dispatch(self.now)
        return job

    def expiring(self) -> list[Lot]:
        return [lot for lot in self.model.lots.values() if lot.available and lot.expires_at is not None]

    def open(self) -> list[JobId]:
        return [JobId(job) for job, hold in self.model.holds.items() if hold.state == "open"]

    def over(self) -> list[JobId]:
        return [JobId(job) for job, hold in self.model.holds.items() if hold.state != "open"]

    def settle(self, job: JobId, now: int) -> None:
        self.model.resolve(job, len(self.drawn[job]) * self.prices[job], now)


def chosen(among: Collection[str], number: int) -> JobId:
    return JobId(list(among)[number % len(among)])
