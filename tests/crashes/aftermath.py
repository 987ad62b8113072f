"""What real processes left in real stores, held against what people asked for and were told. Knows rows, not processes."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from PIL import Image
from sqlalchemy import select
from sqlmodel import SQLModel

from bots.replies import say
from bots.settings import Settings
from bots.texts import render
from bots.wiring import House, open_house
from core.erasing import retention
from core.rules import CREDIT, ORPHAN_AGE, PICTURES_PER_JOB
from core.values import Moment, Reason
from inference.flat import colour
from storage.keys import keys

FAILURES = {
    render(say(f"failed.{reason}", n=n)): n for reason in Reason for n in range(1, PICTURES_PER_JOB + 1)
}  #: every sentence that tells of pictures that will not come, with how many


@dataclass
class Asked:
    """One /imagine line. `accepted`: the answer was read; None: the process died before it was."""

    person: str
    seed: int
    count: int
    accepted: bool | None = None


@dataclass
class Heard:
    """What was read from all processes together."""

    shown: Counter[str] = field(default_factory=Counter)  #: path of a picture file -> how often it was told
    failed: Counter[str] = field(default_factory=Counter)  #: person -> pictures that were told to have failed


@dataclass
class Aftermath:
    """Figures, and one sentence for each thing that is wrong."""

    figures: dict[str, int]
    wrong: list[str]


class LaterClock:
    """`core.ports.Clock`, when every orphan is old enough to be swept."""

    def __init__(self, now: Moment) -> None:
        self._now = now

    def now(self) -> Moment:
        return Moment(self._now + 2 * ORPHAN_AGE)


def look(settings: Settings, asked: Sequence[Asked], heard: Heard) -> Aftermath:
    """Sweep as if hours had passed, then hold everything against everything."""
    with open_house(settings) as house:
        later = replace(house.app, clock=LaterClock(house.app.clock.now()))
        swept = asyncio.run(retention.sweep(later))
        mistakes = house.database.transact(lambda tx: tx.ledger.mistakes())
        found = _Found(rows_of(house))
    files = {str(path.relative_to(settings.data / "blobs")) for path in _files(settings.data / "blobs")}
    wrong = [
        *mistakes,
        *found.requests(asked),
        *found.ends(),
        *found.books(settings.welcome_credits),
        *found.orphans(files),
        *found.told(heard),
        *found.shown(heard, flat=settings.model == "flat"),
    ]
    swept_up = {"orphan blobs swept": swept.blobs, "orphan keys swept": swept.keys}
    return Aftermath(found.figures(asked, heard) | swept_up, wrong)


def rows_of(house: House) -> Mapping[str, list[Any]]:
    """Every row, people's keys included, by table."""
    with house.database._engine.connect() as records, house.app.keys._engine.connect() as key_store:  # type: ignore[attr-defined]
        rows = {table.name: list(records.execute(select(table))) for table in SQLModel.metadata.sorted_tables}
        return rows | {keys.name: list(key_store.execute(select(keys)))}


class Found:
    """What the stores hold, and whether it adds up."""

    def __init__(self, rows: Mapping[str, list[Any]]) -> None:
        self._rows = rows
        self._drawn = Counter(wish.job_id for wish in rows["wish"] if wish.state == "drawn")

    def books(self, welcome: int) -> Iterator[str]:
        lots = self._rows["credit_lot"]
        parts = {part: sum(getattr(lot, part) for lot in lots) for part in ("available", "held", "spent")}
        price = sum(self._drawn[job.id] * job.price_each for job in self._rows["job"])
        granted = welcome * CREDIT * len(self._rows["person"])
        if parts != {"available": granted - price, "held": 0, "spent": price}:
            yield f"of {granted} there are {parts}, for pictures that cost {price}"

    def orphans(self, files: set[str]) -> Iterator[str]:
        named = {picture.blob for picture in self._rows["picture"]}
        if files != named:
            yield f"blobs without a picture: {sorted(files - named)}; pictures without a blob: {sorted(named - files)}"
        people, owners = {one.id for one in self._rows["person"]}, {one.person_id for one in self._rows["person_key"]}
        if people != owners:
            yield f"{len(owners - people)} keys without a person, {len(people - owners)} people without a key"


class _Found(Found):
    """The same, beside what was asked and heard."""

    def __init__(self, rows: Mapping[str, list[Any]]) -> None:
        super().__init__(rows)
        self._captured = {hold.id: hold.captured for hold in rows["hold"]}

    def requests(self, asked: Sequence[Asked]) -> Iterator[str]:
        jobs = Counter(job.seed for job in self._rows["job"])
        for ask in asked:
            allowed = {True: (1,), False: (0,), None: (0, 1)}[ask.accepted]
            if jobs[ask.seed] not in allowed:
                yield f"of request {ask.seed} ({ask.accepted=}) there are {jobs[ask.seed]} jobs"
        counts = {ask.seed: ask.count for ask in asked}
        for job in self._rows["job"]:
            if counts.get(job.seed) != job.count:
                yield f"job {job.seed} is of {job.count} pictures, and {counts.get(job.seed)} were asked for"

    def ends(self) -> Iterator[str]:
        pictures = Counter(picture.job_id for picture in self._rows["picture"])
        for job in self._rows["job"]:
            drawn, captured = self._drawn[job.id], self._captured[job.id]
            if (job.state, job.reason) not in (("done", None), ("done", "crashed"), ("failed", "crashed")):
                yield f"job {job.seed} is {job.state} ({job.reason})"
            if (job.state == "done") != (drawn > 0) or (job.reason is None) != (drawn == job.count):
                yield f"job {job.seed} is {job.state} with {drawn} of {job.count} pictures drawn"
            if pictures[job.id] != drawn:
                yield f"job {job.seed} has {pictures[job.id]} pictures, and {drawn} were drawn"
            if captured != drawn * job.price_each:
                yield f"job {job.seed} was charged {captured} for {drawn} pictures at {job.price_each}"
            if job.reference is not None:
                yield f"job {job.seed} still names the picture it started from"
        for delivery in self._rows["delivery"]:
            if delivery.state != "delivered":
                yield f"an outcome is {delivery.state}"

    def told(self, heard: Heard) -> Iterator[str]:
        shown = {Path(path).stem for path in heard.shown}
        ids = {picture.id for picture in self._rows["picture"]}
        if shown != ids:
            yield f"{len(ids - shown)} pictures were never shown, and {len(shown - ids)} were shown that are not there"
        failed = sum(wish.state == "failed" for wish in self._rows["wish"])
        if heard.failed.total() < failed:
            yield f"{failed} pictures failed, and people were told of {heard.failed.total()}"

    def shown(self, heard: Heard, *, flat: bool) -> Iterator[str]:
        """The files that people got are whole, and of the flat engine we know what they must show."""
        seeds = {picture.id: picture.seed for picture in self._rows["picture"]}
        for path in map(Path, heard.shown):
            try:
                with Image.open(path) as picture:
                    seen = picture.getpixel((64, 64))
            except OSError:
                yield f"{path.name} is no whole picture"
            else:
                if flat and path.stem in seeds and seen != tuple(colour(seeds[path.stem])):
                    yield f"{path.name} shows something else"

    def figures(self, asked: Sequence[Asked], heard: Heard) -> dict[str, int]:
        states = Counter((job.state, job.reason) for job in self._rows["job"])
        return {
            "requests": len(asked),
            "accepted": sum(ask.accepted is True for ask in asked),
            "refused": sum(ask.accepted is False for ask in asked),
            "died before the answer": sum(ask.accepted is None for ask in asked),
            "jobs": len(self._rows["job"]),
            "done": states["done", None],
            "done in part": states["done", "crashed"],
            "failed and released": states["failed", "crashed"],
            "pictures": len(self._rows["picture"]),
            "spent, milli-credits": sum(lot.spent for lot in self._rows["credit_lot"]),
            "pictures told": heard.shown.total(),
            "pictures told again": heard.shown.total() - len(heard.shown),
            "failed pictures told": heard.failed.total(),
            "failed pictures": sum(wish.state == "failed" for wish in self._rows["wish"]),
        }


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())
