"""The policy of a deployment as sentences, section by section: the same for the chats, the web page and the command line.

Knows which sentence says what; what is true is in core/policy/document.py, and the words are in bots/texts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Final

from bots.replies import Line, say
from bots.texts import sentences
from core.datamap import Category, OnErase, Purpose, Until
from core.policy.changes import Change, ChangeKind
from core.policy.claims import Right
from core.policy.document import Edition, Kept, Policy
from core.policy.facts import Recipient
from core.rights.probing import SPEAKS_FOR, is_probed, of_claim
from core.values import Probed

#: The sections of the texts that the policy is told with: another word in them is another version.
WORDING: Final = (
    "age_section", "basis", "category", "claim", "keep", "kept", "policy", "probe", "proof", "purpose", "receives",
    "recipients", "right", "role", "summary", "terms", "transfer",
)  # fmt: skip


class Section(StrEnum):
    """Also the word after /privacy."""

    SUMMARY = "summary"
    KEPT = "kept"
    RECIPIENTS = "recipients"
    RIGHTS = "rights"
    AGE = "age"
    CHANGES = "changes"
    PROOF = "proof"


def wording(language: str = "en") -> str:
    """A hash of every sentence that the policy may be told with."""
    said = {key: text for key, text in sentences(language).items() if key.partition(".")[0] in WORDING}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def section(policy: Policy, which: Section, probed: Sequence[Probed] | None = None) -> list[Line]:
    """What one section says. `probed` is how this deployment's probes went, where that was asked."""
    return _proof(policy, probed) if which is Section.PROOF else _SECTIONS[which](policy)


def controller(policy: Policy) -> Line:
    """Who answers for this bot, in one line; or that this is a trial."""
    facts = policy.facts
    if facts.controller is None:
        return say("start.trial")
    if not facts.production:
        return say("policy.trial_of", name=facts.controller.name, contact=facts.privacy_contact)
    return say("policy.controller", name=facts.controller.name, contact=facts.privacy_contact)


def dated(policy: Policy) -> Line:
    if policy.since is None:
        return say("policy.undated", hash=policy.hash[:12])
    return say("policy.dated", version=policy.version, since=policy.since, hash=policy.hash[:12])


def changes(found: tuple[Change, ...]) -> list[Line]:
    """One sentence a change."""
    return [_change(change) for change in found]


def terms(policy: Policy) -> list[Line]:
    """What holds between people and whoever runs this bot."""
    facts = policy.facts
    lines = [
        say("terms.intro"),
        controller(policy),
        say("terms.yours"),
        say("terms.storing", days=facts.days(Until.PICTURE_DELETED)),
        say("terms.shown_only_if" if Purpose.SHOW in facts.offered else "terms.shown_nowhere"),
        say("terms.made_by_ai"),
        say("terms.not_allowed"),
        say("terms.looked_at"),
        say("terms.credits"),
        say("terms.age", age=facts.minimum_age),
        say("terms.as_it_is"),
        say("terms.ending"),
    ]
    if facts.terms.law:
        lines.append(say("terms.law", law=facts.terms.law))
    if facts.terms.effective:
        lines.append(say("terms.effective", day=facts.terms.effective))
    return [*lines, say("terms.more")]


def _summary(policy: Policy) -> list[Line]:
    facts = policy.facts
    offered = tuple(say(f"purpose.{purpose}") for purpose in sorted(facts.offered))
    names = tuple(one.name for one in facts.recipients)
    pictures, account = facts.days(Until.PICTURE_DELETED), facts.days(Until.ACCOUNT_ENDS)
    return [
        say("policy.intro"),
        controller(policy),
        say("summary.kept", n=len(policy.kept)),
        say("summary.long", pictures=pictures, account=account),
        say("summary.recipients", names=names) if names else _nobody_named(policy),
        say("summary.offered", purposes=offered) if offered else say("summary.nothing_offered"),
        say("summary.rights"),
        say("summary.age", age=facts.minimum_age),
        dated(policy),
        say("policy.more"),
    ]


def _kept(policy: Policy) -> list[Line]:
    return [
        say("kept.intro"),
        *(_category(policy, kept) for kept in policy.kept),
        say("kept.why_intro"),
        *(say("kept.basis", basis=say(f"basis.{basis}"), purposes=purposes) for basis, purposes in _bases(policy)),
        say("kept.from_where"),
    ]


def _category(policy: Policy, kept: Kept) -> Line:
    """One category: what it is, what for, on which basis, until when, and what an erasure leaves of it."""
    stays = {OnErase.UNLINK, OnErase.RETAIN} & set(kept.left)
    gone = [one for one in kept.left if one not in stays]
    statutes = _statutes(policy, kept)
    return say(
        "kept.category",
        what=say(f"category.{kept.category}"),
        purposes=tuple(
            say("kept.purpose", purpose=say(f"purpose.{purpose}"), basis=say(f"basis.{purpose.basis}"))
            for purpose in kept.purposes
        ),
        keeps=tuple(say(f"keep.{keep.until}", days=keep.days) for keep in kept.keeps),
        sealed=say("kept.sealed" if kept.sealed else "kept.plain"),
        left=say("kept.all_goes")
        if not stays
        else say("kept.some_stays" if gone else "kept.all_stays", statutes=statutes),
    )


def _statutes(policy: Policy, kept: Kept) -> tuple[str, ...]:
    country = policy.facts.accounting_country
    named = f"of {country}" if country else "that holds for whoever runs this bot"
    return tuple(statute.replace("of the country in policy.toml", named) for statute in kept.statutes)


def _bases(policy: Policy) -> list[tuple[str, tuple[Line, ...]]]:
    """Each basis with the purposes that rest on it, of everything that is kept."""
    found: dict[str, list[Purpose]] = {}
    for purpose in sorted({purpose for kept in policy.kept for purpose in kept.purposes} | policy.facts.offered):
        found.setdefault(purpose.basis, []).append(purpose)
    return [(basis, tuple(say(f"purpose.{one}") for one in purposes)) for basis, purposes in sorted(found.items())]


def _recipients(policy: Policy) -> list[Line]:
    facts = policy.facts
    nobody = say("recipients.nobody" if facts.production else "recipients.unnamed")
    lines = [say("recipients.intro") if facts.recipients else nobody]
    lines += [_recipient(one) for one in facts.recipients]
    if facts.in_the_eu:
        lines.append(say("recipients.in_the_eu"))
    elif facts.abroad:
        lines.append(say("recipients.abroad", regions=_countries(facts.regions)))
    elif facts.regions:
        lines.append(say("recipients.regions", regions=_countries(facts.regions)))
    lines.append(say("recipients.platforms"))
    lines += [say(f"claim.{one.key}") for one in policy.claims if one.key in ("nobody_else_draws", "no_analytics")]
    lines.append(say("recipients.authorities"))
    return [*lines, say("recipients.stated")] if facts.recipients or facts.region else lines


def _nobody_named(policy: Policy) -> Line:
    """Only in production the program knows that nobody was left out."""
    return say("summary.nobody" if policy.facts.production else "summary.unnamed")


def _recipient(one: Recipient) -> Line:
    bound = say("recipients.unbound")
    if one.contract:
        bound = say("recipients.bound", contract=one.contract, day=one.contract_date)
    return say(
        "recipients.one",
        name=one.name,
        role=say(f"role.{one.role}"),
        region=_country(one.region),
        receives=tuple(say(f"receives.{category}") for category in one.receives),
        bound=bound,
        transfer=say(f"transfer.{one.transfer}") if one.transfer else say("recipients.no_transfer"),
    )


def _countries(codes: tuple[str, ...]) -> tuple[Line | str, ...]:
    return tuple(_country(code) for code in codes)


def _country(code: str) -> Line | str:
    """By its name, where the texts have it."""
    key = f"country.{code}"
    return say(key) if key in sentences("en") else code


def _rights(policy: Policy) -> list[Line]:
    granted = {claim.right for claim in policy.claims}
    facts = policy.facts
    lines = [say("right.intro"), *(say(f"right.{right}") for right in Right if right in granted)]
    if facts.privacy_contact:
        lines.append(say("right.without_account", contact=facts.privacy_contact))
    lines.append(
        say("right.complaint", authority=facts.authority) if facts.authority else say("right.complaint_anywhere")
    )
    return [*lines, say("right.nobody_decides")]


def _age(policy: Policy) -> list[Line]:
    return [
        say("age_section.limit", age=policy.facts.minimum_age),
        say("age_section.kept"),
        say("age_section.children"),
    ]


def _changes(policy: Policy) -> list[Line]:
    lines = [dated(policy)]
    for edition in policy.editions:
        lines += _edition(edition)
    return [*lines, say("changes.how")]


def _edition(edition: Edition) -> list[Line]:
    if not edition.changes:
        return [say("changes.first", version=edition.version, at=edition.at)]
    first = say("changes.material" if edition.material else "changes.minor", version=edition.version, at=edition.at)
    return [first, *changes(edition.changes)]


def _change(change: Change) -> Line:
    what: Line | str = change.what
    if change.kind in _OF_CATEGORIES:
        what = say(f"category.{change.what}") if change.what in set(Category) else change.what
    elif change.kind in (ChangeKind.CLAIM_GONE, ChangeKind.NEW_CLAIM):
        key = f"claim.{change.what}"
        what = say(key) if key in sentences("en") else change.what
    elif change.kind is ChangeKind.FACT:
        what = say(f"fact.{change.what}")
    which = say(f"purpose.{change.which}") if change.which else say("changes.nothing")
    return say(f"change.{change.kind}", what=what, which=which, before=change.before, after=change.after)


def _proof(policy: Policy, probed: Sequence[Probed] | None) -> list[Line]:
    proofs = [
        say("proof.one", claim=say(f"claim.{claim.key}"), test=claim.test, here=_here(claim.key, probed))
        for claim in policy.claims
    ]
    return [say("proof.intro"), *proofs, *_probed_alone(probed or ()), say("proof.stated")]


def _here(claim: str, probed: Sequence[Probed] | None) -> Line | str:
    """How it went on this deployment, where a probe speaks for the claim."""
    if probed is None or not is_probed(claim):
        return ""
    found = of_claim(claim, probed)
    if found is not None:
        return _went(found)
    return "" if probed else say("proof.unprobed")  # after a first round: there is nothing of the kind here


def _probed_alone(probed: Sequence[Probed]) -> list[Line]:
    """What was looked at here and is part of no claim, behind what that means."""
    alone = [one for one in probed if SPEAKS_FOR.get(one.key) == ()]
    lines = [say("proof.alone", what=say(f"probe.{one.key}"), here=_went(one)) for one in alone]
    return [say("proof.live"), *lines] if probed else []


def _went(one: Probed) -> Line:
    if one.passed:
        return say("proof.passed", at=one.at)
    if one.passed_at is None:
        return say("proof.failed", at=one.at)
    return say("proof.failed_since", at=one.at, passed_at=one.passed_at)


_OF_CATEGORIES: Final = frozenset(
    {
        ChangeKind.NEW_CATEGORY,
        ChangeKind.CATEGORY_GONE,
        ChangeKind.NEW_PURPOSE,
        ChangeKind.PURPOSE_GONE,
        ChangeKind.KEPT_LONGER,
        ChangeKind.KEPT_SHORTER,
        ChangeKind.ERASED_LESS,
        ChangeKind.ERASED_MORE,
        ChangeKind.UNSEALED,
        ChangeKind.STORED_DIFFERENTLY,
    }
)

_SECTIONS: Final[Mapping[Section, Callable[[Policy], list[Line]]]] = {
    Section.SUMMARY: _summary,
    Section.KEPT: _kept,
    Section.RECIPIENTS: _recipients,
    Section.RIGHTS: _rights,
    Section.AGE: _age,
    Section.CHANGES: _changes,
}
