"""The terminal door as people script it: the real command, the real worker, a folder of one's own."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import time
from pathlib import Path

import pytest

from inference.pictures import decode
from tests.cast import AGREE
from tests.markers import forms
from tests.typed import BEGIN, DARKROOM, darkroom, environment, settings_of, talk, typed

MARKER = "zweiundvierzig-kormorane"


def test_from_nothing_to_two_pictures(tmp_path: Path) -> None:
    replies = talk(tmp_path, *BEGIN, "/imagine a yellow star on a black background --count 2", "/balance")

    pictures = [path for told in replies for path in told["pictures"]]
    assert len(pictures) == 2
    first, second = (tmp_path.joinpath(path).read_bytes() for path in pictures)
    assert first.startswith(b"\x89PNG")
    assert first != second
    assert "18 credits" in replies[3]["text"]
    assert [told["final"] for told in replies] == [True, True, False, True, False, True]
    assert set(replies[0]) == {"text", "pictures", "files", "buttons", "private", "error", "final"}


def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    talk(tmp_path, *BEGIN, "/imagine a star --seed 5")
    replies = talk(tmp_path, "/gallery", "/balance", "/imagine a star --seed 5")

    assert len(replies[0]["pictures"]) == 1
    assert "19 credits" in replies[1]["text"]
    before, after = replies[0]["pictures"][0], replies[3]["pictures"][0]
    assert decode(tmp_path.joinpath(before).read_bytes()) == decode(tmp_path.joinpath(after).read_bytes())


def test_a_picture_owed_when_the_power_went_is_handed_over_at_the_next_start(tmp_path: Path) -> None:
    talk(tmp_path, *BEGIN)
    command = [*DARKROOM, "talk", "--as", "ana", "--json", "--out", "pics"]
    slow = environment(tmp_path, DARKROOM_FLAT_DELAY="30")
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=tmp_path, env=slow
    ) as talking:
        assert talking.stdin is not None
        assert talking.stdout is not None
        talking.stdin.write("/imagine a star\n")
        talking.stdin.flush()
        assert json.loads(talking.stdout.readline())["final"] is False
        talking.kill()

    replies = talk(tmp_path, "/balance")

    assert [len(told["pictures"]) for told in replies] in ([0, 1], [1, 0])


def test_a_press_of_what_is_not_there_says_what_is(tmp_path: Path) -> None:
    replies = talk(tmp_path, "press Draw it", "/start", "press Nonsense")

    assert [told["error"] for told in replies] == ["refused", None, "refused"]
    assert AGREE in replies[2]["text"]


def test_a_second_server_on_one_folder_refuses_and_operators_may_look(tmp_path: Path) -> None:
    talk(tmp_path, *BEGIN)
    command = [*DARKROOM, "talk", "--as", "ana", "--json"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=tmp_path, env=environment(tmp_path)
    ) as first:
        assert first.stdin is not None
        assert first.stdout is not None
        first.stdin.write("/help\n")
        first.stdin.flush()
        first.stdout.readline()

        second = darkroom(tmp_path, "talk", said="/help\n")
        shown = darkroom(tmp_path, "credits", "show", "terminal:ana", "--json")

        assert second.returncode == 2
        assert second.stderr.count("\n") == 1
        assert "another darkroom serves" in second.stderr
        assert json.loads(shown.stdout) == {"spendable": 20_000, "held": 0, "debt": 0}
        first.send_signal(signal.SIGTERM)
        assert first.wait(20) == 0


def test_an_operator_grants_and_takes_back_credits(tmp_path: Path) -> None:
    talk(tmp_path, *BEGIN)

    settings = settings_of(tmp_path)
    granted = typed(settings, "credits", "grant", "terminal:ana", "2.5", "--json")
    taken = typed(settings, "credits", "grant", "--json", "--", "terminal:ana", "-30")

    assert json.loads(granted.stdout)["spendable"] == 22_500
    assert json.loads(taken.stdout) == {"spendable": 0, "held": 0, "debt": 7_500}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("credits", "show", "terminal:nobody"), "has agreed to the notice"),
        (("credits", "show", "nobody"), "names no person"),
        (("credits", "grant", "terminal:nobody", "many"), "is no amount"),
        (("sweep",), "--once"),
    ],
)
def test_an_operator_is_refused_with_one_sentence(tmp_path: Path, arguments: tuple[str, ...], sentence: str) -> None:
    refused = typed(settings_of(tmp_path), *arguments)

    assert refused.returncode == 2
    assert sentence in refused.stderr
    assert refused.stderr.splitlines()[-1].endswith(".")


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"DARKROOM_MODEL": "nosuch"}, "DARKROOM_MODEL names no model"),
        ({"DARKROOM_MASTER_KEY": "abc"}, "DARKROOM_MASTER_KEY must be 64 hexadecimal digits"),
        ({"DARKROOM_MASTER_KEY_FILE": "missing"}, "DARKROOM_MASTER_KEY_FILE: the file cannot be read"),
        ({"DARKROOM_COLOUR": "blue"}, "DARKROOM_COLOUR is not a setting"),
        ({"DARKROOM_DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:9/none"}, "can't reach my records"),
        ({"DARKROOM_DATABASE_URL": "nonsense"}, "DARKROOM_DATABASE_URL cannot be used"),
        ({"DARKROOM_DATA": "/dev/null/data"}, "DARKROOM_DATA: the folder /dev/null/data cannot be made"),
    ],
)
def test_a_setting_that_cannot_be_used_stops_the_start(tmp_path: Path, settings: dict[str, str], sentence: str) -> None:
    refused = typed(settings_of(tmp_path, **settings), "talk")

    assert refused.returncode == 2
    assert sentence in refused.stderr


def test_sweep_and_datamap_and_doctor_answer_in_json(tmp_path: Path) -> None:
    talk(tmp_path, *BEGIN)

    assert json.loads(typed(settings_of(tmp_path), "sweep", "--once", "--json").stdout)["jobs"] == 0
    cells = {row["cell"] for row in json.loads(typed({}, "datamap", "--json").stdout)}
    assert {"job.sealed_words", "person_key.wrapped", "pictures/", "event"} <= cells
    well = json.loads(darkroom(tmp_path, "doctor", "--json").stdout)
    closed = {well.pop("telegram"), well.pop("discord")}
    assert well.pop("production").startswith("this is a trial")
    assert set(well.values()) == {"ok"}
    assert closed == {"no token is set, so this door stays closed"}


def test_a_marker_is_in_no_file_and_no_output_of_the_real_processes(tmp_path: Path) -> None:
    lines = (*BEGIN, f"/imagine {MARKER}", f'/imagine a cat --negative "{MARKER}"', MARKER, f"/delete {MARKER}")
    said = "\n".join(lines) + "\n"
    done = darkroom(
        tmp_path, "talk", "--as", f"{MARKER}-name", "--json", "--out", "pics", said=said, DARKROOM_LOG_LEVEL="debug"
    )
    assert done.returncode == 0
    assert "worker" in done.stderr or "library" in done.stderr, "a silent log proves nothing"

    leaks = [
        path
        for folder in ("data", "pics")
        for path in (tmp_path / folder).rglob("*")
        if path.is_file() and any(form in path.read_bytes() for form in forms(MARKER))
    ]
    assert leaks == []
    assert not any(form in done.stderr.encode() for form in forms(MARKER))


def test_bytes_that_are_no_text_are_answered_like_any_other_line(tmp_path: Path) -> None:
    said = b"/start\npress " + AGREE.encode() + b"\n/imagine \xff\xfe a star\n"
    done = subprocess.run(
        [*DARKROOM, "talk", "--json", "--out", "pics"],
        input=said,
        capture_output=True,
        cwd=tmp_path,
        env=environment(tmp_path),
        timeout=60,
    )

    assert done.returncode == 0
    assert b".png" in done.stdout


def test_a_folder_that_cannot_be_written_leaves_the_picture_in_the_gallery(tmp_path: Path) -> None:
    talk(tmp_path, *BEGIN)
    (tmp_path / "pics").write_text("a file where the folder should be")

    replies = talk(tmp_path, "/imagine a star")

    assert replies[-1]["error"] == "unavailable"
    assert "stays in your gallery" in replies[-1]["text"]
    (tmp_path / "pics").unlink()
    assert len(talk(tmp_path, "/gallery")[0]["pictures"]) == 1


def test_a_reader_who_leaves_ends_the_talk_and_loses_nothing(tmp_path: Path) -> None:
    talk(tmp_path, *BEGIN)
    bot = shlex.join([*DARKROOM, "talk", "--as", "ana", "--json"])
    said = r"printf '/help\n/imagine a star\n/help\n/help\n'"
    left = subprocess.run(
        ["sh", "-c", f"{said} | {bot} | head -c 1"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment(tmp_path),
        timeout=60,
    )
    assert "Traceback" not in left.stderr

    assert darkroom(tmp_path, "doctor", "--json").returncode == 0


def test_no_worker_outlives_the_bot(tmp_path: Path) -> None:
    talk(tmp_path, *BEGIN)
    time.sleep(0.5)
    running = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout

    assert not [line for line in running.splitlines() if "bots.worker flat 0.01" in line and line.split()[1] == "1"]
