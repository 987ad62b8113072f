"""Gate G6: what goes out is declared field by field (bots/outbound.py), and no number or hash that is ours alone goes out.

Read from what the servers of the platforms and of the mail were really sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from bots.mailing import SmtpMailer, server_at
from bots.outbound import SENT
from core.datamap import Category
from storage.database import SqlDatabase
from tests.cast import Actor, Stage
from tests.databases import Store
from tests.discord_.actor import at_discord
from tests.gates.test_json_paths import live, paths
from tests.smtp_server import smtp_server
from tests.telegram.overheard import overheard_at_telegram

Sent = dict[str, list[str]]  #: by field: everything that was sent in it

SAID = ("/privacy", "/mydata", "/support why so dark?", "/requests", "/consent", "/help", "/settings --shape square")
OURS = (
    "SELECT id FROM person",
    "SELECT account_id FROM person_account",
    "SELECT lookup FROM identity",
    "SELECT id FROM credit_lot",
    "SELECT blob FROM picture",
)


@pytest.fixture
def database(sqlite_store: Store) -> SqlDatabase:
    return sqlite_store.open()


async def talked(ben: Any) -> None:
    await live(ben)
    for line in SAID:
        await ben.says(line)


async def at_telegrams_server(stage: Stage) -> Sent:
    found: Sent = {}
    async with overheard_at_telegram(stage) as enter:
        ben = enter("ben")
        await talked(ben)
        for call in ben.scene.telegram.calls:
            for name, value in call.ask.items():
                _note(found, name, _unpacked(value))
    return found


async def at_discords_server(stage: Stage) -> Sent:
    found: Sent = {}
    async with at_discord(stage) as scene:
        await talked(scene.enter("ben"))
        for call in scene.discord.requests:
            _note(found, "", call.body)
            for name, value in call.query.items():
                _note(found, f"?{name}", value)
            for upload in call.files.values():
                _note(found, "files", upload.name)
    return found


async def at_the_mail_server(stage: Stage, somebody: Actor) -> Sent:
    found: Sent = {}
    async with smtp_server() as server:
        object.__setattr__(stage.app, "mailer", SmtpMailer(server_at(server.url)))
        await somebody.says("/email wilhelmina@mailbox.example")
        for letter in server.delivered:
            for name, value in letter.message.items():
                _note(found, name, value)
            _note(found, "text", letter.text)
    return found


def complaints(to: str, sent: Sent) -> list[str]:
    return [
        f"{to}: {name} is sent and not declared: name the categories it carries, or say why it carries none of anybody's "
        "data (bots/outbound.py)"
        for name in sorted(sent.keys() - SENT[to].keys())
    ]


def ours_in(stage: Stage, sent: Sent) -> list[str]:
    with stage.database._engine.connect() as connection:
        ours = {str(one) for statement in OURS for one in connection.execute(text(statement)).scalars()}
    assert len(ours) > 3, "nothing was looked for"
    return sorted(name for name, values in sent.items() for value in values if any(one in value for one in ours))


async def test_telegram_is_sent_what_is_declared_and_nothing_that_is_ours_alone(stage: Stage) -> None:
    sent = await at_telegrams_server(stage)

    assert {"chat_id", "text", "photo", "reply_markup.inline_keyboard[][].callback_data"} <= sent.keys()
    assert complaints("telegram", sent) == []
    assert ours_in(stage, sent) == []


async def test_discord_is_sent_what_is_declared_and_nothing_that_is_ours_alone(stage: Stage) -> None:
    sent = await at_discords_server(stage)

    assert {"content", "files", "components[].components[].custom_id"} <= sent.keys()
    assert complaints("discord", sent) == []
    assert ours_in(stage, sent) == []


async def test_a_mail_server_is_sent_what_is_declared_and_nothing_that_is_ours_alone(stage: Stage, ana: Actor) -> None:
    await live(ana)
    sent = await at_the_mail_server(stage, ana)

    assert {"To", "Subject", "text"} <= sent.keys()
    assert complaints("mail", sent) == []
    assert ours_in(stage, sent) == []


def test_a_field_nobody_declared_is_found_and_says_what_to_write() -> None:
    (complaint,) = complaints("telegram", {"text": ["a"], "birthday": ["1 May"]})

    assert complaint.startswith("telegram: birthday is sent and not declared: name the categories it carries")


async def test_a_number_that_is_ours_is_found(stage: Stage, ana: Actor) -> None:
    await live(ana)
    with stage.database._engine.connect() as connection:
        person = connection.execute(text("SELECT id FROM person")).scalar_one()

    assert ours_in(stage, {"text": [f"you are {person}"]}) == ["text"]


def test_nobody_is_sent_keys_hashes_or_logs() -> None:
    carried = {
        category
        for fields in SENT.values()
        for what in fields.values()
        if not isinstance(what, str)
        for category in what
    }
    assert carried & {Category.KEYS, Category.LOGS, Category.ERASED, Category.IDENTITY} == set()


def _unpacked(value: Any) -> Any:
    """Telegram's clients send JSON inside of forms."""
    if isinstance(value, str) and value[:1] in ("[", "{"):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _note(found: Sent, name: str, value: Any) -> None:
    if value is None:
        return
    for path in paths(value, name):
        found.setdefault(path, []).extend(_texts(value))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    else:
        yield str(value)
