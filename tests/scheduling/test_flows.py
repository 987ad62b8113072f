"""The calendar gives flows in the order of their tags, whatever is put into it, and however far they are apart."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.queue.flows import LONG, USUAL, Calendar, Flow

tags = st.integers(0, 10) | st.integers(0, 2**70)


def flow(tag: int, name: str = "") -> Flow:
    made = Flow(name)
    made.tag, made.in_line = tag, True
    return made


def emptied(calendar: Calendar[Flow]) -> list[Flow]:
    had = []
    try:
        while True:
            had.append(calendar.lowest())
            had[-1].in_line = False
    except IndexError:
        return had


@given(st.lists(tags, max_size=600))
def test_the_lowest_comes_first_and_of_equals_who_came_first(them):
    calendar: Calendar[Flow] = Calendar("")
    flows = [flow(tag) for tag in them]
    for one in flows:
        calendar.put(one)

    assert emptied(calendar) == sorted(flows, key=lambda one: one.tag)


@given(st.lists(tags, min_size=1, max_size=400), st.lists(st.integers(0, 2**68), min_size=1, max_size=100))
def test_a_flow_whose_tag_has_grown_is_found_where_it_belongs(them, charges):
    calendar: Calendar[Flow] = Calendar("")
    flows = [flow(tag) for tag in them]
    for one in flows:
        calendar.put(one)
    for number, charge in enumerate(charges):
        lowest = calendar.lowest()
        assert lowest.tag == min(one.tag for one in flows)
        (lowest if number % 3 else flows[number % len(flows)]).tag += charge

    assert [one.tag for one in emptied(calendar)] == sorted(one.tag for one in flows)


def test_a_day_stays_short_however_many_there_are():
    calendar: Calendar[Flow] = Calendar("")
    for number in range(20_000):
        calendar.put(flow(number * 7919 % 20_011))
    lowest = calendar.lowest()

    assert lowest.tag == 0
    assert len(calendar._today) <= LONG
    assert max(len(flows) for flows in calendar._days.values()) <= 4 * USUAL


def test_those_near_are_near():
    calendar: Calendar[Flow] = Calendar("")
    for number in range(1_000):
        calendar.put(flow(number))
    calendar.lowest()

    assert [one.tag for one in calendar.near(5)] == [1, 2, 3, 4, 5]
