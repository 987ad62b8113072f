"""Texts as Discord takes them: nothing in them is markup, nobody is called, no piece is too long. Knows no network."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from bots.replies import Line, Reply
from bots.texts import render

MESSAGE: Final = 2_000  #: characters of one message

#: Turn the direction of what follows, or are not seen at all: a name written with them looks like another.
_MISLEADING: Final = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
#: What Discord reads as markup, mentions, emoji and addresses; and what it reads as a heading or a list where a line begins.
_ANYWHERE: Final = re.compile(r"[\\*_~`|<>\[\]@]|:(?=\S)")
_FIRST: Final = re.compile(r"^(\s*)(#|[-+](?=[\s#]))")
_NUMBERED: Final = re.compile(r"^(\s*\d+)([.)])(?=\s)")
_ESCAPED: Final = re.compile(r"\\([^0-9A-Za-z\s])")
_INTERIM: Final = "-# "  #: small grey letters; a line so marked goes with the next edit


def written(lines: Iterable[Line]) -> str:
    """What is read, with nothing in it that cannot be seen."""
    text = "\n".join(render(line) for line in lines)
    return "".join(c for c in _MISLEADING.sub("", text) if c == "\n" or unicodedata.category(c) not in ("Cc", "Cs"))


def read_by(reply: Reply, *, in_public: bool) -> str:
    return written(reply.seen_by_all() if in_public else reply.lines)


def literal(text: str) -> str:
    """So that it is shown as it is."""
    return "\n".join(map(_literal_line, text.split("\n")))


def shown(content: str) -> str:
    """What people see of a content made here."""
    return "\n".join(_ESCAPED.sub(r"\1", line.removeprefix(_INTERIM)) for line in content.split("\n"))


def interim(text: str) -> list[str]:
    """Contents of lines that the next edit replaces."""
    return [_INTERIM + literal(line) for line in text.split("\n") if line]


def is_interim(line: str) -> bool:
    return line.startswith(_INTERIM)


def pieces(text: str, most: int = MESSAGE) -> list[str]:
    """A plain text as contents of messages, cut between lines, else between words, else anywhere."""
    cut: list[str] = []
    piece = ""
    for line in text.split("\n"):
        for part in _parts(line, most):
            joined = f"{piece}\n{part}" if piece else part
            if len(joined) > most:
                cut.append(piece)
                joined = part
            piece = joined
    return [*cut, piece] if piece.strip() else cut


def title(line: Line, most: int) -> str:
    """One line for where there is little room and no markup is read."""
    text = " ".join(written([line]).split())
    return text if len(text) <= most else text[: most - 1] + "…"


def _literal_line(line: str) -> str:
    escaped = _ANYWHERE.sub(lambda found: "\\" + found[0], line)
    return _NUMBERED.sub(r"\1\\\2", _FIRST.sub(r"\1\\\2", escaped))


def _parts(line: str, most: int) -> list[str]:
    """A line as contents that fit; none is cut between a mark and what it escapes."""
    parts: list[str] = []
    rest = line
    while len(literal(rest)) > most:
        end = most
        while (over := len(literal(rest[:end])) - most) > 0:
            end -= (over + 1) // 2
        space = rest.rfind(" ", end // 2, end)
        end = space if space > 0 else end
        parts.append(literal(rest[:end].rstrip()))
        rest = rest[end:].lstrip()
    return [*parts, literal(rest)]
