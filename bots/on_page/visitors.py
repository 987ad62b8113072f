"""Who has the page open, in memory only: each cookie one visitor. Knows no database; forgetting anybody loses nothing."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from bots.on_page.streams import Stream
from bots.on_page.wire import Message
from core.errors import Unavailable
from core.values import JobId, Origin, PersonId, Who

NAME: Final = "page"
MOST: Final = 500  #: visitors; whoever was away longest makes room, and starts from where things stand


@dataclass
class Visitor:
    """Somebody with a cookie. `turn` keeps a quick outcome from being told before its request is answered."""

    cookie: str = field(repr=False)
    person: PersonId | None = None
    stream: Stream = field(default_factory=Stream)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: set[JobId] = field(default_factory=set)  #: open requests whose place in line is shown
    answers: OrderedDict[str, asyncio.Task[Message]] = field(default_factory=OrderedDict)  #: by update

    def forget(self) -> None:
        """Whatever they said and were told. Whoever still has the page open stays, as a stranger."""
        self.person = None
        self.stream.forget_everything()
        self.waiting.clear()
        for update in [update for update, task in self.answers.items() if task.done()]:
            del self.answers[update]

    def who(self, update: str = "") -> Who:
        return Who(NAME, self.cookie, Origin(update, f"{NAME}:{update}") if update else None)


class Visitors:
    def __init__(self) -> None:
        self._by_cookie: OrderedDict[str, Visitor] = OrderedDict()

    def get(self, cookie: str) -> Visitor:
        """Raises Unavailable when somebody new would be one too many."""
        found = self._by_cookie.pop(cookie, None) or Visitor(cookie)
        self._by_cookie[cookie] = found
        if len(self._by_cookie) > MOST:
            away = next((one for one in self._by_cookie.values() if not one.stream.readers and one is not found), found)
            del self._by_cookie[away.cookie]
            if away is found:
                raise Unavailable("page.full", retry_after=60.0)
        return found

    def known(self, cookie: str) -> Visitor | None:
        return self._by_cookie.get(cookie)

    def all(self) -> list[Visitor]:
        return list(self._by_cookie.values())

    def present(self) -> list[Visitor]:
        """Those with a page open."""
        return [visitor for visitor in self._by_cookie.values() if visitor.stream.readers]

    def of(self, person: PersonId) -> list[Visitor]:
        """This person, wherever they have a page open."""
        return [visitor for visitor in self.present() if visitor.person == person]
