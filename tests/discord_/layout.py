"""Embeds and components as Discord hands them back: defaults filled in, `attachment://` names turned into addresses."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.discord_.messages import Attachment, Message


def embed(asked: dict[str, Any], said: Message) -> dict[str, Any]:
    shape: dict[str, Any] = {"type": "rich"}
    for name, value in asked.items():
        if value is None or name in ("type", "provider", "video"):
            continue
        if name == "fields":
            shape["fields"] = [{"inline": False} | _without_nulls(one) for one in value]
        elif name in ("image", "thumbnail"):
            shape[name] = {"url": _resolved(value["url"], said)}
        elif name == "timestamp":
            shape[name] = dt.datetime.fromisoformat(value).isoformat()
        elif isinstance(value, dict):
            shape[name] = _without_nulls(value)
        else:
            shape[name] = value
    return shape


def _without_nulls(asked: dict[str, Any]) -> dict[str, Any]:
    return {key: part for key, part in asked.items() if part is not None}


DEFAULTS: dict[int, dict[str, Any]] = {
    3: {"min_values": 1, "max_values": 1},
    5: {"min_values": 1, "max_values": 1},
    6: {"min_values": 1, "max_values": 1},
    7: {"min_values": 1, "max_values": 1},
    8: {"min_values": 1, "max_values": 1},
    11: {"description": None, "spoiler": False},
    13: {"spoiler": False},
    14: {"divider": True, "spacing": 1},
    17: {"accent_color": None, "spoiler": False},
}
GALLERY, FILE = 12, 13


def component(part: dict[str, Any], said: Message) -> dict[str, Any]:
    shape = DEFAULTS.get(part["type"], {}) | part
    for name in ("components", "component", "accessory"):
        inner = shape.get(name)
        if isinstance(inner, dict):
            shape[name] = component(inner, said)
        elif inner:
            shape[name] = [component(one, said) for one in inner]
    if "media" in shape:
        shape["media"] = _media(shape["media"], said)
    if part["type"] == GALLERY:
        shape["items"] = [
            {"description": None, "spoiler": False} | item | {"media": _media(item["media"], said)}
            for item in part["items"]
        ]
    if part["type"] == FILE:
        shape["file"] = _media(part["file"], said)
        file = _named(part["file"]["url"], said)
        shape |= {"name": file.name if file else None, "size": len(file.bytes) if file else None}
    return shape


def _media(asked: dict[str, Any], said: Message) -> dict[str, Any]:
    file, url = _named(asked["url"], said), _resolved(asked["url"], said)
    shape: dict[str, Any] = {
        "id": str(said.id),
        "url": url,
        "proxy_url": url,
        "width": None,
        "height": None,
    }
    if file is not None:
        shape |= {"id": str(file.id), "attachment_id": str(file.id), "content_type": file.content_type}
    return shape


def _resolved(url: str, said: Message) -> str:
    file = _named(url, said)
    return url if file is None else file.url


def _named(url: str, said: Message) -> Attachment | None:
    name = url.removeprefix("attachment://")
    return next((file for file in said.attachments if file.name == name), None) if name != url else None
