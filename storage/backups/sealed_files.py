"""Files sealed for the holder of a private key, in the age format, so that the age tool opens them too.

Streams both ways: memory does not grow with what is sealed. Knows bytes, not what they mean.
"""

from __future__ import annotations

import hashlib
import io
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

import pyrage  # type: ignore[import-untyped]
from pyrage.x25519 import Identity, Recipient  # type: ignore[import-untyped]

from core.errors import Refused

_CHUNK = 1 << 20
_NO_KEY_FITS = "No matching keys found"  #: how age says it


class Written(NamedTuple):
    size: int
    sha256: str


def recipient(text: str) -> Recipient:
    """Raises Refused for what is no public key."""
    try:
        return Recipient.from_str(text.strip())
    except pyrage.RecipientError:
        raise Refused("backup.no_recipient", got=text) from None


def identities(file: Path) -> list[Identity]:
    """The private keys in a file as age-keygen writes it. Raises Refused when there is none, never showing its text."""
    try:
        lines = [line.strip() for line in file.read_text("utf-8").splitlines()]
        found = [Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except (OSError, UnicodeDecodeError, pyrage.IdentityError):
        found = []
    if not found:
        raise Refused("backup.no_identity", path=file)
    return found


def write_sealed(chunks: Iterable[bytes], target: BinaryIO, recipients: Sequence[Recipient]) -> Written:
    """Seal the chunks into an open file. Raises OSError when it cannot be written, and whatever the chunks raise."""
    source, sink = _Pulled(chunks), _Counted(target)
    try:
        pyrage.encrypt_io(source, sink, recipients)
    except pyrage.EncryptError:
        if failure := source.failure or sink.failure:
            raise failure from None
        raise
    return Written(sink.size, sink.hash.hexdigest())


def hashed(file: BinaryIO) -> Written:
    """What an open file holds from here to its end."""
    size, digest = 0, hashlib.sha256()
    while chunk := file.read(_CHUNK):
        size += len(chunk)
        digest.update(chunk)
    return Written(size, digest.hexdigest())


@contextmanager
def opened(file: BinaryIO, keys: Sequence[Identity]) -> Iterator[BinaryIO]:
    """What a sealed file holds, as a stream. Raises Refused when no key opens it, or when it was cut off or changed.

    Every byte that comes out is as it was sealed, but a damaged file is found out only where the damage is, or at its end:
    nothing that was read counts before this ends without an error.
    """
    reading, writing = os.pipe()
    opener = _Opener(file, writing, keys)
    opener.start()
    try:
        with os.fdopen(reading, "rb") as stream:
            yield stream
    except Exception:
        if refusal := opener.ended():  # then what went wrong with the reader only followed from it
            raise refusal from None
        raise
    if refusal := opener.ended():
        raise refusal


class _Pulled(io.RawIOBase):
    """Chunks as something to read from."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks, self._left = iter(chunks), memoryview(b"")
        self.failure: BaseException | None = None

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        try:
            while not self._left:
                self._left = memoryview(next(self._chunks))
        except StopIteration:
            return b""
        except BaseException as failure:
            self.failure = failure
            raise
        taken, self._left = self._left[:size], self._left[size:]
        return bytes(taken)


class _Counted(io.RawIOBase):
    """A file that is counted and hashed as it is written."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.size, self.hash = file, 0, hashlib.sha256()
        self.failure: BaseException | None = None

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        try:
            self._file.write(data)
        except BaseException as failure:
            self.failure = failure
            raise
        self.size += len(data)
        self.hash.update(data)
        return len(data)


class _Opener(threading.Thread):
    """Opens a file into a pipe until its end, or until nobody reads any more."""

    def __init__(self, file: BinaryIO, writing: int, keys: Sequence[Identity]) -> None:
        super().__init__(name="opener", daemon=True)
        self._file, self._writing, self._keys = file, writing, keys
        self._failure: Exception | None = None

    def run(self) -> None:
        with suppress(BrokenPipeError), os.fdopen(self._writing, "wb", buffering=_CHUNK) as pipe:
            sink = _Counted(pipe)
            try:
                pyrage.decrypt_io(self._file, sink, self._keys)
            except Exception as failure:  # noqa: BLE001 - age raises errors of several kinds; `ended` says what they mean
                self._failure = None if sink.failure else failure  # when nobody reads, nothing is wrong with the file

    def ended(self) -> Refused | None:
        """Wait for the end; why the file could not be opened up to it."""
        self.join()
        if self._failure is None:
            return None
        stranger = isinstance(self._failure, pyrage.DecryptError) and _NO_KEY_FITS in str(self._failure)
        return Refused("backup.other_identity") if stranger else Refused("backup.damaged")
