"""`darkroom top`: what it shows, frame by frame, beside a bot that works."""

from __future__ import annotations

import asyncio
import fcntl
import io
import json
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from bots.watching import top, top_shown
from bots.watching.top import Doing, Frame, look
from bots.watching.top_shown import draw
from bots.wiring import House
from core.errors import Unavailable
from core.rules import ATTEMPTS, MINUTE
from core.values.wishes import Started
from inference.flat import colour
from tests.cast import Actor, Stage, enter
from tests.page.browser import demo
from tests.typed import BEGIN, DARKROOM, darkroom, environment, talk

SIZES = [(80, 24), (100, 30), (160, 50)]


@pytest.fixture
def house(stage: Stage) -> House:
    return House(stage.app, stage.painter, stage.database, (), shared=False)  # type: ignore[arg-type]


def shown(frame: Frame, width: int = 80, height: int = 24) -> list[str]:
    """The lines of a frame, as they stand on a terminal."""
    console = Console(width=width, height=height, file=io.StringIO())
    with console.capture() as captured:
        console.print(draw(frame, width, height))
    return captured.get().splitlines()


async def see(house: House) -> str:
    return "\n".join(shown(await look(house)))


async def test_a_bot_with_nothing_to_do(house: House) -> None:
    lines = shown(await look(house))

    assert "0 waiting   0 out at workers   0.0 pictures a minute" in lines[1]
    assert "Nobody waits." in lines[2]
    assert "Nothing is being drawn." in "\n".join(lines)
    assert "q ends this" in lines[-1]


async def test_frame_by_frame_from_asking_to_telling(stage: Stage, house: House, ben: Actor) -> None:
    await ben.says("/imagine a star --count 2")
    stage.clock.passes(40_000)
    await ben.says("/imagine a moon")
    stage.clock.passes(8_000)
    asked = await see(house)
    assert "2 waiting   0 out at workers" in asked
    assert "Half of them waited over 8 s, one in twenty over 48 s, the longest 48 s." in asked

    await stage.dispatches()
    sent = await see(house)
    assert "0 waiting   2 out at workers" in sent
    assert "has it in line, asked for 48 s ago" in sent

    (first, second), _ = stage.painter.waiting
    await stage.news(Started(first.job, first.fence))
    assert "picture 1 of 2, asked for 48 s ago" in await see(house)
    await stage.news(stage.painter.drawn(first))
    drawing = await see(house)
    assert "picture 2 of 2, asked for 48 s ago" in drawing
    assert first.settings.model in drawing
    assert re.search(r"to be told +terminal 1 ", drawing)

    await stage.news(stage.painter.drawn(second))
    await stage.tells()
    told = await see(house)
    assert "0 waiting   1 out at workers" in told
    assert re.search(r"to be told +– ", told)


async def test_the_speed_is_that_of_the_last_minutes(stage: Stage, house: House, ben: Actor) -> None:
    stage.clock.moment -= stage.clock.moment % MINUTE
    for _ in range(3):
        await ben.says("/imagine a star --count 4")
        await stage.works()
    stage.clock.passes(MINUTE)
    await ben.says("/imagine a star")
    await stage.works()

    frame = await look(house)
    assert frame.history[-2:] == (12, 1)
    assert frame.speed == pytest.approx(13 / (top.SPEED_OVER - 1), rel=0.01)
    assert "█▁" in "\n".join(shown(frame))

    stage.clock.passes(10 * MINUTE)
    assert (await look(house)).speed == 0


async def test_what_failed_is_counted_by_its_reason_for_an_hour(stage: Stage, house: House, ben: Actor) -> None:
    await ben.says("/imagine a star")
    for _ in range(ATTEMPTS):
        await stage.breaks_down()
    stage.censor.refused = [colour(5)]
    await ben.says("/imagine a star --seed 5")
    await stage.works()
    assert re.search(r"failed, 1 h +(crashed 1 · withheld 1|withheld 1 · crashed 1) ", await see(house))

    stage.clock.passes(61 * MINUTE)
    assert re.search(r"failed, 1 h +– ", await see(house))


async def test_a_second_attempt_is_shown_as_one(stage: Stage, house: House, ben: Actor) -> None:
    await ben.says("/imagine a star")
    await stage.breaks_down()
    await stage.dispatches()
    ((wish,),) = stage.painter.waiting
    await stage.news(Started(wish.job, wish.fence))

    assert "picture 1 of 1, asked for 1 s ago, attempt 2" in await see(house)


async def test_who_leads_is_shown_without_the_hash_of_a_token(stage: Stage, house: House) -> None:
    moment = stage.clock.moment
    for role in ("scheduler", "door:telegram:0123abc"):
        stage.database.transact(lambda tx, role=role: tx.leaders.lead(role, "me", 10**15 - moment))

    said = await see(house)
    assert "scheduler (" in said
    assert "telegram (" in said
    assert "0123abc" not in said


async def test_nothing_of_a_person_is_shown(stage: Stage, house: House) -> None:
    marked = enter(stage, "zweiundvierzig")
    await marked.agrees()
    await marked.says("/imagine zweiundvierzig kormorane")
    await stage.dispatches()
    frame = await look(house)

    for said in ("\n".join(shown(frame)), json.dumps(frame.as_json())):
        assert "zweiundvierzig" not in said
        assert stage.painter.waiting[0][0].job not in said


FULL = Frame(
    queued=1_200,
    drawing=40,
    wait_half=90.0,
    wait_most=1_700.0,
    wait_longest=1_790.0,
    speed=123.4,
    history=tuple(range(top.HISTORY)),
    workers=tuple(
        Doing(f"a-worker-with-a-long-name-{n}", "a-model-with-a-long-name", 2, 4, 11, 30, 3, 500) for n in range(40)
    ),
    leaders={"scheduler": 19.0, "discord": 18.0, "telegram": 17.0},
    owed={"discord": 1_000, "page": 20, "telegram": 3_000, "terminal": 1},
    failed={"crashed": 100, "too_late": 20, "expired": 3, "": 40},
    trouble="Redis can't be reached: who draws is not known.",
)


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("frame", [FULL, replace(FULL, trouble="", workers=FULL.workers[:3])])
def test_it_fits_the_terminal(frame: Frame, width: int, height: int) -> None:
    lines = shown(frame, width, height)

    assert len(lines) < height
    assert {len(line) for line in lines} == {width}
    if len(frame.workers) > height:
        assert any(re.search(r"and \d+ more", line) for line in lines)


async def test_what_can_not_be_read_is_said_over_what_was_read_last(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise Unavailable("database.unavailable")

    monkeypatch.setattr(house.database, "look", away)
    monkeypatch.setattr(top_shown, "REFRESH", 0.01)
    console = Console(width=80, height=24, file=(written := io.StringIO()), force_terminal=True)
    watching = asyncio.create_task(top_shown.watch(house, console))
    async with asyncio.timeout(10):
        while "can't be read" not in written.getvalue():
            await asyncio.sleep(0.01)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)


def test_it_works_beside_a_running_bot_and_shows_one_frame_or_one_object(tmp_path: Path) -> None:
    talk(tmp_path, *BEGIN, "/imagine a star --count 2")
    with demo(tmp_path):
        once = darkroom(tmp_path, "top", "--once", COLUMNS="80", LINES="24")
        told = darkroom(tmp_path, "top", "--json")

    assert once.returncode == told.returncode == 0
    assert once.stderr == ""
    assert "0 waiting   0 out at workers" in once.stdout
    frame = json.loads(told.stdout)
    assert sum(frame["history"]) == 2
    assert set(frame) == {
        "queued", "drawing", "wait_half", "wait_most", "wait_longest", "speed", "history", "workers", "leaders", "owed",
        "failed", "trouble", "overdue", "overkept",
    }  # fmt: skip


@contextmanager
def at_a_terminal(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], int, list[object]]]:
    """A running `darkroom top`; the process, our end of its terminal, and how the terminal was before."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    before = termios.tcgetattr(theirs)
    env = environment(folder, TERM="xterm-256color")
    ignored = signal.signal(signal.SIGINT, signal.default_int_handler)  # which a run in the background hands on
    process = subprocess.Popen(
        [*DARKROOM, "top"], stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder, env=env, start_new_session=True
    )
    signal.signal(signal.SIGINT, ignored)
    try:
        yield process, ours, before
        assert termios.tcgetattr(theirs) == before, "the terminal is left as it was"
    finally:
        process.kill()
        process.wait()
        os.close(ours)
        os.close(theirs)


def read_until(terminal: int, wanted: bytes) -> bytes:
    said, until = b"", time.monotonic() + 60
    while wanted not in said:
        assert time.monotonic() < until, said
        said += os.read(terminal, 65_536)
    return said


def test_it_goes_on_until_q_is_pressed(tmp_path: Path) -> None:
    with at_a_terminal(tmp_path) as (process, terminal, _):
        read_until(terminal, b"Nothing is being drawn.")
        read_until(terminal, b"Nothing is being drawn.")
        os.write(terminal, b"x")
        read_until(terminal, b"Nothing is being drawn.")
        os.write(terminal, b"q")
        read_until(terminal, b"\x1b[?1049l")
        assert process.wait(20) == 0


def test_it_ends_with_control_c(tmp_path: Path) -> None:
    with at_a_terminal(tmp_path) as (process, terminal, _):
        read_until(terminal, b"Nothing is being drawn.")
        process.send_signal(signal.SIGINT)
        said = read_until(terminal, b"\x1b[?1049l")
        assert process.wait(20) == 0

    assert b"Traceback" not in said
