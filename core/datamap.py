"""What we know about each thing we store, and what follows from it. Knows only the type; each folder declares its own data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import Final

#: Statutes that something stays for after an erasure.
ACCOUNTING: Final = "GDPR 17(3)(b): the accounting law of the country in policy.toml"
PROOF: Final = "GDPR 5(2) and 17(3)(e): proof that a right was granted"
ERASURE: Final = "GDPR 17(1) and 32: what was erased stays erased, also when a backup is restored"
ABUSE: Final = "GDPR 6(1)(f) and 17(3)(e): welcome credits once, and bans that outlive an account"


class Category(StrEnum):
    ACCOUNT = "account"
    IDENTITY = "identity"
    CONSENT = "consent"
    CREDITS = "credits"
    WORDS = "words"
    PICTURES = "pictures"
    REFERENCES = "references"
    REQUESTS = "requests"
    DELIVERY = "delivery"
    CHOICES = "choices"
    KEYS = "keys"
    AGE = "age"
    PROFILE = "profile"
    RIGHTS = "rights"
    MESSAGES = "messages"
    NOTICES = "notices"
    LOOKS = "looks"
    ERASED = "erased"
    LOGS = "logs"


class Basis(StrEnum):
    CONTRACT = "contract"  #: GDPR 6(1)(b)
    LEGAL_DUTY = "legal_duty"  #: GDPR 6(1)(c)
    LEGITIMATE_INTEREST = "legitimate_interest"  #: GDPR 6(1)(f)
    CONSENT = "consent"  #: GDPR 6(1)(a)


class Purpose(StrEnum):
    DRAW = "draw"  #: make the pictures people ask for, and keep them for them
    ACCOUNT_FOR_CREDITS = "account_for_credits"
    PROVE_CONSENT = "prove_consent"
    KEEP_SAFE = "keep_safe"
    OBEY_AGE = "obey_age"
    ANSWER = "answer"  #: what people write to whoever runs the bot
    GRANT_RIGHTS = "grant_rights"  #: GDPR 12 to 22, and proof of it
    KEEP_BOOKS = "keep_books"  #: as long as the law of the accounting country says
    STAY_ERASED = "stay_erased"  #: so that no backup and no new account undoes an erasure, or a ban
    SEND_NOTICES = "send_notices"  #: about the service itself; never an advertisement
    TRAIN = "train"
    SHOW = "show"
    MARKET = "market"
    MEASURE = "measure"

    @property
    def basis(self) -> Basis:
        return _BASIS[self]


_BASIS = {
    Purpose.DRAW: Basis.CONTRACT,
    Purpose.ACCOUNT_FOR_CREDITS: Basis.CONTRACT,
    Purpose.PROVE_CONSENT: Basis.LEGAL_DUTY,
    Purpose.KEEP_SAFE: Basis.LEGITIMATE_INTEREST,
    Purpose.OBEY_AGE: Basis.LEGAL_DUTY,
    Purpose.ANSWER: Basis.CONTRACT,
    Purpose.GRANT_RIGHTS: Basis.LEGAL_DUTY,
    Purpose.KEEP_BOOKS: Basis.LEGAL_DUTY,
    Purpose.STAY_ERASED: Basis.LEGITIMATE_INTEREST,
    Purpose.SEND_NOTICES: Basis.CONTRACT,
    Purpose.TRAIN: Basis.CONSENT,
    Purpose.SHOW: Basis.CONSENT,
    Purpose.MARKET: Basis.CONSENT,
    Purpose.MEASURE: Basis.CONSENT,
}


class Until(StrEnum):
    """What ends the keeping; the sweep or the deleting code enforces each. How long at most is said by `core.periods`."""

    ACCOUNT_ENDS = "account_ends"  #: by its person, or because nobody used it for long
    PICTURE_DELETED = (
        "picture_deleted"  #: by its person or its age; requests without a picture lose their words at once
    )
    REQUEST_ENDS = "request_ends"  #: drawn, failed, taken back or given up
    REQUEST_FORGOTTEN = "request_forgotten"  #: a while after it ended, once it has no picture any more
    EXPIRY = "expiry"  #: the row carries its own end and is swept then
    MESSAGE_CLOSED = "message_closed"  #: a while after it was answered
    PROVEN = "proven"  #: proof that a right was granted, as long as somebody may ask for it
    REMEMBERED = "remembered"  #: as long as a backup or a new account might undo an erasure
    BOOKS_CLOSE = "books_close"  #: accounting rows, which name nobody once the link is deleted
    PROCESS_ENDS = "process_ends"  #: written to standard error only; who collects it decides


class OnErase(StrEnum):
    DELETE = "delete"
    SHRED = "shred"  #: deleted, and unreadable anyway once the person's key is destroyed
    UNLINK = "unlink"  #: stays as a figure that can be joined to nobody, because a statute says so
    RETAIN = "retain"  #: stays for a time, because a statute says so


class OnExport(StrEnum):
    VALUE = "value"
    SUMMARY = "summary"  #: shown through what it means (a balance, a count), not as a raw cell
    WITHHELD = "withheld"


@dataclass(frozen=True)
class Datum:
    """The five attributes written by hand; `sealed` and `free_text` come from a preset, the rest from the store.

    Raises ValueError for what contradicts itself: free text in clear, or a withheld value without a reason.
    """

    category: Category
    purposes: tuple[Purpose, ...]
    keep: Until
    on_erase: OnErase
    on_export: OnExport
    withheld_because: str = ""
    sealed: bool = False
    free_text: bool = False
    statute: str = ""  #: what it stays for after an erasure

    def __post_init__(self) -> None:
        if not self.purposes:
            raise ValueError("a datum without a purpose may not be stored")
        if self.free_text and not self.sealed:
            raise ValueError("free text may say anything about anybody: seal it")
        if (self.on_export is OnExport.WITHHELD) != bool(self.withheld_because):
            raise ValueError("a withheld value, and only that, says why")
        if (self.on_erase in (OnErase.UNLINK, OnErase.RETAIN)) != bool(self.statute):
            raise ValueError("what stays after an erasure, and only that, names the statute it stays for")


@dataclass(frozen=True)
class NotPersonal:
    """A cell that says nothing about a person, and why. Each one counts toward a budget that a test watches."""

    reason: str


Meaning = Datum | NotPersonal


@dataclass(frozen=True)
class Entry:
    """One cell of one store: a column, a blob prefix, a log field. `subject` is the join path to the person, or empty."""

    store: str
    cell: str
    subject: str
    meaning: Meaning


@dataclass(frozen=True)
class DataMap:
    entries: tuple[Entry, ...]

    def __post_init__(self) -> None:
        cells = Counter((entry.store, entry.cell) for entry in self.entries)
        twice = {cell for cell, times in cells.items() if times > 1}
        if twice:
            raise ValueError(f"declared twice: {sorted(twice)}")
        pathless = [e.cell for e in self.entries if isinstance(e.meaning, Datum) and not e.subject]
        if pathless:
            raise ValueError(f"personal, but no path leads to the person: {pathless}")

    def cells(self, store: str) -> frozenset[str]:
        return frozenset(entry.cell for entry in self.entries if entry.store == store)

    def personal(self) -> Iterable[tuple[Entry, Datum]]:
        return ((entry, entry.meaning) for entry in self.entries if isinstance(entry.meaning, Datum))

    @cached_property
    def categories(self) -> Mapping[Category, Sequence[Datum]]:
        """Every category that is really stored, in the order of the enum, with its data."""
        found: dict[Category, list[Datum]] = {category: [] for category in Category}
        for _, datum in self.personal():
            found[datum.category].append(datum)
        return MappingProxyType({category: data for category, data in found.items() if data})


def undeclared(live: Iterable[str], declared: Iterable[str], store: str) -> list[str]:
    """Sentences about cells that exist without a Datum, or are declared and do not exist: empty means all is well."""
    live, declared = set(live), set(declared)
    return [
        f"{store}: {cell} is stored but not declared: give its field a Datum (core/datamap.py), or NotPersonal with a reason"
        for cell in sorted(live - declared)
    ] + [
        f"{store}: {cell} is declared but not stored: remove its entry, or write the migration that creates it"
        for cell in sorted(declared - live)
    ]


def content(category: Category) -> Datum:
    """Preset: what a person wrote or was given; sealed under their key, theirs to take away and to destroy."""
    return Datum(
        category, (Purpose.DRAW,), Until.PICTURE_DELETED, OnErase.SHRED, OnExport.VALUE, sealed=True, free_text=True
    )


def request(on_export: OnExport = OnExport.VALUE, category: Category = Category.REQUESTS) -> Datum:
    """Preset: a setting or a state of a request; no words in it."""
    return Datum(category, (Purpose.DRAW,), Until.REQUEST_FORGOTTEN, OnErase.DELETE, on_export)


def about_picture(on_export: OnExport = OnExport.VALUE) -> Datum:
    """Preset: what a picture's row says; it goes when the picture goes."""
    return Datum(Category.PICTURES, (Purpose.DRAW,), Until.PICTURE_DELETED, OnErase.DELETE, on_export)


#: What rows of a category are joined for, where that is not drawing.
_JOINED_FOR: Final = {
    Category.CONSENT: Purpose.PROVE_CONSENT,
    Category.CREDITS: Purpose.ACCOUNT_FOR_CREDITS,
    Category.PROFILE: Purpose.SEND_NOTICES,
    Category.RIGHTS: Purpose.GRANT_RIGHTS,
    Category.MESSAGES: Purpose.ANSWER,
    Category.NOTICES: Purpose.SEND_NOTICES,
    Category.LOOKS: Purpose.KEEP_SAFE,
}


def link(category: Category, keep: Until = Until.ACCOUNT_ENDS) -> Datum:
    """Preset: an opaque id that joins a row to others of the same person."""
    return Datum(
        category,
        (_JOINED_FOR.get(category, Purpose.DRAW),),
        keep,
        OnErase.DELETE,
        OnExport.WITHHELD,
        withheld_because="a random number that means nothing outside this database",
    )


def money(on_export: OnExport = OnExport.VALUE) -> Datum:
    """Preset: a row of the books; on erasure the one link to the person goes and the figure stays."""
    return Datum(
        Category.CREDITS,
        (Purpose.ACCOUNT_FOR_CREDITS, Purpose.KEEP_BOOKS),
        Until.BOOKS_CLOSE,
        OnErase.UNLINK,
        on_export,
        statute=ACCOUNTING,
    )
