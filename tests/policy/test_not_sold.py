"""Nothing goes anywhere by itself: no command hands everything out, nothing that is installed reports, no link tells."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from typer.main import get_command

from bots.cli import app
from bots.texts import sentences

ROOT = Path(__file__).parents[2]

#: What an operator can do with everybody's data at once: a sealed backup, a copy to other stores, and figures.
FOR_EVERYBODY = {"backup", "restore", "migrate"}

#: Packages that measure what people do, or report to somebody.
REPORTERS = (
    "amplitude", "analytics-python", "appcenter", "bugsnag", "datadog", "ddtrace", "elastic-apm", "google-analytics",
    "heap", "hotjar", "logrocket", "mixpanel", "newrelic", "opentelemetry-exporter", "posthog", "rollbar", "rudder",
    "scout-apm", "segment", "sentry", "snowplow", "statsig",
)  # fmt: skip

#: Where a picture is opened: for its person, for their request, for what they take away, for a showcase they chose, to see
#: whether the store answers, and sealed as it is for a backup.
OPENERS = {
    "bots/exporting/making.py",
    "bots/watching/health.py",
    "core/rights/exports.py",
    "core/requests/gallery.py",
    "core/requests/references.py",
    "core/rights/showcase.py",
    "storage/backups/shelves.py",
}


def test_no_command_hands_out_everybodys_pictures() -> None:
    """Every command about content is about one person or one ticket, which its first argument names."""
    cli = get_command(app)
    about_content = re.compile(r"dump|export|pictures|images|prompts|gallery|download")
    named = {
        f"{group} {name}".strip(): command
        for group, commands in [("", cli.commands), *((n, getattr(c, "commands", {})) for n, c in cli.commands.items())]  # type: ignore[attr-defined]
        for name, command in commands.items()
    }

    assert named.keys() >= FOR_EVERYBODY
    assert {name for name in named if about_content.search(name)} == {"export-schema"}, "that one is about nobody"


def test_pictures_are_opened_for_their_person_and_nothing_else() -> None:
    opening = {
        str(path.relative_to(ROOT))
        for folder in ("bots", "core", "storage")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and re.search(r"blobs\.get$", ast.unparse(node.func))
    }

    assert sorted(opening - OPENERS) == []


def test_nothing_that_is_installed_reports_to_anybody() -> None:
    installed = re.findall(r"^([\w.-]+)==", (ROOT / "constraints.txt").read_text(), re.M)

    assert len(installed) > 50
    assert [name for name in installed if name.lower().startswith(REPORTERS)] == []


def test_no_address_in_a_sentence_tells_who_follows_it() -> None:
    addresses = [found for text in sentences("en").values() for found in re.findall(r"https?://\S+", text)]

    assert [address for address in addresses if "?" in address or "utm_" in address] == []


def test_tls_is_never_switched_off() -> None:
    """Nothing here is told not to look at certificates."""
    switched_off = re.compile(
        r"verify\s*=\s*False|CERT_NONE|check_hostname\s*=\s*False|ssl\s*=\s*False|verify_ssl\s*=\s*False"
    )

    found = [
        str(path.relative_to(ROOT))
        for folder in ("bots", "core", "inference", "payments", "storage")
        for path in (ROOT / folder).rglob("*.py")
        if switched_off.search(path.read_text())
    ]
    assert found == []
