"""What lies on disk of a model, and whether it may be loaded: the lock beside the weights says what was fetched.

Every reason against it is one sentence that says what to do. Knows no network and no torch.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from inference.entries import Entry
from inference.families import Family
from inference.safetensors_files import forbidden, read_header

LOCK: Final = "darkroom.lock.json"
PARTS: Final = ".part"  #: what is being fetched
INDEX: Final = "model_index.json"
LIBRARIES: Final = frozenset({"diffusers", "transformers"})  #: nothing else brings parts of a stock pipeline
_READ: Final = 4 * 1024 * 1024


class Unusable(Exception):
    """A model that cannot be loaded here; the message is one sentence for the operator, and says what to do."""


class NotFetched(Unusable): ...


class WrongRevision(Unusable): ...


class Altered(Unusable):
    """A file is missing, another one is there, or one is not what was fetched."""


class Forbidden(Unusable):
    """Something that could run code, or no stock pipeline of its family."""


class TooLittleMemory(Unusable): ...


class NotInIndex(ValueError):
    """No index of a stock pipeline of the family; the message is a clause."""


@dataclass(frozen=True)
class File:
    """`written` is when the file was last written as it was read and found right, in nanoseconds; 0: not yet."""

    size: int
    sha256: str
    written: int = 0


@dataclass(frozen=True)
class Lock:
    """What was fetched: the commit, and each file with its size and hash."""

    repo: str
    revision: str
    files: dict[str, File]

    def write(self, folder: Path) -> None:
        """All of it or nothing, also when the power fails."""
        draft = folder / f"{LOCK}.new"
        with draft.open("w") as file:
            json.dump(asdict(self), file, indent=1, sort_keys=True)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(folder / LOCK)


def read_lock(folder: Path) -> Lock | None:
    """None when nothing was fetched to the end. Raises Altered when the lock says nothing."""
    try:
        told: dict[str, Any] = json.loads((folder / LOCK).read_text("utf-8"))
        files = {
            str(name): File(int(file["size"]), str(file["sha256"]), int(file.get("written", 0)))
            for name, file in told["files"].items()
        }
        return Lock(str(told["repo"]), str(told["revision"]), files)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise Altered(f"{folder / LOCK} cannot be read: fetch the model again.") from None


def read_index(family: Family, text: str) -> tuple[str, ...]:
    """The parts of a pipeline, by the folders they lie in. Raises NotInIndex for anything but a stock one of the family."""
    try:
        told = json.loads(text)
        named = str(told["_class_name"])
        parts = {name: (value[0], value[1]) for name, value in told.items() if isinstance(value, list)}
    except (ValueError, KeyError, TypeError, IndexError):
        raise NotInIndex(f"its {INDEX} cannot be read") from None
    if named not in (family.pipeline, *family.also_named):
        raise NotInIndex(f"it is made for {named}, and {family.name} models are drawn by {family.pipeline}")
    wanted = {name: part for name, part in parts.items() if part != (None, None) and name not in family.without}
    for name, (library, _class) in wanted.items():
        if library not in LIBRARIES or not name.isidentifier():
            raise NotInIndex(f"its part {name} comes with code of its own ({library})")
    return tuple(wanted)


def examine(entry: Entry, folder: Path) -> None:
    """Look at names, sizes and headers, which is quick. Raises Unusable."""
    lock = None
    if entry.folder is None:
        lock = _locked(entry, folder)
        for name, file in lock.files.items():
            if (size := _size(folder / name)) != file.size:
                state = "is missing" if size is None else f"has {size} bytes instead of {file.size}"
                raise Altered(f"{entry.name}: {name} {state}: {_again(entry)}.")
    elif not folder.is_dir():
        raise NotFetched(f"{entry.name}: its folder {folder} does not exist.")
    if what := forbidden(folder):
        raise Forbidden(f"{entry.name} in {folder} is not loaded: {what}.")
    if lock and (strays := sorted(set(_names(folder)) - set(lock.files))):
        raise Altered(f"{entry.name}: {folder / strays[0]} was not fetched with it: take it away.")
    try:
        parts = read_index(entry.kind, (folder / INDEX).read_text("utf-8"))
    except OSError:
        raise Altered(f"{entry.name}: {folder / INDEX} is missing: {_again(entry)}.") from None
    except NotInIndex as error:
        raise Forbidden(f"{entry.name} in {folder} is not loaded: {error}.") from None
    for part in parts:
        if not any((folder / part).glob("*")):
            raise Altered(f"{entry.name}: {folder / part} is missing: {_again(entry)}.")


def verify(
    entry: Entry, folder: Path, tell: Callable[[int], None] = lambda _read: None, *, thorough: bool = False
) -> None:
    """Compare the hash of every file that was fetched. One that was found right and has not been written since is read again
    only when it is to be `thorough`: that takes longer than loading it. Raises Unusable.
    """
    lock = read_lock(folder)
    if lock is None:
        return
    right: dict[str, File] = {}
    for name, file in lock.files.items():
        written = (folder / name).stat().st_mtime_ns
        if not thorough and file.written == written:
            tell(file.size)
        elif sha256(folder / name, tell) != file.sha256:
            raise Altered(f"{entry.name}: {name} is not the file that was fetched: {_again(entry)}.")
        right[name] = replace(file, written=written)
    if right != lock.files:
        with suppress(OSError):  # weights may lie where nothing can be written; then they are read each time
            replace(lock, files=right).write(folder)


def sha256(file: Path, tell: Callable[[int], None] = lambda _read: None) -> str:
    found = hashlib.sha256()
    with file.open("rb") as opened:
        while piece := opened.read(_READ):
            found.update(piece)
            tell(len(piece))
    return found.hexdigest()


def numbers(folder: Path) -> dict[str, int]:
    """How many numbers the weights of each part hold."""
    counted: dict[str, int] = {}
    for file in folder.glob("*/*.safetensors"):
        counted[file.parent.name] = counted.get(file.parent.name, 0) + read_header(file).numbers
    return counted


def _locked(entry: Entry, folder: Path) -> Lock:
    lock = read_lock(folder)
    if lock is None:
        raise NotFetched(_how_to_fetch(entry, unfinished=folder.is_dir()))
    if lock.repo != entry.repo:
        raise WrongRevision(
            f"{entry.name}: {folder} holds {lock.repo}, and the catalogue names {entry.repo}: {_again(entry)}."
        )
    if entry.revision and lock.revision != entry.revision:
        raise WrongRevision(
            f"{entry.name}: {folder} holds revision {lock.revision}, and the catalogue pins {entry.revision}: "
            f"{_again(entry)}."
        )
    return lock


def _how_to_fetch(entry: Entry, *, unfinished: bool) -> str:
    command = f"darkroom models fetch {entry.name}"
    if unfinished:
        return f"{entry.name} was not fetched to its end: `{command}` goes on where it stopped."
    gate = f" Its hub wants its terms accepted first, on the page of {entry.repo}, and a token." if entry.gated else ""
    pin = "" if entry.revision else f" No revision of it is pinned: `{command} --revision COMMIT` records one."
    return f"{entry.name} is not on this machine: fetch it with `{command}`.{gate}{pin}"


def _again(entry: Entry) -> str:
    return f"`darkroom models fetch {entry.name}` mends it" if entry.folder is None else "put it back"


def _names(folder: Path) -> Iterator[str]:
    for file in folder.rglob("*"):
        name = file.relative_to(folder).as_posix()
        if file.is_file() and name != LOCK and not name.startswith(f"{PARTS}/"):
            yield name


def _size(file: Path) -> int | None:
    try:
        return file.stat().st_size
    except OSError:
        return None
