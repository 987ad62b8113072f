"""What a command may answer: values that every door shows in its own way. Holds keys and values, never prose."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

ErrorKind = Literal["refused", "unavailable", "gone", "bug"]


@dataclass(frozen=True)
class Line:
    """One sentence or paragraph: a key of bots/texts and what fills it."""

    key: str
    values: dict[str, Any] = field(default_factory=dict)


def say(key: str, /, **values: Any) -> Line:
    return Line(key, values)


@dataclass(frozen=True)
class ShownPicture:
    """A picture file as a person gets it; `id` is what they call it by."""

    id: str
    format: str
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class Button:
    """Pressing it is the same as sending the command with these arguments."""

    label: Line
    command: str
    arguments: Any


@dataclass(frozen=True)
class Reply:
    """`private`: only for the person who asked. `final` is False while the same message will still be edited."""

    lines: tuple[Line, ...]
    pictures: tuple[ShownPicture, ...] = ()
    buttons: tuple[Button, ...] = ()
    private: bool = False
    final: bool = True
    error: ErrorKind | None = None


def reply(*lines: Line, **more: Any) -> Reply:
    return Reply(lines, **more)
