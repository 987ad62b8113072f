"""Where a request was asked at Discord, and where the message about it stands, with their sealed spelling. Knows no network."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from core.requests.delivery import Whereabouts
from core.rules import MINUTE
from core.values import Moment

NAME: Final = "discord"
TOKEN_LIFE: Final = 13 * MINUTE  #: of the fifteen that an interaction's token lives, leaving time to act
NONCE_LIFE: Final = 2 * MINUTE  #: Discord knows a nonce again for "a few minutes"
FILE_LIMIT: Final = 10 * 1024 * 1024  #: bytes of one file where nothing allows more


@dataclass(frozen=True)
class Asked:
    """What a request came by: an interaction, or without `token` a message in the private chat.

    `quiet`: its answer is for the asker's eyes only. `at` is by our clock.
    """

    id: int
    channel: int
    user: int
    at: int
    guild: int = 0
    application: int = 0
    token: str = field(default="", repr=False)
    quiet: bool = False
    limit: int = FILE_LIMIT

    @property
    def in_public(self) -> bool:
        """Others read the answer too."""
        return bool(self.guild) and not self.quiet

    def answerable(self, now: Moment) -> bool:
        """Its token still lives."""
        return bool(self.token) and now - self.at < TOKEN_LIFE

    @property
    def first(self) -> Spot:
        """Its first answer."""
        return Spot(self.channel, 0, self.application, self.token)

    def spot(self, posted: Posted, now: Moment) -> Spot | None:
        """Where a message of it can be changed; None where that cannot be done any more."""
        if posted.by_bot:
            return Spot(self.channel, posted.message) if posted.message else None
        if self.answerable(now):
            return replace(self.first, message=posted.message if posted.further else 0)
        return Spot(self.channel, posted.message) if posted.message and not self.quiet else None

    def write(self) -> str:
        return _spelt(self)


@dataclass(frozen=True)
class Spot:
    """A message that can be changed: by the token of an interaction, else as one of ours. `message` 0: the first answer."""

    channel: int
    message: int = 0
    application: int = 0
    token: str = field(default="", repr=False)


@dataclass(frozen=True)
class Posted:
    """The message about a picture. `message` 0: the first answer to what was asked; `further`: it is another answer.

    `by_bot`: it is edited as a message of ours, whatever became of the token. `told`: it says all it has to say.
    `trying_since`: it is being sent, and nobody knows whether it arrived; `placeholder` is what stood there before.
    """

    message: int = 0
    further: bool = False
    by_bot: bool = False
    told: bool = False
    trying_since: int = 0
    placeholder: int = 0

    def write(self) -> str:
        return _spelt(self)

    def sent_as(self, message: int) -> Posted:
        return replace(self, message=message, told=True, trying_since=0)


@dataclass(frozen=True)
class Standing:
    """A request's place and its message; `asked` is None for a request nobody can be told of where it was asked."""

    asked: Asked | None
    posted: Posted


def read(found: Whereabouts) -> Standing:
    asked = Asked(**json.loads(found.origin)) if found.origin else None
    return Standing(asked, Posted(**json.loads(found.post)) if found.post else Posted())


def _spelt(place: Asked | Posted) -> str:
    values: dict[str, Any] = {name: value for name, value in asdict(place).items() if value}
    return json.dumps(values, separators=(",", ":"))
