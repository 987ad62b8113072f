"""Settings that can't work together are refused in one sentence that names what to change, before anything is opened."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from bots.secrets import make_all
from bots.settings import PREFIX
from inference.credentials import make_certificates
from tests.typed import DARKROOM

SHARED = {
    "redis_url": "redis://127.0.0.1:1/0",
    "database_url": "postgresql+psycopg://nobody@127.0.0.1:1/none",
    "keys_url": "postgresql+psycopg://nobody@127.0.0.1:1/none",
    "blobs_url": "s3://pictures",
    "tombstones": "s3://tombstones",
}


def darkroom(folder: Path, command: str, **settings: str) -> tuple[int, str]:
    """Its exit status, and what it says."""
    theirs = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    ours = {PREFIX + name.upper(): value for name, value in {"data": str(folder / "data"), **settings}.items()}
    ended = subprocess.run(
        [*DARKROOM, command], env=theirs | ours, cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    return ended.returncode, ended.stderr


@pytest.mark.parametrize("command", ["chat", "web"])
def test_one_of_several_processes_needs_something_to_share(tmp_path: Path, command: str) -> None:
    status, said = darkroom(tmp_path, command)

    assert status == 2
    assert said.startswith("DARKROOM_REDIS_URL is not set")
    assert "`darkroom up`" in said


@pytest.mark.parametrize("missing", ["database_url", "keys_url", "blobs_url", "tombstones"])
def test_whoever_shares_redis_shares_the_stores(tmp_path: Path, missing: str) -> None:
    settings = {name: value for name, value in SHARED.items() if name != missing}
    status, said = darkroom(tmp_path, "chat", **settings)

    assert (status, said.count("\n")) == (2, 1)
    assert said.startswith(f"DARKROOM_{missing.upper()} is not set")


@pytest.mark.parametrize("missing", ["master_key", "lookup_key", "wire_key", "credentials.pem"])
def test_keys_are_never_made_for_processes_that_share(tmp_path: Path, missing: str) -> None:
    made = make_all(tmp_path / "keys", make_certificates)
    given = {f"{path.stem}_file": str(path) for path in made if path.name != missing}
    status, said = darkroom(tmp_path, "chat", **SHARED, **given)

    assert (status, said.count("\n")) == (2, 1)
    assert said.startswith(f"DARKROOM_{missing.partition('.')[0].upper()}_FILE is not set")
    assert "darkroom secrets FOLDER" in said
    assert not (tmp_path / "data" / "secrets").exists()


def test_a_worker_needs_redis_and_the_wire_key(tmp_path: Path) -> None:
    assert darkroom(tmp_path, "worker") == (
        2, "DARKROOM_REDIS_URL is not set: it is where a worker finds its bot.\n",
    )  # fmt: skip
    status, said = darkroom(tmp_path, "worker", redis_url="redis://127.0.0.1:1/0", model="flat")
    assert status == 2
    assert said.startswith("DARKROOM_WIRE_KEY_FILE is not set")


def test_a_password_in_an_address_is_not_repeated(tmp_path: Path) -> None:
    status, said = darkroom(tmp_path, "chat", **{**SHARED, "redis_url": "redes://:hush@127.0.0.1/0"})

    assert status == 2
    assert "hush" not in said


def test_keys_that_are_there_are_not_made_again(tmp_path: Path) -> None:
    first = {path.name: path.read_text() for path in make_all(tmp_path, make_certificates)}

    assert make_all(tmp_path, make_certificates) == []
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == first
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
