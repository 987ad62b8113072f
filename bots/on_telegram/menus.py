"""What the bot says about itself in Telegram: its commands, told apart by where they are offered. Knows declarations only."""

from __future__ import annotations

from collections.abc import Iterator

from telegram import Bot, BotCommand, BotCommandScope, BotCommandScopeAllGroupChats, BotCommandScopeAllPrivateChats

from bots.commands import commands
from bots.replies import say
from bots.texts import render


async def offer(bot: Bot) -> None:
    """Set what has changed since it was set last; Telegram passes each change on to every app."""
    for scope, offered in menus():
        if await bot.get_my_commands(scope) != offered:
            await bot.set_my_commands(offered, scope)


def menus() -> Iterator[tuple[BotCommandScope, tuple[BotCommand, ...]]]:
    """Every command in a private chat; in a group those whose answer all may see."""
    everywhere = [command for command in commands if command.listed]
    public = [command for command in everywhere if not command.private]
    for scope, offered in ((BotCommandScopeAllPrivateChats(), everywhere), (BotCommandScopeAllGroupChats(), public)):
        yield scope, tuple(BotCommand(one.name, render(say(f"command.{one.name}"))) for one in offered)
