"""Messages: written, edited and deleted as Discord does it, with every earlier state kept for a test to look at.

Rules are those of the pages "Message" and "Uploading Files"; it knows neither routes nor interactions' tokens.
"""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tests.discord_.errors import Refusal
from tests.discord_.forms import check_message, walk

if TYPE_CHECKING:
    from tests.discord_.interactions import Use
    from tests.discord_.people import Channel, User
    from tests.discord_.server import DiscordServer

EPHEMERAL, LOADING, V2 = 1 << 6, 1 << 7, 1 << 15
EVERYTHING, ONLY_USERS = (
    ("users", "roles", "everyone"),
    ("users",),
)  #: what is parsed where `allowed_mentions` is absent
MOST_FILES = 10
BUTTON, TEXT, LINK = 2, 10, 5


@dataclass(frozen=True)
class Upload:
    """One file of a multipart body, or one a person attaches."""

    name: str
    bytes: bytes
    content_type: str | None = None


@dataclass(frozen=True)
class Attachment:
    id: int
    name: str
    bytes: bytes = field(repr=False)
    content_type: str | None
    description: str | None
    url: str


@dataclass(frozen=True)
class Version:
    """What a message said from `at` on."""

    at: float
    content: str = ""
    embeds: tuple[dict[str, Any], ...] = ()
    components: tuple[dict[str, Any], ...] = ()
    attachments: tuple[Attachment, ...] = ()
    flags: int = 0

    @property
    def buttons(self) -> list[str]:
        return [name_of(component) for component in self.walk() if component["type"] == BUTTON]

    def walk(self) -> Iterator[dict[str, Any]]:
        """Every component, however deep."""
        for _, component in walk(self.components):
            yield component

    @property
    def text(self) -> str:
        """All of it that can mention somebody."""
        return "\n".join([self.content, *(part["content"] for part in self.walk() if part["type"] == TEXT)])


@dataclass(eq=False, repr=False)
class Message:
    server: DiscordServer
    id: int
    channel: Channel
    author: User
    versions: list[Version]
    kind: int = 0
    nonce: str | None = None
    use: Use | None = None  #: the interaction it answers
    reply_to: Message | None = None
    deleted: bool = False
    pinged: set[Any] = field(default_factory=set)
    """Whom its words and `allowed_mentions` would notify: users, roles, "@everyone", "@here". To be on the safe side, edits and
    ephemeral messages count, and permissions and code blocks do not protect."""

    def __repr__(self) -> str:
        shown = [f"{self.author.name}: {self.text!r}", *(file.name for file in self.attachments)]
        marks = [mark for mark in ("thinking", "ephemeral", "deleted") if getattr(self, mark)]
        return f"<{', '.join([*shown, *(f'[{label}]' for label in self.buttons), *marks])}>"

    @property
    def now(self) -> Version:
        return self.versions[-1]

    @property
    def edits(self) -> list[Version]:
        return self.versions[1:]

    @property
    def content(self) -> str:
        return self.now.content

    @property
    def text(self) -> str:
        """Its content, or the text of a layout."""
        return self.now.text.strip()

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        return self.now.attachments

    @property
    def buttons(self) -> list[str]:
        return self.now.buttons

    @property
    def embeds(self) -> tuple[dict[str, Any], ...]:
        return self.now.embeds

    @property
    def components(self) -> tuple[dict[str, Any], ...]:
        return self.now.components

    @property
    def flags(self) -> int:
        return self.now.flags

    @property
    def ephemeral(self) -> bool:
        return bool(self.flags & EPHEMERAL)

    @property
    def thinking(self) -> bool:
        """A deferred answer that nothing has replaced yet."""
        return bool(self.flags & LOADING)

    def seen_by(self, person: User) -> bool:
        if self.deleted or (self.ephemeral and (self.use is None or self.use.user is not person)):
            return False
        return self.channel.seen_by(person)


def write(
    channel: Channel,
    author: User,
    body: dict[str, Any],
    files: dict[int, Upload],
    *,
    parsed: tuple[str, ...] = EVERYTHING,
    use: Use | None = None,
) -> Message:
    """A new message, not yet shown to anybody."""
    server = channel.server
    flags = int(body.get("flags") or 0)
    check_message(body, flags)
    version = Version(
        at=server.now(),
        content=body.get("content") or "",
        embeds=tuple(body.get("embeds") or ()),
        components=_numbered(body.get("components")),
        attachments=tuple(_added(channel, use, body, files)),
        flags=flags,
    )
    _refuse_what_cannot_be(channel, version, body)
    message = Message(server, server.new_id(), channel, author, [version], nonce=_text(body.get("nonce")), use=use)
    message.reply_to = _replied_to(channel, body)
    message.pinged |= _pinged(message, body, parsed)
    return message


def rewrite(
    message: Message, body: dict[str, Any], files: dict[int, Upload], *, parsed: tuple[str, ...] = EVERYTHING
) -> None:
    """An edit: fields that are absent stay as they are, and an edit replaces a deferred answer's "thinking"."""
    before = message.now
    asked = before.flags if body.get("flags") is None else int(body["flags"]) & ~EPHEMERAL | before.flags & EPHEMERAL
    flags = (asked | before.flags & V2) & ~LOADING
    check_message(body, flags)
    version = Version(
        at=message.server.now(),
        content=before.content if "content" not in body else body["content"] or "",
        embeds=before.embeds if "embeds" not in body else tuple(body["embeds"] or ()),
        components=before.components if "components" not in body else _numbered(body["components"]),
        attachments=(*_kept(before, body), *_added(message.channel, message.use, body, files)),
        flags=flags,
    )
    _refuse_what_cannot_be(message.channel, version, body)
    message.versions.append(version)
    if "content" in body or "components" in body:
        message.pinged |= _pinged(message, body, parsed)


def name_of(component: dict[str, Any]) -> str:
    """What a person would call a button: its label, else its emoji."""
    return component.get("label") or (component.get("emoji") or {}).get("name") or ""


def _numbered(components: list[dict[str, Any]] | None) -> tuple[dict[str, Any], ...]:
    """Components with the ids that Discord gives to those without."""
    taken = {component["id"] for _, component in walk(components or ()) if component.get("id")}
    free = (number for number in range(1, 1_000) if number not in taken)

    def numbered(value: Any) -> Any:
        if isinstance(value, list):
            return [numbered(part) for part in value]
        if not isinstance(value, dict):
            return value
        own = {"id": value.get("id") or next(free)} if isinstance(value.get("type"), int) else {}
        return own | {key: numbered(part) for key, part in value.items() if part is not None and key not in own}

    return tuple(numbered(component) for component in components or ())


def _added(channel: Channel, use: Use | None, body: dict[str, Any], files: dict[int, Upload]) -> Iterator[Attachment]:
    described = {int(entry["id"]): entry for entry in body.get("attachments") or ()}
    for number, upload in sorted(files.items()):
        if len(upload.bytes) > (use or channel).file_limit:
            raise Refusal(40005)
        entry = described.get(number, {})
        yield channel.server.stored(channel, upload, entry.get("filename") or upload.name, entry.get("description"))


def _kept(before: Version, body: dict[str, Any]) -> Iterator[Attachment]:
    """ "Any previously-added files that aren't included will be removed"; without the field, all stay."""
    if body.get("attachments") is None:
        yield from before.attachments
        return
    listed = {int(entry["id"]) for entry in body["attachments"]}
    yield from (attachment for attachment in before.attachments if attachment.id in listed)


def attachment(number: int, place: str, upload: Upload, name: str, description: str | None) -> Attachment:
    kind = mimetypes.guess_type(name)[0] or upload.content_type
    return Attachment(number, name, upload.bytes, kind, description, f"{place}/{number}/{quote(name)}")


def _refuse_what_cannot_be(channel: Channel, version: Version, body: dict[str, Any]) -> None:
    if len(version.attachments) > MOST_FILES:
        raise Refusal(30015)
    if not (version.content or version.embeds or version.components or version.attachments or body.get("sticker_ids")):
        raise Refusal(50006)
    if channel.guild is not None and any(word in version.text.lower() for word in channel.guild.blocked_words):
        raise Refusal(200000)


def _replied_to(channel: Channel, body: dict[str, Any]) -> Message | None:
    reference = body.get("message_reference")
    if not reference:
        return None
    found = channel.server.messages.get(int(reference["message_id"]))
    if found is None or found.deleted or found.channel is not channel:
        if reference.get("fail_if_not_exists", True):
            raise Refusal(50035, errors={"message_reference": {"_errors": [UNKNOWN_REFERENCE]}})
        return None
    return found


UNKNOWN_REFERENCE = {"code": "REPLIES_UNKNOWN_MESSAGE", "message": "Unknown message"}


def _pinged(message: Message, body: dict[str, Any], parsed: tuple[str, ...]) -> set[Any]:
    text, server = message.now.text, message.server
    allowed = body.get("allowed_mentions")
    if allowed is None:
        allowed = {"parse": parsed, "replied_user": True}
    kinds = allowed.get("parse") or ()
    named_users, named_roles = ({str(number) for number in allowed.get(kind) or ()} for kind in ("users", "roles"))
    users = {number for number in re.findall(r"<@!?(\d+)>", text) if "users" in kinds or number in named_users}
    roles = {number for number in re.findall(r"<@&(\d+)>", text) if "roles" in kinds or number in named_roles}
    found: set[Any] = {server.users.get(int(number), f"<@{number}>") for number in users}
    found |= {server.roles.get(int(number), f"<@&{number}>") for number in roles}
    if "everyone" in kinds:
        found |= {f"@{name}" for name in re.findall(r"@(everyone|here)\b", text)}
    if message.reply_to is not None and allowed.get("replied_user"):
        found.add(message.reply_to.author)
    return found


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
