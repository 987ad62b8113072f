"""The cast and its stage: people who talk to a real bot over a real database, and a painter whose work a test decides.

Ana is new. Ben has agreed and has credits. Zed is banned. Time stands still until a test lets it pass.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from sqlalchemy import text

from bots.answering import hear, press
from bots.background import Background
from bots.declaring import Attachment
from bots.delivering import deliver
from bots.replies import Reply
from bots.texts import render
from bots.wiring import RandomIds, datamap, policy
from core import accounts
from core.credits import Balance, Milli
from core.erasing import retention
from core.policy.facts import TRIAL
from core.ports import App, Blobs, Catalogue, Limits
from core.queue.board import Drawing
from core.records import Dispatches
from core.requests import delivery, scheduling
from core.rights import publishing
from core.rules import CREDIT, MINIMUM_AGE
from core.values import DeliveryState, JobId, Moment, Owed, Who
from core.values.wishes import Drawn, Finished, Lost, News, Passing, Progress, Ready, Started, Stirred, Wish
from inference.credentials import Credentials, LabellingEncoder, make_certificates
from inference.flat import square
from inference.intake import Intake
from storage.blobs import FolderBlobs
from storage.database import SqlDatabase, open_engine, sqlite_url
from storage.in_buckets.blobs import open_bucket
from storage.keys import PersonKeys
from storage.schema import upgrade
from storage.tombstones import FileTombstones
from tests.catalogue import SmallCatalogue
from tests.databases import empty_keys
from tests.safety import Censor

IN_A_BUCKET = "TEST_BLOBS"  #: `bucket`: pictures lie there, and not in a folder
MASTER, LOOKUP = b"m" * 32, b"l" * 32
AGREE = f"I am {MINIMUM_AGE} or older"


@dataclass
class StandingClock:
    """Time as a test wants it, in milliseconds."""

    moment: int = 1_800_000_000_000

    def now(self) -> Moment:
        return Moment(self.moment)

    def passes(self, milliseconds: int) -> None:
        self.moment += milliseconds


@dataclass(repr=False)
class Painter:
    """`core.ports.Dispatch` with nobody behind it: wishes wait here until the test says what becomes of them."""

    clock: StandingClock
    window: int = 2
    waiting: list[tuple[Wish, ...]] = field(default_factory=list)
    cancelled: list[tuple[JobId, int]] = field(default_factory=list)

    @property
    def out(self) -> Dispatches:
        return frozenset((wishes[0].job, wishes[0].fence) for wishes in self.waiting)

    @property
    def sent(self) -> Dispatches:
        return self.out

    async def send(self, wishes: Sequence[Wish]) -> None:
        self.waiting.append(tuple(wishes))

    async def cancel(self, job: JobId, fence: int) -> None:
        self.cancelled.append((job, fence))

    async def stir(self) -> None: ...

    async def passing(self) -> AsyncIterator[Passing]:
        await asyncio.Event().wait()
        yield Stirred()

    async def news(self) -> AsyncIterator[News]:
        yield Ready()

    def drawn(self, wish: Wish) -> Drawn:
        pixels = square(wish.seed, wish.settings.width, wish.settings.height)
        return Drawn(wish.job, wish.index, wish.fence, pixels, expires_at=self.clock.now() + 1)


# Neither this nor its people have a repr: asyncio spells out what a finished fixture returned, twice a test.
@dataclass(repr=False)
class Stage:
    """One bot with its stores under `folder`, and the doors people stand at."""

    app: App
    painter: Painter
    censor: Censor
    clock: StandingClock
    database: SqlDatabase
    folder: Path
    people: list[Actor] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.background = Background(self.app, Terminals(self.people))
        self.scheduler = scheduling.Scheduler(self.app)

    async def works(self) -> None:
        """The painter draws everything that waits, and everybody is told."""
        while True:
            await self.dispatches()
            if not self.painter.waiting:
                return
            wishes = self.painter.waiting.pop(0)
            await self.news(Started(wishes[0].job, wishes[0].fence))
            for wish in wishes:
                await self.news(self.painter.drawn(wish))
            await self.news(Finished(wishes[0].job, wishes[0].fence))
            await self.tells()

    def offers(self, catalogue: Catalogue) -> None:
        """From now on there are these models and styles, as after an operator has changed them."""
        object.__setattr__(self.app, "catalogue", catalogue)

    async def breaks_down(self) -> None:
        """The worker starts what waits, and dies over it."""
        await self.dispatches()
        lost = [(wishes[0].job, wishes[0].fence) for wishes in self.painter.waiting]
        self.painter.waiting.clear()
        for job, fence in lost:
            await self.news(Started(job, fence))
        await self.news(Lost(tuple(lost)))
        await self.tells()

    async def dispatches(self) -> None:
        await scheduling.reclaim(self.app)
        await self.scheduler.dispatch()

    async def tells(self) -> None:
        for person in self.people:
            await deliver(self.app, person)

    async def sweeps(self) -> retention.Swept:
        return await retention.sweep(self.app)

    async def news(self, news: News | Progress) -> None:
        if isinstance(news, Progress):
            await self.background.notice(news)
        else:
            await self.background.dispatcher.hear(news)

    async def stored(self, kind: str = "") -> list[str]:
        """The names of what lies in the blob store, of one kind where it is named."""
        every = await self.app.blobs.older_than(Moment(4_000_000_000_000))
        return sorted(name for name in every if name.startswith(kind))

    def mistakes(self) -> list[str]:
        return self.database.transact(lambda tx: tx.ledger.mistakes())


@dataclass(repr=False)
class Terminals:
    """The terminal door of everybody on the stage, as the background knows it: outcomes are told by the stage itself."""

    people: list[Actor]
    name: str = "terminal"

    async def owed(self) -> list[Owed]:
        return []

    async def tell(self, told: Reply, _owed: Sequence[Owed]) -> DeliveryState:
        raise AssertionError(f"nobody owes this: {told}")

    def progress(self, drawing: Drawing) -> None:
        for person in self.people:
            person.progress(drawing)


@dataclass(repr=False)
class Actor:
    """Somebody at a door. What they are told without asking lands in `inbox`."""

    stage: Stage
    who: Who
    inbox: list[Reply] = field(default_factory=list)
    watched: list[Drawing] = field(default_factory=list)
    answer: Reply | None = None

    async def says(self, line: str) -> Reply:
        self.stage.clock.passes(1)  # nobody types two lines in one millisecond
        self.answer = await hear(self.stage.app, self.who, line)
        return self.answer

    async def sends(self, line: str, name: str, data: bytes) -> Reply:
        """A line with a file."""
        self.stage.clock.passes(1)
        self.answer = await hear(self.stage.app, self.who, line, Attachment(name, data))
        return self.answer

    async def presses(self, label: str) -> Reply:
        assert self.answer is not None
        button = next(button for button in self.answer.buttons if render(button.label) == label)
        self.answer = await press(self.stage.app, self.who, button)
        return self.answer

    async def agrees(self) -> None:
        await self.says("/start")
        await self.presses(AGREE)

    async def balance(self) -> Balance:
        return await accounts.balance(self.stage.app, await accounts.known(self.stage.app, self.who))

    async def owed(self) -> list[Owed]:
        person = await accounts.find(self.stage.app, self.who)
        return await delivery.owed(self.stage.app, self.who.door, person.id) if person else []

    @property
    def name(self) -> str:
        return self.who.door

    async def tell(self, told: Reply, owed: Sequence[Owed]) -> DeliveryState:
        self.inbox.append(told)
        return DeliveryState.DELIVERED

    def progress(self, drawing: Drawing) -> None:
        self.watched.append(drawing)


def read(reply: Reply) -> str:
    """What a person reads of a reply."""
    return "\n".join(render(line) for line in reply.lines)


def keys_of(reply: Reply) -> list[str]:
    return [line.key for line in reply.lines]


def blobs_of(folder: Path) -> Blobs:
    """A folder; where `make test-all` says so, a folder of a bucket."""
    if os.environ.get(IN_A_BUCKET) != "bucket":
        return FolderBlobs(folder / "blobs")
    from tests.s3_server import lasting_bucket

    bucket = lasting_bucket()
    return open_bucket(f"{bucket.url}/{secrets.token_hex(8)}", bucket.access)


def build_stage(folder: Path, database: SqlDatabase, *, open_jobs: int = 3, welcome: int = 20) -> Stage:
    """A bot over `database`, its keys and blobs under `folder`."""
    clock = StandingClock()
    keys_file = folder / "keys.db"
    if not keys_file.exists():
        keys_file.write_bytes(empty_keys())
    key_store = open_engine(sqlite_url(keys_file))
    upgrade(key_store, "keys")
    painter, censor = Painter(clock), Censor()
    app = App(
        database=database,
        keys=PersonKeys(key_store, MASTER, LOOKUP, clock),
        blobs=blobs_of(folder),
        dispatch=painter,
        encoder=LabellingEncoder(credentials()),
        intake=Intake(),
        safety=censor,
        catalogue=SmallCatalogue(),
        clock=clock,
        ids=RandomIds(),
        limits=Limits(open_jobs, Milli(welcome * CREDIT)),
        datamap=datamap(),
        policy=database.transact(publishing.publish, policy(TRIAL), clock.now()),
        tombstones=FileTombstones(folder / "tombstones"),
    )
    return Stage(app, painter, censor, clock, database, folder)


@cache
def credentials() -> Credentials:
    """One certificate for all tests: making one takes longer than signing."""
    return Credentials(make_certificates())


def enter(stage: Stage, name: str, door: str = "terminal") -> Actor:
    """Somebody new comes to a door."""
    actor = Actor(stage, Who(door, name))
    stage.people.append(actor)
    return actor


async def agrees_and_is_banned(actor: Actor) -> None:
    """At any door: whoever has the verbs of the cast."""
    await actor.agrees()
    person = await accounts.find(actor.stage.app, actor.who)
    assert person is not None
    ban(actor.stage, person.id)


def ban(stage: Stage, person: str) -> None:
    with stage.database._engine.begin() as connection:
        connection.execute(text("UPDATE person SET banned = true WHERE id = :id"), {"id": person})
