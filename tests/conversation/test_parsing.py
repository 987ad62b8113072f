"""How a typed line becomes arguments: options anywhere, words as they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.commands import commands
from bots.commands.asks import Imagine
from bots.parsing import parse
from bots.replies import say
from bots.texts import render
from core.errors import Refused

imagine = commands.get("imagine")
assert imagine is not None


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("a yellow star", Imagine("a yellow star")),
        ("a star --count 2", Imagine("a star", count=2)),
        ("--count 2 a star", Imagine("a star", count=2)),
        ("a --count=2 star", Imagine("a star", count=2)),
        ("count=2 shape=portrait a star", Imagine("a star", count=2, shape="portrait")),
        ("a star count=2", Imagine("a star count=2")),
        ("a=b c", Imagine("a=b c")),
        ("a star —count 2", Imagine("a star", count=2)),
        ("a star –seed 3", Imagine("a star", seed=3)),
        ('a star --negative "blurry, dark" --private', Imagine("a star", negative="blurry, dark", private=True)),
        ("a star --negative “blurry, dark”", Imagine("a star", negative="blurry, dark")),
        ("--private a star", Imagine("a star", private=True)),
        ("--private no a star", Imagine("a star", private=False)),
        ("--private yes a star", Imagine("a star", private=True)),
        ('a cat\'s "big" hat', Imagine('a cat\'s "big" hat')),
        ("a well-known star - really", Imagine("a well-known star - really")),
        ("--SHAPE Landscape a star", Imagine("a star", shape="landscape")),
        ("a star --guidance 2.5 --steps 9", Imagine("a star", guidance=2.5, steps=9)),
    ],
)
def test_a_line_means_what_it_looks_like(line: str, asked: Imagine) -> None:
    assert parse(imagine, line) == asked


@given(st.text(max_size=200))
def test_any_line_is_understood_or_refused_with_a_sentence(line: str) -> None:
    refusals = []
    try:
        parse(imagine, line)
    except Refused as refusal:
        refusals.append(refusal)
    assert all(render(say(refusal.key, **refusal.values)) for refusal in refusals)


@given(st.lists(st.from_regex(r"[a-z']{1,12}", fullmatch=True), min_size=1, max_size=12))
def test_plain_words_come_through_unchanged(words: list[str]) -> None:
    assert parse(imagine, " ".join(words)) == Imagine(" ".join(words))
