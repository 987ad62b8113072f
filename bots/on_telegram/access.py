"""Which bot this is and where Telegram is reached: from the settings, and whether it works. Never shows a secret."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from ssl import SSLContext
from typing import Final
from urllib.parse import urlsplit

from httpx import create_ssl_context
from telegram import Bot
from telegram.error import InvalidToken, TelegramError
from telegram.request import HTTPXRequest

from bots.replies import say
from bots.secrets import load_text
from bots.settings import BadSettings, Settings
from bots.texts import render

CONNECTIONS: Final = 64
PATIENCE: Final = 10.0  #: seconds for an answer, and for a connection to be free
UPLOAD: Final = 30.0  #: seconds for sending a picture
SECRET: Final = re.compile(r"[A-Za-z0-9_-]{1,256}")  #: https://core.telegram.org/bots/api#setwebhook


@dataclass(frozen=True)
class Access:
    """`webhook`: the public address where Telegram pushes updates; empty where they are asked for."""

    token: str = field(repr=False)
    api: str = "https://api.telegram.org"
    webhook: str = ""
    secret: str = field(default="", repr=False)
    patience: float = PATIENCE

    @property
    def path(self) -> str:
        """Where the webhook's handler is mounted."""
        return urlsplit(self.webhook).path or "/"

    def bot(self) -> Bot:
        root = self.api.rstrip("/")
        return Bot(
            self.token,
            base_url=f"{root}/bot",
            base_file_url=f"{root}/file/bot",
            request=self._request(CONNECTIONS),
            get_updates_request=self._request(1),
        )

    def _request(self, connections: int) -> HTTPXRequest:
        return HTTPXRequest(
            connection_pool_size=connections,
            read_timeout=self.patience,
            write_timeout=self.patience,
            connect_timeout=self.patience,
            pool_timeout=self.patience,
            media_write_timeout=UPLOAD,
            httpx_kwargs={"verify": _trusted()},
        )


@cache
def _trusted() -> SSLContext:
    """Certificates of the authorities that are believed: reading them takes 30 ms, and every client would do it again."""
    return create_ssl_context()


def load_access(settings: Settings) -> Access | None:
    """None where no token is set. Raises BadSettings for what cannot work."""
    token = load_text(settings, "telegram_token")
    if not token:
        return None
    secret = load_text(settings, "telegram_webhook_secret")
    if settings.telegram_webhook and not SECRET.fullmatch(secret):
        raise BadSettings(
            "DARKROOM_TELEGRAM_WEBHOOK_SECRET must be 1 to 256 of A-Z, a-z, 0-9, _ and - where DARKROOM_TELEGRAM_WEBHOOK "
            "is set; `openssl rand -hex 32` makes one."
        )
    return Access(token, settings.telegram_api, settings.telegram_webhook, secret)


@dataclass(frozen=True)
class Checkup:
    """What an operator may know of the door; `trouble` is empty when it opens."""

    username: str = ""
    reads_groups: bool = False  #: Telegram tells the bot everything that is said in groups, which it does not need
    joins_groups: bool = False
    trouble: str = ""

    @property
    def invitation(self) -> str:
        """Opens Telegram's own dialogue for adding the bot to a group."""
        return f"https://t.me/{self.username}?startgroup=true" if self.username else ""

    @property
    def sentence(self) -> str:
        if self.trouble:
            return self.trouble
        mode = say("telegram.reads_groups" if self.reads_groups else "telegram.reads_commands")
        return render(say("telegram.reached", username=self.username, mode=mode))


async def check(access: Access) -> Checkup:
    """Ask Telegram who this is. Changes nothing, and may run beside the bot."""
    bot = access.bot()
    try:
        await bot.initialize()
        me = bot.bot
        return Checkup(me.username or "", bool(me.can_read_all_group_messages), bool(me.can_join_groups))
    except InvalidToken:
        return Checkup(trouble=render(say("telegram.wrong_token")))
    except TelegramError:
        return Checkup(trouble=render(say("telegram.unreachable")))
    finally:
        await bot.shutdown()
