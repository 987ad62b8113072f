"""Gate G5: at DEBUG, with every library talking, no log line holds what people wrote, and only declared fields appear."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from bots.logs import FIELDS
from bots.wiring import datamap
from core.datamap import undeclared
from tests.cast import Actor, Stage, enter
from tests.markers import forms

MARKER = "zweiundvierzig-kormorane"


def written(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


@pytest.fixture
def talkative() -> Iterator[None]:
    """SQLAlchemy speaks of every statement and every row only to who asks it by name."""
    logger = logging.getLogger("sqlalchemy")
    usual = logger.level
    logger.setLevel(logging.DEBUG)
    yield
    logger.setLevel(usual)


@pytest.mark.usefixtures("talkative")
async def test_no_log_line_holds_what_people_wrote(stage: Stage, log: io.StringIO) -> None:
    person = enter(stage, f"{MARKER}-name")
    await person.says(f"/start {MARKER}")
    await person.agrees()
    for line in (
        f"/imagine {MARKER}", f'/imagine a cat --negative "{MARKER}"', f"/imagine --shape {MARKER} a cat", MARKER,
        f"/{MARKER}", f"/delete {MARKER}", f"/imagine --{MARKER} a cat",
    ):  # fmt: skip
        await person.says(line)
    await stage.works()
    for _ in range(3):
        await stage.breaks_down()

    assert len(written(log)) > 500, "a silent log proves nothing"
    logged = log.getvalue().encode()
    assert not [form for form in forms(MARKER) if form in logged]


async def test_a_bug_is_logged_by_its_place_and_not_by_what_it_says(
    stage: Stage, ben: Actor, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def explodes(*_: Any) -> None:
        raise RuntimeError(f"could not seal {MARKER}")

    monkeypatch.setattr(type(stage.app.keys), "seal", explodes)
    answer = await ben.says(f"/imagine {MARKER}")

    assert answer.error == "bug"
    (failed,) = [line for line in written(log) if line["event"] == "command.failed"]
    assert failed["error"] == "RuntimeError"
    assert any(frame.endswith(":request") for frame in failed["frames"])
    assert MARKER not in log.getvalue()


def test_other_libraries_keep_their_place_and_lose_their_words(log: io.StringIO) -> None:
    logging.getLogger("some.package").error("could not read %s", MARKER)
    logging.getLogger("some.package").error(f"could not read {MARKER}")
    try:
        raise ValueError(MARKER)
    except ValueError:
        logging.getLogger("some.package").exception(MARKER)

    assert [line["logger"] for line in written(log)] == ["some.package"] * 3
    assert written(log)[2]["error"] == "ValueError"
    assert MARKER not in log.getvalue()


def test_warnings_lose_their_words(log: io.StringIO) -> None:
    """Python hands warnings to this logger once logging.captureWarnings is on."""
    logging.getLogger("py.warnings").warning("%s", f"a.py:1: UserWarning: {MARKER}")

    assert written(log)[0]["logger"] == "py.warnings"
    assert MARKER not in log.getvalue()


def test_a_field_nobody_declared_is_dropped(log: io.StringIO) -> None:
    structlog.get_logger().error("an.event", prompt=MARKER, job="j1")

    (line,) = written(log)
    assert line["job"] == "j1"
    assert "prompt" not in line


def test_the_declared_log_fields_are_in_the_data_map() -> None:
    assert undeclared(FIELDS, datamap().cells("log"), "log") == []


def test_this_gate_can_fail(log: io.StringIO) -> None:
    structlog.get_logger().error(MARKER)

    assert MARKER in log.getvalue(), "an event's name is not sieved: it must be a constant in the code"


def test_every_event_in_the_code_is_a_constant() -> None:
    """So the one thing that is not sieved cannot carry content."""
    import ast
    from pathlib import Path

    root = Path(__file__).parents[2]
    calls = [
        (path.name, node.lineno, node.args[0] if node.args else None)
        for folder in ("bots", "core", "inference", "payments", "storage")
        for path in (root / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "log"
        and node.func.attr in {"debug", "info", "warning", "error", "exception"}
    ]
    assert len(calls) >= 10
    assert [call for call in calls if not (isinstance(call[2], ast.Constant) and isinstance(call[2].value, str))] == []
