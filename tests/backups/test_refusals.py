"""What does not work is said in one sentence, with exit 2, and leaves everything as it was."""

from __future__ import annotations

import resource
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from bots.wiring import only_server
from tests.backups.conftest import Make
from tests.backups.instances import Instance, Pair, new_pair


@pytest.fixture
def instance(make: Make) -> Instance:
    """What is refused does not depend on the product."""
    return make("filled")


@pytest.fixture
def backup(instance: Instance, pair: Pair, tmp_path: Path) -> Path:
    instance.does("backup", tmp_path / "backup.age", "--recipient", pair.public)
    return tmp_path / "backup.age"


@pytest.fixture
def keys(instance: Instance, pair: Pair, tmp_path: Path) -> Path:
    instance.does("backup", "--keys", tmp_path / "keys.age", "--recipient", pair.public)
    return tmp_path / "keys.age"


def test_only_its_owner_may_read_a_backup(backup: Path) -> None:
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600


# Backing up


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "say --recipient with an age public key"),
        (("--recipient", "AGE-SECRET-KEY-1QQ"), "must be an age public key"),
        (("--recipient", "ssh-rsa AAAA"), "must be an age public key"),
    ],
)
def test_a_backup_for_nobody_is_not_written(
    instance: Instance, tmp_path: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    refusal = instance.refuses("backup", tmp_path / "new.age", *arguments)

    assert sentence in refusal
    assert "SECRET" not in refusal
    assert not list(tmp_path.glob("*.age*"))


def test_a_file_that_is_there_is_replaced_only_by_force(instance: Instance, pair: Pair, backup: Path) -> None:
    before = backup.read_bytes()

    assert "--force" in instance.refuses("backup", backup, "--recipient", pair.public)
    assert backup.read_bytes() == before
    instance.does("backup", backup, "--recipient", pair.public, "--force")
    assert backup.read_bytes() != before


def test_a_folder_is_never_replaced(instance: Instance, pair: Pair, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()

    assert "exists" in instance.refuses("backup", tmp_path / "folder", "--recipient", pair.public, "--force")


def test_where_nothing_can_be_written_it_says_so(instance: Instance, pair: Pair, tmp_path: Path) -> None:
    missing = instance.refuses("backup", tmp_path / "nowhere" / "b.age", "--recipient", pair.public)

    assert missing.endswith("cannot be written (No such file or directory).")


def test_a_disk_without_room_leaves_nothing_half_written(instance: Instance, pair: Pair, tmp_path: Path) -> None:
    instance.stage()  # who serves has the database open: what lies beside it need not grow
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        refusal = instance.refuses("backup", tmp_path / "b.age", "--recipient", pair.public)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert refusal.endswith("cannot be written (File too large).")
    assert not list(tmp_path.glob("b.age*"))


def test_a_backup_that_the_private_key_does_not_open_is_not_kept(
    instance: Instance, pair: Pair, tmp_path: Path
) -> None:
    other = new_pair(tmp_path / "other.txt")
    refusal = instance.refuses("backup", tmp_path / "b.age", "--recipient", pair.public, "--identity", other.file)

    assert "does not open this backup" in refusal
    assert not list(tmp_path.glob("b.age*"))


def test_of_nothing_there_is_no_backup(make: Make, pair: Pair, tmp_path: Path) -> None:
    never_used = make("nothing")

    assert "nothing to back up" in never_used.refuses("backup", tmp_path / "b.age", "--recipient", pair.public)
    assert [path.name for path in never_used.folder.iterdir()] == ["secrets"]


# Restoring


def test_a_private_key_of_somebody_else_opens_nothing(make: Make, backup: Path, tmp_path: Path) -> None:
    other = new_pair(tmp_path / "other.txt")
    empty = make("sqlite")

    assert "does not open this backup" in empty.refuses("restore", backup, "--identity", other.file)
    assert_untouched(empty)


@pytest.mark.parametrize("written", ["", "hello", "AGE-SECRET-KEY-1QQQQQQQQ"])
def test_what_is_no_private_key_is_not_repeated(make: Make, backup: Path, tmp_path: Path, written: str) -> None:
    (tmp_path / "bad.txt").write_text(written)
    refusal = make("sqlite").refuses("restore", backup, "--identity", tmp_path / "bad.txt")

    assert "holds no age private key" in refusal
    assert "AGE-SECRET" not in refusal


Spoil = Callable[[bytes], bytes]
SPOILS: dict[str, Spoil] = {
    "cut off in the middle": lambda whole: whole[: len(whole) // 2],
    "cut off by a byte": lambda whole: whole[:-1],
    "cut off in its header": lambda whole: whole[:50],
    "empty": lambda whole: b"",
    "a bit is flipped at the beginning": lambda whole: flipped(whole, 300),
    "a bit is flipped in the middle": lambda whole: flipped(whole, len(whole) // 2),
    "a bit is flipped at the end": lambda whole: flipped(whole, len(whole) - 1),
    "something is appended": lambda whole: whole + b"more",
    "something else": lambda whole: b"hello" * 1000,
}


def flipped(whole: bytes, at: int) -> bytes:
    return whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]


@pytest.mark.parametrize("how", SPOILS)
def test_a_damaged_backup_is_found_out_before_anything_is_written(
    make: Make, backup: Path, pair: Pair, keys: Path, how: str
) -> None:
    whole = make("sqlite")
    backup.write_bytes(SPOILS[how](backup.read_bytes()))

    assert "no whole backup" in whole.refuses("restore", backup, "--identity", pair.file, "--keys", keys)
    assert_untouched(whole)


def test_a_damaged_backup_of_keys_is_found_out_too(make: Make, backup: Path, pair: Pair, keys: Path) -> None:
    empty = make("sqlite")
    keys.write_bytes(keys.read_bytes()[:-1])

    assert "no whole backup" in empty.refuses("restore", backup, "--identity", pair.file, "--keys", keys)
    assert_untouched(empty)


def test_nothing_is_restored_over_something(instance: Instance, backup: Path, pair: Pair) -> None:
    before = instance.rows()

    assert "is not empty" in instance.refuses("restore", backup, "--identity", pair.file)
    assert instance.rows() == before


def test_old_keys_are_not_added_to_a_key_store_that_lives(
    make: Make, instance: Instance, backup: Path, pair: Pair, keys: Path
) -> None:
    """Whoever was deleted since has no key there any more, and gets none back."""
    other = make("sqlite")
    with instance.engine("keys").connect() as connection:
        connection.connection.execute(f"VACUUM INTO '{other.folder / 'keys.db'}'")

    assert "key store is not empty" in other.refuses("restore", backup, "--identity", pair.file, "--keys", keys)
    assert other.does("restore", backup, "--identity", pair.file)["missing"] == {"pictures": 0, "keys": 0}


@pytest.mark.parametrize(
    ("name", "sentence"), [("master_key", "wrapped with"), ("lookup_key", "nobody would be known")]
)
def test_other_secrets_are_found_out(
    make: Make, backup: Path, pair: Pair, keys: Path, name: str, sentence: str
) -> None:
    other = make("sqlite")
    (other.folder / "secrets" / name).write_text("ab" * 32)

    assert sentence in other.refuses("restore", backup, "--identity", pair.file, "--keys", keys)
    assert_untouched(other)


@pytest.mark.parametrize("name", ["master_key", "lookup_key"])
def test_secrets_that_are_missing_are_not_made(make: Make, backup: Path, pair: Pair, name: str) -> None:
    other = make("sqlite")
    (other.folder / "secrets" / name).unlink()

    assert f"no {name} here" in other.refuses("restore", backup, "--identity", pair.file)
    assert not (other.folder / "secrets" / name).exists()


def test_the_files_may_not_be_mixed_up(make: Make, backup: Path, pair: Pair, keys: Path) -> None:
    empty = make("sqlite")

    assert "holds no people's keys" in empty.refuses("restore", backup, "--identity", pair.file, "--keys", backup)
    assert "the backup of the records first" in empty.refuses("restore", keys, "--identity", pair.file, "--keys", keys)
    assert_untouched(empty)


def test_a_backup_of_a_newer_program_is_refused(instance: Instance, make: Make, pair: Pair, tmp_path: Path) -> None:
    with instance.engine().begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    assert "9999" in instance.refuses("backup", tmp_path / "b.age", "--recipient", pair.public)


def test_a_folder_that_is_served_is_not_restored_into(make: Make, backup: Path, pair: Pair) -> None:
    other = make("sqlite")
    with only_server(other.folder):
        assert "another darkroom serves" in other.refuses("restore", backup, "--identity", pair.file)


def test_a_backup_that_is_not_there_is_named(make: Make, pair: Pair, tmp_path: Path) -> None:
    refusal = make("sqlite").refuses("restore", tmp_path / "none.age", "--identity", pair.file)

    assert refusal == f"{tmp_path / 'none.age'} cannot be read (No such file or directory)."


def assert_untouched(instance: Instance) -> None:
    """Nothing was put anywhere, and a bot may serve it."""
    assert not any(instance.rows().values())
    assert instance.blobs() == {}
    instance.does("sweep", "--once")
