"""What the core needs from outside, as narrow Protocols, and App, which holds one of each.

`Records` is one open transaction: each noun's verbs state a fact and answer whether it held. Everything async is an effect.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Concatenate, NamedTuple, ParamSpec, Protocol, TypeVar

from core.board import Board
from core.credits import Balance, LedgerAccountId, LotId, Milli
from core.datamap import DataMap
from core.figures import Books, UnderWay, Untold
from core.rates import Rates
from core.turns import Waiting
from core.values import (
    DeliveryState,
    Held,
    Job,
    JobId,
    JobState,
    Moment,
    Owed,
    Person,
    PersonId,
    Picture,
    PictureId,
    Preferences,
    Queued,
    Reason,
    Settings,
    Verdict,
    Who,
)
from core.wishes import News, Passing, Pixels, Wish

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
    def weigh(self, person: PersonId, weight: int) -> None: ...  # from their next request on
    def others_at(self, door: str, person: PersonId) -> bool: ...
    def which_exist(self, people: Sequence[PersonId]) -> set[PersonId]: ...


class Jobs(Protocol):
    def add(self, job: Job) -> None: ...
    def get(self, job: JobId) -> Job | None: ...
    def lock(self, job: JobId) -> Job | None: ...  # nobody else moves it until this transaction ends
    def open_of(self, person: PersonId) -> list[Job]: ...
    def in_line(self, job: Job) -> Queued: ...
    def open_in(self, server: str) -> int: ...  # how many of its requests are open
    def queued_since(self, moment: Moment) -> list[Waiting]: ...  # queued then or later, or put back into the queue
    def queued_fences(self) -> set[tuple[JobId, int]]: ...  # every queued job
    def drawing(self) -> list[Job]: ...
    def count_drawing(self) -> int: ...
    def dispatch(self, job: JobId, fence: int, lease_until: Moment) -> bool: ...
    def start(self, job: JobId, fence: int, lease_until: Moment) -> bool: ...
    def renew(self, job: JobId, fence: int, lease_until: Moment) -> bool: ...
    def requeue(self, job: JobId, fence: int, now: Moment) -> bool: ...
    def close(self, job: JobId, state: JobState, reason: Reason | None, now: Moment) -> None: ...
    def forget_words(self, job: JobId) -> None: ...
    def forget_reference(self, job: JobId) -> None: ...
    def with_spent_reference(self) -> list[Job]: ...  # over, and their reference picture is not destroyed yet
    def named_references(self, blobs: Sequence[str]) -> set[str]: ...
    def late(self, now: Moment) -> list[Job]: ...
    def leaderless(self, now: Moment) -> list[Job]: ...


class Wishes(Protocol):
    def add(self, job: JobId, count: int) -> None: ...
    def pending(self, job: JobId) -> list[int]: ...
    def drawn(self, job: JobId, index: int) -> bool: ...
    def refuse(self, job: JobId, index: int, reason: Reason) -> bool: ...
    def fail_pending(self, job: JobId) -> int: ...
    def count_drawn(self, job: JobId) -> int: ...


class Pictures(Protocol):
    def add(self, picture: Picture) -> None: ...
    def get(self, picture: PictureId) -> Picture | None: ...
    def of(self, person: PersonId, limit: int, offset: int) -> list[Picture]: ...
    def count(self, person: PersonId) -> int: ...
    def hide(self, picture: PictureId) -> bool: ...
    def hidden(self) -> list[Picture]: ...
    def hide_overkept(self, now: Moment) -> int: ...  # older than their person wants them kept
    def newest_job(self, person: PersonId) -> JobId | None: ...
    def remove(self, picture: PictureId) -> bool: ...
    def any_of(self, job: JobId) -> bool: ...
    def named_blobs(self, blobs: Sequence[str]) -> set[str]: ...


class Deliveries(Protocol):
    def add(self, job: JobId, count: int) -> None: ...
    def owe(self, job: JobId, index: int) -> None: ...
    def owe_waiting(self, job: JobId) -> None: ...
    def drop_waiting(self, job: JobId) -> None: ...
    def owed(self, door: str, person: PersonId | None) -> list[Owed]: ...
    def told(self, job: JobId, index: int, state: DeliveryState) -> bool: ...
    def outstanding(self, door: str, person: PersonId) -> int: ...
    def held(self) -> list[Held]: ...
    def release(self, job: JobId | None) -> int: ...  # of one request, or all there are


class Posts(Protocol):
    """Where messages about pictures stand on the platforms, each under its person's key."""

    def put(self, job: JobId, index: int, sealed: bytes, now: Moment) -> None: ...
    def get(self, job: JobId, index: int) -> bytes | None: ...


class Inbox(Protocol):
    """Updates that were acted on, and nothing about them."""

    def note(self, update: str, until: Moment) -> bool: ...  # False: it was acted on before
    def forget(self, now: Moment) -> int: ...


class Buttons(Protocol):
    """What the buttons under a message do; a platform carries only the handle."""

    def add(self, handle: str, person: PersonId, sealed: bytes, until: Moment) -> None: ...
    def get(self, handle: str) -> tuple[PersonId, bytes, Moment] | None: ...
    def forget(self, now: Moment) -> int: ...


class Choices(Protocol):
    def get(self, person: PersonId) -> Preferences: ...
    def put(self, person: PersonId, preferences: Preferences) -> None: ...


class Leaders(Protocol):
    """Which process does what only one should do. By the database's clock, so that no other clock matters."""

    def lead(self, role: str, holder: str, milliseconds: int) -> bool: ...  # True: it is `holder`'s for so long
    def resign(self, role: str, holder: str) -> None: ...


class Reports(Protocol):
    def add(self, report: str, person: PersonId, picture: PictureId, sealed: bytes, now: Moment) -> None: ...


class Ledger(Protocol):
    """The one writer of balances. Every verb that books takes a key; the same key twice books once."""

    def open_account(self, account: LedgerAccountId, person: PersonId, now: Moment) -> None: ...
    def lock(self, account: LedgerAccountId) -> None: ...
    def balance(self, account: LedgerAccountId, now: Moment) -> Balance: ...
    def grant(self, grant: Grant, now: Moment) -> None: ...
    def adjust(
        self, key: str, account: LedgerAccountId, lot: LotId, amount: Milli, reason: str, now: Moment
    ) -> None: ...
    def hold(self, job: JobId, account: LedgerAccountId, amount: Milli, now: Moment, expires_at: Moment) -> Balance: ...
    def resolve(self, job: JobId, captured: Milli, now: Moment) -> None: ...
    def expired_holds(self, now: Moment) -> list[JobId]: ...
    def book_expiries(self, now: Moment) -> int: ...
    def mistakes(self) -> list[str]: ...


class Figures(Protocol):
    """Sums over everybody, for whoever runs the bot. Reads only."""

    def waiting(self) -> list[Moment]: ...  # when each queued request was asked for, oldest first
    def under_way(self) -> list[UnderWay]: ...
    def untold(self) -> Untold: ...
    def drawn_by_minute(self, since: Moment) -> dict[int, int]: ...  # pictures, by the minute since 1970
    def failed(self, since: Moment) -> dict[str, int]: ...  # requests, by the reason, "" where each picture has its own
    def leaders(self, now: Moment) -> dict[str, int]: ...  # milliseconds that each role is led for
    def books(self) -> Books: ...  # reads every entry: not often


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
    def posts(self) -> Posts: ...
    @property
    def inbox(self) -> Inbox: ...
    @property
    def buttons(self) -> Buttons: ...
    @property
    def choices(self) -> Choices: ...
    @property
    def reports(self) -> Reports: ...
    @property
    def leaders(self) -> Leaders: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def figures(self) -> Figures: ...


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
    def tag(self, text: str) -> str: ...  # a keyed hash that only this bot can make
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
    """Wishes out, news back. Everything in it may vanish at any moment; the job of record is in the database.

    `send` takes the wishes of one dispatch and raises Unavailable when they cannot go out. One process at a time reads `news`,
    and what it read is gone once it asks for more; `passing` is for every process.
    """

    @property
    def window(self) -> int: ...  # how many jobs may be out at once, 0 while no worker is ready
    @property
    def out(self) -> Dispatches: ...  # what a living worker was sent and has not finished
    async def send(self, wishes: Sequence[Wish]) -> None: ...
    async def cancel(self, job: JobId, fence: int) -> None: ...
    async def stir(self) -> None: ...  # make the other serving processes look at once
    def news(self) -> AsyncIterator[News]: ...
    def passing(self) -> AsyncIterator[Passing]: ...


@dataclass(frozen=True)
class Encoded:
    data: bytes = field(repr=False)
    format: str


class Encoder(Protocol):
    async def encode(self, pixels: Pixels, file_format: str) -> Encoded:
        """A picture file with signed content credentials and no other metadata; one of 256 pixels or more is marked too.

        Raises ValueError when the pixels are not what they say.
        """
        ...

    async def convert(self, data: bytes, file_format: str) -> Encoded:
        """A picture file of ours in another format, labelled anew. Raises ValueError when it cannot be read."""
        ...

    async def preview(self, pixels: Pixels) -> Encoded:
        """A small JPEG, at most 128 pixels wide or high."""
        ...

    async def verify(self, data: bytes) -> Provenance:
        """Whether this bot made a picture file. Never raises for what somebody sent."""
        ...


class Intake(Protocol):
    async def receive(self, data: bytes, width: int, height: int) -> Pixels:
        """The first frame of a PNG, JPEG or WebP file as pixels alone, upright, cut and scaled to this size.

        Raises Refused with the reason; whatever somebody sent, it costs little time and memory to find out.
        """
        ...


class Provenance(StrEnum):
    """What the content credentials of a file say, and the invisible mark in its pixels where they say too little."""

    MADE = "made"  #: we made it, and not a bit of it has changed
    TAMPERED = "tampered"  #: it bears our certificate, and does not verify
    NOT_OURS = "not_ours"  #: it bears credentials of somebody else
    SIGNED_OVER = "signed_over"  #: the same, and our mark
    MARKED = "marked"  #: it bears no credentials any more, but our mark
    UNLABELLED = "unlabelled"  #: it bears neither
    UNREADABLE = "unreadable"  #: no PNG, JPEG or WebP, too large, or broken


class Safety(Protocol):
    async def load(self) -> bool:
        """Get ready, so that the first picture need not wait; whether pictures can be looked at at all."""
        ...

    async def look(self, pixels: Pixels) -> Verdict:
        """Look at a picture before anybody sees it. Never raises: a look that fails is UNCHECKED."""
        ...


@dataclass(frozen=True)
class Range:
    low: float
    high: float
    default: float


@dataclass(frozen=True)
class Style:
    """Words that are added to a request, by the name people choose it by."""

    name: str
    about: str
    prompt: str  #: holds `{prompt}`, where what was asked for stands
    negative: str = ""
    families: tuple[str, ...] = ()  #: which families of models read such words; none named: any

    def suits(self, model: Model) -> bool:
        return not self.families or model.family in self.families


@dataclass(frozen=True)
class Model:
    """What people may ask of a model. `price` is for one picture at the default steps."""

    name: str
    sizes: dict[str, tuple[int, int]]  #: shape -> (width, height)
    steps: Range
    guidance: Range
    price: Milli
    title: str = ""
    family: str = ""  #: which pipeline draws it; an adapter fits one family
    licence: str = ""
    commercial_use: str = "yes"  #: "yes", "no", or the condition in words
    memory: int = 0  #: bytes it needs while it draws
    negative: bool = True  #: whether words to leave out have any effect
    weighting: bool = False  #: whether `(words:1.3)` weighs words
    references: bool = False  #: whether it can start from a picture
    adapters: tuple[str, ...] = ()  #: the LoRAs that fit it
    knows: str = ""  #: what it can draw, where that can be counted

    def settings(self, shape: str, steps: int, guidance: float) -> Settings:
        width, height = self.sizes[shape]
        return Settings(self.name, shape, width, height, steps, guidance)


class Catalogue(Protocol):
    @property
    def default(self) -> Model: ...
    @property
    def models(self) -> tuple[Model, ...]: ...  # what people may choose from, the default first
    @property
    def styles(self) -> tuple[Style, ...]: ...
    def model(self, name: str) -> Model | None: ...
    def style(self, name: str) -> Style | None: ...
    def unread(self, model: Model, prompt: str) -> tuple[str, ...]: ...  # words it never learnt
    def read_until(
        self, model: Model, prompt: str
    ) -> str | None: ...  # the last words it reads of one that is too long


class Clock(Protocol):
    def now(self) -> Moment: ...


class Meter(Protocol):
    """Counts what no other port shows, for whoever runs the bot. It is told nothing about a person."""

    def refused(self, key: str) -> None: ...  # somebody was told that it cannot be; by the key of the sentence
    def outdated(self) -> None: ...  # a picture came that counts no more, or is here already


class Unmetered:
    """`Meter` where nobody asks for figures."""

    def refused(self, _key: str) -> None: ...
    def outdated(self) -> None: ...


class Ids(Protocol):
    def opaque(self) -> str: ...  # 128 random bits
    def short(self) -> str: ...  # for people to read and type
    def seed(self) -> int: ...


@dataclass(frozen=True)
class Limits:
    """Settings of the operator; 0 switches a limit off."""

    open_jobs: int
    welcome: Milli
    requests_per_minute: int = 0
    commands_per_minute: int = 0
    open_jobs_per_server: int = 0


@dataclass(frozen=True)
class App:
    """One of each port, put together by bots/wiring.py."""

    database: Database
    keys: Keys
    blobs: Blobs
    dispatch: Dispatch
    encoder: Encoder
    intake: Intake
    safety: Safety
    catalogue: Catalogue
    clock: Clock
    ids: Ids
    limits: Limits
    datamap: DataMap
    board: Board = field(default_factory=Board)
    rates: Rates = field(default_factory=Rates)
    meter: Meter = field(default_factory=Unmetered)
