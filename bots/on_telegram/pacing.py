"""How fast may be sent: to one chat, to all together, and when Telegram says wait. Knows times and chats, no message."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

FORGET: Final = 2_000  #: chats remembered before the quiet ones are forgotten


class Urgency(Enum):
    """The shares of the rates that one kind of message may use up: what is less urgent leaves room for what is more.

    In a busy chat answers leave room for results; over all chats nobody waits for an answer because others get results.
    """

    RESULT = 1.0, 0.8
    ANSWER = 0.8, 1.0
    PROGRESS = 0.5, 0.5

    def __init__(self, of_chat: float, of_all: float) -> None:
        self.of_chat, self.of_all = of_chat, of_all


@dataclass(frozen=True)
class Rate:
    most: int
    seconds: float


@dataclass(frozen=True)
class Rates:
    """https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this: one a second to a person with short
    bursts, 20 a minute to a group, about 30 a second to everybody.
    """

    private: Rate = Rate(8, 8.0)
    group: Rate = Rate(20, 60.0)
    overall: Rate = Rate(30, 1.0)
    heard: Rate = Rate(30, 60.0)  #: commands that are taken from one group


class Crowded(Exception):
    """It would take longer than the caller can wait; `seconds` says how long."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class Window:
    """How many there were in the last seconds."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._taken: deque[float] = deque()

    def wait(self, now: float, share: float = 1.0) -> float:
        """Seconds until there is room for one more within this share of the rate."""
        while self._taken and self._taken[0] <= now - self._rate.seconds:
            self._taken.popleft()
        most = max(1, int(self._rate.most * share))
        return 0.0 if len(self._taken) < most else self._taken[-most] + self._rate.seconds - now

    def take(self, now: float) -> None:
        self._taken.append(now)

    def quiet(self, now: float) -> bool:
        self.wait(now)
        return not self._taken


class Pace:
    """When the next message may go to a chat."""

    def __init__(self, rates: Rates, clock: Callable[[], float] = time.monotonic) -> None:
        self._rates, self._clock = rates, clock
        self._overall = Window(rates.overall)
        self._sent: dict[int, Window] = {}
        self._heard: dict[int, Window] = {}
        self._paused: dict[int, float] = {}

    def wait(self, chat: int, urgency: Urgency) -> float:
        """Seconds until it may; 0 is now."""
        now = self._clock()
        window = self._sent.get(chat)
        return max(
            self._paused.get(chat, 0.0) - now,
            window.wait(now, urgency.of_chat) if window else 0.0,
            self._overall.wait(now, urgency.of_all),
            0.0,
        )

    def take(self, chat: int) -> None:
        now = self._clock()
        if chat not in self._sent:
            self._tidy(now)
            self._sent[chat] = Window(self._rates.private if chat > 0 else self._rates.group)
        self._sent[chat].take(now)
        self._overall.take(now)

    async def turn(self, chat: int, urgency: Urgency, patience: float = float("inf")) -> None:
        """Wait until it may, and take that place. Raises Crowded at once when that is further off than `patience`."""
        while wait := self.wait(chat, urgency):
            if wait > patience:
                raise Crowded(wait)
            await asyncio.sleep(wait)
        self.take(chat)

    def pause(self, chat: int, seconds: float) -> None:
        """Telegram said wait: nothing goes to this chat until then, and others go on."""
        self._paused[chat] = max(self._paused.get(chat, 0.0), self._clock() + seconds)

    def hears(self, chat: int) -> bool:
        """Whether one more command is taken from a group now; people alone have limits of their own."""
        now = self._clock()
        window = self._heard.setdefault(chat, Window(self._rates.heard))
        if window.wait(now):
            return False
        window.take(now)
        return True

    def _tidy(self, now: float) -> None:
        if len(self._sent) < FORGET:
            return
        self._sent = {chat: window for chat, window in self._sent.items() if not window.quiet(now)}
        self._heard = {chat: window for chat, window in self._heard.items() if not window.quiet(now)}
        self._paused = {chat: until for chat, until in self._paused.items() if until > now}
