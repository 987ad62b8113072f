"""Messages between us and a worker as sealed frames: a header in JSON, then raw bytes. Knows no pipe and no queue."""

from __future__ import annotations

import json
import struct
from dataclasses import asdict, replace
from typing import Any, Final

from core.values import Settings
from core.wishes import Cancel, Drawn, Finished, Pixels, Progress, Ready, Started, Wish
from storage.keys import KEY_BYTES, seal, unseal

Order = tuple[Wish, ...] | Cancel
Told = Ready | Started | Progress | Drawn | Finished
Message = Order | Told

TO_WORKER: Final = b"to worker"
FROM_WORKER: Final = b"from worker"
_LENGTH: Final = struct.Struct(">I")
HEADER_BYTES: Final = _LENGTH.size
MOST_BYTES: Final = 256 * 1024 * 1024  #: no honest frame is longer
_KINDS: Final[dict[str, type]] = {kind.__name__: kind for kind in (Cancel, Ready, Started, Progress, Drawn, Finished)}
_PIXELS: Final = {
    "pixels",
    "preview",
    "reference",
}  #: fields whose bytes travel raw after the header, one a message at most

__all__ = [
    "FROM_WORKER",
    "HEADER_BYTES",
    "KEY_BYTES",
    "TO_WORKER",
    "Message",
    "Order",
    "Told",
    "body_length",
    "frame",
    "read",
]


def frame(key: bytes, direction: bytes, message: Message) -> bytes:
    """Length, then the sealed message."""
    sealed = seal(key, direction, _pack(message))
    return _LENGTH.pack(len(sealed)) + sealed


def body_length(header: bytes) -> int:
    """Raises ValueError for a length that no honest side sends."""
    (length,) = _LENGTH.unpack(header)
    if length > MOST_BYTES:
        raise ValueError("a frame longer than any picture")
    return int(length)


def read(key: bytes, direction: bytes, body: bytes) -> Message:
    """The message in a sealed frame. Raises Unsealable for what the other side did not write."""
    packed = unseal(key, direction, body)
    (length,) = _LENGTH.unpack(packed[:HEADER_BYTES])
    head = json.loads(packed[HEADER_BYTES : HEADER_BYTES + length])
    return _unpack(head.pop("kind"), head, packed[HEADER_BYTES + length :])


def _pack(message: Message) -> bytes:
    raw = b""
    head: dict[str, Any]
    if isinstance(message, tuple):
        (reference,) = {wish.reference for wish in message}  # of their request, and so the same for all
        head = {"kind": "Wishes", "wishes": [asdict(replace(wish, reference=None)) for wish in message]}
        head["reference"] = reference
    else:
        head = {"kind": type(message).__name__, **vars(message)}
    for name in _PIXELS & head.keys():
        if (pixels := head[name]) is not None:
            raw, head[name] = pixels.data, {"width": pixels.width, "height": pixels.height}
    packed = json.dumps(head, ensure_ascii=False).encode()
    return _LENGTH.pack(len(packed)) + packed + raw


def _unpack(kind: str, head: dict[str, Any], raw: bytes) -> Message:
    for name in _PIXELS & head.keys():
        if (size := head[name]) is not None:
            head[name] = Pixels(**size, data=raw)
    if kind == "Wishes":
        return tuple(
            Wish(**{**wish, "settings": Settings(**wish["settings"]), "reference": head["reference"]})
            for wish in head["wishes"]
        )
    message: Message = _KINDS[kind](**head)
    return message
