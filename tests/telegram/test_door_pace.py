"""How fast is sent: within Telegram's limits, the urgent before the rest, nobody waiting for somebody else."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.on_telegram.pacing import Crowded, Pace, Rate, Rates, Urgency, Window

GROUP, OTHER, BEN = -1, -2, 1


@dataclass
class Watch:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def sends(pace: Pace, watch: Watch, chat: int, urgency: Urgency, seconds: float) -> list[float]:
    """When messages go out that are always ready."""
    times = []
    until = watch.now + seconds
    while watch.now < until:
        if wait := pace.wait(chat, urgency):
            watch.now += wait
        else:
            pace.take(chat)
            times.append(watch.now)
    return times


def most_within(times: list[float], seconds: float) -> int:
    return max(sum(begin <= time < begin + seconds for time in times) for begin in times)


@pytest.mark.parametrize(("chat", "most", "seconds"), [(GROUP, 20, 60.0), (BEN, 8, 8.0)])
def test_a_chat_gets_no_more_than_it_may(chat: int, most: int, seconds: float) -> None:
    watch = Watch()
    times = sends(Pace(Rates(), watch), watch, chat, Urgency.RESULT, 300)

    assert most_within(times, seconds) == most
    assert len(times) >= 300 / seconds * most - most


def test_all_chats_together_get_no_more_than_they_may() -> None:
    watch = Watch()
    pace = Pace(Rates(), watch)
    times: list[float] = []
    for chat in range(1, 200):
        while wait := pace.wait(chat, Urgency.ANSWER):
            watch.now += wait
        pace.take(chat)
        times.append(watch.now)

    assert most_within(times, 1.0) == 30


def test_over_all_chats_answers_come_first() -> None:
    pace = Pace(Rates(), Watch())
    for chat in range(1, 25):
        pace.take(chat)

    waits = [pace.wait(99, urgency) > 0 for urgency in (Urgency.ANSWER, Urgency.RESULT, Urgency.PROGRESS)]
    assert waits == [False, True, True]


@pytest.mark.parametrize(("urgency", "room"), [(Urgency.PROGRESS, 10), (Urgency.ANSWER, 16), (Urgency.RESULT, 20)])
def test_the_less_urgent_leaves_room(urgency: Urgency, room: int) -> None:
    pace = Pace(Rates(overall=Rate(1_000, 1.0)), Watch())
    taken = 0
    while not pace.wait(GROUP, urgency):
        pace.take(GROUP)
        taken += 1

    assert taken == room
    assert (pace.wait(GROUP, Urgency.RESULT) == 0) == (urgency is not Urgency.RESULT)


def test_a_pause_is_exact_and_for_one_chat() -> None:
    watch = Watch()
    pace = Pace(Rates(), watch)
    pace.pause(GROUP, 7)

    assert (pace.wait(GROUP, Urgency.RESULT), pace.wait(OTHER, Urgency.PROGRESS)) == (7, 0)
    pace.pause(GROUP, 3)
    assert pace.wait(GROUP, Urgency.RESULT) == 7
    watch.now = 7
    assert pace.wait(GROUP, Urgency.RESULT) == 0


async def test_who_cannot_wait_is_told_how_long_it_would_be() -> None:
    pace = Pace(Rates(private=Rate(1, 5.0)))
    await pace.turn(BEN, Urgency.ANSWER)

    with pytest.raises(Crowded) as crowded:
        await pace.turn(BEN, Urgency.PROGRESS, 0.0)
    assert 4.9 < crowded.value.seconds <= 5.0


async def test_who_waits_gets_a_turn() -> None:
    pace = Pace(Rates(private=Rate(2, 0.05)))
    begun = asyncio.get_running_loop().time()
    await asyncio.gather(*(pace.turn(BEN, Urgency.RESULT) for _ in range(6)))

    assert asyncio.get_running_loop().time() - begun >= 0.1


def test_quiet_chats_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bots.on_telegram.pacing.FORGET", 10)
    watch = Watch()
    pace = Pace(Rates(), watch)
    for chat in range(1, 100):
        watch.now += 9
        pace.take(chat)
        pace.hears(-chat)
        pace.pause(chat, 1)

    assert max(len(pace._sent), len(pace._paused)) <= 11
    assert len(pace._heard) <= 20


@given(st.lists(st.floats(0, 5), max_size=60), st.integers(1, 6), st.floats(0.1, 10))
def test_a_window_never_holds_more_than_it_may(gaps: list[float], most: int, seconds: float) -> None:
    window, now, taken = Window(Rate(most, seconds)), 0.0, []
    for gap in gaps:
        now += gap
        if window.wait(now) <= 0:
            window.take(now)
            taken.append(now)

    assert all(sum(begin <= one < begin + seconds * 0.999 for one in taken) <= most for begin in taken)
