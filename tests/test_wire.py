"""Messages between us and a worker, sealed and opened again: what pictures they hold travels beside the header, once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.values import JobId, Settings
from core.values.wishes import Cancel, Drawn, Finished, Pixels, Progress, Ready, Started, Wish
from storage.wire import FROM_WORKER, HEADER_BYTES, TO_WORKER, Message, body_length, frame, read

KEY = b"k" * 32
JOB = JobId("a job")
FOX = Pixels(64, 32, bytes(range(256)) * 24)
CHOSEN = Settings("grand", "square", 64, 32, 20, 7.0, "noir", "ink", -0.5, 0.6)
WISH = Wish(JOB, 0, 3, 41, "a fox", "blur", CHOSEN, 99)


def sent(message: Message, direction: bytes = TO_WORKER) -> Message:
    framed = frame(KEY, direction, message)
    assert body_length(framed[:HEADER_BYTES]) == len(framed) - HEADER_BYTES
    return read(KEY, direction, framed[HEADER_BYTES:])


@pytest.mark.parametrize("reference", [None, FOX])
@pytest.mark.parametrize("count", [1, 4])
def test_wishes_arrive_with_what_they_start_from(reference: Pixels | None, count: int) -> None:
    wishes = tuple(replace(WISH, index=index, seed=41 + index, reference=reference) for index in range(count))

    assert sent(wishes) == wishes


def test_four_wishes_carry_their_picture_once() -> None:
    one, four = ((replace(WISH, index=index, reference=FOX) for index in range(count)) for count in (1, 4))

    assert len(frame(KEY, TO_WORKER, tuple(four))) - len(frame(KEY, TO_WORKER, tuple(one))) < len(FOX.data)


@pytest.mark.parametrize(
    "news",
    [
        Ready(),
        Started(JOB, 3),
        Progress(JOB, 0, 3, 1, 20),
        Progress(JOB, 0, 3, 1, 20, FOX),
        Drawn(JOB, 0, 3, FOX, 99),
        Finished(JOB, 3),
        Cancel(JOB, 3),
    ],
    ids=lambda news: type(news).__name__,
)
def test_everything_else_arrives_too(news: Message) -> None:
    assert sent(news, FROM_WORKER) == news
