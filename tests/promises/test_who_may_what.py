"""Every command, by everybody, about Ben's things: the matrix is made from the declarations, so no command can be left out."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from bots.answering import answer
from bots.commands import commands
from bots.declaring import Attachment, Command
from bots.policy.shown import Section
from core.requests import generation
from tests.cast import Actor, Stage, enter, keys_of, read

SECRET = "heron in a raincoat"
#: Answered to whoever asks, account or not: they tell nothing about anybody, or open one's own account.
OPEN = {
    "start",
    "agree",
    "too_young",
    "help",
    "about",
    "privacy",
    "verify",
    "models",
    "styles",
    "terms",
    *(f"privacy_{section}" for section in Section),
}
#: By right: banned people may, too; whoever has no account is told where else to turn.
BY_RIGHT = {
    "support", "feedback", "contact", "correct", "appeal", "requests", "consent", "marketing", "showcase", "object",
    "restrict", "age", "profile", "email", "mydata", "export", "deleteme", "undo",
}  # fmt: skip
TAKES_AWAY = {"export"}  #: what one gets is one's own; tests/rights looks into it
NOTHING_TO_DO = {"too_young", "undo"}  #: said where it has no sense, and refused in words


@pytest.fixture
async def cast(stage: Stage, ben: Actor, zed: Actor, ana: Actor) -> dict[str, Actor]:
    """Ben has a finished picture and an open request, both private."""
    await ben.says(f"/imagine a {SECRET} --private")
    await stage.works()
    await ben.says(f"/imagine another {SECRET} --private")
    await ana.agrees()
    return {"owner": ben, "member": ana, "banned": zed, "stranger": enter(stage, "cleo")}


async def about_ben(command: Command, ben: Actor) -> Any:
    """Arguments that point at Ben's picture and request wherever the command takes something of the kind."""
    picture = ben.inbox[0].pictures[0]
    (waiting,) = await generation.queue(ben.stage.app, ben.who)
    known = {
        "id": picture.id,
        "request": waiting.job.id if command.name == "cancel" else picture.id,
        "file": Attachment("a.png", picture.data),
        "prompt": "a star",
        "text": "a star",
        "message": "a star",
    }
    kind = command.arguments_type
    return kind(**{field.name: known[field.name] for field in fields(kind) if field.name in known})


async def state_of(ben: Actor) -> tuple[Any, ...]:
    return (await ben.balance(), keys_of(await ben.says("/queue")), read(await ben.says("/gallery")))


EVERY = pytest.mark.parametrize("command", list(commands), ids=lambda command: command.name)


@EVERY
async def test_its_owner_may(stage: Stage, cast: dict[str, Actor], command: Command) -> None:
    ben = cast["owner"]

    said = await answer(stage.app, ben.who, command, await about_ben(command, ben))

    assert said.error is None or command.name in NOTHING_TO_DO


@EVERY
async def test_nobody_else_sees_or_moves_what_is_bens(stage: Stage, cast: dict[str, Actor], command: Command) -> None:
    ben = cast["owner"]
    asked, before = await about_ben(command, ben), await state_of(ben)

    for who in ("member", "banned", "stranger"):
        said = await answer(stage.app, cast[who].who, command, asked)

        assert said.error != "bug"
        assert await state_of(ben) == before
        assert SECRET not in read(said)
        assert (said.pictures, said.form) == ((), None)
        assert not said.files or command.name in TAKES_AWAY
        if command.name in OPEN:
            continue
        named = {field.name for field in fields(asked)} & {"id", "request"}
        if command.name in NOTHING_TO_DO:
            assert said.error == "refused"
        elif command.name in BY_RIGHT:
            assert (said.error == "refused") == (who == "stranger" or bool(named))
        elif who == "stranger":
            assert keys_of(said) == ["start.first"]
        elif who == "banned":
            assert keys_of(said) == ["account.banned"]
        elif named:
            assert said.error == "refused"


@pytest.mark.parametrize("command", [one for one in commands if one.private], ids=lambda command: command.name)
async def test_what_is_declared_private_answers_privately(
    stage: Stage, cast: dict[str, Actor], command: Command
) -> None:
    asked = await about_ben(command, cast["owner"])
    for actor in cast.values():
        said = await answer(stage.app, actor.who, command, asked)
        assert said.private


async def test_looking_around_opens_no_account(stage: Stage, cast: dict[str, Actor]) -> None:
    stranger = cast["stranger"]
    for command in ("help", "about", "privacy", "start", "queue", "gallery", "settings", "imagine a star"):
        await stranger.says(f"/{command}")

    with stage.database._engine.connect() as connection:
        identities = connection.exec_driver_sql("SELECT count(*) FROM identity").scalar()
    assert identities == 3
