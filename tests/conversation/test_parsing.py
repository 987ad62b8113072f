"""How a typed line becomes arguments: options anywhere, words as they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.commands import commands
from bots.commands.asks import Imagine
from bots.declaring import Attachment
from bots.parsing import named_file, parse, spell
from bots.replies import Form, say
from bots.texts import render
from core.errors import Refused
from core.requests.options import read_adapter, write_adapter
from core.rules import LORA_STRENGTH, REFERENCE_STRENGTH

imagine, verify = commands.get("imagine"), commands.get("verify")
assert imagine is not None
assert verify is not None
NAMES = st.from_regex(r"[a-z0-9][a-z0-9.-]{0,30}", fullmatch=True)


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
        ("a star --model grand --style noir", Imagine("a star", model="grand", style="noir")),
        ("lora=ink:0.5 a star", Imagine("a star", lora="ink:0.5")),
        ("a star --lora ink:-1 --strength 0.4", Imagine("a star", lora="ink:-1", strength=0.4)),
        ('--model "Grand XL" a star', Imagine("a star", model="Grand XL")),
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


# An adapter and how strongly it is meant


@pytest.mark.parametrize(
    ("text", "name", "strength"),
    [
        ("ink", "ink", 1.0),
        (" ink ", "ink", 1.0),
        ("ink:0.8", "ink", 0.8),
        ("ink: -2", "ink", -2.0),
        ("ink:.5", "ink", 0.5),
        ("a:b:2", "a:b", 2.0),
    ],
)
def test_an_adapter_is_a_name_and_perhaps_a_strength(text: str, name: str, strength: float) -> None:
    assert read_adapter(text) == (name, strength)


@pytest.mark.parametrize("text", ["ink:", "ink:much", "ink:0,5", "ink:nan", "ink:inf", "ink:2.01", "ink:-3", "ink:1:x"])
def test_a_strength_that_is_none_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(Refused) as refusal:
        read_adapter(text)
    assert "-2 to 2" in render(say(refusal.value.key, **refusal.value.values))


@given(NAMES, st.floats(*LORA_STRENGTH))
def test_what_is_written_of_an_adapter_is_read_again(name: str, strength: float) -> None:
    assert read_adapter(write_adapter(name, strength)) == (name, strength)


@given(st.text(max_size=60))
def test_any_text_is_an_adapter_within_bounds_or_refused(text: str) -> None:
    refusals = []
    try:
        _, strength = read_adapter(text)
    except Refused as refusal:
        refusals.append(refusal)
    else:
        assert LORA_STRENGTH[0] <= strength <= LORA_STRENGTH[1]
    assert all(render(say(refusal.key, **refusal.values)) for refusal in refusals)


# A filled form, as the line one would type


@given(
    st.builds(
        Imagine,
        prompt=st.lists(st.from_regex(r"[a-z']{1,12}", fullmatch=True), min_size=1, max_size=6).map(" ".join),
        negative=st.sampled_from(["", "blur", "blurry, dark"]),
        shape=st.sampled_from([None, "portrait"]),
        count=st.integers(1, 4),
        model=st.none() | NAMES,
        style=st.none() | NAMES,
        lora=st.none() | st.builds(write_adapter, NAMES, st.floats(*LORA_STRENGTH)),
        strength=st.none() | st.floats(*REFERENCE_STRENGTH),
        seed=st.none() | st.integers(0, 2**32 - 1),
        steps=st.none() | st.integers(1, 99),
        guidance=st.none() | st.floats(0, 30),
        private=st.none() | st.booleans(),
    )
)
def test_a_form_is_read_as_it_is_spelt(filled: Imagine) -> None:
    assert parse(imagine, spell(Form("imagine", filled)).removeprefix("/imagine")) == filled


# A file that comes along


@pytest.mark.parametrize(
    ("line", "path", "rest"),
    [
        ("a star --reference fox.png", "fox.png", "a star"),
        ("--reference fox.png a star", "fox.png", "a star"),
        ("--reference=fox.png a star", "fox.png", "a star"),
        ("reference=fox.png a star", "fox.png", "a star"),
        ('a star --reference "my fox.png" --count 2', "my fox.png", "a star --count 2"),
        ("a star —reference ~/fox.png", "~/fox.png", "a star"),
        ("a star --count 2", "", "a star --count 2"),
        ("a star --reference --count 2", "", "a star --reference --count 2"),
        ("a star --reference", "", "a star --reference"),
    ],
)
def test_a_line_names_its_file(line: str, path: str, rest: str) -> None:
    found, without = named_file(imagine, line)
    assert (found, " ".join(without.split())) == (path, rest)


def test_where_a_file_is_all_there_is_the_whole_line_names_it() -> None:
    assert named_file(verify, " my fox.png ") == ("my fox.png", "")
    assert named_file(verify, '"my fox.png"') == ("my fox.png", "")


def test_a_file_is_the_argument_that_takes_one() -> None:
    fox = Attachment("fox.png", b"fox")

    assert parse(imagine, "a star", fox) == Imagine("a star", reference=fox)
    balance = commands.get("balance")
    assert balance is not None
    with pytest.raises(Refused, match=r"parse\.no_file"):
        parse(balance, "", fox)
