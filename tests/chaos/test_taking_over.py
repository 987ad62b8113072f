"""A process that takes over finds what nobody has any more, and one that does not serve a door shows nothing there."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import select

from bots import dispatching, outlived
from bots.background import Background
from bots.dispatching import Dispatcher
from bots.handles import issue
from bots.leading import Work
from bots.outlived import Outlived
from core.errors import Unavailable
from core.queue.board import Drawing
from core.requests import scheduling
from core.values import DeliveryState, JobState
from core.values.wishes import Progress, Started
from storage.records.tables import JobRow, table
from tests.cast import Actor, Stage

pytestmark = pytest.mark.products


@pytest.fixture(autouse=True)
def in_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlived, "TICK", 0.01)
    monkeypatch.setattr(outlived, "UNHEARD", 0.02)


def states(stage: Stage) -> list[str]:
    jobs = table(JobRow)
    with stage.database._engine.connect() as connection:
        return list(connection.execute(select(jobs.c.state).order_by(jobs.c.created_at)).scalars())


async def test_a_request_that_was_out_and_that_nobody_speaks_of_is_put_back(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a star")
    await stage.dispatches()
    stage.painter.waiting.clear()  # its worker died and Redis forgot it, while nobody led

    assert await Outlived(stage.app).take_back()
    assert states(stage) == [JobState.QUEUED]
    await stage.works()
    assert [reply.lines[0].key for reply in ben.inbox] == ["picture.done"]


async def test_a_choice_whose_answer_never_came_is_found_and_made_again(
    stage: Stage, ben: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatching, "TAKEN_BACK", 0.01)
    run, lost = stage.database.run, []

    async def loses_an_answer(work: Any, *given: Any, **named: Any) -> Any:
        answer = await run(work, *given, **named)
        if work is scheduling.choose and answer and not lost:
            lost.append(answer)
            raise Unavailable("database.unavailable")
        return answer

    stage.database.run = loses_an_answer  # type: ignore[method-assign]
    await ben.says("/imagine a star")
    leading = asyncio.create_task(Dispatcher(stage.app, owe=lambda: None).run())
    async with asyncio.timeout(10):
        while not stage.painter.waiting:
            await asyncio.sleep(0.01)
    leading.cancel()

    assert [one.job.fence for one in lost[0]] == [1]
    assert stage.painter.waiting[0][0].fence == 3, "chosen, taken back, chosen again"


async def test_one_that_waits_for_a_worker_or_that_somebody_draws_is_not(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a star")
    await ben.says("/imagine a moon")
    await stage.dispatches()
    waits, _ = stage.painter.waiting
    drawn = stage.painter.waiting.pop()[0]
    taken_over = Outlived(stage.app)
    listening = asyncio.create_task(taken_over.take_back())
    await asyncio.sleep(0)
    taken_over.heard(drawn.job, drawn.fence)

    assert stage.painter.out == {(waits[0].job, waits[0].fence)}
    assert not await listening
    assert states(stage) == [JobState.DRAWING, JobState.DRAWING]


class Elsewhere:
    """`bots.leading.Leading` of a process that leads nothing."""

    async def lead(self, _role: str, _work: Work) -> None: ...

    def leads(self, _role: str) -> bool:
        return False


class Chat:
    """A door to a platform that notes what it was to show."""

    name, role = "terminal", "door:terminal:1"

    def __init__(self) -> None:
        self.shown: list[Drawing] = []

    async def run(self) -> None: ...

    async def owed(self) -> list[Any]:
        return []

    async def tell(self, *_: object) -> DeliveryState:
        return DeliveryState.DELIVERED

    def progress(self, drawing: Drawing) -> None:
        self.shown.append(drawing)


@pytest.mark.parametrize("leading", [None, Elsewhere()], ids=["it serves it", "another does"])
async def test_progress_is_shown_by_the_process_that_serves_the_door(
    stage: Stage, ben: Actor, leading: Elsewhere | None
) -> None:
    chat = Chat()
    background = Background(stage.app, chats=[chat], leading=leading)
    await ben.says("/imagine a star")
    await stage.dispatches()
    wish = stage.painter.waiting[0][0]
    await stage.news(Started(wish.job, wish.fence))
    await background.notice(Progress(wish.job, 0, wish.fence, 1, 4, None))

    assert bool(chat.shown) == (leading is None)


async def test_what_is_said_while_the_database_is_away_needs_no_database(stage: Stage, ben: Actor) -> None:
    async def away(*_: object, **__: object) -> None:
        raise Unavailable("database.unavailable")

    stage.database.run = away  # type: ignore[method-assign, assignment]
    assert await issue(stage.app, ben.who, ()) == []
