"""Messages as people see them: what stands there now, what stood there before, and the buttons below."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.telegram.files import Document, Media, Photo

if TYPE_CHECKING:
    from tests.telegram.people import Bot, Chat, User


class Button(str):
    """A button as a person sees it: a text equal to its label. What it does is in `fields`."""

    __slots__ = ("fields",)

    fields: dict[str, Any]

    def __new__(cls, fields: dict[str, Any]) -> Button:
        button = super().__new__(cls, fields["text"])
        button.fields = fields
        return button

    @property
    def data(self) -> str | None:
        return self.fields.get("callback_data")

    @property
    def url(self) -> str | None:
        return self.fields.get("url")


class SentDocument(NamedTuple):
    name: str
    data: bytes
    mime: str


@dataclass(frozen=True)
class Content:
    """What stands in a message; an edit replaces it as a whole."""

    text: str = ""  #: of a message without media, or the caption of one with
    entities: list[dict[str, Any]] = field(default_factory=list)
    media: Media | None = None
    options: dict[str, Any] = field(default_factory=dict)  #: fields the bot asked for that the message just shows
    service: dict[str, Any] = field(default_factory=dict)  #: of a message that nobody wrote: somebody joined, …


class Message:
    """A message in its newest state. `history` has the ones before."""

    def __init__(self, chat: Chat, number: int, sender: User | Bot, date: int, content: Content) -> None:
        self.chat, self.id, self.sender, self.date = chat, number, sender, date
        self.content = content
        self.history: list[Content] = []
        self.markup: dict[str, Any] | None = None
        self.reply_to: Message | None = None
        self.album: str | None = None
        self.silent = False
        self.protected = False
        self.edited: int | None = None
        self.edits = 0
        self.moved = 0  #: when it last changed, counted over everything that happens
        self.deleted = False

    def __repr__(self) -> str:
        media = f" + {type(self.content.media).__name__}" if self.content.media else ""
        return f"<{self.sender.first_name}: {self.content.text!r:.60}{media} {list(self.buttons)}>"

    @property
    def by_bot(self) -> bool:
        return self.sender.is_bot

    @property
    def text(self) -> str | None:
        return None if self.content.media else self.content.text

    @property
    def caption(self) -> str | None:
        return self.content.text if self.content.media else None

    @property
    def words(self) -> str:
        """What there is to read, in a message or under a picture."""
        return self.content.text

    @property
    def photo(self) -> bytes | None:
        """The picture as people get it: what Telegram made of the upload."""
        media = self.content.media
        return media.largest.data if isinstance(media, Photo) else None

    @property
    def document(self) -> SentDocument | None:
        media = self.content.media
        return SentDocument(media.name, media.data, media.mime) if isinstance(media, Document) else None

    @property
    def rows(self) -> list[list[Button]]:
        keyboard = (self.markup or {}).get("inline_keyboard", [])
        return [[Button(button) for button in row] for row in keyboard]

    @property
    def buttons(self) -> list[Button]:
        return [button for row in self.rows for button in row]

    def button(self, label: str) -> Button:
        found = [button for button in self.buttons if button == label]
        assert found, f"there is no button {label!r}, only {self.buttons}"
        return found[0]


@dataclass(frozen=True)
class Answer:
    """What a person gets to see of a press: a notice that fades, or an alert to close."""

    text: str
    alert: bool
    url: str | None


@dataclass
class Query:
    """One press of a button, answered once the bot has done so."""

    id: str
    user: User
    pressed_at: float
    answer: Answer | None = None
