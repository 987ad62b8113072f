"""The people of the loopback Telegram: what they asked for, what they were told, what they see. Knows no process."""

from __future__ import annotations

import random
import re
import time
from collections import Counter, defaultdict
from dataclasses import dataclass

from bots.replies import say
from bots.texts import render
from core.rules import MINIMUM_AGE
from tests.telegram import Message, TelegramServer, User

NAMES = ("Ana", "Ben", "Cleo", "Dora", "Emil", "Fee", "Gus", "Hana", "Ivo", "Jun", "Kai", "Lea")
SECRET = "heliotrope"  #: stands in every prompt, and may stand nowhere else
OPEN_EACH = 2  #: requests one person has open
FORGOTTEN = 45.0  #: seconds after which somebody who was not answered asks for something else
PICTURE = re.compile(r"AI-generated picture (\w+):")
CANCEL = render(say("button.cancel"))
WAITING = re.compile(r"You are \d|Picture \d of|Drawing")

#: Every sentence in which a request ends without a job: something could not be reached. All say to try again.
SORRY = frozenset(render(say(key)) for key in ("database.unavailable", "keys.unavailable", "blobs.unavailable"))
BUG = render(say("trouble.bug"))


@dataclass
class Asked:
    """One /imagine."""

    person: str
    seed: int
    count: int
    at: float


class People:
    def __init__(self, telegram: TelegramServer, rng: random.Random, many: int = len(NAMES)) -> None:
        self._telegram, self._rng = telegram, rng
        self._people = {name: telegram.user(name) for name in NAMES[:many]}
        self.asked: list[Asked] = []
        self.pressed = 0
        self.ended: Counter[str] = Counter()  #: requests that are over by the records, by person

    @property
    def everybody(self) -> list[User]:
        return list(self._people.values())

    async def agree(self, within: float = 60) -> None:
        for person in self._people.values():
            await person.sends("/start")
        for person in self._people.values():
            person.taps(await person.hears("older", within=within), f"I am {MINIMUM_AGE} or older")
        for person in self._people.values():
            await person.hears("Welcome!", within=within)

    async def ask(self, most: int) -> bool:
        """One more request, when not too much is open."""
        now, over = time.monotonic(), self._over()
        waiting = {name: self._waits(name, over[name], now) for name in self._people}
        free = [name for name, open_ in waiting.items() if open_ < OPEN_EACH]
        if not free or sum(waiting.values()) >= most:
            return False
        name = self._rng.choice(free)
        ask = Asked(name, seed=10 * (1 + len(self.asked)), count=self._rng.choice((1, 1, 1, 2, 3, 4)), at=now)
        self.asked.append(ask)
        await self._people[name].sends(f"/imagine a {SECRET} by the sea --count {ask.count} --seed {ask.seed}")
        return True

    def cancel_something(self) -> None:
        """Somebody changes their mind, perhaps too late."""
        person = self._rng.choice(list(self._people.values()))
        if with_button := [message for message in person.told()[-12:] if CANCEL in message.buttons]:
            self.pressed += 1
            person.taps(self._rng.choice(with_button), CANCEL)

    def sorry(self, name: str) -> int:
        return sum(message.words in SORRY for message in self._people[name].told())

    def shown(self) -> dict[str, list[Message]]:
        """Where each picture stands, by its id."""
        found: dict[str, list[Message]] = defaultdict(list)
        for message in self._messages():
            if message.content.media and (named := PICTURE.match(message.words)):
                found[named[1]].append(message)
        return found

    def once_shown(self, picture: str) -> list[list[str]]:
        """What stood, one after the other, in each message that ever showed it, for whoever reads that it shows it no more."""
        return [
            [f"{content.text:.60}" for content in (*message.history, message.content)] + ["deleted"] * message.deleted
            for person in self._people.values()
            for message in person.chat.messages.values()
            if any(picture in content.text for content in (*message.history, message.content))
        ]

    def pictures(self) -> int:
        return sum(bool(message.content.media) for message in self._messages())

    def bugs(self) -> int:
        return sum(message.words == BUG for message in self._messages())

    def placeholders(self) -> int:
        """Messages that still promise something."""
        return sum(bool(WAITING.match(message.words)) for message in self._messages())

    def by_name(self) -> dict[str, list[Asked]]:
        found: dict[str, list[Asked]] = {name: [] for name in self._people}
        for ask in self.asked:
            found[ask.person].append(ask)
        return found

    def _over(self) -> dict[str, int]:
        return {name: self.ended[name] + self.sorry(name) for name in self._people}

    def _waits(self, name: str, over: int, now: float) -> int:
        """About how many requests somebody waits for: the newest are those that are open."""
        asked = [ask for ask in self.asked if ask.person == name]
        return sum(now - ask.at < FORGOTTEN for ask in asked[over:])

    def _messages(self) -> list[Message]:
        return [message for person in self._people.values() for message in person.told()]
