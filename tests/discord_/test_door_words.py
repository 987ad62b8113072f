"""Whatever people write is shown as they wrote it: no markup, no mention, no link, in pieces that fit."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.on_discord.words import MESSAGE, interim, is_interim, literal, pieces, shown, title, written
from bots.replies import say

SPICY = st.text(alphabet="\\*_~`|<>[]()@#:-+.1 a\nб字€", max_size=300)


@pytest.mark.parametrize(
    "text",
    [
        "**bold** __under__ ~~struck~~ ||hidden|| `code`",
        "[click](https://example.org)",
        "https://example.org/a_b",
        "<@123> <@&4> <#5> @everyone @here <t:1:R> <:x:1>",
        "# heading",
        "-# small",
        "> quoted",
        "1. one\n2) two\n- three\n+ four",
        ":smile:",
        "back\\slash \\* done",
        "keep_days 5 --count 2 a-b",
    ],
)
def test_nothing_in_a_text_is_markup(text: str) -> None:
    content = literal(text)

    assert shown(content) == text
    active = re.sub(r"\\.", "x", content)
    assert not re.search(r"[*_~`|<>\[\]@]|:\S|^\s*(#|-#|[-+]\s|\d+[.)]\s)", active, re.MULTILINE)


@given(SPICY)
def test_people_read_what_was_written(text: str) -> None:
    assert shown(literal(text)) == text or text.startswith("-# ")


@given(SPICY, st.integers(20, 200))
def test_pieces_fit_and_lose_no_word(text: str, most: int) -> None:
    cut = pieces(text, most)

    assert all(0 < len(piece) <= most for piece in cut)
    assert "".join("".join(map(shown, cut)).split()) == "".join(text.split())


def test_it_is_cut_between_lines_where_that_is_possible() -> None:
    lines = ["a" * 900, "b" * 900, "c" * 900]

    assert pieces("\n".join(lines)) == ["\n".join(lines[:2]), lines[2]]
    assert pieces("word " * 1_000)[0].endswith("word")
    assert [len(piece) for piece in pieces("x" * 4_500)] == [MESSAGE, MESSAGE, 500]


def test_what_cannot_be_seen_is_left_out() -> None:
    assert written([say("gallery.caption", id="A", prompt="a\u202eb\u200bc\x07d", seed=1, at=0)]).startswith(
        "A: “abcd”"
    )


def test_lines_of_the_moment_can_be_told_from_those_that_stay() -> None:
    lines = interim("Drawing: step 1\n# of 2")

    assert all(map(is_interim, lines))
    assert not is_interim(literal("-# Drawing"))
    assert shown("\n".join(lines)) == "Drawing: step 1\n# of 2"


def test_a_title_is_one_line() -> None:
    assert title(say("discord.offer", id="A", prompt="b\nc" * 100), 10) == "A: b cb c…"
