"""The keys of a deployment, whoever brings them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bots.secrets import Secrets, load_secrets
from bots.settings import BadSettings, Settings


def settings(folder: Path, **more: object) -> Settings:
    return Settings(_env_file=None, data=folder, **more)


def loaded(settings: Settings) -> Secrets:
    return load_secrets(settings, lambda: "a certificate")


def test_a_first_start_makes_all_keys_readable_by_their_owner_alone(tmp_path: Path) -> None:
    made = loaded(settings(tmp_path))

    assert [path.name for path in made.made] == ["master_key", "lookup_key", "credentials.pem"]
    assert {path.stat().st_mode & 0o777 for path in made.made} == {0o600}
    assert made.master != made.lookup
    assert loaded(settings(tmp_path)).made == ()
    assert loaded(settings(tmp_path)).master == made.master


def test_what_a_killed_first_start_left_is_cleared_away(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "master_key.0123").write_text("half a ke")

    loaded(settings(tmp_path))

    assert sorted(path.name for path in folder.iterdir()) == ["credentials.pem", "lookup_key", "master_key"]


def test_a_key_may_come_from_a_setting_or_a_file(tmp_path: Path) -> None:
    (tmp_path / "lookup").write_text("cd" * 32 + "\n")
    (tmp_path / "signing.pem").write_text("another certificate")
    files = {"lookup_key_file": tmp_path / "lookup", "credentials_file": tmp_path / "signing.pem"}
    found = loaded(settings(tmp_path, master_key="ab" * 32, **files))

    assert (found.master, found.lookup, found.made) == (b"\xab" * 32, b"\xcd" * 32, ())
    assert found.credentials == "another certificate"
    assert "ab" * 32 not in repr(found)


def test_a_key_from_two_places_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="are both set"):
        loaded(settings(tmp_path, master_key="ab" * 32, master_key_file=tmp_path / "m"))


@pytest.mark.parametrize("key", ["", "ab", "zz" * 32, "ab" * 33])
def test_a_key_that_is_none_is_refused_without_being_repeated(tmp_path: Path, key: str) -> None:
    with pytest.raises(BadSettings, match="DARKROOM_MASTER_KEY must be 64 hexadecimal digits") as refused:
        loaded(settings(tmp_path, master_key=key))
    assert not key or key not in str(refused.value)
