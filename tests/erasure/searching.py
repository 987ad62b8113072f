"""Looks for words as raw bytes in every file of some folders, in the clear and in all forms that words commonly take."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from tests.markers import forms

_ZLIB = re.compile(rb"\x78[\x01\x5e\x9c\xda]|\x1f\x8b\x08")
MOST = 1 << 22  #: bytes that anything packed is unpacked to


def files_with(folders: Iterable[Path], words: Iterable[str | bytes]) -> list[str]:
    """Files that hold any of the words, each in plain, UTF-16, base64 at three offsets, hex, JSON, and packed."""
    wanted = {form for word in words for form in (forms(word) if isinstance(word, str) else {word})}
    found = []
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            with suppress(FileNotFoundError, OSError):  # sockets, and what goes while we look
                if path.is_file() and any(any(form in text for form in wanted) for text in _texts(path.read_bytes())):
                    found.append(str(path))
    return found


def _texts(data: bytes) -> Iterator[bytes]:
    """What is there, and what is packed in it."""
    yield data
    for start in (one.start() for one in _ZLIB.finditer(data)):
        with suppress(zlib.error):
            yield zlib.decompressobj(wbits=47).decompress(data[start:], MOST)
    with suppress(zipfile.BadZipFile, NotImplementedError, RuntimeError), zipfile.ZipFile(io.BytesIO(data)) as packed:
        for name in packed.namelist():
            yield name.encode() + packed.read(name)
