"""Taking back what was shown: placeholders of a request that is over, messages of a picture that is destroyed."""

from __future__ import annotations

from typing import Final

from bots.on_telegram.insisting import insist, shrug
from bots.on_telegram.pacing import Urgency
from bots.on_telegram.places import Place
from bots.on_telegram.posts import Posts
from bots.on_telegram.reading import Pressed
from bots.on_telegram.snags import Flooded, Missing, Snag, Stuck, Unreached, Unsure, Wordless
from bots.on_telegram.wire import Wire
from bots.on_telegram.words import without, written
from bots.replies import Reply, say
from core import accounts
from core.errors import Unavailable
from core.ports import App
from core.values import JobId, PersonId, Who
from core.values.receipts import Taken

PATIENCE: Final = 5.0  #: seconds for placeholders that are on their way


class Clearing:
    def __init__(self, app: App, wire: Wire, posts: Posts) -> None:
        self._app, self._wire, self._posts = app, wire, posts

    async def replace(self, who: Who, reply: Reply, pressed: Pressed | None) -> None:
        """What stood about a request, or about one picture of it, says this instead, or goes; so does the one pressed."""
        person = await accounts.find(self._app, who)
        if person is None or reply.job is None:
            return
        cleared = await self._clear_posts(person.id, reply.job, reply)
        if pressed is not None and (pressed.place.chat, pressed.place.message) not in cleared:
            await shrug(self._clear_pressed(pressed))

    async def take_back(self, person: PersonId, job: JobId, index: int) -> Taken:
        """A message of somebody who is being erased. Raises Unavailable when it is worth trying later."""
        try:
            post = (await self._posts.of(person, job, index)).post
            if post is None:
                return Taken.GONE
            async with self._posts.lock(job):
                return await self._take_back(post)
        except (Flooded, Unreached, Unsure) as snag:
            wait = snag.seconds if isinstance(snag, Flooded) else None
            raise Unavailable("telegram.unreachable", retry_after=wait) from None
        except Snag:
            return Taken.LEFT

    async def _take_back(self, post: Place) -> Taken:
        try:
            await self._wire.delete(post, Urgency.RESULT)
        except Missing:
            return Taken.GONE
        except Stuck:
            try:
                await self._wire.blank(post, written([say("telegram.removed")]), Urgency.RESULT)
            except Missing:
                return Taken.GONE
            return Taken.BLANKED
        return Taken.GONE

    async def _clear_posts(self, person: PersonId, job: JobId, reply: Reply) -> set[tuple[int, int]]:
        """Where they stood."""
        if (origin := (await self._posts.of(person, job, 0)).origin) is not None:
            await self._posts.answered(origin, PATIENCE)
        text = written(reply.lines)
        cleared = set()
        async with self._posts.lock(job):
            for index, post in await self._posts.of_job(person, job):
                if index != reply.index if reply.index is not None else post.told:
                    continue
                await shrug(self._clear(post, text))
                await self._posts.keep(person, job, index, post, told=True)
                cleared.add((post.chat, post.message))
                text = ""
        return cleared

    async def _clear(self, place: Place, text: str) -> None:
        """A placeholder that only its person sees says why nothing comes; a picture, and what others see, goes."""
        if text and place.in_private and not place.told:
            try:
                return await insist(self._wire.rewrite, place, text, None)
            except Wordless:
                pass
        return await self._remove(place)

    async def _remove(self, place: Place) -> None:
        """Too old to be deleted, a message shows nothing any more, and says so."""
        try:
            await insist(self._wire.delete, place)
        except Stuck:
            await insist(self._wire.blank, place, written([say("telegram.removed")]))

    async def _clear_pressed(self, pressed: Pressed) -> None:
        """A picture is to be seen no more; a list keeps its other buttons."""
        if pressed.pictured:
            await self._remove(pressed.place)
        else:
            await insist(self._wire.rebutton, pressed.place, without(pressed.keyboard, pressed.token))
