"""`darkroom tickets` and `darkroom server`, as an operator types them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.typed import BEGIN, settings_of, talk, typed

SECRET = "a heron at the fence"


def asked(folder: Path) -> str:
    """A question of Ana's; its number."""
    talk(folder, *BEGIN, f"/support {SECRET}")
    (ticket,) = listed(folder)
    return str(ticket["id"])


def listed(folder: Path, *more: str) -> list[dict[str, Any]]:
    done = typed(settings_of(folder), "tickets", "list", "--json", *more)
    assert done.returncode == 0, done.stderr
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return rows


def test_a_list_shows_what_is_due_and_no_word_of_it(tmp_path: Path) -> None:
    asked(tmp_path)

    (ticket,) = listed(tmp_path, "--due")
    assert (ticket["kind"], ticket["state"], ticket["door"], ticket["overdue"]) == (
        "support",
        "open",
        "terminal",
        False,
    )
    assert SECRET not in typed(settings_of(tmp_path), "tickets", "list").stdout
    assert ticket["id"] in typed(settings_of(tmp_path), "tickets", "list").stdout


def test_a_question_is_read_answered_and_its_person_is_told(tmp_path: Path) -> None:
    number = asked(tmp_path)

    assert SECRET in typed(settings_of(tmp_path), "tickets", "show", number).stdout
    assert typed(settings_of(tmp_path), "tickets", "answer", number, "a grey heron").returncode == 0
    assert listed(tmp_path) == []
    told, shown = (reply["text"] for reply in talk(tmp_path, "/balance", f"/requests {number}"))
    assert "is answered: /requests shows it" in told
    assert "a grey heron" in shown
    again = typed(settings_of(tmp_path), "tickets", "answer", number, "again")
    assert (again.returncode, again.stderr.strip()) == (2, f"{number} is closed already.")


def test_a_server_is_added_listed_and_changed(tmp_path: Path) -> None:
    added = typed(settings_of(tmp_path), "server", "add", "discord:123", "--keep-days", "30", "--json")
    assert json.loads(added.stdout)["keep_days"] == 30
    typed(settings_of(tmp_path), "server", "set", "discord:123", "--keep-days", "7")

    (server,) = json.loads(typed(settings_of(tmp_path), "server", "list", "--json").stdout)
    assert server["keep_days"] == 7
    assert server["id"] != "123"
    wrong = typed(settings_of(tmp_path), "server", "add", "nonsense")
    assert wrong.returncode == 2
