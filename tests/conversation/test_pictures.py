"""One's finished pictures: shown again, taken away as files, reported, verified."""

from __future__ import annotations

from bots.answering import hear
from bots.declaring import Attachment
from tests.cast import Actor, Stage, keys_of, read
from tests.conversation.asking import one_picture


async def test_show_brings_a_picture_with_its_words_and_buttons(stage: Stage, ben: Actor) -> None:
    picture = await one_picture(stage, ben, "a yellow star")

    answer = await ben.says(f"/show {picture.id.lower()}")

    assert answer.private
    assert answer.pictures == (picture,)
    assert "“a yellow star”" in read(answer)
    assert len(answer.buttons) == 5


async def test_save_brings_the_file_itself(stage: Stage, ben: Actor) -> None:
    picture = await one_picture(stage, ben)

    answer = await ben.says(f"/save {picture.id}")

    (file,) = answer.files
    assert (file.name, file.data) == (f"darkroom-{picture.id}.png", picture.data)


async def test_what_is_somebody_elses_is_unknown(stage: Stage, ben: Actor, ana: Actor) -> None:
    picture = await one_picture(stage, ben, "a star --private")
    await ana.agrees()

    for verb in ("show", "save", "delete", "report"):
        assert keys_of(await ana.says(f"/{verb} {picture.id}")) == ["picture.unknown"]


async def test_what_was_drawn_in_public_anybody_may_report(stage: Stage, ben: Actor, ana: Actor) -> None:
    picture = await one_picture(stage, ben)
    await ana.agrees()

    assert keys_of(await ana.says(f"/report {picture.id} --reason rude")) == ["report.done"]


async def test_a_report_takes_no_novel(stage: Stage, ben: Actor) -> None:
    picture = await one_picture(stage, ben)

    assert keys_of(await ben.says(f'/report {picture.id} --reason "{"x" * 501}"')) == ["report.too_long"]


async def test_verify_knows_what_was_made_here(stage: Stage, ben: Actor) -> None:
    picture = await one_picture(stage, ben)
    changed = bytearray(picture.data)
    changed[changed.index(b"IDAT") + 20] ^= 1

    for data, said in ((picture.data, "made"), (bytes(changed), "tampered"), (b"hello", "unreadable")):
        answer = await hear(stage.app, ben.who, "/verify", Attachment("a.png", data))
        assert keys_of(answer) == [f"verify.{said}"]


async def test_verify_without_a_picture_says_how(stage: Stage, ben: Actor) -> None:
    assert keys_of(await ben.says("/verify")) == ["parse.missing_file"]
    too_large = Attachment("a.png", bytes(20_000_001))
    assert keys_of(await hear(stage.app, ben.who, "/verify", too_large)) == ["parse.file_too_large"]
