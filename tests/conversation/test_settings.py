"""What one sets once: remembered, applied, and changed back."""

from __future__ import annotations

from core.rules import DAY
from inference.pictures import decode
from tests.cast import Actor, Stage, keys_of, read
from tests.conversation.asking import one_picture


async def test_it_says_what_one_prefers_and_how_to_change_it(stage: Stage, ben: Actor) -> None:
    answer = await ben.says("/settings")

    assert answer.private
    assert keys_of(answer) == [
        "settings.now",
        "settings.shape",
        "settings.public",
        "settings.format",
        "settings.keep",
        "settings.usual_model",
        "settings.no_style",
        "settings.how",
    ]


async def test_a_preferred_shape_and_format_are_used_until_said_otherwise(stage: Stage, ben: Actor) -> None:
    await ben.says("/settings --shape portrait --format webp")

    picture = await one_picture(stage, ben)
    pixels = decode(picture.data)
    assert (picture.format, pixels.width, pixels.height) == ("webp", 96, 128)

    other = await one_picture(stage, ben, "a star --shape landscape")
    assert decode(other.data).width == 128


async def test_private_by_preference_and_public_by_option(stage: Stage, ben: Actor) -> None:
    await ben.says("/settings --private yes")

    assert (await ben.says("/imagine a star")).private
    assert not (await ben.says("/imagine a star --private no")).private


async def test_pictures_are_deleted_after_the_days_one_chose(stage: Stage, ben: Actor) -> None:
    await one_picture(stage, ben)
    await ben.says("/settings --keep_days 2")

    stage.clock.passes(2 * DAY - 10_000)
    await stage.sweeps()
    assert not (await ben.says("/gallery")).error

    stage.clock.passes(20_000)
    await stage.sweeps()
    assert keys_of(await ben.says("/gallery")) == ["gallery.empty"]
    assert not await stage.stored("pictures/")


async def test_a_value_that_cannot_be_changes_nothing(stage: Stage, ben: Actor) -> None:
    assert keys_of(await ben.says("/settings --keep_days 99999")) == ["parse.range"]
    assert "format: png" in read(await ben.says("/settings"))
