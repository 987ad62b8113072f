"""Files to take away, in memory for a while: where a link points after somebody pressed Save. Knows no HTTP."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from typing import Final

from bots.on_page.wire import Saved
from bots.replies import File

ROOM: Final = 64_000_000  #: bytes of all files together; the oldest make room


class Shelf:
    def __init__(self) -> None:
        self._files: OrderedDict[str, tuple[str, File]] = OrderedDict()

    def put(self, cookie: str, file: File) -> Saved:
        handle = secrets.token_hex(16)
        self._files[handle] = (cookie, file)
        while len(self._files) > 1 and sum(len(kept.data) for _, kept in self._files.values()) > ROOM:
            self._files.popitem(last=False)
        return Saved(file.name, f"/files/{handle}")

    def forget(self, cookie: str) -> None:
        """Everything that was made for this visitor."""
        for handle in [handle for handle, (owner, _) in self._files.items() if owner == cookie]:
            del self._files[handle]

    def get(self, cookie: str, handle: str) -> File | None:
        """The file, for the visitor it was made for; None when it had to make room."""
        owner, file = self._files.get(handle, ("", None))
        return file if owner == cookie else None
