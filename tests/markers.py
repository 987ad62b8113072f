"""The plain forms a marker may hide in."""

from __future__ import annotations

import base64
import json


def forms(marker: str) -> set[bytes]:
    """UTF-8, UTF-16, hex, JSON-escaped, and base64 at its three offsets (without the bytes its neighbours decide)."""
    plain = marker.encode()
    in_base64 = {base64.b64encode(b"\0" * offset + plain)[4:-4] for offset in range(3)}
    return {
        plain,
        marker.encode("utf-16-le"),
        marker.encode("utf-16-be"),
        plain.hex().encode(),
        plain.hex().upper().encode(),
        json.dumps(marker)[1:-1].encode(),
        *in_base64,
    }
