"""Chats as the bot names them, and whether it may write there.

The order of the refusals is that of `check_chat_access` in tdlib/telegram-bot-api.
"""

from __future__ import annotations

from typing import Any

from tests.telegram import objects
from tests.telegram.people import Chat, Group, PrivateChat, User
from tests.telegram.refusals import bad_request, forbidden
from tests.telegram.world import World

Ask = dict[str, Any]


def known(world: World, chat_id: int | str) -> Chat:
    chat = world.chats.get(chat_id) if isinstance(chat_id, int) else None
    if chat is None:
        raise bad_request("chat not found")
    return chat


def reachable(world: World, chat_id: int | str) -> Chat:
    """A chat the bot may act in.

    That server refuses only sends to a group that was upgraded. What an edit there is told is not documented; here it is
    told the same, so that whoever follows the new id learns of it in either way.
    """
    chat = known(world, chat_id)
    if isinstance(chat, Group) and chat.upgraded_to:
        moved = chat.upgraded_to.id
        raise bad_request("group chat was upgraded to a supergroup chat", migrate_to_chat_id=moved)
    match chat.kind, chat.bot_status:
        case "private", "unknown":
            raise forbidden("bot can't initiate conversation with a user")
        case "private", "kicked":
            raise forbidden("bot was blocked by the user")
        case kind, "kicked":
            raise forbidden(f"bot was kicked from the {kind} chat")
        case kind, "left":
            raise forbidden(f"bot is not a member of the {kind} chat")
    return chat


async def get_chat(world: World, ask: Ask) -> Any:
    chat = known(world, ask["chat_id"])
    if isinstance(chat, PrivateChat) and chat.bot_status == "unknown":
        raise bad_request("chat not found")
    if isinstance(chat, Group) and not chat.upgraded_to:
        chat = reachable(world, chat.id)
    return objects.full_chat(chat)


async def get_chat_member(world: World, ask: Ask) -> Any:
    chat, user_id = known(world, ask["chat_id"]), ask["user_id"]
    if user_id == world.bot.id:
        return objects.member(world.bot, "left" if chat.bot_status == "unknown" else chat.bot_status)
    other = world.chats.get(user_id)
    if not isinstance(other, PrivateChat):
        raise bad_request("user not found")
    if not isinstance(chat, Group):
        return objects.member(other.user, "member" if other is chat else "left")
    reachable(world, chat.newest().id)
    return objects.member(other.user, _status(chat.newest(), other.user))


async def leave_chat(world: World, ask: Ask) -> Any:
    chat = known(world, ask["chat_id"])
    if isinstance(chat, PrivateChat):
        raise bad_request("chat member status can't be changed in private chats")
    reachable(world, chat.id)
    world.changes_bot(chat, "left", by=world.bot)
    return True


def _status(group: Group, user: User) -> str:
    if user is group.owner:
        return "creator"
    if user in group.admins:
        return "administrator"
    return "member" if user in group.members else "left"
