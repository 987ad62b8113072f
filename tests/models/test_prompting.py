"""Weighted words: how a line is read, and what the weights do to a picture."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.prompting import LEAST, MOST, weigh
from inference.weighting import embedded
from tests.models.conftest import Easel, difference


@pytest.mark.parametrize(
    ("prompt", "spans"),
    [
        ("a fox", [("a fox", 1.0)]),
        ("a (red:1.3) fox", [("a ", 1.0), ("red", 1.3), (" fox", 1.0)]),
        ("(word)", [("word", 1.1)]),
        ("((word))", [("word", 1.21)]),
        ("(a (b:1.5) c)", [("a ", 1.1), ("b", 1.65), (" c", 1.1)]),
        (r"\(not weighed\) (but this)", [("(not weighed) ", 1.0), ("but this", 1.1)]),
        (r"a \\ b", [("a \\ b", 1.0)]),
        ("never closed ( here", [("never closed ( here", 1.0)]),
        ("never opened ) here", [("never opened ) here", 1.0)]),
        ("((half", [("((half", 1.0)]),
        ("(at 12:30)", [("at 12", MOST)]),
        ("at 12:30, (fox:.5)", [("at 12:30, ", 1.0), ("fox", 0.5)]),
        ("(fox:one)", [("fox:one", 1.1)]),
        ("(faint:0) (strong:99)", [("faint", LEAST), (" ", 1.0), ("strong", MOST)]),
        ("(fox:1.0)", [("fox", 1.0)]),
        ("", []),
    ],
)
def test_brackets_weigh_what_stands_between_them(prompt: str, spans: list[tuple[str, float]]) -> None:
    read = [(span.text, round(span.weight, 6)) for span in weigh(prompt).spans]

    assert read == spans


@given(st.text(alphabet=st.characters(exclude_characters="()\\")))
def test_a_line_without_brackets_is_read_as_it_stands(text: str) -> None:
    assert weigh(text).text == text
    assert weigh(text).plain


@given(st.text(alphabet="ab() :1.5\\"))
def test_no_line_is_too_odd(text: str) -> None:
    read = weigh(text)

    assert all(LEAST <= span.weight <= MOST for span in read.spans)
    assert len(read.text) <= len(text)


FAMILIES = ["sd1", "sd2", "sdxl"]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_weight_of_one_changes_nothing_to_the_last_bit(easel: Callable[[str], Easel], family: str) -> None:
    model = easel(family)
    [plain] = model.draw(model.wish(prompt="a red fox, snow", negative="rain"))

    assert model.draw(model.wish(prompt="a (red:1.0) fox, snow", negative="(rain:1)")) == [plain]


@pytest.mark.parametrize("family", FAMILIES)
def test_embeddings_of_weight_one_are_the_pipelines_own_to_the_last_bit(
    easel: Callable[[str], Easel], family: str
) -> None:
    pipe = easel(family).pipe
    told = pipe.encode_prompt("a red fox", num_images_per_prompt=1, device="cpu", do_classifier_free_guidance=False)
    made = embedded(pipe, weigh("a red fox"), None)

    assert [bool((ours == theirs).all()) for ours, theirs in zip(made.values(), told[::2], strict=True)] == [
        True
    ] * len(made)


@pytest.mark.parametrize("family", FAMILIES)
def test_weights_change_the_picture_more_the_further_they_are_from_one(
    easel: Callable[[str], Easel], family: str
) -> None:
    model = easel(family)
    pipe, plain = model.pipe, weigh("a red fox in snow")

    def moved(prompt: str) -> float:
        one, other = embedded(pipe, weigh(prompt), None), embedded(pipe, plain, None)
        return float((one["prompt_embeds"] - other["prompt_embeds"]).abs().sum())

    assert moved("a (red:1.8) fox in snow") > moved("a (red:1.2) fox in snow") > 0
    assert moved("a (red:0.4) fox in snow") > 0
    assert (
        difference(*model.draw(model.wish(prompt="a red fox")), *model.draw(model.wish(prompt="a (red:1.9) fox"))) > 0
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_only_the_weighed_words_are_moved(easel: Callable[[str], Easel], family: str) -> None:
    pipe = easel(family).pipe
    plain, heavy = (
        embedded(pipe, weigh(prompt), None)["prompt_embeds"][0] for prompt in ("a red fox", "a (red:1.5) fox")
    )
    start, letters = 1 + len("a"), len("red")  # these tokenizers read letter by letter
    moved = [
        index for index, (one, other) in enumerate(zip(plain, heavy, strict=True)) if not bool((one == other).all())
    ]

    assert moved == list(range(start, start + letters))


def test_weights_count_in_what_is_left_out_and_in_every_picture_of_a_batch(easel: Callable[[str], Easel]) -> None:
    model = easel("sd1")
    [plain], [heavy] = (model.draw(model.wish(negative=said)) for said in ("rain", "(rain:1.9)"))
    together = model.draw(*(model.wish(5, index=index, negative="(rain:1.9)") for index in range(2)))

    assert difference(plain, heavy) > 0
    assert [difference(heavy, one) <= 2 for one in together] == [True, True]


def test_other_families_read_brackets_as_text(easel: Callable[[str], Easel]) -> None:
    model = easel("flux1")

    assert difference(*model.draw(model.wish(prompt="(fox)")), *model.draw(model.wish(prompt="fox"))) > 0
