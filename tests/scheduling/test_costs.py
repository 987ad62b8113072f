"""A job is paid for by how long it takes here: what a model took so far says how long the next of its pictures will take."""

from __future__ import annotations

import pytest

from core.queue.board import Board
from core.requests.line import Line
from core.values import Job, Moment
from tests.scheduling.hall import Hall


def draw(board: Board, job: Job, seconds: int) -> None:
    board.begin(job, Moment(0))
    board.drawn(job.id, Moment(seconds * 1_000))
    board.end(job.id)


@pytest.fixture
def jobs(sqlite_hall: Hall) -> dict[str, Job]:
    """One of a quick model, one of a slow one."""
    for model in ("quick", "slow"):
        sqlite_hall.asks(f"who likes {model}", model=model)
    chosen = sqlite_hall.chooses(Line(), room=2)
    sqlite_hall.draws(*(job.id for job in chosen))
    return {job.settings.model: job for job in chosen}


def test_before_anything_was_drawn_a_job_costs_what_work_it_is(jobs: dict[str, Job]):
    board = Board()

    assert 0 < 4 * board.predict("quick", 100) == board.predict("slow", 400)


def test_each_model_has_a_speed_of_its_own(jobs: dict[str, Job]):
    board = Board()
    draw(board, jobs["quick"], seconds=2)
    draw(board, jobs["slow"], seconds=20)

    work = jobs["slow"].settings.work
    assert board.predict("quick", work) == pytest.approx(2)
    assert board.predict("slow", 3 * work) == pytest.approx(60)


def test_a_model_that_has_drawn_nothing_yet_is_thought_to_be_as_quick_as_the_others(jobs: dict[str, Job]):
    board = Board()
    draw(board, jobs["quick"], seconds=2)

    assert board.predict("slow", jobs["slow"].settings.work) == pytest.approx(2)


def test_whoever_uses_a_slow_model_has_as_much_time_as_whoever_uses_a_quick_one(
    sqlite_hall: Hall, jobs: dict[str, Job]
):
    board = Board()
    draw(board, jobs["quick"], seconds=2)
    draw(board, jobs["slow"], seconds=20)
    for model in jobs:
        sqlite_hall.asks(f"who likes {model}", model=model, times=100)

    had = sqlite_hall.serves(Line(board), 110)

    assert had.count("who likes slow") == pytest.approx(10, abs=1)


def test_more_pictures_of_one_request_cost_more(sqlite_hall: Hall):
    sqlite_hall.asks("ana", times=10, count=4)
    sqlite_hall.asks("ben", times=100)

    assert sqlite_hall.serves(Line(), 50).count("ana") == 10
