"""The privacy policy of one deployment as data: what the map, the operator's facts and the claims make of it together.

Knows keys and figures, not words; what is stored of it is the business of core/rights/publishing.py. Its hash covers the
text and the facts, never the result of a test.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from core.datamap import Category, DataMap, Datum, Entry, NotPersonal, OnErase, OnExport, Purpose, Until
from core.packed import inside
from core.policy.changes import Change, Document, Row
from core.policy.claims import Claim, holding
from core.policy.facts import TRIAL, Facts
from core.values import Moment

REMEMBERED: Final = 10_000  #: people that one process knows it has told of a change; then it asks the database again


@dataclass(frozen=True)
class Keep:
    """Something is kept until this happens, and so many days more at most."""

    until: Until
    days: int


@dataclass(frozen=True)
class Kept:
    """What is kept of one category."""

    category: Category
    purposes: tuple[Purpose, ...]
    keeps: tuple[Keep, ...]
    sealed: bool  #: some of it, under its person's key
    left: tuple[OnErase, ...]  #: what an erasure does with it, the most thorough first
    statutes: tuple[str, ...]  #: why some of it stays
    withheld: tuple[str, ...]  #: why some of it is not in an export


@dataclass(frozen=True)
class Edition:
    """One text that was or is in force, and what it changed. `changes` of the first are none."""

    version: int
    at: Moment
    material: bool
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class PolicyVersion:
    """One text as it is stored."""

    version: int
    hash: str
    material: bool
    document: str = field(repr=False)
    at: Moment


class Shown:
    """Whom this process has told of the newest change, in memory: what is written down is `person.policy_seen`."""

    def __init__(self) -> None:
        self._lookups: set[str] = set()

    def __contains__(self, lookup: str) -> bool:
        return lookup in self._lookups

    def add(self, lookup: str) -> None:
        if len(self._lookups) >= REMEMBERED:
            self._lookups.clear()
        self._lookups.add(lookup)


@dataclass(frozen=True)
class Policy:
    """`wording` is a hash of every sentence it is told with. What follows is known once it is published.

    `required` is the newest version that everybody must have agreed to; it is older than `version` after a minor change.
    """

    facts: Facts = TRIAL
    datamap: DataMap = field(default_factory=lambda: DataMap(()))
    wording: str = ""
    version: int = 1
    required: int = 1
    editions: tuple[Edition, ...] = ()  #: the newest first
    shown: Shown = field(default_factory=Shown, compare=False)

    @property
    def since(self) -> Moment | None:
        """When this text came into force; None before it was published."""
        return self.editions[0].at if self.editions else None

    @cached_property
    def claims(self) -> tuple[Claim, ...]:
        """What may be said here."""
        return tuple(holding(self.datamap, self.facts))

    @cached_property
    def kept(self) -> tuple[Kept, ...]:
        return tuple(self._kept(category, data) for category, data in self.datamap.categories.items())

    @cached_property
    def document(self) -> Document:
        """Everything it says, in rows that `core.policy.changes.diff` compares."""
        return tuple(sorted(self._rows()))

    @cached_property
    def packed(self) -> str:
        return json.dumps(self.document, ensure_ascii=False, separators=(",", ":"))

    @cached_property
    def hash(self) -> str:
        return hashlib.sha256(self.packed.encode()).hexdigest()

    def changes_since(self, version: int) -> tuple[Change, ...]:
        """What somebody who knows that version has not read yet, as far back as is remembered."""
        missed = (change for edition in self.editions if edition.version > version for change in edition.changes)
        return tuple(dict.fromkeys(missed))

    def _kept(self, category: Category, data: Sequence[Datum]) -> Kept:
        untils = sorted({datum.keep for datum in data}, key=list(Until).index)
        return Kept(
            category,
            tuple(sorted({purpose for datum in data for purpose in datum.purposes}, key=list(Purpose).index)),
            tuple(Keep(until, self.facts.days(until)) for until in untils),
            any(datum.sealed for datum in data),
            tuple(sorted({datum.on_erase for datum in data}, key=list(OnErase).index)),
            tuple(sorted({datum.statute for datum in data if datum.statute})),
            tuple(sorted({datum.withheld_because for datum in data if datum.on_export is OnExport.WITHHELD})),
        )

    def _rows(self) -> Iterator[Row]:
        for entry, datum in self.datamap.personal():
            purposes = " ".join(sorted(datum.purposes))
            sealed = "sealed" if datum.sealed else ""
            said = (datum.category, purposes, datum.keep, datum.on_erase, datum.on_export, sealed)
            yield ("cell", f"{entry.store} {entry.cell}", *said)
        yield from (("keep", until, str(self.facts.days(until))) for until in Until)
        yield from (("claim", claim.key) for claim in self.claims)
        yield from (("offered", purpose) for purpose in self.facts.offered)
        yield from _recipients(self.facts)
        yield from (("fact", name, value) for name, value in _facts(self.facts) if value)
        yield ("wording", "en", self.wording)


def entries() -> tuple[Entry, ...]:
    """What is packed into a stored document."""
    return inside("policy_version.document", "", {"[][]": NotPersonal("a part of a row that the policy consists of")})


def unpack(packed: str) -> Document:
    """What `Policy.packed` made."""
    return tuple(tuple(row) for row in json.loads(packed))


def _recipients(facts: Facts) -> Iterator[Row]:
    for one in facts.recipients:
        receives = " ".join(sorted(one.receives))
        yield (
            "recipient", one.name, one.role, one.region, receives, one.contract, one.contract_date, one.transfer or "",
        )  # fmt: skip


#: The facts whose change is told by a sentence of their own; the controller and the residency have another.
FACTS: Final = ("contact", "authority", "region", "residency", "accounting", "age", "production", "law")


def _facts(facts: Facts) -> Iterator[tuple[str, str]]:
    yield "controller", f"{facts.controller.name}, {facts.controller.address}" if facts.controller else ""
    yield "contact", facts.privacy_contact
    yield "authority", facts.authority
    yield "region", facts.region
    yield "residency", facts.residency
    yield "accounting", facts.accounting_country
    yield "age", str(facts.minimum_age)
    yield "production", "yes" if facts.production else ""
    yield "law", facts.terms.law
