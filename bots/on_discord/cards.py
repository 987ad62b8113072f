"""What a message of ours says, as a value: lines that stay, lines of the moment, pictures, buttons. Knows no network.

A message with pictures of a request has a row of buttons for each, in their order, and others after them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final

import discord

from bots.on_discord.buttons import Row, rows_on
from bots.on_discord.words import MESSAGE, interim, is_interim
from bots.replies import ShownPicture

PREVIEW: Final = "preview.jpg"
_NAMED: Final = re.compile(r"darkroom-(?P<id>[0-9A-Za-z]+)\.\w+")


@dataclass(frozen=True)
class Enclosed:
    """A file that goes with a message."""

    name: str
    data: bytes


@dataclass(frozen=True)
class Letter:
    """A message as it is sent. `rows` None leaves the buttons that are there; files that are not `kept` go."""

    content: str
    rows: Sequence[Row] | None = ()
    files: Sequence[Enclosed] = ()
    kept: Sequence[discord.Attachment] = ()


@dataclass(frozen=True)
class Card:
    settled: tuple[str, ...] = ()
    moment: tuple[str, ...] = ()
    pictures: tuple[discord.Attachment, ...] = ()
    rows: tuple[Row, ...] = ()

    @classmethod
    def of(cls, message: discord.Message) -> Card:
        lines = message.content.split("\n") if message.content else []
        pictures = tuple(one for one in message.attachments if _NAMED.fullmatch(one.filename))
        return cls(
            tuple(line for line in lines if not is_interim(line)),
            tuple(line for line in lines if is_interim(line)),
            pictures,
            tuple(rows_on(message)),
        )

    @property
    def ids(self) -> list[str]:
        """Which pictures it shows."""
        return [named["id"] for one in self.pictures if (named := _NAMED.fullmatch(one.filename))]

    @property
    def others(self) -> tuple[Row, ...]:
        """Buttons that belong to no picture."""
        return self.rows[len(self.pictures) :]

    def at_work(self, text: str) -> Card:
        """Being drawn."""
        return replace(self, moment=tuple(interim(text)))

    def told(self, content: str, row: Row | None, *, final: bool) -> Card:
        """One more outcome, with its buttons where it is a picture; the last one ends everything of the moment."""
        own, others = self.rows[: len(self.pictures)], () if final else self.others
        rows = (*own, row, *others) if row else (*own, *others)
        return replace(self, settled=(*self.settled, *content.split("\n")), moment=(), rows=rows)

    def ended(self) -> Card:
        """Only what stays."""
        return replace(self, moment=(), rows=self.rows[: len(self.pictures)])

    def closed(self, content: str, pressed: str = "") -> Card:
        """Nothing more comes. Of a list only the button that was `pressed` goes."""
        left = [tuple(key for key in row if key.custom_id != pressed) for row in self.others] if pressed else []
        rows = (*self.rows[: len(self.pictures)], *(row for row in left if row))
        return replace(self, settled=(*self.settled, content), moment=(), rows=rows)

    def without(self, gone: Collection[str], content: str) -> Card:
        """Says this instead of everything it said of those pictures."""
        kept = [
            (picture, row)
            for picture, row, id_ in zip(self.pictures, self.rows, self.ids, strict=False)
            if id_ not in gone
        ]
        lines, said = [], False
        for line in self.settled:
            if not any(id_ in line for id_ in gone):
                lines.append(line)
            elif not said:
                lines.append(content)
                said = True
        return Card(
            tuple(lines),
            self.moment,
            tuple(picture for picture, _ in kept),
            (*(row for _, row in kept), *self.others),
        )

    def letter(self, *files: Enclosed, same_rows: bool = False) -> Letter:
        content = "\n".join((*self.settled, *self.moment))[:MESSAGE].rstrip("\\")
        return Letter(content, None if same_rows else self.rows, files, self.pictures)


def enclosed(picture: ShownPicture) -> Enclosed:
    return Enclosed(f"darkroom-{picture.id}.{picture.format}", picture.data)
