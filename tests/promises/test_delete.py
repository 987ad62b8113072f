"""A deleted picture is destroyed, and a request's words do not outlive its pictures."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import text

from tests.cast import Actor, Stage, keys_of, read


def blobs(stage: Stage) -> list[Path]:
    return [path for path in (stage.folder / "blobs").rglob("*") if path.is_file()]


def sealed_words(stage: Stage) -> list[bytes | None]:
    with stage.database._engine.begin() as connection:
        return list(connection.execute(text("SELECT sealed_words FROM job")).scalars())


async def drawn(stage: Stage, person: Actor, line: str) -> list[str]:
    """Ask, let it be drawn, and return the IDs."""
    person.inbox.clear()
    await person.says(line)
    await stage.works()
    return [picture.id for told in person.inbox for picture in told.pictures]


async def test_a_deleted_picture_leaves_no_file_and_no_row(stage: Stage, ben: Actor) -> None:
    (picture,) = await drawn(stage, ben, "/imagine a cat")
    assert len(blobs(stage)) == 1

    answer = await ben.says(f"/delete {picture.lower()}")

    assert keys_of(answer) == ["delete.done"]
    assert blobs(stage) == []
    with stage.database._engine.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM picture")).scalar_one() == 0
    assert keys_of(await ben.says("/gallery")) == ["gallery.empty"]


async def test_with_its_last_picture_a_request_loses_its_words(stage: Stage, ben: Actor) -> None:
    first, second = await drawn(stage, ben, "/imagine a cat --count 2")

    await ben.says(f"/delete {first}")
    assert sealed_words(stage)[0] is not None

    await ben.says(f"/delete {second}")
    assert sealed_words(stage) == [None]


async def test_deleting_a_picture_while_its_sisters_are_drawn_keeps_the_words_for_them(
    stage: Stage, ben: Actor
) -> None:
    await ben.says("/imagine a cat --count 2")
    await stage.dispatches()
    ((one, two),) = stage.painter.waiting
    await stage.news(stage.painter.drawn(one))
    await stage.tells()
    await ben.says(f"/delete {ben.inbox[0].pictures[0].id}")
    assert sealed_words(stage)[0] is not None

    await stage.news(stage.painter.drawn(two))
    await stage.tells()
    assert len(ben.inbox) == 2


async def test_a_request_that_failed_loses_its_words_at_once(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a cat")
    for _ in range(3):
        await stage.breaks_down()

    assert sealed_words(stage) == [None]


async def test_deleting_refunds_nothing_and_says_so(stage: Stage, ben: Actor) -> None:
    (picture,) = await drawn(stage, ben, "/imagine a cat")
    before = await ben.balance()

    answer = await ben.says(f"/delete {picture}")

    assert await ben.balance() == before
    assert "refunds nothing" in read(answer)


async def test_what_was_deleted_before_it_was_told_is_not_told(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a cat")
    await stage.dispatches()
    ((wish,),) = stage.painter.waiting
    await stage.news(stage.painter.drawn(wish))
    gallery = await ben.says("/gallery")
    await ben.says(f"/delete {gallery.pictures[0].id}")
    await stage.tells()

    assert ben.inbox == []
    assert await ben.owed() == []
