"""Nothing that comes late brings anybody back: results, deliveries, presses, updates, sweeps."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bots.texts import render
from core import accounts
from core.erasing import erasure
from core.errors import Refused
from core.ports import App
from core.requests import completion, delivery, generation
from core.requests.options import Ask
from core.values import Who
from core.values.wishes import Finished, Started
from storage.keys import Unsealable
from tests.cast import Actor, Stage, keys_of
from tests.erasure.going import confirms, every_row, finish, goes, id_of
from tests.pictures import picture_file


async def test_a_result_that_was_under_way_is_thrown_away(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a cat --count 2")
    await stage.dispatches()
    first, second = stage.painter.waiting[0]
    await stage.news(Started(first.job, first.fence))
    await goes(ben)
    before = every_row(stage)

    await stage.news(stage.painter.drawn(first))
    await stage.news(stage.painter.drawn(second))
    await stage.news(Finished(first.job, first.fence))
    await stage.tells()

    assert every_row(stage) == before
    assert await stage.stored() == []
    assert stage.mistakes() == []


async def test_a_picture_that_is_being_kept_meanwhile_leaves_no_blob(stage: Stage, ben: Actor) -> None:
    """Its request is looked up, then everything is erased, then it comes to be put."""
    await ben.says("/imagine a cat")
    await stage.dispatches()
    (wish,) = stage.painter.waiting[0]
    await stage.news(Started(wish.job, wish.fence))

    class Slow:
        async def encode(self, pixels: object, file_format: str) -> object:
            await goes(ben)
            return await stage.app.encoder.encode(pixels, file_format)  # type: ignore[arg-type]

    slow: App = replace(stage.app, encoder=Slow())  # type: ignore[arg-type]
    with pytest.raises(Unsealable):
        await completion.keep(slow, stage.painter.drawn(wish))

    assert await stage.stored() == []


async def test_a_picture_put_before_the_key_was_destroyed_is_taken_away_by_whoever_put_it(
    stage: Stage, ben: Actor
) -> None:
    await ben.says("/imagine a cat")
    await stage.dispatches()
    (wish,) = stage.painter.waiting[0]
    await stage.news(Started(wish.job, wish.fence))

    class Slow:
        def __getattr__(self, name: str) -> object:
            return getattr(stage.app.blobs, name)

        async def put(self, name: str, data: bytes) -> None:
            await goes(ben)
            await stage.app.blobs.put(name, data)

    slow: App = replace(stage.app, blobs=Slow())  # type: ignore[arg-type]
    assert await completion.keep(slow, stage.painter.drawn(wish)) is None

    assert await stage.stored() == []


async def test_a_picture_that_was_not_told_yet_is_not_told_any_more(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a cat")
    await stage.dispatches()
    (wish,) = stage.painter.waiting.pop()
    await stage.news(Started(wish.job, wish.fence))
    await stage.news(stage.painter.drawn(wish))
    assert await ben.owed()
    await confirms(ben)
    stage.clock.passes(stage.app.limits.undo_window)
    await erasure.proceed(stage.app)

    assert await delivery.owed(stage.app, "terminal") == []
    await stage.tells()
    assert ben.inbox == []
    await finish(stage)


async def test_a_button_of_before_does_nothing(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a cat")
    await stage.works()
    told = ben.inbox[-1]
    await goes(ben)
    before = every_row(stage)

    for button in told.buttons:
        ben.answer = told
        assert keys_of(await ben.presses(render(button.label))) == ["start.first"]

    assert every_row(stage)["person"] == before["person"] == []


async def test_a_request_that_was_checked_before_is_not_accepted_after(stage: Stage, ben: Actor) -> None:
    """Ben was active when he asked; before the transaction that accepts he had confirmed."""

    class Slow:
        async def receive(self, data: bytes, width: int, height: int) -> object:
            await confirms(ben)
            return await stage.app.intake.receive(data, width, height)

    slow: App = replace(stage.app, intake=Slow())  # type: ignore[arg-type]
    with pytest.raises(Refused, match=r"account\.leaving"):
        await generation.request(slow, ben.who, Ask("a cat", reference=picture_file()))

    assert await stage.stored() == []
    assert stage.mistakes() == []


async def test_only_who_agrees_anew_has_an_account_again(stage: Stage, ben: Actor) -> None:
    await goes(ben)

    for line in ("/balance", "/imagine a cat", "/gallery", "/settings --shape portrait", "/undo", "/deleteme DELETE"):
        assert keys_of(await ben.says(line)) == ["start.first"], line
    assert await accounts.find(stage.app, ben.who) is None


async def test_the_sweep_finds_nothing_of_theirs_to_do(stage: Stage, ben: Actor) -> None:
    person = await id_of(ben)
    await goes(ben)
    before = every_row(stage)

    await stage.sweeps()

    assert every_row(stage)["person"] == before["person"] == []
    assert not await stage.app.keys.holds(person)
    assert await accounts.find(stage.app, Who("terminal", "ben")) is None
