"""Reading an export that somebody brings: every archive of it, to the end, before anything in it counts. Trusts nothing.

Nothing is unpacked onto a disk, and nothing is read that is larger than it may be or than it says.
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from bots.exporting.form import DATA, INDEX, LEDGER, MANIFEST, PICTURES
from core.errors import Refused
from core.values.holdings import FORMAT, VERSION

_NAMES: Final = frozenset({DATA, INDEX, LEDGER, MANIFEST})
_PICTURE: Final = re.compile(rf"{PICTURES}[0-9A-Za-z]{{1,40}}\.(png|jpg|webp)")
_MOST_FILES: Final = 500_000
_MOST: Final = {DATA: 512 << 20, INDEX: 512 << 20, LEDGER: 512 << 20, MANIFEST: 128 << 20}  #: bytes, opened
_MOST_OF_A_PICTURE: Final = 64 << 20
_CHUNK: Final = 1 << 20


class _Kept(NamedTuple):
    archive: zipfile.ZipFile
    entry: zipfile.ZipInfo


class Brought:
    """An export that was read to its end and found whole."""

    def __init__(self, files: dict[str, _Kept], manifest: dict[str, Any], data: dict[str, Any]) -> None:
        self._files, self.manifest, self.data = files, manifest, data

    def rows(self, table: str) -> list[dict[str, Any]]:
        """The rows of a table, none where the export knows no such table. Raises Refused for what are no rows."""
        found = self.data["tables"].get(table, {"rows": []})
        rows = found.get("rows") if isinstance(found, dict) else None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise Refused("import.malformed", where=table)
        return rows

    def picture(self, name: str) -> bytes | None:
        """A picture's file; None for one that was not there to be exported."""
        kept = self._files.get(name)
        return b"".join(_chunks(name, kept)) if kept else None


@contextmanager
def brought(paths: Sequence[Path]) -> Iterator[Brought]:
    """All archives of one export together. Raises Refused for what is damaged, incomplete, foreign or hostile."""
    with ExitStack() as opened:
        files: dict[str, _Kept] = {}
        for path in paths:
            try:
                archive = opened.enter_context(zipfile.ZipFile(path))
            except OSError as error:
                raise Refused("import.no_file", path=path, trouble=(error.strerror or "damaged").lower()) from None
            except (zipfile.BadZipFile, ValueError, NotImplementedError):
                raise Refused("import.no_archive", path=path) from None
            for entry in archive.infolist():
                if trouble := _trouble(entry, files):
                    raise Refused("import.hostile", path=path, what=trouble)
                files[entry.filename] = _Kept(archive, entry)
        manifest = _manifest(files)
        _check_files(files, manifest)
        yield Brought(files, manifest, _data(files))


def _trouble(entry: zipfile.ZipInfo, files: dict[str, _Kept]) -> str:
    """What no archive of ours has, or nothing."""
    name = entry.filename
    if name not in _NAMES and not _PICTURE.fullmatch(name):
        return "it holds a file that no export has"
    if name in files:
        return "it holds a file twice"
    if len(files) >= _MOST_FILES:
        return "it holds too many files"
    if entry.flag_bits & 1 or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "it is packed in another way"
    if entry.file_size > _MOST.get(name, _MOST_OF_A_PICTURE):
        return "a file in it is far too large"
    if name not in _NAMES and entry.compress_type != zipfile.ZIP_STORED:
        return "a picture in it is packed in another way"
    return ""


def _manifest(files: dict[str, _Kept]) -> dict[str, Any]:
    if MANIFEST not in files:
        raise Refused("import.no_manifest")
    manifest = _json(MANIFEST, files[MANIFEST])
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT or manifest.get("version") != VERSION:
        raise Refused("import.other_format", version=VERSION)
    if manifest.get("images_only"):
        raise Refused("import.images_only")
    return manifest


def _check_files(files: dict[str, _Kept], manifest: dict[str, Any]) -> None:
    """Every file that the manifest names is there with its hash, and there is no other."""
    try:
        listed = {str(one["name"]): (int(one["size"]), str(one["sha256"])) for one in manifest["files"]}
    except (KeyError, TypeError, ValueError):
        raise Refused("import.other_format", version=VERSION) from None
    for name in listed.keys() - files.keys():
        raise Refused("import.missing", name=name[:80])
    for name in files.keys() - listed.keys() - {MANIFEST}:
        raise Refused("import.changed", name=name)
    for name, (size, sha256) in listed.items():
        digest, length = hashlib.sha256(), 0
        for some in _chunks(name, files[name]):
            digest.update(some)
            length += len(some)
        if (length, digest.hexdigest()) != (size, sha256):
            raise Refused("import.changed", name=name)


def _data(files: dict[str, _Kept]) -> dict[str, Any]:
    if DATA not in files:
        raise Refused("import.missing", name=DATA)
    data = _json(DATA, files[DATA])
    if not isinstance(data, dict) or data.get("format") != FORMAT or data.get("version") != VERSION:
        raise Refused("import.other_format", version=VERSION)
    if not isinstance(data.get("tables"), dict):
        raise Refused("import.malformed", where="tables")
    return data


def _json(name: str, kept: _Kept) -> Any:
    try:
        return json.loads(b"".join(_chunks(name, kept)))
    except (ValueError, RecursionError):
        raise Refused("import.malformed", where=name) from None


def _chunks(name: str, kept: _Kept) -> Iterator[bytes]:
    """What a file holds, never more than it says. Raises Refused when it is damaged."""
    left = kept.entry.file_size
    try:
        with kept.archive.open(kept.entry) as file:
            while some := file.read(min(_CHUNK, left + 1)):
                left -= len(some)
                if left < 0:
                    raise Refused("import.changed", name=name)
                yield some
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError, RuntimeError):
        raise Refused("import.changed", name=name) from None
    except Exception as error:
        if isinstance(error, Refused) or type(error).__module__ != "zlib":
            raise
        raise Refused("import.changed", name=name) from None
