"""How far a request is: its message says so now and then, with a preview for its asker alone, and results come first."""

from __future__ import annotations

from pathlib import Path

import pytest

from bots.on_discord.cards import PREVIEW
from bots.on_discord.pacing import Pace, Throttle
from bots.on_discord.places import Asked
from bots.on_discord.words import shown
from core.rules import PREVIEW_PAUSE
from core.values.wishes import Finished, Pixels, Progress, Started, Wish
from storage.database import SqlDatabase
from tests.cast import build_stage
from tests.discord_ import routes
from tests.discord_.actor import DiscordActor, Scene, at_discord

GREY = Pixels(8, 8, bytes([90]) * 8 * 8 * 3)


async def begins(scene: Scene) -> tuple[Wish, ...]:
    await scene.stage.dispatches()
    wishes = scene.stage.painter.waiting[0]
    await scene.stage.news(Started(wishes[0].job, wishes[0].fence))
    return wishes


async def step(scene: Scene, wish: Wish, number: int, preview: Pixels | None = None) -> None:
    await scene.stage.news(Progress(wish.job, wish.index, wish.fence, number, wish.settings.steps, preview))


async def draws_a_step(scene: Scene, preview: Pixels | None = None) -> tuple[Wish, ...]:
    wishes = await begins(scene)
    await step(scene, wishes[0], 1, preview)
    await shows(scene)
    return wishes


async def shows(scene: Scene) -> None:
    """Until the door has shown what it was told."""
    await scene.discord.until(lambda: not scene.door._progress._following)


async def test_the_message_says_how_far_it_is(scene: Scene, bea: DiscordActor) -> None:
    await bea.says("/imagine a star")
    (wish,) = await draws_a_step(scene)
    assert shown(bea.newest.content) == "Drawing: step 1 of 4."
    assert bea.newest.buttons == ["Cancel"]

    await step(scene, wish, 2)
    await shows(scene)
    assert shown(bea.newest.content) == "Drawing: step 2 of 4."


async def test_what_has_come_stays_while_the_rest_is_drawn(scene: Scene, bea: DiscordActor) -> None:
    await bea.says("/imagine a star --count 2")
    first, second = await draws_a_step(scene)
    await scene.stage.news(scene.stage.painter.drawn(first))
    await scene.stage.tells()
    await step(scene, second, 3)
    await shows(scene)

    told, now = shown(bea.newest.content).splitlines()
    assert told.startswith("AI-generated picture")
    assert now == "Drawing picture 2 of 2: step 3 of 4."
    assert len(bea.newest.attachments) == 1
    assert bea.newest.buttons[-1] == "Cancel"


async def test_after_a_restart_it_goes_on_where_it_was(scene: Scene, bea: DiscordActor) -> None:
    await bea.says("/imagine a star --count 2")
    first, second = await draws_a_step(scene)
    await scene.stage.news(scene.stage.painter.drawn(first))
    await scene.stage.tells()
    await scene.restarts(killed=True)
    await step(scene, second, 3)
    await shows(scene)
    assert len(shown(bea.newest.content).splitlines()) == 2

    await scene.stage.news(scene.stage.painter.drawn(second))
    await scene.stage.tells()
    assert len(bea.newest.attachments) == 2
    assert len(bea.newest.buttons) == 10


async def test_a_preview_is_for_its_asker_alone(scene: Scene, bea: DiscordActor, dan: DiscordActor) -> None:
    await dan.says("/imagine a star")
    (wish,) = await draws_a_step(scene, GREY)
    assert [file.name for file in dan.newest.attachments] == [PREVIEW]
    await step(scene, wish, 2)
    await shows(scene)
    assert [file.name for file in dan.newest.attachments] == [PREVIEW]
    await finish(scene, wish)
    assert [file.name for file in dan.newest.attachments] == [f"darkroom-{dan.inbox[0].pictures[0].id}.png"]

    await bea.says("/imagine a star")
    scene.stage.clock.passes(PREVIEW_PAUSE)
    await draws_a_step(scene, GREY)
    assert not bea.newest.attachments
    assert "step 1" in bea.newest.content


async def test_a_refused_preview_is_not_shown(scene: Scene, dan: DiscordActor) -> None:
    scene.stage.censor.refused = [GREY.data[:3]]
    await dan.says("/imagine a star")
    await draws_a_step(scene, GREY)

    assert not dan.newest.attachments


async def test_progress_never_overwrites_a_result(scene: Scene, dan: DiscordActor) -> None:
    await dan.says("/imagine a star")
    (wish,) = await begins(scene)
    scene.discord.faults.slows(routes.EDIT_ORIGINAL, seconds=0.1)
    await step(scene, wish, 1)
    await step(scene, wish, 2)
    await finish(scene, wish)
    await shows(scene)

    assert len(dan.newest.attachments) == 1
    assert "Drawing" not in dan.newest.content


async def test_it_stops_when_a_request_is_taken_back(scene: Scene, dan: DiscordActor) -> None:
    await dan.says("/imagine a star")
    (wish,) = await begins(scene)
    await dan.presses("Cancel")
    await step(scene, wish, 2)
    await shows(scene)

    assert shown(dan.newest.content) == "Taken back. What was not drawn yet costs nothing."


async def test_the_newest_state_is_shown_and_no_queue_of_them(tmp_path: Path, database: SqlDatabase) -> None:
    async with at_discord(build_stage(tmp_path, database), throttle=Throttle(0.15, 0.3)) as scene:
        dan = scene.enter("dan")
        await dan.agrees()
        await dan.says("/imagine a star --steps 30")
        (wish,) = await draws_a_step(scene)
        before = len(dan.newest.edits)
        for number in range(2, 31):
            await step(scene, wish, number)
        await shows(scene)

        assert 1 <= len(dan.newest.edits) - before <= 2
        assert shown(dan.newest.content) == "Drawing: step 30 of 30."


def test_one_room_gets_one_edit_at_a_time_and_results_come_first() -> None:
    now = 100.0
    pace = Pace(Throttle(2.0, 6.0), lambda: now)
    ours = [Asked(id=n, channel=1, user=1, at=0, guild=1) for n in (1, 2)]
    quiet, elsewhere = (
        Asked(id=3, channel=1, user=1, at=0, guild=1, quiet=True),
        Asked(id=4, channel=2, user=1, at=0, guild=1),
    )

    assert [pace.turn(ours[0]), pace.turn(ours[1]), pace.turn(ours[0])] == [0.0, 6.0, 12.0]
    assert (pace.turn(elsewhere), pace.turn(quiet), pace.turn(quiet)) == (0.0, 0.0, 2.0)
    now = 200.0
    pace.result(ours[0])
    assert pace.turn(ours[1]) == 6.0


async def test_progress_waits_for_nothing(scene: Scene, dan: DiscordActor) -> None:
    """Whoever reports a step goes on at once, whatever Discord does."""
    await dan.says("/imagine a star")
    (wish,) = await begins(scene)
    scene.discord.faults.slows(seconds=0.3, times=2)
    drawing = scene.stage.app.board.of(wish.job)
    assert drawing is not None
    scene.door.progress(drawing)
    assert len(scene.door._progress._following) == 1


async def finish(scene: Scene, wish: Wish) -> None:
    await scene.stage.news(scene.stage.painter.drawn(wish))
    await scene.stage.news(Finished(wish.job, wish.fence))
    scene.stage.painter.waiting.clear()
    await scene.stage.tells()


@pytest.mark.parametrize("code", [50027, 10008])
async def test_a_message_that_is_gone_ends_progress_and_nothing_else(
    scene: Scene, bea: DiscordActor, code: int
) -> None:
    await bea.says("/imagine a star")
    scene.discord.faults.refuses(routes.EDIT_ORIGINAL, code, share=1)
    scene.discord.faults.refuses(routes.EDIT_FOLLOWUP, code, share=1)
    (wish,) = await draws_a_step(scene)
    scene.discord.faults.stop()
    await finish(scene, wish)

    assert len(bea.newest.attachments) == 1
