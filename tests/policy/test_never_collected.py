"""What is never collected has no field to be collected in, and the web server writes nothing down of who asks."""

from __future__ import annotations

import io
import re

import pytest
from aiohttp import ClientSession

from bots.policy.page import policy_routes
from bots.web import serve
from bots.wiring import datamap
from core.datamap import Category, Datum, NotPersonal, Purpose
from tests.cast import Actor, Stage
from tests.markers import forms

#: Parts of names that fields for such things have.
NEVER = {
    "password": r"passw|passphrase|credential",
    "an address on the internet": r"(^|[._])ip([._]|$)|ip_addr|remote_addr|x_forwarded",
    "a browser": r"user_agent|browser|(^|[._])ua([._]|$)",
    "a device": r"device|operating_system|screen_size|imei",
    "a place": r"latitude|longitude|(^|[._])(lat|lon|gps|location|city)([._]|$)",
    "a birth date": r"birth|date_of|dob",
    "a card": r"card|iban|cvc|(^|[._])pan([._]|$)",
    "a legal name": r"first_name|last_name|surname|full_name|real_name",
    "the length of a visit": r"session_(length|seconds)|duration|dwell",
}


def cells() -> list[str]:
    return [entry.cell.lower() for entry in datamap().entries]


@pytest.mark.parametrize("what", NEVER)
def test_no_cell_is_for_what_is_never_collected(what: str) -> None:
    assert [cell for cell in cells() if re.search(NEVER[what], cell)] == []


@pytest.mark.parametrize(
    ("what", "cell"),
    [
        ("password", "person.password"),
        ("an address on the internet", "look.ip"),
        ("a place", "person.gps"),
        ("a card", "lot.card_end"),
    ],
)
def test_such_a_cell_would_be_found(what: str, cell: str) -> None:
    assert re.search(NEVER[what], cell)


def test_nobody_is_profiled() -> None:
    """There is no category for what somebody might guess, no purpose for it, and no name of a field that says so."""
    assert {category.value for category in Category}.isdisjoint({"inferred", "interests", "score", "segment"})
    assert {purpose.value for purpose in Purpose}.isdisjoint({"profile", "personalise", "target"})
    assert [cell for cell in cells() if re.search(r"inferred|interest|segment|persona_|score", cell)] == []


def test_what_is_declared_is_all_there_is() -> None:
    """The search above is of the whole map, which the gates hold against the live stores."""
    assert all(isinstance(entry.meaning, Datum | NotPersonal) for entry in datamap().entries)
    assert len(cells()) > 150


async def test_the_web_server_writes_down_nothing_of_who_asks(stage: Stage, log: io.StringIO) -> None:
    marker = "canary-browser-4711"
    headers = {"User-Agent": marker, "X-Forwarded-For": "203.0.113.77", "Referer": f"https://{marker}.example/"}
    async with (
        serve(policy_routes(stage.app.policy), "127.0.0.1", 0, here_only=False) as address,
        ClientSession() as session,
    ):
        for path in ("/privacy", "/terms", "/nowhere"):
            async with session.get(address + path, headers=headers):
                pass

    for canary in (marker, "203.0.113.77"):
        assert not any(form in log.getvalue().encode() for form in forms(canary))


async def test_what_looks_like_a_password_is_not_kept_in_clear(stage: Stage, ben: Actor, log: io.StringIO) -> None:
    canary = "hunter2-Tr0ub4dor&3"
    await ben.says(f"my password is {canary}")
    await ben.says(f"/password {canary}")

    written = (
        b"".join(path.read_bytes() for path in stage.folder.rglob("*") if path.is_file()) + log.getvalue().encode()
    )
    assert not any(form in written for form in forms(canary))
