"""The record of processing activities of GDPR 30: one activity a purpose, put together from the map and the facts."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from core.datamap import Basis, Category, Purpose
from core.policy.claims import Claim
from core.policy.document import Keep, Policy
from core.policy.facts import Facts

#: The articles that each basis stands for.
ARTICLES = {
    Basis.CONTRACT: "GDPR 6(1)(b)",
    Basis.LEGAL_DUTY: "GDPR 6(1)(c)",
    Basis.LEGITIMATE_INTEREST: "GDPR 6(1)(f)",
    Basis.CONSENT: "GDPR 6(1)(a)",
}
SUBJECTS = "people who use the bot"
CHILDREN = "people who said they are too young, by a keyed hash alone"


@dataclass(frozen=True)
class Transfer:
    """Data go to another country; outside the European Economic Area with what lets them."""

    recipient: str
    region: str
    safeguard: str


@dataclass(frozen=True)
class Erased:
    """When something goes: so many days after what ends its keeping, at most."""

    category: Category
    keeps: tuple[Keep, ...]


@dataclass(frozen=True)
class Activity:
    """Everything that is done for one purpose."""

    purpose: Purpose
    basis: Basis
    article: str
    subjects: tuple[str, ...]
    categories: tuple[Category, ...]
    recipients: tuple[str, ...]
    transfers: tuple[Transfer, ...]
    erased: tuple[Erased, ...]


@dataclass(frozen=True)
class Measure:
    """Something that keeps data safe (GDPR 32), with the test that proves it."""

    claim: str
    proof: str


@dataclass(frozen=True)
class Record:
    controller: str
    contact: str
    policy: str  #: the hash of the text that holds
    activities: tuple[Activity, ...]
    measures: tuple[Measure, ...]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


#: The claims that speak of security.
SECURITY = (
    "sealed", "keys_apart", "ids_hashed", "logs_without_content", "pictures_carry_nothing", "reference_is_dropped",
    "worker_knows_nobody", "private_stays_private", "only_yours", "deleted_is_gone", "books_name_nobody", "all_declared",
)  # fmt: skip


def record(policy: Policy) -> Record:
    facts = policy.facts
    named = f"{facts.controller.name}, {facts.controller.address}" if facts.controller else "not named (a trial)"
    purposes = [purpose for purpose in Purpose if any(purpose in kept.purposes for kept in policy.kept)]
    return Record(
        named,
        facts.privacy_contact,
        policy.hash,
        tuple(_activity(policy, purpose) for purpose in purposes),
        tuple(_measure(claim) for claim in policy.claims if claim.key in SECURITY),
    )


def _activity(policy: Policy, purpose: Purpose) -> Activity:
    kept = [one for one in policy.kept if purpose in one.purposes]
    categories = tuple(one.category for one in kept)
    concerned = [one for one in policy.facts.recipients if set(one.receives) & set(categories)]
    return Activity(
        purpose,
        purpose.basis,
        ARTICLES[purpose.basis],
        (SUBJECTS, CHILDREN) if purpose is Purpose.OBEY_AGE else (SUBJECTS,),
        categories,
        tuple(one.name for one in concerned),
        _transfers(policy.facts, tuple(one.name for one in concerned)),
        tuple(Erased(one.category, one.keeps) for one in kept),
    )


def _transfers(facts: Facts, concerned: tuple[str, ...]) -> tuple[Transfer, ...]:
    return tuple(
        Transfer(one.name, one.region, one.transfer or "none") for one in facts.abroad if one.name in concerned
    )


def _measure(claim: Claim) -> Measure:
    return Measure(claim.key, claim.test)
