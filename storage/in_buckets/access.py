"""Where a bucket is and who asks for it, read from what an operator wrote. Knows no network."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

PLAIN: Final = "allow_http=true"  #: stands behind an endpoint whose operator means plain http to another host
USUAL_REGION: Final = "us-east-1"  #: what stores without regions answer to
_NAME: Final = re.compile(r"(?=.{3,63}$)(?![0-9.]+$)[a-z0-9]+(?:(?:\.|-+)[a-z0-9]+)*")


class UnusableStore(Exception):
    """A store that cannot be used as it is set up; the message names the setting and says what to change."""


@dataclass(frozen=True)
class Access:
    """Who asks, and where. `endpoint` empty: Amazon's own."""

    key_id: str
    secret: str = field(repr=False)
    endpoint: str = ""
    region: str = ""


@dataclass(frozen=True)
class Patience:
    """Seconds until a store counts as unreachable. Whoever waits for it is waited for by a person."""

    connect: float = 3.0
    answer: float = 8.0


@dataclass(frozen=True)
class Bucket:
    """A bucket of an S3-compatible store. `prefix` stands before the name of every object, and is empty or ends in `/`."""

    name: str
    prefix: str
    endpoint: str  #: scheme, host and port
    region: str
    key_id: str
    secret: str = field(repr=False)

    @property
    def secure(self) -> bool:
        return self.endpoint.startswith("https:")

    @property
    def host(self) -> str:
        """With its port."""
        return urlsplit(self.endpoint).netloc


def read_bucket(url: str, access: Access, setting: str = "DARKROOM_BLOBS_URL") -> Bucket:
    """From `s3://bucket/prefix`. Raises UnusableStore, without repeating a value that may hold a secret."""
    where = _split(url)
    if where is None or where.scheme != "s3" or not _NAME.fullmatch(where.netloc) or where.query or where.fragment:
        raise UnusableStore(f"{setting} must read s3://bucket or s3://bucket/prefix; empty: a folder.")
    if not (access.key_id and access.secret):
        raise UnusableStore(f"{setting} names a bucket: set DARKROOM_BLOBS_KEY_ID and DARKROOM_BLOBS_SECRET.")
    prefix, region = where.path.strip("/"), access.region or USUAL_REGION
    return Bucket(
        name=where.netloc,
        prefix=f"{prefix}/" if prefix else "",
        endpoint=_endpoint(access.endpoint) if access.endpoint else f"https://s3.{region}.amazonaws.com",
        region=region,
        key_id=access.key_id,
        secret=access.secret,
    )


def _endpoint(written: str) -> str:
    parts = _split(written)
    if (
        parts is None
        or parts.scheme not in ("http", "https")
        or not parts.hostname
        or "@" in parts.netloc
        or parts.path.strip("/")
        or parts.query not in ("", PLAIN)
        or parts.fragment
    ):
        raise UnusableStore("DARKROOM_BLOBS_ENDPOINT must read https://host or https://host:port, without a path.")
    if parts.scheme == "http" and not parts.query and not _is_here(parts.hostname):
        raise UnusableStore(
            "DARKROOM_BLOBS_ENDPOINT is plain http to another host: use https, "
            f"or write ?{PLAIN} behind it if nobody else can listen on the way."
        )
    return f"{parts.scheme}://{parts.netloc}"


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # is looked at only when asked for
    except ValueError:
        return None
    return parts


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
