"""Messages between us and a worker as sealed frames: a header in JSON, then raw bytes. Knows no pipe and no queue."""

from __future__ import annotations

import json
import struct
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from core.values import Settings
from core.values.wishes import Cancel, Drawn, Finished, Pixels, Progress, Ready, Started, Wish
from storage.keys import KEY_BYTES, seal, unseal

Order = tuple[Wish, ...] | Cancel
Told = Ready | Started | Progress | Drawn | Finished
Message = Order | Told

WIRE_VERSION: Final = 1  #: raised with every change of what travels that the other side would not understand
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
_PLAIN: Final[dict[str, type]] = {
    "job": str, "index": int, "fence": int, "step": int, "steps": int, "expires_at": int
}  # fmt: skip

__all__ = [
    "FROM_WORKER",
    "HEADER_BYTES",
    "KEY_BYTES",
    "TO_WORKER",
    "WIRE_VERSION",
    "Envelope",
    "Message",
    "Order",
    "Told",
    "body_length",
    "frame",
    "pack",
    "read",
    "unpack",
    "unwrap",
    "wrap",
]


@dataclass(frozen=True)
class Envelope:
    """A message between machines. The ticket travels with the wishes, and comes back with every word about their job."""

    message: Message
    ticket: str = field(default="", repr=False)
    worker: str = ""  #: who says it


def frame(key: bytes, direction: bytes, message: Message) -> bytes:
    """Length, then the sealed message."""
    sealed = seal(key, direction, pack(message))
    return _LENGTH.pack(len(sealed)) + sealed


def body_length(header: bytes) -> int:
    """Raises ValueError for a length that no honest side sends."""
    (length,) = _LENGTH.unpack(header)
    if length > MOST_BYTES:
        raise ValueError("a frame longer than any picture")
    return int(length)


def read(key: bytes, direction: bytes, body: bytes) -> Message:
    """The message in a sealed frame. Raises Unsealable for what the other side did not write, ValueError for nonsense."""
    return unpack(unseal(key, direction, body))


def wrap(key: bytes, direction: bytes, envelope: Envelope) -> bytes:
    """A sealed envelope, for a transport that keeps messages apart by itself."""
    head = json.dumps({"ticket": envelope.ticket, "worker": envelope.worker}).encode()
    return seal(key, direction, _LENGTH.pack(len(head)) + head + pack(envelope.message))


def unwrap(key: bytes, direction: bytes, body: bytes) -> Envelope:
    """Raises Unsealable for what the other side did not write, ValueError for nonsense."""
    head, rest = _split(unseal(key, direction, body))
    ticket, worker = head.get("ticket"), head.get("worker")
    if not isinstance(ticket, str) or not isinstance(worker, str):
        raise ValueError("an envelope without a ticket or a sender")
    return Envelope(unpack(rest), ticket, worker)


def pack(message: Message) -> bytes:
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


def unpack(packed: bytes) -> Message:
    """Raises ValueError for nonsense, whoever wrote it."""
    head, raw = _split(packed)
    try:
        return _message(head.pop("kind"), head, raw)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("no message that is known here") from error


def _message(kind: str, head: dict[str, Any], raw: bytes) -> Message:
    for name in _PIXELS & head.keys():
        if (size := head[name]) is not None:
            head[name] = Pixels(**size, data=raw)
    if kind == "Wishes":
        return tuple(
            Wish(**{**wish, "settings": Settings(**wish["settings"]), "reference": head["reference"]})
            for wish in head["wishes"]
        )
    for name in _PLAIN.keys() & head.keys():
        if type(head[name]) is not _PLAIN[name]:
            raise TypeError(name)
    message: Message = _KINDS[kind](**head)
    return message


def _split(packed: bytes) -> tuple[dict[str, Any], bytes]:
    """The header, and what comes after it. Raises ValueError."""
    if len(packed) < HEADER_BYTES:
        raise ValueError("a message without a header")
    (length,) = _LENGTH.unpack(packed[:HEADER_BYTES])
    try:
        head = json.loads(packed[HEADER_BYTES : HEADER_BYTES + length])
    except RecursionError as error:
        raise ValueError("a header too deep to read") from error
    if not isinstance(head, dict):
        raise ValueError("a header that is no object")
    return head, packed[HEADER_BYTES + length :]
