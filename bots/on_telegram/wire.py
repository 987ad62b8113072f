"""Everything that is sent to Telegram: plain text, in its turn, calling nobody. Knows no command and no request."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, TypeVar

from telegram import (
    Bot,
    InlineKeyboardMarkup,
    InputMediaDocument,
    InputMediaPhoto,
    LinkPreviewOptions,
    MessageEntity,
    ReplyParameters,
)
from telegram.error import TelegramError

from bots.on_telegram.pacing import Crowded, Pace, Urgency
from bots.on_telegram.places import Place
from bots.on_telegram.snags import Flooded, Unfit, meaning
from bots.replies import File

T = TypeVar("T")

PHOTO_BYTES: Final = 10_000_000  #: larger ones go as documents: https://core.telegram.org/bots/api#sendphoto
PATIENCE: Final = 2.0  #: seconds a result waits for its turn before it steps aside
BLANK: Final = (320, 80)  #: width and height of what stands where a picture was
NO_PREVIEW: Final = LinkPreviewOptions(is_disabled=True)


@dataclass(frozen=True)
class Shown:
    """A picture as it stands in a message."""

    data: bytes = field(repr=False)
    name: str
    caption: str = field(repr=False)

    @property
    def fits_a_photo(self) -> bool:
        return len(self.data) <= PHOTO_BYTES


class Wire:
    """One bot's calls. Each raises a Snag that says what may be done about it."""

    def __init__(self, bot: Bot, pace: Pace) -> None:
        self._bot, self._pace = bot, pace

    async def say(
        self,
        place: Place,
        text: str,
        markup: InlineKeyboardMarkup | None = None,
        entities: Sequence[MessageEntity] = (),
        urgency: Urgency = Urgency.ANSWER,
    ) -> Place:
        """A new message, as a reply where the place names one. Returns where it stands."""
        await self._turn(place, urgency)
        options = _options(place) | {"reply_markup": markup, "link_preview_options": NO_PREVIEW}
        sent = await self._call(place, self._bot.send_message(place.chat, text, entities=entities, **options))
        return place.at(sent.message_id)

    async def show(
        self, place: Place, shown: Shown, markup: InlineKeyboardMarkup | None, urgency: Urgency = Urgency.ANSWER
    ) -> Place:
        """A picture in a new message: as a photo, or as a document what Telegram takes for no photo."""
        await self._turn(place, urgency)
        options = _options(place) | {"reply_markup": markup, "caption": shown.caption}
        if shown.fits_a_photo:
            try:
                sending = self._bot.send_photo(place.chat, shown.data, filename=shown.name, **options)
                return place.at((await self._call(place, sending)).message_id)
            except Unfit:
                await self._turn(place, urgency)
        sending = self._bot.send_document(place.chat, shown.data, filename=shown.name, **options)
        return place.at((await self._call(place, sending)).message_id)

    async def show_together(self, place: Place, shown: Sequence[Shown]) -> None:
        """2-10 pictures as an album. Raises Unfit for one alone, and when one of them is no photo."""
        if len(shown) < 2 or not all(one.fits_a_photo for one in shown):
            raise Unfit
        await self._turn(place, Urgency.ANSWER)
        for _ in shown[1:]:
            self._pace.take(place.chat)
        media = [InputMediaPhoto(one.data, one.caption, filename=one.name) for one in shown]
        await self._call(place, self._bot.send_media_group(place.chat, media, **_options(place)))

    async def hand_over(self, place: Place, file: File, caption: str) -> None:
        """A file as it is: Telegram does not look into documents."""
        await self._turn(place, Urgency.ANSWER)
        sending = self._bot.send_document(
            place.chat,
            file.data,
            filename=file.name,
            caption=caption,
            disable_content_type_detection=True,
            **_options(place),
        )
        await self._call(place, sending)

    async def rewrite(
        self, place: Place, text: str, markup: InlineKeyboardMarkup | None, urgency: Urgency = Urgency.ANSWER
    ) -> None:
        """Raises Wordless for a message that shows a picture."""
        await self._turn(place, urgency)
        editing = self._bot.edit_message_text(
            text, place.chat, place.message, reply_markup=markup, link_preview_options=NO_PREVIEW
        )
        await self._call(place, editing)

    async def recaption(self, place: Place, caption: str, markup: InlineKeyboardMarkup | None) -> None:
        """Only ever done to show how far something is."""
        await self._turn(place, Urgency.PROGRESS)
        editing = self._bot.edit_message_caption(place.chat, place.message, caption=caption, reply_markup=markup)
        await self._call(place, editing)

    async def put(
        self, place: Place, shown: Shown, markup: InlineKeyboardMarkup | None, urgency: Urgency = Urgency.ANSWER
    ) -> None:
        """A picture into a message that stands, whatever it showed before."""
        await self._turn(place, urgency)
        if shown.fits_a_photo:
            try:
                return await self._put(place, InputMediaPhoto(shown.data, shown.caption, filename=shown.name), markup)
            except Unfit:
                await self._turn(place, urgency)
        return await self._put(place, InputMediaDocument(shown.data, shown.caption, filename=shown.name), markup)

    async def blank(self, place: Place, caption: str, urgency: Urgency = Urgency.ANSWER) -> None:
        """Nothing is to be seen any more of a message's picture."""
        await self.put(place, Shown(_blank(), "gone.png", caption), None, urgency)

    async def rebutton(self, place: Place, markup: InlineKeyboardMarkup | None) -> None:
        await self._turn(place, Urgency.ANSWER)
        editing = self._bot.edit_message_reply_markup(place.chat, place.message, reply_markup=markup)
        await self._call(place, editing)

    async def delete(self, place: Place, urgency: Urgency = Urgency.ANSWER) -> None:
        """Raises Stuck for a message that is too old for it."""
        await self._turn(place, urgency)
        await self._call(place, self._bot.delete_message(place.chat, place.message))

    async def answer(self, query: str, text: str = "", *, alert: bool = False, url: str | None = None) -> None:
        """What a person gets to see of a press; counts towards no limit."""
        await self._call(None, self._bot.answer_callback_query(query, text or None, show_alert=alert or None, url=url))

    async def fetch(self, file: str) -> bytes:
        """A file that somebody sent."""
        found = await self._call(None, self._bot.get_file(file))
        return bytes(await self._call(None, found.download_as_bytearray()))

    async def _put(
        self, place: Place, media: InputMediaPhoto | InputMediaDocument, markup: InlineKeyboardMarkup | None
    ) -> None:
        editing = self._bot.edit_message_media(media, place.chat, place.message, reply_markup=markup)
        await self._call(place, editing)

    async def _turn(self, place: Place, urgency: Urgency) -> None:
        """Answers wait as long as it takes, in their chat's line; results step aside, and progress is not worth a wait."""
        patience = {Urgency.ANSWER: float("inf"), Urgency.RESULT: PATIENCE, Urgency.PROGRESS: 0.0}[urgency]
        try:
            await self._pace.turn(place.chat, urgency, patience)
        except Crowded as crowded:
            raise Flooded(crowded.seconds) from None

    async def _call(self, place: Place | None, call: Awaitable[T]) -> T:
        """What a library's exception means, without its message: that may quote the token."""
        try:
            return await call
        except TelegramError as error:
            snag = meaning(error)
        if snag is None:
            return None  # type: ignore[return-value]  # of an edit, whose result nobody looks at
        if isinstance(snag, Flooded) and place is not None:
            self._pace.pause(place.chat, snag.seconds)
        raise snag


def _options(place: Place) -> dict[str, Any]:
    replied = ReplyParameters(place.message, allow_sending_without_reply=True) if place.message else None
    return {"reply_parameters": replied, "message_thread_id": place.thread or None}


@cache
def _blank() -> bytes:
    """A plain grey PNG."""
    width, height = BLANK
    rows = (b"\0" + b"\xe8" * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
