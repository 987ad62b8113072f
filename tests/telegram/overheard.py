"""The cast at the Telegram door with the very replies they were answered, each compared with what stands in their chat."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from bots import on_telegram
from bots.replies import Reply
from bots.texts import render
from core.queue.board import Drawing
from core.values import DeliveryState, Owed
from tests.cast import Stage
from tests.overhearing import overhearing
from tests.telegram.actor import Scene, TelegramActor, Told, at_telegram


@dataclass
class OverheardActor(TelegramActor):
    """`tests.cast.Actor` over the wire: `answer` and `inbox` are replies."""

    inbox: list[Reply] = field(default_factory=list)  # type: ignore[assignment]
    watched: list[Drawing] = field(default_factory=list)
    answer: Reply | None = None  # type: ignore[assignment]
    heard: list[Reply] = field(default_factory=list)

    async def says(self, line: str, **more: Any) -> Reply:  # type: ignore[override]
        return self._same(await super().says(line, **more))

    async def sends(self, line: str, name: str, data: bytes) -> Reply:
        """A file with a line under it."""
        self.stage.clock.passes(1)
        return self._same(await super().encloses(data, line))

    async def presses(self, label: str, **more: Any) -> Reply:  # type: ignore[override]
        return self._same(await super().presses(label, **more))

    async def tell(self, told: Reply, owed: Sequence[Owed]) -> DeliveryState:
        state = await self.scene.door.tell(told, owed)
        standing = "\n".join(message.words for message in self.sees())
        assert all(render(line) in standing for line in told.lines)
        self.inbox.append(told)
        return state

    def progress(self, drawing: Drawing) -> None:  # type: ignore[override]
        self.watched.append(drawing)
        self.scene.door.progress(drawing)

    def _same(self, told: Told) -> Reply:
        self.answer = answer = self.heard[-1]
        assert all(text in told.text for line in answer.lines for text in [render(line)[:100]])
        assert told.notice is not None or {render(button.label) for button in answer.buttons} <= set(told.labels)
        assert {file.data for file in answer.files} <= set(told.files)
        return answer


@asynccontextmanager
async def overheard_at_telegram(stage: Stage) -> AsyncIterator[Callable[[str], OverheardActor]]:
    """An open door, and how somebody new comes to it."""
    heard: list[Reply] = []
    with overhearing(on_telegram, ("hear", "press_token"), lambda _, told: heard.append(told)):
        async with at_telegram(stage) as scene:
            show = scene.door.progress

            def showing(drawing: Drawing) -> None:
                show(drawing)
                for person in stage.people:
                    person.watched.append(drawing)

            scene.door.progress = showing  # type: ignore[method-assign]
            yield lambda name: _enter(scene, name, heard)


def _enter(scene: Scene, name: str, heard: list[Reply]) -> OverheardActor:
    actor = OverheardActor(scene, scene.telegram.user(name), heard=heard)
    scene.stage.people.append(actor)  # type: ignore[arg-type]
    return actor
