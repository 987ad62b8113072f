"""Weighted words in a prompt: `(words:1.3)` weighs them, `((word))` weighs 1.1 twice, and `\\(` is just a bracket.

Turns such a line into plain text and the weight of each of its characters. Knows no model.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NamedTuple

EMPHASIS: Final = 1.1  #: what one pair of brackets weighs
LEAST: Final = 0.1
MOST: Final = 2.0  #: beyond that a word drowns all others
_TOKEN: Final = re.compile(
    r"\\([\\()])|: ?([0-9]{1,2}(?:\.[0-9]{1,4})?|\.[0-9]{1,4}) ?\)|([()])|([^\\():]+|.)", re.DOTALL
)


class Span(NamedTuple):
    text: str
    weight: float


@dataclass(frozen=True)
class Weighted:
    """A prompt without its brackets, in spans of one weight each."""

    spans: tuple[Span, ...]

    @property
    def text(self) -> str:
        return "".join(span.text for span in self.spans)

    @property
    def plain(self) -> bool:
        """Whether no word weighs more or less than another."""
        return all(span.weight == 1.0 for span in self.spans)

    def at(self, position: int) -> float:
        """The weight of one character of `text`."""
        for span in self.spans:
            if position < len(span.text):
                return span.weight
            position -= len(span.text)
        return 1.0


def weigh(prompt: str) -> Weighted:
    """Read the brackets of a prompt. One that is never closed, or closes nothing, is a bracket like in any other text."""
    pieces: list[tuple[str, float]] = []
    opened: list[int] = []  # which pieces are brackets that wait for their end
    for match in _TOKEN.finditer(prompt):
        escaped, number, bracket, _ = match.groups()
        if escaped:
            pieces.append((escaped, 1.0))
        elif number and opened:
            _scale(pieces, opened.pop(), float(number))
        elif bracket == ")" and opened:
            _scale(pieces, opened.pop(), EMPHASIS)
        else:
            if bracket == "(":
                opened.append(len(pieces))
            pieces.append((match.group(), 1.0))
    return Weighted(tuple(_joined(pieces)))


def _scale(pieces: list[tuple[str, float]], bracket: int, weight: float) -> None:
    """Weigh everything since a bracket, and take the bracket itself away."""
    pieces[bracket:] = [(text, was * weight) for text, was in pieces[bracket + 1 :]]


def _joined(pieces: list[tuple[str, float]]) -> list[Span]:
    spans: list[Span] = []
    for text, weight in pieces:
        held = min(max(weight, LEAST), MOST)
        if text and spans and spans[-1].weight == held:
            spans[-1] = Span(spans[-1].text + text, held)
        elif text:
            spans.append(Span(text, held))
    return spans
