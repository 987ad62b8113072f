"""Every sentence that is named exists, every sentence is named, and each is given exactly the values it speaks of."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from bots.commands import commands
from bots.commands.exports import SOURCES
from bots.policy.shown import Section
from bots.texts import sentences
from core.datamap import Basis, Category, Purpose, Until
from core.erasing.leaving import KINDS
from core.policy.changes import ChangeKind
from core.policy.claims import CLAIMS, Right
from core.policy.document import FACTS
from core.policy.facts import Role, TransferTool
from core.policy.permissions import COMPELLING, SWITCHES
from core.policy.promises import Reason as NotApplicable
from core.policy.promises import Until as NotYet
from core.ports import Provenance
from core.rights.ages import AGES
from core.rights.notices import NOTICES
from core.rights.probing import SPEAKS_FOR
from core.values import Reason
from core.values.letters import Outcome, TicketKind
from core.values.receipts import Status
from core.values.statements import Field, Source

ROOT = Path(__file__).parents[2]
SPEAKERS = {"say", "whisper", "note", "Refused", "Unavailable", "Gone", "reachable"}
NOT_VALUES = {"retry_after"}

#: Keys put together at run time, each from an enum or a declaration.
COMPOSED = {
    *(f"category.{one}" for one in Category),
    *(f"purpose.{one}" for one in Purpose),
    *(f"basis.{one}" for one in Basis),
    *(f"keep.{one}" for one in Until),
    *(f"claim.{one.key}" for one in CLAIMS),
    *(f"failed.{one}" for one in Reason),
    *(f"command.{one.name}" for one in commands if one.listed),
    *(f"option.{argument.name}" for one in commands if one.listed for argument in one.arguments),
    *(
        f"parse.missing_{argument.name}"
        for one in commands
        if one.listed
        for argument in one.arguments
        if argument.required
    ),
    *(f"parse.not_{kind}" for kind in ("int", "float")),
    *(f"verify.{one}" for one in Provenance),
    *(f"erasure_status.{one}" for one in Status),
    *(f"erasure_count.{one}" for one in ("pictures", "requests", "messages", "identities")),
    *(f"stay.{one}" for one in KINDS.values()),
    *(f"right.{one}" for one in Right),
    *(f"role.{one}" for one in Role),
    *(f"receives.{one}" for one in Category),
    *(f"transfer.{one}" for one in TransferTool),
    *(f"change.{one}" for one in ChangeKind),
    *(f"fact.{one}" for one in FACTS),
    *(f"probe.{one}" for one in SPEAKS_FOR),
    *(f"privacy_button.{one}" for one in Section),
    *(f"privacy_page.{one}" for one in Section),
    *(f"not_applicable.{one}" for one in NotApplicable),
    *(f"not_yet.{one}" for one in NotYet),
    *(f"ticket_kind.{one}" for one in TicketKind),
    *(f"ticket_outcome.{one}" for one in Outcome),
    *(f"notice.{one}" for one in NOTICES),
    *(f"source.{one}" for one in SOURCES.values()),
    *(f"consent.{one}" for one in SWITCHES),
    *(f"compelling.{one}" for one in COMPELLING),
    *(f"country.{one}" for one in AGES),
    *(f"profile_field.{one}" for one in Field),
    *(f"profile_source.{one}" for one in Source),
    *(f"intimate.{one}" for one in ("signed", "where", "good_faith", "contact")),
}
#: Values of the composed keys that are not constant.
COMPOSED_VALUES = {
    "keep.": {"days"},
    "change.": {"what", "which", "before", "after"},
    "notice.": {"figure"},
    "ticket_outcome.": {"at"},
    "failed.": {"n"},
    "erasure_count.": {"n"},
    "parse.missing_": {"command"},
    "parse.not_": {"option", "got"},
}


def spoken() -> dict[str, list[set[str]]]:
    """Constant keys in the code, each with the names of the values it is given at every place."""
    found: dict[str, list[set[str]]] = {}
    for folder in ("bots", "core", "storage", "inference"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SPEAKERS):
                    continue
                for key in _constants(node.args[0]) if node.args else ():
                    given = {word.arg for word in node.keywords if word.arg} - NOT_VALUES
                    found.setdefault(key, []).append(given)
    return found


def _constants(node: ast.expr) -> list[str]:
    if isinstance(node, ast.Constant):
        return [node.value]
    if isinstance(node, ast.IfExp):
        return _constants(node.body) + _constants(node.orelse)
    return []


def placeholders(sentence: str) -> set[str]:
    return {name.split(".")[0] for name in re.findall(r"{(\w[\w.]*)", sentence)}


#: Sentences whose keys reach `Refused` through a parameter of core/requests/options.py.
HANDED_ON = {"option_range.count", "option_range.seed", "option_range.strength"}


def test_every_sentence_that_is_named_exists() -> None:
    assert sorted((set(spoken()) | COMPOSED | HANDED_ON) - set(sentences("en"))) == []


def test_every_sentence_is_named_somewhere() -> None:
    assert sorted(set(sentences("en")) - set(spoken()) - COMPOSED - HANDED_ON) == []


def test_each_sentence_is_given_what_it_speaks_of() -> None:
    wrong = [
        f"{key} speaks of {sorted(needed - given)} and is given only {sorted(given)}"
        for key, places in spoken().items()
        for needed in [placeholders(sentences("en")[key])]
        for given in places
        if not needed <= given
    ]
    assert wrong == []


@pytest.mark.parametrize("key", sorted(COMPOSED))
def test_a_composed_sentence_speaks_only_of_what_it_is_given(key: str) -> None:
    given = next((values for prefix, values in COMPOSED_VALUES.items() if key.startswith(prefix)), set())
    assert placeholders(sentences("en")[key]) <= given
