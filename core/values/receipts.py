"""An erasure as values: how far it is, what was there when it began, what its receipt says. Knows no store and no order."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from core.datamap import ERASURE, PROOF, Category, Datum, Entry, OnErase, OnExport, Purpose, Until
from core.packed import inside
from core.values import JobId, Moment, PersonId

WELCOME, BANNED = "welcome", "banned"  #: what outlives an account, as a keyed hash of the platform's id


NEVER: Final = Moment(0)


class Ground(StrEnum):
    REQUEST = "request"  #: their own wish
    CHILD = "child"  #: somebody reported that the account is a child's
    OPERATOR = "operator"
    DORMANT = "dormant"  #: nobody used the account for long
    REPLAY = "replay"  #: it was erased before, and came back with a backup


class Stage(StrEnum):
    """What is done next. Until REVOKE is reached the person may think better of it."""

    CONFIRMED = "confirmed"
    REVOKE = "revoke"  #: what waits, and whatever could be used
    COPIES = "copies"  #: messages we posted
    BLOBS = "blobs"
    ROWS = "rows"
    QUEUE = "queue"  #: what is on its way to a worker
    KEYS = "keys"
    VERIFY = "verify"
    CLOSED = "closed"


class Status(StrEnum):
    """How it stands, in the words of a receipt."""

    WAITING = "waiting"  #: in the window in which it can be undone
    UNDER_WAY = "under_way"
    COMPLETE = "complete"
    EXCEPT_SCHEDULED = "except_scheduled"  #: complete, but for what the receipt names
    PARTIAL = "partial"  #: something is left, and it is tried again
    FAILED = "failed"  #: it was tried often: whoever runs the bot has to look


class Taken(StrEnum):
    """What became of a message of ours on a platform."""

    GONE = "gone"
    BLANKED = "blanked"  #: too old to be deleted: it shows nothing any more
    LEFT = "left"  #: out of reach


@dataclass(frozen=True)
class Counted:
    """So many of something: rows of a table, objects of the blob store, messages on a platform."""

    store: str
    what: str
    count: int


@dataclass(frozen=True)
class Plan:
    """Frozen before the first deletion. The traces are what the steps and the verifier look for; closing drops them."""

    found: tuple[Counted, ...] = ()
    taken: tuple[Counted, ...] = ()  #: messages, by platform and `Taken`
    jobs: tuple[JobId, ...] = ()
    lookups: tuple[str, ...] = ()  #: keyed hashes by which they were known
    blobs: tuple[str, ...] = ()
    since: Moment = NEVER  #: when the present stage was reached
    tries: int = 0
    survivors: tuple[Counted, ...] = ()  #: what the verifier found when it last looked
    late: bool = False  #: something on its way to a worker is left to its expiry

    def closed(self) -> Plan:
        """What may be kept of it."""
        return Plan(self.found, self.taken, survivors=self.survivors)

    def write(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, written: str) -> Plan:
        read: dict[str, Any] = json.loads(written)
        for name in ("found", "taken", "survivors"):
            read[name] = tuple(Counted(**one) for one in read[name])
        for name in ("jobs", "lookups", "blobs"):
            read[name] = tuple(read[name])
        return cls(**read)

    def with_taken(self, door: str, taken: Taken, count: int = 1) -> Plan:
        store = f"platform:{door}"
        before = sum(one.count for one in self.taken if (one.store, one.what) == (store, taken))
        others = tuple(one for one in self.taken if (one.store, one.what) != (store, taken))
        return replace(self, taken=(*others, Counted(store, taken, before + count)))


@dataclass(frozen=True)
class Retained:
    """A field that stays, and until when at the latest."""

    cell: str
    category: str
    statute: str
    until: Moment


@dataclass(frozen=True)
class Receipt:
    """What became of everything. `residual` names what is out of our reach, or goes by itself; never left out."""

    code: str
    status: Status
    ground: Ground
    confirmed_at: Moment
    closed_at: Moment
    deleted: tuple[Counted, ...] = ()
    retained: tuple[Retained, ...] = ()
    residual: tuple[Counted, ...] = ()

    def write(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, written: str) -> Receipt:
        read: dict[str, Any] = json.loads(written)
        read["status"], read["ground"] = Status(read["status"]), Ground(read["ground"])
        for name, type_ in (("deleted", Counted), ("retained", Retained), ("residual", Counted)):
            read[name] = tuple(type_(**one) for one in read[name])
        return cls(**read)


@dataclass(frozen=True)
class Erasure:
    """One erasure. `code` finds its receipt once the person is gone; `person` is None then."""

    code: str
    person: PersonId | None
    tombstone: str
    ground: Ground
    stage: Stage
    plan: Plan = field(repr=False)
    receipt: Receipt | None
    confirmed_at: Moment
    begins_at: Moment  #: not before then the next stage is tried
    closed_at: Moment | None = None


def hashed_as(person: PersonId) -> str:
    """What of a person is hashed with a key to make their tombstone: of an id that is theirs for one account alone."""
    return f"person:{person}"


def entries() -> tuple[Entry, ...]:
    """What stands in the plan and in the receipt. The traces are of somebody who is being erased, and go at the end."""
    proof = Datum(Category.ERASED, (Purpose.GRANT_RIGHTS,), Until.PROVEN, OnErase.RETAIN, OnExport.VALUE, statute=PROOF)
    trace = Datum(
        Category.ERASED,
        (Purpose.STAY_ERASED,),
        Until.ACCOUNT_ENDS,
        OnErase.DELETE,
        OnExport.WITHHELD,
        withheld_because="random numbers and keyed hashes that are looked for while an erasure runs, and dropped at its end",
    )
    counts = [f"{name}[].{part}" for name in ("found", "taken", "survivors") for part in ("store", "what", "count")]
    counts += ["found", "taken", "survivors", "since", "tries", "late"]
    traces = [f"{name}{place}" for name in ("jobs", "lookups", "blobs") for place in ("", "[]")]
    said = ["code", "status", "ground", "confirmed_at", "closed_at", "deleted", "retained", "residual"]
    said += [f"{name}[].{part}" for name in ("deleted", "residual") for part in ("store", "what", "count")]
    said += [f"retained[].{part}" for part in ("cell", "category", "statute", "until")]
    return (
        *inside("erasure.plan", "person_id", dict.fromkeys(counts, proof) | dict.fromkeys(traces, trace)),
        *inside("erasure.receipt", "person_id", dict.fromkeys(said, proof)),
    )


#: That somebody was erased: a keyed hash of what their rows were joined by.
TOMBSTONE: Final = Datum(
    Category.ERASED,
    (Purpose.STAY_ERASED,),
    Until.REMEMBERED,
    OnErase.RETAIN,
    OnExport.WITHHELD,
    withheld_because="a keyed hash of a random number",
    statute=ERASURE,
)


def tombstone_entry() -> Entry:
    """What lies outside the database so that no backup brings anybody back."""
    return Entry("tombstone", "tombstone.tag", "person.id", TOMBSTONE)
