"""What proves that news about a job comes from whoever was given its wishes. Workers carry tickets and cannot make any."""

from __future__ import annotations

import hashlib
import hmac

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.values import JobId
from storage.keys import KEY_BYTES


def ticket_key(lookup: bytes) -> bytes:
    """The key of a bot's tickets, the same in all its processes."""
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"darkroom tickets").derive(lookup)


def ticket(key: bytes, job: JobId, fence: int) -> str:
    return hmac.new(key, f"{job}:{fence}".encode(), hashlib.sha256).hexdigest()


def is_ticket(key: bytes, job: JobId, fence: int, shown: str) -> bool:
    return hmac.compare_digest(ticket(key, job, fence).encode(), shown.encode())
