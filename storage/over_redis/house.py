"""Who is there: what the bot says of itself, and what each worker says of itself. Knows values and their spelling in Redis."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final

from core.values import JobId
from storage.keys import Unsealable, seal, unseal
from storage.wire import WIRE_VERSION

_CONTEXT: Final = b"house"


@dataclass(frozen=True)
class House:
    """The bot that workers draw for: the program's version, the wire's, and the models people may ask for."""

    version: str
    models: tuple[str, ...]
    wire: int = WIRE_VERSION

    def sealed(self, key: bytes) -> bytes:
        """Whoever can open it has the same wire key."""
        return seal(key, _CONTEXT, json.dumps(asdict(self)).encode())

    @staticmethod
    def opened(key: bytes, sealed: bytes) -> House:
        """Raises Unsealable."""
        try:
            said = json.loads(unseal(key, _CONTEXT, sealed))
            return House(str(said["version"]), tuple(map(str, said["models"])), int(said["wire"]))
        except (ValueError, KeyError, TypeError) as error:
            raise Unsealable("no bot speaks like this") from error


@dataclass(frozen=True)
class Worker:
    """A worker that lives. `drawing` is what it took and has not finished: a job and its fence."""

    name: str
    version: str
    models: tuple[str, ...]
    ready: bool
    drawing: tuple[JobId, int] | None

    def fields(self) -> dict[str, str]:
        job, fence = self.drawing or ("", 0)
        return {
            "version": self.version,
            "models": " ".join(self.models),
            "ready": str(int(self.ready)),
            "job": job,
            "fence": str(fence),
        }

    @staticmethod
    def read(name: str, fields: Mapping[bytes, bytes]) -> Worker:
        """Whatever a worker wrote there, this is some worker."""
        said = {field.decode(errors="replace"): value.decode(errors="replace") for field, value in fields.items()}
        job, fence = said.get("job", ""), said.get("fence", "")
        return Worker(
            name,
            said.get("version", ""),
            tuple(said.get("models", "").split()),
            said.get("ready") == "1",
            (JobId(job), int(fence)) if job and fence.isascii() and fence.isdecimal() else None,
        )
