"""The nouns: people, jobs, wishes, pictures, deliveries. Frozen values; storage turns rows into them at its border."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NewType

from core.credits import Balance, LedgerAccountId, Milli

PersonId = NewType("PersonId", str)
JobId = NewType("JobId", str)
PictureId = NewType("PictureId", str)  #: short, read aloud and typed by people
Moment = NewType("Moment", int)  #: milliseconds since 1970, UTC


@dataclass(frozen=True)
class Origin:
    """Where somebody spoke, in the spelling of their door, and by which update; the same update twice is one request.

    `server`: the platform's id of the server or group they spoke in, which is never stored in clear; empty in private.
    """

    address: str = field(repr=False)
    update: str = ""
    server: str = field(default="", repr=False)


@dataclass(frozen=True)
class Who:
    """Somebody at a door, as the door knows them: `raw_id` is the platform's own id and is never stored in clear."""

    door: str
    raw_id: str = field(repr=False)
    origin: Origin | None = field(default=None, compare=False)
    name: str = field(default="", repr=False, compare=False)  #: what their platform calls them; kept only if they ask


@dataclass(frozen=True)
class Person:
    id: PersonId
    account: LedgerAccountId
    banned: bool
    notice_version: int  #: the newest notice this person acknowledged
    weight: int = 1  #: their share of the turns beside others of the same server
    policy_seen: int = 0  #: the newest version of the policy they were shown, whether they had to agree or not
    restricted: bool = False  #: by their own wish nothing is done with what is theirs but keeping it
    leaving_at: Moment | None = None  #: they asked for everything to be erased, and may think better of it until then


class JobState(StrEnum):
    QUEUED = "queued"
    DRAWING = "drawing"  #: dispatched under a fence and a lease
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_open(self) -> bool:
        return self in (JobState.QUEUED, JobState.DRAWING)


class WishState(StrEnum):
    PENDING = "pending"
    DRAWN = "drawn"
    FAILED = "failed"


class DeliveryState(StrEnum):
    WAITING = "waiting"  #: the placeholder stands, the outcome is not known
    OWED = "owed"
    DELIVERED = "delivered"
    UNCERTAIN = "uncertain"  #: sent, and the answer was lost: sending again might show it twice
    UNDELIVERABLE = "undeliverable"  #: the chat is gone; the picture waits in the gallery
    DROPPED = "dropped"  #: the person cancelled, and was told so then
    HELD = "held"  #: came out of a backup, and may have been told since: the operator releases it


class Reason(StrEnum):
    """Why a job ended without a picture; also the key of the sentence that says so."""

    CRASHED = "crashed"  #: started ATTEMPTS times, never finished
    TOO_LATE = "too_late"  #: not started before its deadline
    CANCELLED = "cancelled"
    EXPIRED = "expired"  #: its hold outlived HOLD_LIFE
    REFUSED = "refused"  #: the look at the finished picture found what may not be shown
    UNCHECKED = "unchecked"  #: the finished picture could not be looked at, and so nobody sees it


@dataclass(frozen=True)
class Settings:
    """What decides a picture besides its words; together with the words and the seed it draws it again."""

    model: str
    shape: str
    width: int
    height: int
    steps: int
    guidance: float
    style: str = ""  #: the preset whose words were added, "" for none
    lora: str = ""  #: the adapter that was asked for, "" for none
    lora_strength: float = 1.0
    strength: float = 0.0  #: how far to go from the reference picture, 1 ignores it; 0: there is none

    @property
    def work(self) -> int:
        """What drawing one picture takes, in pixels times steps."""
        return self.width * self.height * self.steps


@dataclass(frozen=True)
class Words:
    """The sealed part of a request."""

    prompt: str
    negative: str = ""


@dataclass(frozen=True)
class Job:
    """One request: one price, one hold, one fence, 1-4 pictures. Wish i is drawn with seed + i."""

    id: JobId
    person: PersonId
    door: str
    state: JobState
    settings: Settings
    seed: int
    count: int
    private: bool
    price_each: Milli
    sealed_words: bytes | None  #: None once no picture of it exists any more
    fence: int
    attempts: int
    created_at: Moment
    deadline: Moment
    sealed_origin: bytes | None = None  #: where it was asked, for doors that answer there
    reference: str | None = None  #: the blob of the picture it starts from, gone once the request is over
    server: str = ""  #: a keyed hash of where it was asked; the door's name for all its private chats together
    weight: int = 1  #: its share of the turns beside others of its server

    @property
    def price(self) -> Milli:
        return Milli(self.price_each * self.count)

    @property
    def work(self) -> int:
        """What drawing it takes, in pixels times steps."""
        return self.count * self.settings.work


@dataclass(frozen=True)
class Picture:
    """One finished wish. `blob` is where its sealed bytes lie."""

    id: PictureId
    job: JobId
    index: int
    person: PersonId
    seed: int
    blob: str
    width: int
    height: int
    format: str
    drawn_at: Moment


@dataclass(frozen=True)
class Owed:
    """An outcome its person has not been told: a picture, or the reason why there is none."""

    job: JobId
    index: int
    person: PersonId
    private: bool
    price_each: Milli
    picture: PictureId | None
    reason: Reason | None
    untold: int  #: how many outcomes of this job are waiting or owed, this one included


@dataclass(frozen=True)
class Held:
    """An outcome held back after a restore; without picture and reason it is not known yet."""

    job: JobId
    index: int
    person: PersonId
    door: str
    asked_at: Moment
    picture: PictureId | None
    reason: Reason | None


@dataclass(frozen=True)
class Queued:
    """A request that stands in line. `place` counts from 1; `work` is what stands before it, in pixels times steps."""

    job: Job
    place: int
    work: int


@dataclass(frozen=True)
class Note:
    """Something a person should know of a request that is drawn all the same: the key of a sentence, and what fills it."""

    key: str
    values: dict[str, Any]


def note(key: str, /, **values: Any) -> Note:
    return Note(key, values)


@dataclass(frozen=True)
class Accepted:
    """A request that was paid for and queued. `work` is what has to be done until its last picture, in pixels times steps;
    `seconds` how long that takes, None before anything was measured.
    """

    job: JobId
    count: int
    place: int
    price: Milli
    balance: Balance
    private: bool
    work: int
    seconds: float | None = None
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Preferences:
    """What a person set once. `keep_days`: their pictures are deleted after so many days, 0 keeps them.

    `model` and `style` are names of the catalogue when they were set, or empty: the usual model, and no style.
    """

    shape: str = "square"
    private: bool = False
    format: str = "png"
    keep_days: int = 0
    model: str = ""
    style: str = ""


class Verdict(StrEnum):
    """What a look at a picture said, before anybody else sees it."""

    ALLOWED = "allowed"
    REFUSED = "refused"
    UNCHECKED = "unchecked"  #: the look itself failed, which counts as a refusal


@dataclass(frozen=True)
class Probed:
    """How one probe of a deployment went, and when it last passed, where that is known."""

    key: str
    at: Moment
    passed: bool
    passed_at: Moment | None = None
