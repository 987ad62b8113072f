"""Where something stands in Telegram, and the links that lead there. Knows no network and no command's meaning."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, replace
from typing import Final

#: Commands that a link may run: whoever follows one, sent by anybody, only gets to see something of their own.
LINKED: Final = (
    "help", "balance", "queue", "models", "styles", "gallery", "show", "save", "edit", "settings", "about", "privacy",
    "requests", "consent", "age",
)  # fmt: skip
START: Final = "start"
_COMMAND = re.compile(r"/(?P<name>\w+)(?:@\w+)?(?:\s+(?P<argument>\S+))?", re.ASCII)
_ARGUMENT = re.compile(r"[A-Za-z0-9]{1,40}")


@dataclass(frozen=True)
class Place:
    """A message, or with `message` 0 the chat itself. `asker` is who spoke there; `told`: it says what came of a request."""

    chat: int
    message: int = 0
    thread: int = 0
    asker: int = 0
    told: bool = False

    @property
    def in_private(self) -> bool:
        """Only the asker reads here: such a chat has the person's own number, and groups have negative ones."""
        return self.chat > 0

    def alone(self) -> Place:
        """The private chat with the asker."""
        return Place(self.asker, asker=self.asker)

    def at(self, message: int) -> Place:
        return replace(self, message=message)

    def write(self) -> str:
        """As it is stored, sealed."""
        return json.dumps({name: value for name, value in asdict(self).items() if value}, separators=(",", ":"))


def read_place(address: str) -> Place:
    return Place(**json.loads(address))


def link(username: str, line: str) -> str:
    """Opens the private chat with the bot and answers a command line there, where that is safe; else just opens it."""
    return f"https://t.me/{username}?start={payload(line)}"


def payload(line: str) -> str:
    """At most 64 letters, digits and underscores: a command, and what it is asked with where that is one id or number."""
    found = _COMMAND.match(line)
    if not found or (name := found["name"].lower()) not in LINKED:
        return START
    argument = found["argument"] or ""
    return f"{name}_{argument}" if _ARGUMENT.fullmatch(argument) else name


def line_of(payload: str) -> str:
    """The command line behind a link; whatever we never wrote is a plain /start."""
    name, _, argument = payload.partition("_")
    if name not in LINKED or not (argument == "" or _ARGUMENT.fullmatch(argument)):
        return f"/{START}"
    return f"/{name} {argument}".rstrip()
