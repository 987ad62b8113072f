"""What a command may answer: values that every door shows in its own way. Holds keys and values, never prose."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from core.values import JobId

ErrorKind = Literal["refused", "unavailable", "gone", "bug"]


@dataclass(frozen=True)
class Line:
    """One sentence or paragraph: a key of bots/texts and what fills it. `private`: left out where others read along."""

    key: str
    values: dict[str, Any] = field(default_factory=dict)
    private: bool = False


def say(key: str, /, **values: Any) -> Line:
    return Line(key, values)


def whisper(key: str, /, **values: Any) -> Line:
    """A line for the asker's eyes only in a reply that others may see."""
    return Line(key, values, private=True)


@dataclass(frozen=True)
class ShownPicture:
    """A picture file as a person gets it; `id` is what they call it by."""

    id: str
    format: str
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class File:
    """Something to take away as it is: no door may re-encode it."""

    name: str
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class LongFile(File):
    """One that is too long to be held: `chunks` gives it bit by bit, every time from the beginning."""

    chunks: Callable[[], AsyncIterator[bytes]] = field(repr=False)


@dataclass(frozen=True)
class Button:
    """Pressing it is the same as sending the command with these arguments."""

    label: Line
    command: str
    arguments: Any


@dataclass(frozen=True)
class Form:
    """A command filled in, to be changed and sent: a modal, fields of a page, or a line to copy.

    `missing` is an argument that only its person can fill in: a file they sent once, and that is not kept.
    """

    command: str
    arguments: Any
    missing: str = ""


@dataclass(frozen=True)
class Reply:
    """`private`: only for the person who asked. `final` is False while the same message will still be edited.

    `job` is the request that the reply speaks of. `replaces`: the message whose button was pressed, or the one about that
    job, says this instead, and shows no picture any more.
    """

    lines: tuple[Line, ...]
    pictures: tuple[ShownPicture, ...] = ()
    files: tuple[File, ...] = ()
    buttons: tuple[Button, ...] = ()
    form: Form | None = None
    private: bool = False
    final: bool = True
    error: ErrorKind | None = None
    job: JobId | None = None
    index: int | None = None  #: of the one picture of the job that it speaks of, where it is one
    count: int = 1  #: of pictures that the job will have
    replaces: bool = False

    def seen_by_all(self) -> tuple[Line, ...]:
        """The lines that may stand where others read along."""
        return tuple(line for line in self.lines if not line.private)


def reply(*lines: Line, **more: Any) -> Reply:
    return Reply(lines, **more)
