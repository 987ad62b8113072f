"""The server itself, asked through an unmodified python-telegram-bot."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from PIL import Image, PngImagePlugin
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllGroupChats,
    BotCommandScopeChatMember,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaDocument,
    InputMediaPhoto,
    MessageEntity,
    ReplyParameters,
    Update,
)
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TimedOut,
)
from telegram.ext import Application, CommandHandler

from tests.telegram import TelegramServer, User, formatting
from tests.telegram.faults import EDITS, SENDS
from tests.telegram.methods import METHODS
from tests.telegram.schema import Misfit, schema

AGAIN = InlineKeyboardMarkup([[InlineKeyboardButton("Again", callback_data="again:1")]])


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as telegram:
        yield telegram


@pytest.fixture
async def bot(telegram: TelegramServer) -> AsyncIterator[Bot]:
    async with talking(telegram) as bot:
        yield bot


@pytest.fixture
async def ben(telegram: TelegramServer) -> User:
    ben = telegram.user("Ben")
    await ben.sends("/start")
    return ben


def refused(why: str) -> pytest.RaisesExc[BadRequest]:
    """The client writes all but the first letter of a refusal small."""
    return pytest.raises(BadRequest, match=f"(?i){re.escape(why)}")


def talking(telegram: TelegramServer, token: str = "") -> Bot:
    return Bot(token or telegram.token, base_url=telegram.base_url, base_file_url=telegram.base_file_url)


def picture(colour: str = "orange", size: tuple[int, int] = (64, 48), kind: str = "PNG", **saved: Any) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", size, colour).save(written, kind, **saved)
    return written.getvalue()


# What people do


async def test_a_message_reaches_the_bot_until_it_is_confirmed(telegram: TelegramServer, bot: Bot, ben: User) -> None:
    sent = await ben.sends("/imagine a fox")

    first, second = await bot.get_updates()
    again = await bot.get_updates(offset=second.update_id)

    assert (second.message.text, second.message.message_id, second.message.chat.id) == (
        "/imagine a fox",
        sent.id,
        ben.id,
    )
    assert second.message.parse_entities(["bot_command"]) != {}
    assert [update.update_id for update in again] == [first.update_id + 1]
    assert await bot.get_updates(offset=second.update_id + 1) == ()
    assert ben.id > 2**31


async def test_a_poll_waits_for_somebody_to_speak(telegram: TelegramServer, bot: Bot, ben: User) -> None:
    (start,) = await bot.get_updates()
    waiting = asyncio.create_task(bot.get_updates(offset=start.update_id + 1, timeout=10))
    await telegram.until(lambda: len(telegram.called("getUpdates")) == 2)

    await ben.sends("hello")

    (heard,) = await waiting
    assert heard.message.text == "hello"
    assert await bot.get_updates(offset=heard.update_id + 1, timeout=0) == ()


async def test_of_two_pollers_the_newer_wins(telegram: TelegramServer, bot: Bot) -> None:
    older = asyncio.create_task(bot.get_updates(timeout=10))
    await telegram.until(lambda: telegram.called("getUpdates"))
    async with talking(telegram) as other:
        newer = asyncio.create_task(other.get_updates(timeout=10))

        with pytest.raises(Conflict, match="terminated by other getUpdates request"):
            await older

        await telegram.user("Ben").sends("hello")
        assert len(await newer) == 1


async def test_only_wanted_kinds_of_updates_come(telegram: TelegramServer, bot: Bot, ben: User) -> None:
    await bot.get_updates(offset=-1, allowed_updates=["callback_query"])
    await ben.sends("hello")

    assert [update.message.text for update in await bot.get_updates()] == ["/start"]


async def test_a_press_is_answered_once(telegram: TelegramServer, bot: Bot, ben: User) -> None:
    sent = await bot.send_message(ben.id, "Drawn.", reply_markup=AGAIN)
    press = asyncio.create_task(ben.presses(ben.sees()[-1], "Again"))
    await asyncio.sleep(0)

    query = (await bot.get_updates())[-1].callback_query
    await query.answer("Drawing", show_alert=True)
    answer = await press

    assert (query.data, query.message.message_id, query.from_user.id) == ("again:1", sent.message_id, ben.id)
    assert (answer.text, answer.alert) == ("Drawing", True)
    telegram.passes(3600)
    with refused("query is too old and response timeout expired or query ID is invalid"):
        await query.answer()


async def test_a_deep_link_starts_the_bot_with_its_payload(telegram: TelegramServer, bot: Bot, ben: User) -> None:
    await ben.follows(f"https://t.me/{telegram.bot_username}?start=link_42")

    assert (await bot.get_updates())[-1].message.text == "/start link_42"
    with pytest.raises(AssertionError, match="leads elsewhere"):
        await ben.follows("https://t.me/other_bot?start=link_42")


async def test_a_file_keeps_its_bytes_and_can_be_fetched(telegram: TelegramServer, bot: Bot, ben: User) -> None:
    await ben.sends_file(b"%PDF-1.7", "form.pdf", "application/pdf", "my form")

    message = (await bot.get_updates())[-1].message
    fetched = await (await message.document.get_file()).download_as_bytearray()

    assert (message.document.file_name, message.caption, bytes(fetched)) == ("form.pdf", "my form", b"%PDF-1.7")


async def test_in_a_group_the_bot_hears_what_is_meant_for_it(telegram: TelegramServer, bot: Bot, ben: User) -> None:
    friends = telegram.group("Friends", ben, telegram.user("Zoe"))
    await bot.get_updates(offset=-1)
    said = await bot.send_message(friends.id, "Hello.")

    for line in ("nice weather", "/imagine a fox", f"/help@{telegram.bot_username}", "/help@other_bot"):
        await ben.sends(line, to=friends)
    await ben.sends("you too", to=friends, reply_to=ben.sees(friends)[0])

    heard = [update.message.text for update in await bot.get_updates()][1:]
    assert heard == ["/imagine a fox", f"/help@{telegram.bot_username}", "you too"]
    assert said.chat.title == "Friends"
    assert [message.text for message in ben.told(friends)] == ["Hello."]


async def test_people_hear_what_is_new_to_them(bot: Bot, ben: User) -> None:
    old = await bot.send_message(ben.id, "old news")
    await ben.sends("/imagine a fox")
    with pytest.raises(AssertionError, match="did not come true"):
        await ben.hears("news", within=0.01)

    hearing = asyncio.create_task(ben.hears("news"))
    await bot.edit_message_text("new news", ben.id, old.message_id)

    assert (await hearing).text == "new news"


async def test_a_press_may_come_after_its_message_is_gone(bot: Bot, ben: User) -> None:
    sent = await bot.send_message(ben.id, "x", reply_markup=AGAIN)
    (message,) = ben.told()
    await bot.delete_message(ben.id, sent.message_id)
    query = ben.taps(message, "Again")

    asked = (await bot.get_updates())[-1].callback_query
    await asked.answer()

    assert not asked.message.is_accessible
    assert query.answer is not None


async def test_an_administrator_reads_everything(telegram: TelegramServer, bot: Bot, ben: User) -> None:
    friends = telegram.group("Friends", ben)
    said = await ben.sends("nice weather", to=friends)
    friends.promotes_bot()
    await ben.edits(said, "nicer weather")

    promoted, edited = (await bot.get_updates())[1:]
    assert promoted.my_chat_member.new_chat_member.can_delete_messages
    assert edited.edited_message.text == "nicer weather"
    await bot.delete_message(friends.id, said.id)
    assert ben.sees(friends) == []


# What the bot sends


async def test_html_becomes_entities(bot: Bot, ben: User) -> None:
    sent = await bot.send_message(
        ben.id, "<b>Fox &amp; 🦊</b> by <a href='https://example.org/'>us</a> ", parse_mode="HTML"
    )

    assert sent.text == "Fox & 🦊 by us"
    assert [(one.type, one.offset, one.length, one.url) for one in sent.entities] == [
        ("bold", 0, 8, None),
        ("text_link", 12, 2, "https://example.org/"),
    ]


async def test_entities_may_be_given(bot: Bot, ben: User) -> None:
    sent = await bot.send_message(ben.id, " red fox", entities=[MessageEntity("bold", 1, 3)])

    assert [(one.type, one.offset, one.length) for one in sent.entities] == [("bold", 0, 3)]


@pytest.mark.parametrize(
    ("source", "refusal"),
    [
        ("a <br> b", 'Unsupported start tag "br" at byte offset 2'),
        ("🦊 <b>fox", 'Can\'t find end tag corresponding to start tag "b"'),
        ("<i>fox</b>", 'Unmatched end tag at byte offset 6, expected "</i>", found "</b>"'),
        ("fox</b>", "Unexpected end tag at byte offset 3"),
        ("1 <2", "Unclosed start tag at byte offset 2"),
    ],
)
async def test_bad_html_is_refused(bot: Bot, ben: User, source: str, refusal: str) -> None:
    with refused(f"can't parse entities: {refusal}"):
        await bot.send_message(ben.id, source, parse_mode="HTML")


def test_trimming_moves_entities_along() -> None:
    assert formatting.html("  <b> a </b>  ") == ("a", [{"type": "bold", "offset": 0, "length": 1}])
    assert formatting.html("a &lt;b&gt; &copy; &#128522; <code>/x</code>")[0] == "a <b> &copy; 😊 /x"
    assert formatting.plain("/help now")[1] == [{"type": "bot_command", "offset": 0, "length": 5}]


async def test_texts_have_limits(bot: Bot, ben: User) -> None:
    assert (await bot.send_message(ben.id, f"<b>{'x' * 4096}</b>", parse_mode="HTML")).text == "x" * 4096
    with refused("Message is too long"):
        await bot.send_message(ben.id, "x" * 4097)
    with refused("Message caption is too long"):
        await bot.send_photo(ben.id, picture(), caption="x" * 1025)
    with refused("Message text is empty"):
        await bot.send_message(ben.id, "  ")


async def test_buttons_have_limits(bot: Bot, ben: User) -> None:
    def under(**action: str) -> InlineKeyboardMarkup:
        return InlineKeyboardMarkup([[InlineKeyboardButton("x", **action)]])

    await bot.send_message(ben.id, "x", reply_markup=under(callback_data="ü" * 32))
    await bot.send_message(ben.id, "x", reply_markup=under(url="http://127.0.0.1:8080/privacy"))
    for action, refusal in [
        ({"callback_data": "x" * 65}, "Button_data_invalid"),
        ({"url": "http://localhost:8080/"}, "Wrong HTTP URL"),
        ({}, "Text buttons are unallowed in the inline keyboard"),
    ]:
        with refused(refusal):
            await bot.send_message(ben.id, "x", reply_markup=under(**action))
    assert [message.buttons[0].url for message in ben.told()] == [None, "http://127.0.0.1:8080/privacy"]


async def test_a_photo_is_encoded_anew_and_a_document_is_not(telegram: TelegramServer, bot: Bot, ben: User) -> None:
    note = PngImagePlugin.PngInfo()
    note.add_text("prompt", "a fox in snow")
    original = picture(pnginfo=note, size=(3000, 300))

    sent = await bot.send_photo(ben.id, original, caption="a fox")
    await bot.send_document(ben.id, original, filename="fox.png")

    photo, document = ben.told()
    assert photo.photo.startswith(b"\xff\xd8")
    assert b"fox" not in photo.photo
    assert [(size.width, size.height) for size in sent.photo] == [(320, 32), (800, 80), (1280, 128), (2560, 256)]
    assert bytes(await (await sent.photo[-1].get_file()).download_as_bytearray()) == photo.photo
    assert document.document == ("fox.png", original, "image/png")
    assert telegram.pictures_put == {(ben.id, photo.id): 1, (ben.id, document.id): 1}


async def test_photos_have_limits(bot: Bot, ben: User) -> None:
    with refused("is too big for a photo; the maximum size is 10485760 bytes"):
        await bot.send_photo(ben.id, b"\xff" * 10_500_000)
    with refused("Photo_invalid_dimensions"):
        await bot.send_photo(ben.id, picture(size=(9990, 20)))
    with refused("Image_process_failed"):
        await bot.send_photo(ben.id, b"no picture")
    assert ben.told() == []


async def test_an_album_comes_as_messages_of_one_group(telegram: TelegramServer, bot: Bot, ben: User) -> None:
    uploads = [InputMediaPhoto(picture(colour), caption=colour) for colour in ("red", "green")]
    sent = await bot.send_media_group(ben.id, uploads)

    assert len({message.media_group_id for message in sent}) == 1
    assert [message.caption for message in ben.told()] == ["red", "green"]
    with refused("Can't use the media of the specified type in the album"):
        await bot.edit_message_media(InputMediaDocument(b"x"), ben.id, sent[0].message_id)


async def test_a_reply_needs_a_message_unless_told_otherwise(bot: Bot, ben: User) -> None:
    asked = ben.sees()[0]
    await bot.send_message(ben.id, "yes", reply_parameters=ReplyParameters(asked.id))
    await bot.delete_message(ben.id, asked.id)

    with refused("Message to be replied not found"):
        await bot.send_message(ben.id, "yes", reply_parameters=ReplyParameters(asked.id))
    await bot.send_message(ben.id, "yes", reply_parameters=ReplyParameters(asked.id, allow_sending_without_reply=True))

    assert [message.reply_to for message in ben.told()] == [asked, None]


# What the bot changes


async def test_an_edit_of_nothing_is_told_so(bot: Bot, ben: User) -> None:
    sent = await bot.send_message(ben.id, "Waiting", reply_markup=AGAIN)

    with refused("Message is not modified: specified new message content"):
        await bot.edit_message_text("Waiting", ben.id, sent.message_id, reply_markup=AGAIN)
    await bot.edit_message_text("Waiting", ben.id, sent.message_id)
    with refused("Message to edit not found"):
        await bot.edit_message_text("Waiting", ben.id, 999)

    (message,) = ben.told()
    assert (message.edits, message.buttons) == (1, [])


async def test_a_text_becomes_a_picture_and_then_has_a_caption(telegram: TelegramServer, bot: Bot, ben: User) -> None:
    sent = await bot.send_message(ben.id, "Waiting")
    where = {"chat_id": ben.id, "message_id": sent.message_id}

    with refused("There is no caption in the message to edit"):
        await bot.edit_message_caption(**where, caption="x")
    await bot.edit_message_media(InputMediaPhoto(picture(), caption="a fox"), **where, reply_markup=AGAIN)
    with refused("There is no text in the message to edit"):
        await bot.edit_message_text("x", **where)
    await bot.edit_message_caption(**where, caption="a <i>red</i> fox", parse_mode="HTML")
    await bot.edit_message_reply_markup(**where, reply_markup=AGAIN)

    (message,) = ben.told()
    assert (message.text, message.caption, message.buttons, message.edits) == (None, "a red fox", ["Again"], 3)
    assert [before.text for before in message.history] == ["Waiting", "a fox", "a red fox"]
    assert telegram.pictures_put[ben.id, message.id] == 1


@pytest.mark.parametrize("recognises", [False, True])
async def test_the_same_upload_again_is_modified_or_not(recognises: bool) -> None:
    async with TelegramServer(recognises_uploads=recognises) as telegram, talking(telegram) as bot:
        ben = telegram.user("Ben")
        await ben.sends("/start")
        sent = await bot.send_photo(ben.id, picture())
        media = InputMediaPhoto(picture())

        if recognises:
            with refused("Message is not modified"):
                await bot.edit_message_media(media, ben.id, sent.message_id)
        else:
            await bot.edit_message_media(media, ben.id, sent.message_id)

        assert telegram.pictures_put[ben.id, sent.message_id] == (1 if recognises else 2)
        assert telegram.duplicates() == []
        await bot.send_photo(ben.id, picture())
        assert [len(messages) for messages in telegram.duplicates()] == [2]


async def test_messages_can_be_deleted_for_two_days(telegram: TelegramServer, bot: Bot, ben: User) -> None:
    sent = [await bot.send_message(ben.id, "x") for _ in range(3)]

    await bot.delete_message(ben.id, sent[0].message_id)
    await bot.delete_messages(ben.id, [sent[0].message_id, sent[1].message_id])
    telegram.passes(49 * 3600)
    with refused("Message can't be deleted for everyone"):
        await bot.delete_message(ben.id, sent[2].message_id)
    with refused("Message to delete not found"):
        await bot.delete_message(ben.id, sent[0].message_id)

    assert [message.id for message in ben.told()] == [sent[2].message_id]


# Who may be written to


async def test_nobody_is_spoken_to_first_or_when_they_blocked_the_bot(telegram: TelegramServer, bot: Bot) -> None:
    zoe = telegram.user("Zoe")

    with pytest.raises(Forbidden, match="bot can't initiate conversation with a user"):
        await bot.send_message(zoe.id, "x")
    with refused("Chat not found"):
        await bot.send_message(1, "x")
    await zoe.sends("/start")
    await bot.send_message(zoe.id, "x")
    zoe.blocks_bot()
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await bot.send_message(zoe.id, "x")

    change = (await bot.get_updates())[-1].my_chat_member
    assert (change.old_chat_member.status, change.new_chat_member.status) == ("member", "kicked")


async def test_a_group_kicks_the_bot_and_takes_it_back(telegram: TelegramServer, bot: Bot, ben: User) -> None:
    friends = telegram.group("Friends", ben)
    friends.kicks_bot()
    with pytest.raises(Forbidden, match="bot was kicked from the group chat"):
        await bot.send_message(friends.id, "x")

    friends.adds_bot()
    await bot.send_message(friends.id, "x")
    await bot.leave_chat(friends.id)
    with pytest.raises(Forbidden, match="bot is not a member of the group chat"):
        await bot.send_message(friends.id, "x")
    assert (await bot.get_updates())[-2].message.new_chat_members[0].id == bot.id


async def test_an_upgraded_group_has_moved(telegram: TelegramServer, bot: Bot, ben: User) -> None:
    friends = telegram.group("Friends", ben)
    await bot.send_message(friends.id, "before")
    new = friends.upgrades()

    with pytest.raises(ChatMigrated) as moved:
        await bot.send_message(friends.id, "x")
    await bot.send_message(moved.value.new_chat_id, "after")
    await ben.sends("/help", to=friends)

    updates = [update.message for update in (await bot.get_updates())[1:]]
    assert moved.value.new_chat_id == new.id
    assert [(one.chat.id, one.migrate_to_chat_id, one.migrate_from_chat_id) for one in updates] == [
        (friends.id, new.id, None),
        (new.id, None, friends.id),
        (new.id, None, None),
    ]
    assert [message.text for message in ben.told(friends)] == ["before", "after"]


async def test_members_have_a_standing(telegram: TelegramServer, bot: Bot, ben: User) -> None:
    mo, zoe, zed = (telegram.user(name) for name in ("Mo", "Zoe", "Zed"))
    friends = telegram.group("Friends", ben, mo, zoe, supergroup=True)
    friends.promotes(mo)

    standing = [(await bot.get_chat_member(friends.id, who.id)).status for who in (ben, mo, zoe, zed)]

    assert standing == ["creator", "administrator", "member", "left"]
    assert (await bot.get_chat(friends.id)).type == "supergroup"
    assert (await bot.get_chat(ben.id)).first_name == "Ben"


async def test_a_menu_follows_its_scopes(telegram: TelegramServer, bot: Bot, ben: User) -> None:
    friends = telegram.group("Friends", ben)
    lea = telegram.user("Léa", language="fr")
    await bot.set_my_commands([BotCommand("imagine", "Draw")])
    await bot.set_my_commands([BotCommand("imagine", "Dessiner")], language_code="fr")
    await bot.set_my_commands([BotCommand("server", "Rules")], BotCommandScopeAllGroupChats())
    await bot.set_my_commands([BotCommand("mine", "Mine")], BotCommandScopeChatMember(friends.id, ben.id))
    await bot.set_my_description("Draws pictures")

    assert (ben.menu(), lea.menu(), ben.menu(friends)) == (
        {"imagine": "Draw"},
        {"imagine": "Dessiner"},
        {"mine": "Mine"},
    )
    await bot.delete_my_commands(BotCommandScopeChatMember(friends.id, ben.id))
    assert ben.menu(friends) == {"server": "Rules"}
    assert await bot.get_my_commands() == (BotCommand("imagine", "Draw"),)
    assert telegram.descriptions == {"": "Draws pictures"}
    with refused("Bot_command_invalid"):
        await bot.set_my_commands([BotCommand("Imagine", "Draw")])


# What goes wrong


async def test_a_wrong_token_is_nobody(telegram: TelegramServer) -> None:
    for token in (telegram.token.replace("AAF", "AAG"), "no-token"):
        stranger = talking(telegram, token)
        with pytest.raises(InvalidToken):
            await stranger.initialize()
        await stranger.shutdown()


async def test_a_lost_answer_has_acted(telegram: TelegramServer, bot: Bot, ben: User) -> None:
    lost = telegram.faults.loses_answers(*SENDS)
    refused = telegram.faults.refuses(*EDITS)

    with pytest.raises(NetworkError):
        await bot.send_message(ben.id, "one")
    (message,) = ben.told()
    with pytest.raises(NetworkError):
        await bot.edit_message_text("two", ben.id, message.id)

    assert (message.text, lost.struck, refused.struck) == ("one", 1, 1)
    await bot.edit_message_text("two", ben.id, message.id)
    assert [(call.method, call.fault, call.acted, call.status) for call in telegram.called(*SENDS, *EDITS)] == [
        ("sendMessage", "lost answer", True, None),
        ("editMessageText", "refused", False, None),
        ("editMessageText", None, True, 200),
    ]


async def test_a_flood_lasts_as_long_as_it_says(
    telegram: TelegramServer, bot: Bot, ben: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "1")  # else its exception warns while it is made
    flood = telegram.faults.floods(*SENDS, retry_after=5)

    for _ in range(2):
        with pytest.raises(RetryAfter) as told:
            await bot.send_message(ben.id, "x")
        assert told.value.retry_after == timedelta(seconds=5)
    telegram.passes(5)
    await bot.send_message(ben.id, "x")

    assert flood.struck == 2
    assert len(ben.told()) == 1


@pytest.mark.parametrize("acts", [False, True])
async def test_a_5xx_may_have_acted(telegram: TelegramServer, bot: Bot, ben: User, acts: bool) -> None:
    telegram.faults.breaks("sendMessage", acts=acts)
    telegram.faults.breaks("sendMessage", acts=acts, status=500)

    for message in (r"Bad Gateway \(502\)", "Internal Server Error"):
        with pytest.raises(NetworkError, match=message):
            await bot.send_message(ben.id, "x")

    assert len(ben.told()) == (2 if acts else 0)


async def test_a_slow_answer_comes_too_late(telegram: TelegramServer, bot: Bot, ben: User) -> None:
    telegram.faults.slows("sendMessage", seconds=0.3)

    with pytest.raises(TimedOut):
        await bot.send_message(ben.id, "x", read_timeout=0.05)

    await telegram.until(ben.told)


async def test_updates_come_twice_and_in_disorder(telegram: TelegramServer, bot: Bot, ben: User) -> None:
    telegram.faults.duplicates = telegram.faults.reorders = 1.0
    for number in range(10):
        await ben.sends(f"{number}")

    first = [update.update_id for update in await bot.get_updates()]
    second = [update.update_id for update in await bot.get_updates(offset=max(first) + 1)]

    assert first != sorted(first)
    assert sorted(second) == sorted(first)
    assert await bot.get_updates(offset=max(first) + 1) == ()


async def test_it_goes_down_and_comes_back_with_everything(telegram: TelegramServer, bot: Bot, ben: User) -> None:
    waiting = asyncio.create_task(bot.get_updates(offset=2**30, timeout=10))
    await telegram.until(lambda: telegram.called("getUpdates"))

    async with telegram.down():
        with pytest.raises(NetworkError):
            await waiting
        with pytest.raises(NetworkError, match="ConnectError"):
            await bot.get_me()
        await ben.sends("are you there?")

    assert [update.message.text for update in await bot.get_updates()] == ["are you there?"]


async def test_what_the_schema_does_not_know_is_a_mistake(telegram: TelegramServer, bot: Bot, ben: User) -> None:
    with refused("sendMessage.colour does not exist"):
        await bot.send_message(ben.id, "x", api_kwargs={"colour": "red"})
    with refused("sendMessage with message_thread_id"):
        await bot.send_message(ben.id, "x", message_thread_id=3)

    assert telegram.mistakes == [
        "Misfit: sendMessage.colour does not exist",
        "NotCovered: sendMessage with message_thread_id",
    ]
    telegram.mistakes.clear()


async def test_a_mistake_fails_the_test_it_was_made_in() -> None:
    async def mistaken() -> None:
        async with TelegramServer() as telegram:
            telegram.mistakes.append("something was wrong")

    with pytest.raises(AssertionError, match="something was wrong"):
        await mistaken()


def test_the_schema_is_of_exactly_these_methods() -> None:
    assert schema().methods.keys() == METHODS.keys()
    with pytest.raises(Misfit, match=r"Update.message.chat.id should be Integer, and is 'x'"):
        schema().check("Update", {"update_id": 1, "message": {"chat": {"id": "x"}}})
    with pytest.raises(Misfit, match="Update lacks update_id"):
        schema().check("Update", {})
    with pytest.raises(Misfit, match="ChatMember lacks user"):
        schema().check("ChatMember", {"status": "left"})


# Webhooks


async def test_a_webhook_is_told_until_it_agrees(telegram: TelegramServer, bot: Bot, ben: User) -> None:
    told: list[tuple[str, str]] = []

    async def hook(request: web.Request) -> web.Response:
        update = Update.de_json(await request.json(), bot)
        told.append((request.headers["X-Telegram-Bot-Api-Secret-Token"], update.message.text))
        return web.Response(status=500 if len(told) == 1 else 200)

    async with listening(hook) as url:
        await bot.set_webhook(url, secret_token="s3cret")
        await ben.sends("hello")
        await telegram.until(lambda: len(told) == 3)

        with pytest.raises(Conflict, match="can't use getUpdates method while webhook is active"):
            await bot.get_updates()
        info = await bot.get_webhook_info()
        await bot.delete_webhook()

    assert told == [("s3cret", "/start"), ("s3cret", "/start"), ("s3cret", "hello")]
    assert (info.url, info.last_error_message) == (url, "Wrong response from the webhook: 500 Internal Server Error")
    assert await bot.get_updates() == ()


def listening(hook: Any) -> Any:
    from aiohttp.test_utils import TestServer

    app = web.Application()
    app.router.add_post("/hook", hook)

    class Listening:
        async def __aenter__(self) -> str:
            self.server = TestServer(app)
            await self.server.start_server()
            return str(self.server.make_url("/hook"))

        async def __aexit__(self, *_: object) -> None:
            await self.server.close()

    return Listening()


# A whole bot


async def test_an_application_polls_and_answers(telegram: TelegramServer) -> None:
    async def imagine(update: Update, _: Any) -> None:
        await update.effective_message.reply_photo(picture(), caption=" ".join(_.args), reply_markup=AGAIN)

    builder = Application.builder().token(telegram.token)
    app = builder.base_url(telegram.base_url).base_file_url(telegram.base_file_url).build()
    app.add_handler(CommandHandler("imagine", imagine))
    ben = telegram.user("Ben")

    async with app:
        await app.updater.start_polling()
        await app.start()
        await ben.sends("/imagine a fox")
        drawn = await ben.hears("fox")
        await app.updater.stop()
        await app.stop()

    assert (drawn.caption, drawn.buttons, drawn.reply_to) == ("a fox", ["Again"], None)
    assert drawn.photo is not None


async def test_parameters_come_as_json_too(telegram: TelegramServer, ben: User) -> None:
    url = f"{telegram.base_url}{telegram.token}/sendmessage"
    async with aiohttp.ClientSession() as session, session.post(url, json={"chat_id": ben.id, "text": "x"}) as answer:
        assert (await answer.json())["result"]["text"] == "x"
