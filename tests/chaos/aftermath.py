"""What is left when everything is quiet again, held against what people asked for and what they see. Knows rows, no process."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from bots.settings import Settings
from bots.wiring import open_house
from core.erasing import retention
from core.values import DeliveryState
from tests.chaos.people import People
from tests.crashes.aftermath import Aftermath, Found, LaterClock, rows_of
from tests.s3_server import PUT, Bucket
from tests.telegram import Message

TOLD = {DeliveryState.DELIVERED, DeliveryState.UNCERTAIN, DeliveryState.UNDELIVERABLE, DeliveryState.DROPPED}
ENDS = {
    ("done", None),
    ("done", "crashed"),
    ("done", "cancelled"),
    ("failed", "crashed"),
    ("cancelled", "cancelled"),
    ("cancelled", None),
}


def look(settings: Settings, people: People, bucket: Bucket | None) -> Aftermath:
    """Sweep as if hours had passed, then compare everything with everything."""
    with open_house(settings) as house:
        before = _blobs(settings, bucket)
        later = replace(house.app, clock=LaterClock(house.app.clock.now()))
        swept = asyncio.run(retention.sweep(later))
        mistakes = house.database.transact(lambda tx: tx.ledger.mistakes())
        left = _Left(rows_of(house), people)
    blobs = _blobs(settings, bucket)
    wrong = [
        *mistakes,
        *left.requests(),
        *left.ends(),
        *left.outcomes(),
        *left.books(settings.welcome_credits),
        *left.orphans(blobs),
    ]
    figures = left.figures() | {
        "blobs without a picture, swept": len(before) - len(blobs),
        "sweep found to do": swept.jobs + swept.references + swept.keys,
    }
    if swept.jobs:
        wrong.append(f"{swept.jobs} requests were still open")
    return Aftermath(figures, wrong)


def shows_secret(files: Iterator[Path], secret: str) -> list[str]:
    """Which of these files hold it in plain."""
    found = []
    for path in files:
        try:
            if path.is_file() and secret.encode() in path.read_bytes():
                found.append(path.name)
        except FileNotFoundError:  # the server has written it anew since
            continue
    return found


def _blobs(settings: Settings, bucket: Bucket | None) -> set[str]:
    if bucket is not None:
        return {name for name, kind in bucket.holds() if kind == PUT}
    folder = settings.data / "blobs"
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


class _Left(Found):
    def __init__(self, rows: Mapping[str, list[Any]], people: People) -> None:
        super().__init__(rows)
        self._people = people
        self._jobs = {job.id: job for job in rows["job"]}
        self._told = {(one.job_id, one.index): one.state for one in rows["delivery"]}
        self._shown = people.shown()
        self._twice = {id_: messages for id_, messages in self._shown.items() if len(messages) > 1}

    def requests(self) -> Iterator[str]:
        jobs = Counter(job.seed for job in self._rows["job"])
        counts = {ask.seed: ask.count for ask in self._people.asked}
        for seed, many in jobs.items():
            if many > 1 or seed not in counts:
                yield f"of request {seed} there are {many} jobs"
        for job in self._rows["job"]:
            if job.count != counts.get(job.seed):
                yield f"job {job.seed} is of {job.count} pictures, and {counts.get(job.seed)} were asked for"

    def unanswered(self) -> int:
        """Requests that neither became a job nor were answered with a sentence."""
        jobs = {job.seed for job in self._rows["job"]}
        missing = 0
        for name, asked in self._people.by_name().items():
            without = sum(ask.seed not in jobs for ask in asked)
            missing += max(0, without - self._people.sorry(name))
        return missing

    def ends(self) -> Iterator[str]:
        pictures = Counter(picture.job_id for picture in self._rows["picture"])
        holds = {hold.id: hold for hold in self._rows["hold"]}
        for job in self._rows["job"]:
            drawn, hold = self._drawn[job.id], holds[job.id]
            if (job.state, job.reason) not in ENDS:
                yield f"job {job.seed} is {job.state} ({job.reason})"
            if hold.state == "open":
                yield f"the credits of job {job.seed} are held still"
            if pictures[job.id] != drawn:
                yield f"job {job.seed} has {pictures[job.id]} pictures, and {drawn} were drawn"
            if hold.captured != drawn * job.price_each:
                yield f"job {job.seed} was charged {hold.captured} for {drawn} pictures at {job.price_each}"

    def outcomes(self) -> Iterator[str]:
        for (job, index), state in self._told.items():
            if state not in TOLD:
                yield f"outcome {index} of job {self._jobs[job].seed} is {state}"
        for picture in self._undelivered():
            job, state = self._jobs[picture.job_id], self._told[picture.job_id, picture.index]
            yield (
                f"picture {picture.index} of request {job.seed} ({job.state}, {state}) was paid for and is not to be seen: "
                f"{self._people.once_shown(picture.id)}"
            )
        for id_, messages in self._twice.items():
            if self._by_edits(messages) > 1:
                yield f"picture {id_} stands in {len(messages)} messages, each of which was edited"
        if strange := self._shown.keys() - {picture.id for picture in self._rows["picture"]}:
            yield f"{len(strange)} pictures were shown that are not there"

    def figures(self) -> dict[str, float]:
        states = Counter((job.state, job.reason) for job in self._rows["job"])
        told = Counter(str(state) for state in self._told.values())
        return {
            "requests": len(self._people.asked),
            "accepted": len(self._rows["job"]),
            "answered with a sentence instead": sum(self._people.sorry(name) for name in self._people.by_name()),
            "answered with an apology": self._people.bugs(),
            "not answered": self.unanswered(),
            "done": states["done", None],
            "done in part": states["done", "crashed"] + states["done", "cancelled"],
            "failed and released": states["failed", "crashed"],
            "cancelled": sum(many for (state, _), many in states.items() if state == "cancelled"),
            "sent out again": sum(max(0, job.attempts - 1) for job in self._rows["job"]),
            "pictures": len(self._rows["picture"]),
            "delivered": told["delivered"],
            "uncertain": told["uncertain"],
            "shown twice": len(self._twice),
            "shown twice by edits": sum(self._by_edits(messages) > 1 for messages in self._twice.values()),
            "charged and not delivered": len(self._undelivered()),
            "placeholders left over": self._people.placeholders(),
        }

    def _undelivered(self) -> list[Any]:
        """Pictures that were told and are not to be seen; of uncertain ones nobody knows, and so they are not sent again."""
        return [
            picture
            for picture in self._rows["picture"]
            if not self._shown.get(picture.id)
            and self._told[picture.job_id, picture.index] not in (DeliveryState.UNCERTAIN, DeliveryState.DROPPED)
        ]

    def _by_edits(self, messages: list[Message]) -> int:
        return sum(bool(message.history) for message in messages)
