"""What the core needs from outside, as narrow Protocols, and App, which holds one of each. Everything async is an effect."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Concatenate, NamedTuple, ParamSpec, Protocol, TypeVar

from core.credits import Milli
from core.datamap import DataMap
from core.errors import Unavailable
from core.periods import Keeping, Periods
from core.policy.document import Policy
from core.queue.board import Board
from core.rates import Rates
from core.records import Dispatches, Records
from core.rules import DAY
from core.values import (
    JobId,
    Moment,
    PersonId,
    Settings,
    Verdict,
    Who,
)
from core.values.activity import Activity
from core.values.mail import Letter
from core.values.tally import Tally
from core.values.wishes import News, Passing, Pixels, Wish

P = ParamSpec("P")
R = TypeVar("R")


class Database(Protocol):
    async def run(self, fn: Callable[Concatenate[Records, P], R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """One transaction around `fn(tx, …)`. Raises Unavailable when the database cannot be reached or stays locked."""
        ...

    async def look(self, fn: Callable[Concatenate[Records, P], R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """As `run`, of what only reads and may take long: it sees one moment, and holds up nobody who writes."""
        ...

    async def forget_log(self) -> None:
        """What was deleted is in no log of this store any more, where that is ours to say. Raises Unavailable."""
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
    async def shred(self, people: Sequence[PersonId]) -> None: ...  # nothing of it is left in a log of the store
    async def holds(self, person: PersonId) -> bool: ...
    async def older_than(self, moment: Moment) -> list[PersonId]: ...


class Blobs(Protocol):
    async def put(self, name: str, data: bytes) -> None: ...
    async def get(self, name: str) -> bytes | None: ...
    async def delete(self, name: str) -> None: ...
    async def older_than(self, moment: Moment) -> list[str]: ...
    async def under(self, folder: str) -> list[str]: ...  # objects there, and what else is left of any


class Tombstones(Protocol):
    """Who was erased, as keyed hashes, outside the database and every backup. Raises Unavailable."""

    async def add(self, tag: str, at: Moment) -> None: ...  # it outlives a power cut
    async def lift(self, tag: str, at: Moment) -> None: ...  # they thought better of it
    async def holds(self, tag: str) -> bool: ...
    async def all(self) -> dict[str, Moment]: ...  # those that hold, with the moment of each
    async def lifted(self) -> frozenset[str]: ...
    async def forget(self, before: Moment) -> int: ...  # older than any backup


class Dispatch(Protocol):
    """Wishes out, news back. Everything in it may vanish at any moment; the job of record is in the database.

    `send` takes the wishes of one dispatch and raises Unavailable when they cannot go out. One process at a time reads `news`,
    and what it read is gone once it asks for more; `passing` is for every process.
    """

    @property
    def window(self) -> int: ...  # how many jobs may be out at once, 0 while no worker is ready
    @property
    def out(self) -> Dispatches: ...  # what a living worker was sent and has not finished
    @property
    def sent(self) -> Dispatches: ...  # the same, and what may have been lost, for as long as that is not certain
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


class Mailer(Protocol):
    """E-mail, where whoever runs this bot has any."""

    @property
    def is_on(self) -> bool: ...
    async def send(self, address: str, letter: Letter, /, **values: str) -> None:
        """One letter, in plain text. Raises Refused when there is no such mailbox, Unavailable when to try again later."""
        ...


class NoMail:
    """`Mailer` where there is none."""

    is_on = False

    async def send(self, _address: str, _letter: Letter, /, **_values: str) -> None:
        raise Unavailable("email.off")


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
    undo_window: int = DAY  #: milliseconds between confirming an erasure and its first step


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
    tombstones: Tombstones
    policy: Policy = field(default_factory=Policy)
    periods: Periods = field(default_factory=Periods)  #: how long things are kept here
    board: Board = field(default_factory=Board)
    rates: Rates = field(default_factory=Rates)
    activity: Activity = field(default_factory=Activity)
    meter: Meter = field(default_factory=Unmetered)
    public_url: str = ""  #: where browsers reach the web server; empty where they do not
    mailer: Mailer = field(default_factory=NoMail)
    tally: Tally = field(default_factory=Tally)

    @property
    def keeping(self) -> Keeping:
        """The periods at this moment, for reads: what is past them is not seen."""
        return Keeping(self.periods, self.clock.now())
