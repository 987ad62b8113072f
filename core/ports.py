"""What the core needs from outside, as narrow Protocols, and App, which holds one of each.

`Records` is one open transaction: each noun's verbs state a fact and answer whether it held. Everything async is an effect.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Concatenate, NamedTuple, ParamSpec, Protocol, TypeVar

from core.credits import Balance, LedgerAccountId, LotId, Milli
from core.datamap import DataMap
from core.values import (
    Job,
    JobId,
    JobState,
    Moment,
    Owed,
    Person,
    PersonId,
    Picture,
    PictureId,
    Reason,
    Settings,
    Who,
)
from core.wishes import News, Pixels, Wish

P = ParamSpec("P")
R = TypeVar("R")


Dispatches = frozenset[tuple[JobId, int]]  #: jobs that are out, each under its fence


# One transaction


class People(Protocol):
    def add(self, person: Person, identity: NewIdentity, now: Moment) -> bool: ...  # False: this identity has one
    def of_identity(self, lookup: str) -> Person | None: ...
    def get(self, person: PersonId) -> Person | None: ...
    def acknowledge(self, person: PersonId, notice_version: int, minimum_age: int, door: str, now: Moment) -> None: ...
    def too_young_until(self, lookup: str) -> Moment | None: ...
    def mark_too_young(self, lookup: str, until: Moment) -> None: ...
    def forget_too_young(self, now: Moment) -> int: ...
    def which_exist(self, people: Sequence[PersonId]) -> set[PersonId]: ...


class Jobs(Protocol):
    def add(self, job: Job) -> None: ...
    def get(self, job: JobId) -> Job | None: ...
    def lock(self, job: JobId) -> Job | None: ...  # nobody else moves it until this transaction ends
    def open_of(self, person: PersonId) -> list[Job]: ...
    def place(self, job: JobId) -> int: ...
    def next_queued(self, limit: int) -> list[Job]: ...
    def drawing(self) -> list[Job]: ...
    def dispatch(self, job: JobId, fence: int, lease_until: Moment) -> bool: ...
    def start(self, job: JobId, fence: int, lease_until: Moment) -> bool: ...
    def renew(self, job: JobId, fence: int, lease_until: Moment) -> bool: ...
    def requeue(self, job: JobId, fence: int) -> bool: ...
    def close(self, job: JobId, state: JobState, reason: Reason | None, now: Moment) -> None: ...
    def forget_words(self, job: JobId) -> None: ...
    def late(self, now: Moment) -> list[Job]: ...
    def leaderless(self, now: Moment) -> list[Job]: ...


class Wishes(Protocol):
    def add(self, job: JobId, count: int) -> None: ...
    def pending(self, job: JobId) -> list[int]: ...
    def drawn(self, job: JobId, index: int) -> bool: ...
    def fail_pending(self, job: JobId) -> int: ...
    def count_drawn(self, job: JobId) -> int: ...


class Pictures(Protocol):
    def add(self, picture: Picture) -> None: ...
    def get(self, picture: PictureId) -> Picture | None: ...
    def of(self, person: PersonId, limit: int, offset: int) -> list[Picture]: ...
    def count(self, person: PersonId) -> int: ...
    def hide(self, picture: PictureId) -> bool: ...
    def hidden(self) -> list[Picture]: ...
    def remove(self, picture: PictureId) -> bool: ...
    def any_of(self, job: JobId) -> bool: ...
    def named_blobs(self, blobs: Sequence[str]) -> set[str]: ...


class Deliveries(Protocol):
    def add(self, job: JobId, count: int) -> None: ...
    def owe(self, job: JobId, index: int) -> None: ...
    def owe_waiting(self, job: JobId) -> None: ...
    def drop_waiting(self, job: JobId) -> None: ...
    def owed(self, door: str, person: PersonId | None) -> list[Owed]: ...
    def told(self, job: JobId, index: int) -> bool: ...
    def outstanding(self, door: str, person: PersonId) -> int: ...


class Ledger(Protocol):
    """The one writer of balances. Every verb that books takes a key; the same key twice books once."""

    def open_account(self, account: LedgerAccountId, person: PersonId, now: Moment) -> None: ...
    def lock(self, account: LedgerAccountId) -> None: ...
    def balance(self, account: LedgerAccountId, now: Moment) -> Balance: ...
    def grant(self, grant: Grant, now: Moment) -> None: ...
    def adjust(
        self, key: str, account: LedgerAccountId, lot: LotId, amount: Milli, reason: str, now: Moment
    ) -> None: ...
    def hold(self, job: JobId, account: LedgerAccountId, amount: Milli, now: Moment, expires_at: Moment) -> None: ...
    def resolve(self, job: JobId, captured: Milli, now: Moment) -> None: ...
    def expired_holds(self, now: Moment) -> list[JobId]: ...
    def book_expiries(self, now: Moment) -> int: ...
    def mistakes(self) -> list[str]: ...


class Records(Protocol):
    """One open database transaction."""

    @property
    def people(self) -> People: ...
    @property
    def jobs(self) -> Jobs: ...
    @property
    def wishes(self) -> Wishes: ...
    @property
    def pictures(self) -> Pictures: ...
    @property
    def deliveries(self) -> Deliveries: ...
    @property
    def ledger(self) -> Ledger: ...


@dataclass(frozen=True)
class NewIdentity:
    """How a person signs in: `lookup` is a keyed HMAC of the platform's id, `sealed_id` the id under the person's key."""

    door: str
    lookup: str
    sealed_id: bytes = field(repr=False)


@dataclass(frozen=True)
class Grant:
    """Credits that come in: `key` names the fact that brings them, `lot` is the id they get."""

    key: str
    account: LedgerAccountId
    lot: LotId
    kind: str
    amount: Milli
    expires_at: Moment | None
    reason: str


# Effects


class Database(Protocol):
    async def run(self, fn: Callable[Concatenate[Records, P], R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """One transaction around `fn(tx, …)`. Raises Unavailable when the database cannot be reached or stays locked."""
        ...


class Place(NamedTuple):
    """Where a sealed value lies; sealing binds it there, so it opens nowhere else."""

    table: str
    column: str
    row: str


class Keys(Protocol):
    """Per-person keys in a store of their own."""

    def lookup(self, who: Who) -> str: ...
    async def create(self, person: PersonId) -> None: ...
    async def seal(self, person: PersonId, place: Place, plain: bytes) -> bytes: ...
    async def open(self, person: PersonId, place: Place, sealed: bytes) -> bytes: ...
    async def shred(self, people: Sequence[PersonId]) -> None: ...
    async def older_than(self, moment: Moment) -> list[PersonId]: ...


class Blobs(Protocol):
    async def put(self, name: str, data: bytes) -> None: ...
    async def get(self, name: str) -> bytes | None: ...
    async def delete(self, name: str) -> None: ...
    async def older_than(self, moment: Moment) -> list[str]: ...


class Dispatch(Protocol):
    """Wishes out, news back. Everything in it may vanish at any moment; the job of record is in the database."""

    @property
    def window(self) -> int: ...  # how many jobs may be out at once, 0 while no worker is ready
    @property
    def out(self) -> Dispatches: ...  # what a living worker was sent and has not finished
    async def send(self, wishes: Sequence[Wish]) -> None: ...
    async def cancel(self, job: JobId, fence: int) -> None: ...
    def news(self) -> AsyncIterator[News]: ...


@dataclass(frozen=True)
class Encoded:
    data: bytes = field(repr=False)
    format: str


class Encoder(Protocol):
    async def encode(self, pixels: Pixels) -> Encoded:
        """A picture file without metadata. Raises ValueError when the pixels are not what they say."""
        ...


@dataclass(frozen=True)
class Range:
    low: float
    high: float
    default: float


@dataclass(frozen=True)
class Model:
    """What people may ask of a model. `price` is for one picture at the default steps."""

    name: str
    sizes: dict[str, tuple[int, int]]  #: shape -> (width, height)
    steps: Range
    guidance: Range
    price: Milli

    def settings(self, shape: str, steps: int, guidance: float) -> Settings:
        width, height = self.sizes[shape]
        return Settings(self.name, shape, width, height, steps, guidance)


class Catalogue(Protocol):
    @property
    def current(self) -> Model: ...
    def unread(self, prompt: str) -> tuple[str, ...]: ...  # words the current model never learnt


class Clock(Protocol):
    def now(self) -> Moment: ...


class Ids(Protocol):
    def opaque(self) -> str: ...  # 128 random bits
    def short(self) -> str: ...  # for people to read and type
    def seed(self) -> int: ...


@dataclass(frozen=True)
class Limits:
    """Settings of the operator; 0 switches a limit off."""

    open_jobs: int
    welcome: Milli


@dataclass(frozen=True)
class App:
    """One of each port, put together by bots/wiring.py."""

    database: Database
    keys: Keys
    blobs: Blobs
    dispatch: Dispatch
    encoder: Encoder
    catalogue: Catalogue
    clock: Clock
    ids: Ids
    limits: Limits
    datamap: DataMap
