"""How far a request is, in its placeholder: the newest state, now and then, where there is room. Results never wait for it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Final

from telegram import InlineKeyboardMarkup

from bots.chatting import NewestShown
from bots.commands.shown import progress
from bots.handles import issue_to
from bots.on_telegram.pacing import Urgency
from bots.on_telegram.places import Place
from bots.on_telegram.posts import Posts
from bots.on_telegram.snags import Snag, Wordless
from bots.on_telegram.wire import Shown, Wire
from bots.on_telegram.words import keyboard, written
from bots.replies import Reply
from core.ports import App
from core.queue.board import Drawing
from core.values import JobId

KEPT: Final = 1_000  #: keyboards, and chats whose last progress is remembered


@dataclass(frozen=True)
class Throttle:
    """Seconds between two edits that show progress: of one private chat, and of a whole group."""

    private: float = 2.0
    group: float = 6.0


class ProgressShown(NewestShown):
    def __init__(self, app: App, wire: Wire, posts: Posts, throttle: Throttle) -> None:
        super().__init__("telegram", Snag)
        self._app, self._wire, self._posts, self._throttle = app, wire, posts, throttle
        self._next: dict[int, float] = {}
        self._keyboards: dict[JobId, InlineKeyboardMarkup | None] = {}

    async def _show(self, drawing: Drawing) -> None:
        post = await self._post(drawing)
        if post is None:
            return
        await asyncio.sleep(self._seconds_until_due(post))
        drawing = self._newer(drawing)
        async with self._posts.lock(drawing.job.id):
            post = await self._post(drawing)
            if post is not None:
                await self._edit(post, drawing)

    async def _post(self, drawing: Drawing) -> Place | None:
        """The message about the picture that is being drawn, unless it says already what came of it."""
        post = (await self._posts.of(drawing.job.person, drawing.job.id, drawing.index)).post
        return None if post is None or post.told else post

    def _seconds_until_due(self, post: Place) -> float:
        """Requests of one group take turns."""
        now = time.monotonic()
        if len(self._next) >= KEPT:
            self._next = {chat: due for chat, due in self._next.items() if due > now}
        due = max(now, self._next.get(post.chat, now))
        self._next[post.chat] = due + (self._throttle.private if post.in_private else self._throttle.group)
        return due - now

    async def _edit(self, post: Place, drawing: Drawing) -> None:
        """A preview is for its asker's eyes only, and a group has more."""
        said = progress(drawing)
        text = written(said.lines if post.in_private else said.seen_by_all(), public=not post.in_private)
        markup = await self._keyboard(said, drawing)
        if said.pictures and post.in_private:
            shown = Shown(said.pictures[0].data, "preview.jpg", text)
            await self._wire.put(post, shown, markup, Urgency.PROGRESS)
            return
        try:
            await self._wire.rewrite(post, text, markup, Urgency.PROGRESS)
        except Wordless:
            await self._wire.recaption(post, text, markup)

    async def _keyboard(self, said: Reply, drawing: Drawing) -> InlineKeyboardMarkup | None:
        job = drawing.job
        if job.id not in self._keyboards:
            while len(self._keyboards) >= KEPT:
                del self._keyboards[next(iter(self._keyboards))]
            self._keyboards[job.id] = keyboard(said.buttons, await issue_to(self._app, job.person, said.buttons))
        return self._keyboards[job.id]
