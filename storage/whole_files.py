"""A file that is there whole, or not at all."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from core.errors import Refused


@contextmanager
def whole_file(path: Path, *, replace: bool) -> Iterator[BinaryIO]:
    """A new file that only its owner may read; it gets its name when this ends without an error, and is gone otherwise.

    What a killed process left lies beside that name, as NAME.unfinished, and the next one to write there takes it over.
    Raises Refused when there is such a file and it is not to be replaced, and when it cannot be written.
    """
    draft = path.with_name(f"{path.name}.unfinished")
    try:
        _require_room(path, replace=replace)
        descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w+b") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Refused("backup.busy", path=path) from None
            try:
                os.fchmod(descriptor, 0o600)
                file.truncate()
                yield file
                file.flush()
                os.fsync(descriptor)
                _require_room(path, replace=replace)
                draft.rename(path)
            except BaseException:
                draft.unlink(missing_ok=True)
                raise
        sync(path.parent)
    except OSError as error:
        raise Refused("backup.cannot_write", path=path, trouble=error.strerror or type(error).__name__) from None


def _require_room(path: Path, *, replace: bool) -> None:
    if path.exists() and not (replace and path.is_file()):
        raise Refused("backup.exists", path=path)


def sync(path: Path) -> None:
    """What a file holds, or the names in a folder, outlive a power cut from now on."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
