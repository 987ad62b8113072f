"""What a backup consists of: what it says of itself at its beginning, rows, blobs, and a manifest at its end.

There are two kinds, never in one file: `records` is every row with the sealed blobs they name, `keys` is people's wrapped
keys. The keys that wrap those and that look ids up are in neither; a fingerprint of them is.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from typing import Any, Final, Literal

from core.errors import Refused
from core.values import Moment
from storage.backups.archives import Part
from storage.backups.copying import Digest

Kind = Literal["records", "keys"]  #: as storage/schema.py calls the stores

ABOUT, ROWS, BLOBS, MANIFEST = (
    "about.json",
    "rows/",
    "blobs/",
    "manifest.json",
)  #: parts, or what their names begin with
_FORMAT: Final = 1


@dataclass(frozen=True)
class About:
    """What comes first in a backup. `fingerprint` is of the key without which it is of no use."""

    kind: Kind
    schema: str
    moment: Moment
    fingerprint: str
    program: str = field(default_factory=lambda: version("darkroom"))
    format: int = _FORMAT

    @classmethod
    def read(cls, part: Part | None) -> About:
        """Raises Refused for what is none, or of a form we do not know, and an error for what is damaged."""
        if part is None or part.name != ABOUT:
            raise Refused("backup.damaged")
        read = json.loads(part.data)
        if read["format"] != _FORMAT:
            raise Refused("backup.other_format", program=read["program"])
        return cls(**read)

    def write(self) -> Part:
        return Part(ABOUT, _packed(asdict(self)))


@dataclass(frozen=True)
class Counted:
    """How many there are, and the digest over them."""

    count: int
    sha256: str

    @classmethod
    def of(cls, digest: Digest) -> Counted:
        return cls(digest.count, digest.sha256)


@dataclass(frozen=True)
class Manifest:
    """What comes last. `missing` blobs were named by a row and not there; `mistakes` are the books', None if unchecked."""

    tables: dict[str, Counted]
    blobs: Counted
    missing: int
    mistakes: list[str] | None

    @classmethod
    def read(cls, data: bytes) -> Manifest:
        """Raises an error for what is damaged."""
        read = json.loads(data)
        counted = {name: Counted(**one) for name, one in read["tables"].items()}
        return cls(counted, Counted(**read["blobs"]), read["missing"], read["mistakes"])

    def write(self) -> Part:
        return Part(MANIFEST, _packed(asdict(self)))

    @property
    def rows(self) -> int:
        return sum(counted.count for counted in self.tables.values())


def fingerprint(key: bytes) -> str:
    """Tells one key from another, and nothing about either."""
    return hmac.new(key, b"darkroom backup", "sha256").hexdigest()[:32]


def blob_line(name: str, data: bytes) -> bytes:
    """What a digest over blobs is made of."""
    return name.encode() + b"\0" + data


def _packed(values: dict[str, Any]) -> bytes:
    return json.dumps(values, ensure_ascii=False, indent=1).encode()
