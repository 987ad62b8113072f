"""Many requests while everything goes wrong at once: answers lost, limits, failures, connections that drop, doors that die.

`python -m tests.discord_.soak --jobs 500` prints what became of them.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from bots import logs
from bots.delivering import Courier
from core import accounts
from core.requests import delivery
from core.values import DeliveryState
from core.values.wishes import Finished, Pixels, Progress, Started, Wish
from storage.database import SqlDatabase, open_engine, sqlite_url
from storage.schema import upgrade
from tests.cast import Stage, build_stage
from tests.discord_ import Channel, DiscordServer
from tests.discord_.actor import DiscordActor, Scene, at_discord

WELCOME = 5_000  #: credits of each person: none may be refused for lack of them
PATIENCE = 4.0  #: seconds somebody waits at most before they ask for something else
GREY = Pixels(8, 8, bytes([90]) * 8 * 8 * 3)
DEAD_TOKENS = 0.04  #: share of requests whose token dies before they are drawn


@dataclass
class Figures:
    """What became of the requests. `twice_by_edit`, `lost` and `unpaid` must be 0."""

    asked: int = 0  #: interactions that were acknowledged
    unanswered: int = 0  #: those that Discord counts as failed: the door was away, or not in time
    requests: int = 0  #: a door that dies between acknowledging and booking leaves none, and takes nothing for it
    pictures: int = 0
    shown: int = 0
    by_message: int = 0  #: shown in a message of its own, because the first could be edited no more
    undeliverable: int = 0  #: private, and the token died: they wait in the gallery
    uncertain: int = 0
    twice_by_edit: int = 0
    twice_by_message: int = 0
    lost: int = 0
    unpaid: int = 0  #: credits taken for nothing, or pictures given for nothing
    public_secrets: int = 0
    still_owed: int = 0
    restarts: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    drained_in: float = 0.0
    seconds: float = 0.0


class Soak:
    def __init__(self, scene: Scene, jobs: int, share: float, seed: int, people: int) -> None:
        self.scene, self.jobs, self.share = scene, jobs, share
        self.rng = random.Random(seed)
        self.figures = Figures()
        guild = scene.discord.guild("Friends")
        self.rooms = [guild.channel(f"room {n}") for n in range(3)]
        self.people = [self._enter(n, guild.channels) for n in range(people)]
        self.courier = Courier(scene.stage.app, scene.door)
        self.calm = self.over = False

    @property
    def stage(self) -> Stage:
        return self.scene.stage

    async def run(self) -> Figures:
        began = time.monotonic()
        for person in self.people:
            await person.agrees()
        planted = self.scene.discord.faults.menu(self.share)
        beside = [asyncio.create_task(self._draws()), asyncio.create_task(self._tells())]
        meddling = asyncio.create_task(self._meddles())
        await asyncio.gather(*(self._asks(person) for person in self.people))
        self.calm = True
        await meddling
        self.figures.faults = Counter({fault.kind.name.lower(): fault.struck for fault in planted})
        self.scene.discord.faults.stop()
        drained = time.monotonic()
        await self._drains()
        self.figures.drained_in = time.monotonic() - drained
        self.over = True
        await asyncio.gather(*beside)
        await self.courier.close()
        self._counts()
        self.figures.seconds = time.monotonic() - began
        return self.figures

    def _enter(self, number: int, rooms: Sequence[Channel]) -> DiscordActor:
        """Two of three in a room, the others alone with the bot."""
        room = rooms[number % len(rooms)] if number % 3 else None
        person = self.scene.enter(f"person {number}", room)
        if room is None:
            rooms[0].guild.joined_by(person.user)  # type: ignore[union-attr]
        return person

    async def _asks(self, person: DiscordActor) -> None:
        while self.figures.asked < self.jobs:
            self.stage.clock.passes(1)
            options = {"count": self.rng.choice([1, 1, 2, 3]), "private": self.rng.random() < 0.3}
            use = await person.user.uses("/imagine", in_=person.place, prompt="a star", **options)
            if not use.acknowledged:
                self.figures.unanswered += 1
                await asyncio.sleep(0.2 + self.rng.random() * 0.3)
                continue
            self.figures.asked += 1
            if self.rng.random() < DEAD_TOKENS:
                self.scene.discord.kills_token(use)
            await self._is_patient(person)

    async def _is_patient(self, person: DiscordActor) -> None:
        """Most people wait for what they asked for, and not for ever."""
        found = await accounts.find(self.stage.app, person.who)
        assert found is not None
        deadline = time.monotonic() + PATIENCE * self.rng.random()
        while time.monotonic() < deadline and await delivery.outstanding(self.stage.app, "discord", found.id):
            await asyncio.sleep(0.05)

    async def _draws(self) -> None:
        while not self.over:
            await self.stage.dispatches()
            for wishes in list(self.stage.painter.waiting):
                self.stage.painter.waiting.remove(wishes)
                await self._draw(wishes)
            await asyncio.sleep(0.01)

    async def _draw(self, wishes: tuple[Wish, ...]) -> None:
        await self.stage.news(Started(wishes[0].job, wishes[0].fence))
        for wish in wishes:
            await self.stage.news(Progress(wish.job, wish.index, wish.fence, 1, 4, GREY))
            await asyncio.sleep(0.005)
            await self.stage.news(self.stage.painter.drawn(wish))
        await self.stage.news(Finished(wishes[0].job, wishes[0].fence))

    async def _tells(self) -> None:
        while not self.over:
            with suppress(RuntimeError):
                await self.courier.round()
            await asyncio.sleep(0.02)

    async def _meddles(self) -> None:
        """The door dies and comes back; the connection drops."""
        while not self.calm:
            await asyncio.sleep(0.2 + self.rng.random())
            if self.rng.random() < 0.5:
                self.scene.discord.gateway.drops(politely=self.rng.random() < 0.5)
                continue
            await self.courier.close()
            await self.scene.restarts(killed=self.rng.random() < 0.7)
            self.courier = Courier(self.stage.app, self.scene.door)
            self.figures.restarts += 1

    async def _drains(self) -> None:
        deadline = time.monotonic() + 60
        while (owed := self._rows("state IN ('owed', 'waiting')")) and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
        self.figures.still_owed = owed

    def _counts(self) -> None:
        figures, discord = self.figures, self.scene.discord
        said = [message for message in discord.messages.values() if message.author.bot and not message.deleted]
        by_edit = Counter(file.name for message in said if not message.nonce for file in message.attachments)
        by_message = Counter(file.name for message in said if message.nonce for file in message.attachments)
        with self.stage.database._engine.connect() as connection:
            rows = connection.exec_driver_sql(
                "SELECT p.id, p.format, d.state, j.private, j.id FROM picture p JOIN job j ON j.id = p.job_id"
                ' JOIN delivery d ON d.job_id = p.job_id AND d."index" = p."index"'
            ).all()
            figures.requests = connection.exec_driver_sql("SELECT count(*) FROM job").scalar() or 0
        figures.pictures = len(rows)
        asked_by = {
            told.job: discord.uses[int(update.partition(":")[2])]
            for update, told in self.scene.overheard.items()
            if told.job is not None
        }
        for id_, file_format, state, private, job in rows:
            name = f"darkroom-{id_}.{file_format}"
            edits, sends = by_edit[name], by_message[name]
            figures.shown += bool(edits or sends)
            figures.by_message += bool(sends)
            figures.twice_by_edit += edits > 1
            figures.twice_by_message += sends > 1 or bool(edits and sends)
            figures.undeliverable += state == DeliveryState.UNDELIVERABLE
            figures.uncertain += state == DeliveryState.UNCERTAIN
            waits = private and state == DeliveryState.UNDELIVERABLE and (job not in asked_by or asked_by[job].killed)
            figures.lost += not (edits or sends) and not waits
            figures.public_secrets += private and any(
                file.name == name and not message.ephemeral and message.channel.guild is not None
                for message in said
                for file in message.attachments
            )
        spent = len(self.people) * WELCOME * 1_000 - sum(self._spendable())
        figures.unpaid = spent - figures.pictures * 1_000

    def _spendable(self) -> list[int]:
        with self.stage.database._engine.connect() as connection:
            accounts = connection.exec_driver_sql("SELECT account_id FROM person_account").scalars().all()
        now = self.stage.clock.now()
        return [
            self.stage.database.transact(lambda tx, one=one: tx.ledger.balance(one, now)).spendable for one in accounts
        ]

    def _rows(self, condition: str) -> int:
        with self.stage.database._engine.connect() as connection:
            return connection.exec_driver_sql(f"SELECT count(*) FROM delivery WHERE {condition}").scalar() or 0


async def soak(
    folder: Path, database: SqlDatabase, *, jobs: int, share: float = 0.02, seed: int = 1, people: int = 12
) -> Figures:
    stage = build_stage(folder, database, open_jobs=0, welcome=WELCOME)
    stage.painter.window = 8
    async with at_discord(stage, DiscordServer(seed=seed)) as scene:
        figures = await Soak(scene, jobs, share, seed, people).run()
    assert stage.mistakes() == []
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=500)
    parser.add_argument("--share", type=float, default=0.02)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--people", type=int, default=12)
    asked = parser.parse_args()
    logs.set_up("error")
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(sqlite_url(Path(folder) / "records.db"))
        upgrade(engine, "records")
        figures = asyncio.run(
            soak(
                Path(folder),
                SqlDatabase(engine),
                jobs=asked.jobs,
                share=asked.share,
                seed=asked.seed,
                people=asked.people,
            )
        )
    for name, value in vars(figures).items():
        print(f"{name:>18}: {value:.1f}" if isinstance(value, float) else f"{name:>18}: {value}")


if __name__ == "__main__":
    main()
