"""The sentences people read, by key, and how values are written into them. Knows no command and no door."""

from __future__ import annotations

import string
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from bots.replies import Line

HERE = Path(__file__).parent


def render(line: Line, language: str = "en") -> str:
    """The sentence of a line. Raises KeyError for a key or a value that is missing: a bug that the checks find."""
    return _Words(language).vformat(sentences(language)[line.key], (), line.values)


@cache
def sentences(language: str) -> Mapping[str, str]:
    """Every sentence of a language, from all its files: `[job] refused = "…"` has the key `job.refused`."""
    found: dict[str, str] = {}
    for file in sorted((HERE / language).glob("*.toml")):
        for section, texts in tomllib.loads(file.read_text("utf-8")).items():
            for name, text in texts.items():
                key = f"{section}.{name}"
                if key in found:
                    raise ValueError(f"two sentences for {key}")
                found[key] = text.strip("\n")
    return found


class _Words(string.Formatter):
    """Format specs beside Python's own: {n:one|many}, {milli:credits}, {place:nth}, {moment:day}, {words:list}."""

    def __init__(self, language: str) -> None:
        self._language = language

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, Line):
            return render(value, self._language)
        if "|" in format_spec:
            one, many = format_spec.split("|")
            return f"{value:,} {one if value == 1 else many}"
        match format_spec:
            case "credits":
                return _credits(value)
            case "wait":
                return _wait(value)
            case "nth":
                return _nth(value)
            case "day":
                return datetime.fromtimestamp(value / 1000, UTC).strftime("%-d %B %Y")
            case "list":
                return ", ".join(render(one, self._language) if isinstance(one, Line) else one for one in value)
            case "plain":
                return f"{value:g}" if isinstance(value, float) else str(value)
        return str(super().format_field(value, format_spec))


def _credits(milli: int) -> str:
    amount = f"{milli / 1000:,.3f}".rstrip("0").rstrip(".")
    return f"{amount} credit" if milli == 1000 else f"{amount} credits"


def _wait(seconds: float) -> str:
    """Rounded as somebody would say it who does not know exactly."""
    if seconds < 55:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min"


def _nth(place: int) -> str:
    if place % 100 in (11, 12, 13):
        return f"{place}th"
    return f"{place}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(place % 10, 'th') }"
