"""What words may be asked for at all. Knows no list of words and no picture."""

from __future__ import annotations

import unicodedata

from core.errors import Refused
from core.rules import PROMPT_CHARACTERS

_LINE_BREAKS = str.maketrans("\n\r\t\v\f\u2028\u2029", " " * 7)


def clean(words: str) -> str:
    """NFC, on one line, without control, bidirectional and zero-width characters.

    Raises Refused when more than PROMPT_CHARACTERS are left: counted before anything slower looks at the text.
    """
    if len(words) > 4 * PROMPT_CHARACTERS:
        raise Refused("prompt.too_long", most=PROMPT_CHARACTERS, got=len(words))
    spaced = unicodedata.normalize("NFC", words).translate(_LINE_BREAKS)
    visible = "".join(c for c in spaced if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co", "Cn"})
    one_line = " ".join(visible.split())
    if len(one_line) > PROMPT_CHARACTERS:
        raise Refused("prompt.too_long", most=PROMPT_CHARACTERS, got=len(one_line))
    return one_line


def clean_prompt(words: str) -> str:
    """As `clean`, and there must be something left to draw. Raises Refused."""
    cleaned = clean(words)
    if not cleaned:
        raise Refused("prompt.empty")
    return cleaned
