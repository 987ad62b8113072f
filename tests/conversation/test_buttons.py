"""A button carries an opaque handle: it works for its person, tomorrow and after a restart, and for nobody else."""

from __future__ import annotations

from dataclasses import replace

from bots import handles
from bots.answering import press_token
from core.queue.board import Board
from core.rules import BUTTON_LIFE
from tests.cast import Actor, Stage, keys_of
from tests.conversation.asking import one_picture


async def tokens(stage: Stage, actor: Actor) -> dict[str, str]:
    """The tokens under the newest picture, by command."""
    buttons = actor.inbox[-1].buttons
    issued = await handles.issue(stage.app, actor.who, buttons)
    return {button.command: token for button, token in zip(buttons, issued, strict=True)}


async def test_a_handle_fits_a_platform_and_says_nothing(stage: Stage, ben: Actor) -> None:
    picture = await one_picture(stage, ben)

    for token in (await tokens(stage, ben)).values():
        assert len(token.encode()) <= 64
        assert picture.id not in token


async def test_it_works_after_a_restart(stage: Stage, ben: Actor) -> None:
    picture = await one_picture(stage, ben)
    token = (await tokens(stage, ben))["save"]
    restarted = replace(stage.app, board=Board())

    (file,) = (await press_token(restarted, ben.who, token)).files
    assert picture.id in file.name


async def test_somebody_elses_button_is_refused_to_strangers_and_members(stage: Stage, ben: Actor, ana: Actor) -> None:
    picture = await one_picture(stage, ben)
    issued = await tokens(stage, ben)

    for agreed in (False, True):
        if agreed:
            await ana.agrees()
        for command in ("again", "edit", "save", "delete"):
            assert keys_of(await press_token(stage.app, ana.who, issued[command])) == ["press.foreign"]
    assert (await ben.says(f"/show {picture.id}")).pictures
    assert keys_of(await press_token(stage.app, ana.who, issued["report"])) == ["report.done"]


async def test_an_old_one_says_so_kindly(stage: Stage, ben: Actor) -> None:
    await one_picture(stage, ben)
    token = (await tokens(stage, ben))["again"]
    stage.clock.passes(BUTTON_LIFE)

    assert keys_of(await press_token(stage.app, ben.who, token)) == ["press.expired"]
    await stage.sweeps()
    assert keys_of(await press_token(stage.app, ben.who, token)) == ["press.expired"]


async def test_junk_never_reaches_the_database(stage: Stage, ben: Actor) -> None:
    for junk in ("", "1", "1||", "1|abc|def", "0|agree|", "0|imagine|x", "2|x|y", "1|" + "x" * 200, "\0|\0|\0"):
        assert keys_of(await press_token(stage.app, ben.who, junk))[0] in ("press.expired", "press.foreign")


async def test_a_newcomers_button_is_theirs_alone_and_stores_nothing(stage: Stage, ana: Actor, ben: Actor) -> None:
    hello = await ana.says("/start")
    issued = await handles.issue(stage.app, ana.who, hello.buttons)

    assert keys_of(await press_token(stage.app, ben.who, issued[0])) == ["press.foreign"]
    assert keys_of(await press_token(stage.app, ana.who, issued[0]))[0].startswith("start.welcome")
