"""Every family of the catalogue draws, from words and from pictures, through the code that loads and draws the real ones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from core.values.wishes import Pixels
from inference.entries import read_models
from inference.families import FAMILIES, Preview
from inference.worker import Cancelled
from tests.models import tiny
from tests.models.conftest import SIDE, Easel, Watched, difference

EVERY = sorted(FAMILIES)
FROM_PICTURES = [name for name in EVERY if FAMILIES[name].image_to_image]
Loaded = Callable[[str], Easel]


def test_there_is_a_tiny_model_of_every_family_and_a_family_of_every_model() -> None:
    assert sorted(tiny.MAKERS) == EVERY
    assert {entry.family for entry in read_models().values()} == set(EVERY)


@pytest.mark.parametrize("family", EVERY)
def test_it_draws_what_its_seed_decides_and_tells_every_step(easel: Loaded, family: str) -> None:
    model, watched = easel(family), Watched()
    [first] = model.draw(model.wish(5), watched=watched)
    [same] = model.draw(model.wish(5))
    [other] = model.draw(model.wish(6))

    assert (first.width, first.height, len(first.data)) == (SIDE, SIDE, SIDE * SIDE * 3)
    assert watched.steps == [(1, 2), (2, 2)]
    assert first == same
    assert difference(first, other) > 0


@pytest.mark.parametrize("family", EVERY)
def test_it_draws_in_every_shape(easel: Loaded, family: str) -> None:
    model = easel(family)
    [tall], [wide] = model.draw(model.wish(shape="portrait")), model.draw(model.wish(shape="landscape"))

    assert (tall.width, tall.height, wide.width, wide.height) == (SIDE, 2 * SIDE, 2 * SIDE, SIDE)


@pytest.mark.parametrize("family", EVERY)
def test_pictures_drawn_together_are_those_drawn_alone(easel: Loaded, family: str) -> None:
    model = easel(family)
    together = model.draw(*(model.wish(5 + index, index=index) for index in range(3)))
    alone = [model.draw(model.wish(5 + index, index=index))[0] for index in range(3)]

    assert [difference(*pair) <= 2 for pair in zip(together, alone, strict=True)] == [True] * 3


@pytest.mark.parametrize("family", EVERY)
def test_it_shows_how_a_drawing_is_so_far(easel: Loaded, family: str) -> None:
    model, watched = easel(family), Watched()
    model.draw(model.wish(5, shape="landscape"), model.wish(6, shape="landscape", index=1), watched=watched)
    first, second = (look() for look in watched.looks[0])

    assert isinstance(first, Pixels)
    assert isinstance(second, Pixels)
    assert first.width == 2 * first.height
    assert len(first.data) == first.width * first.height * 3
    assert first != second
    assert FAMILIES[family].preview is Preview.DECODED or first.width <= SIDE // 4


@pytest.mark.parametrize("family", EVERY)
def test_a_cancelled_drawing_ends_at_its_step_and_decodes_nothing(
    easel: Loaded, family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, watched = easel(family), Watched(stop=Cancelled())
    decoded: list[object] = []
    monkeypatch.setattr(model.pipe.vae, "decode", lambda *given, **named: decoded.append(given))

    with pytest.raises(Cancelled):
        model.draw(model.wish(steps=8), watched=watched)

    assert watched.steps == [(1, 8)]
    assert decoded == []


@pytest.mark.parametrize("family", EVERY)
def test_words_to_leave_out_count_exactly_where_it_says_so(easel: Loaded, family: str) -> None:
    model = easel(family)
    counts = model.engine._entries[model.name].listed().negative
    [without], [with_] = model.draw(model.wish()), model.draw(model.wish(negative="snow, rain"))

    assert (difference(without, with_) > 0) is counts


@pytest.mark.parametrize("family", [name for name in EVERY if FAMILIES[name].guided_above is not None])
def test_without_guidance_nothing_is_left_out(easel: Loaded, family: str) -> None:
    model, none = easel(family), FAMILIES[family].guided_above or 0.0
    [without], [with_] = model.draw(model.wish(guidance=none)), model.draw(model.wish(guidance=none, negative="snow"))

    assert without == with_


@pytest.mark.parametrize("family", [name for name in EVERY if name != "flux2-klein"])
def test_guidance_changes_the_picture(easel: Loaded, family: str) -> None:
    model = easel(family)

    assert difference(*model.draw(model.wish(guidance=2.0)), *model.draw(model.wish(guidance=8.0))) > 0


@pytest.mark.parametrize("family", FROM_PICTURES)
def test_it_starts_from_a_picture_and_tells_the_steps_it_takes(easel: Loaded, family: str) -> None:
    model, watched = easel(family), Watched()
    [one], [other] = (model.draw(model.wish(9, reference=grey(shade), strength=0.5, steps=4)) for shade in (0, 255))
    model.draw(model.wish(9, reference=grey(0), strength=0.5, steps=4), watched=watched)

    assert (one.width, one.height) == (SIDE, SIDE)
    assert difference(one, other) > 0
    assert watched.steps == [(1, 2), (2, 2)]


@pytest.mark.parametrize("family", FROM_PICTURES)
def test_from_a_picture_it_takes_at_least_one_step(easel: Loaded, family: str) -> None:
    model, watched = easel(family), Watched()
    model.draw(model.wish(9, reference=grey(128), strength=0.3, steps=1), watched=watched)

    assert watched.steps in ([(1, 1)], [(1, 2), (2, 2)])  # some schedulers round up


@pytest.mark.parametrize("family", FROM_PICTURES)
def test_after_a_picture_it_draws_from_words_as_before(easel: Loaded, family: str) -> None:
    model = easel(family)
    [before] = model.draw(model.wish())
    both = model.draw(*(model.wish(5, index=index, reference=grey(64), strength=0.6, steps=3) for index in range(2)))

    assert difference(*both) <= 2
    assert model.draw(model.wish()) == [before]


def grey(shade: int) -> Pixels:
    return Pixels(SIDE, SIDE, np.full(SIDE * SIDE * 3, shade, np.uint8).tobytes())
