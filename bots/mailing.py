"""E-mail over SMTP. Knows the letters and their words; who gets one is decided elsewhere. Addresses are logged nowhere."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from functools import partial
from ipaddress import ip_address
from typing import Final, assert_never
from urllib.parse import parse_qs, unquote, urlsplit

import structlog

from bots.replies import Line, say
from bots.secrets import load_text
from bots.settings import BadSettings, Settings
from bots.texts import render
from core.errors import Refused, Unavailable
from core.ports import Mailer, NoMail
from core.values.mail import Letter

log = structlog.get_logger()

PATIENCE: Final = 20.0  #: seconds for each answer of a server
PORTS: Final = {"smtp": 587, "smtps": 465}
WRITE: Final = (
    "Write smtps://user:password@host:465/?from=bot@example.org, or smtp:// for a server that offers STARTTLS."
)


@dataclass(frozen=True)
class Server:
    """Where letters go, and whom they are from."""

    host: str
    port: int
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)
    encrypted: bool = False  #: from the first byte on; otherwise as soon as it was greeted

    @property
    def here(self) -> bool:
        """On this computer, where nobody listens in between."""
        try:
            return self.host == "localhost" or ip_address(self.host).is_loopback
        except ValueError:
            return False


def open_mailer(settings: Settings) -> Mailer:
    """Raises BadSettings."""
    url = load_text(settings, "smtp_url")
    return SmtpMailer(server_at(url)) if url else NoMail()


def server_at(url: str) -> Server:
    """Raises BadSettings, which never repeats the address: there is a password in it."""
    try:
        parts = urlsplit(url)
        port, sender = parts.port, parse_qs(parts.query).get("from", [""])[0]
    except ValueError:
        raise BadSettings(f"DARKROOM_SMTP_URL cannot be read. {WRITE}") from None
    if parts.scheme not in PORTS or not parts.hostname:
        raise BadSettings(f"DARKROOM_SMTP_URL names no server. {WRITE}")
    if "@" not in sender or not sender.isascii() or not sender.isprintable():
        raise BadSettings(f"DARKROOM_SMTP_URL does not say whom letters are from. {WRITE}")
    return Server(
        parts.hostname,
        port or PORTS[parts.scheme],
        sender,
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        parts.scheme == "smtps",
    )


class SmtpMailer:
    """`core.ports.Mailer` over one server; each letter has a connection of its own, in a thread."""

    is_on = True

    def __init__(self, server: Server) -> None:
        self._server = server

    async def send(self, address: str, letter: Letter, /, **values: str) -> None:
        subject, text = _words(letter, values)
        message = self._written(address, render(subject), render(text))
        try:
            await asyncio.to_thread(self._hand_over, message)
        except smtplib.SMTPRecipientsRefused as refused:
            if next(iter(refused.recipients.values()))[0] >= 500:
                raise Refused("email.no_mailbox") from None
            raise Unavailable("email.not_sent", retry_after=60) from None  # try again later: greylisting
        except (smtplib.SMTPException, OSError) as error:
            log.warning("mail.failed", error=type(error).__name__)
            raise Unavailable("email.not_sent", retry_after=60) from None

    def _written(self, address: str, subject: str, text: str) -> EmailMessage:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self._server.sender, address, subject
        message["Date"] = formatdate(usegmt=True)
        message["Message-ID"] = make_msgid(domain=self._domain)
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text + "\n")
        return message

    def _hand_over(self, message: EmailMessage) -> None:
        """Nothing is sent in clear to another computer."""
        server, tls = self._server, ssl.create_default_context()
        opened = partial(smtplib.SMTP_SSL, context=tls) if server.encrypted else smtplib.SMTP
        with opened(server.host, server.port, self._domain, timeout=PATIENCE) as connection:
            if not server.encrypted and not server.here:
                connection.starttls(context=tls)
            if server.user:
                connection.login(server.user, server.password)
            connection.send_message(message)

    @property
    def _domain(self) -> str:
        return self._server.sender.rpartition("@")[2].rstrip(">")


def _words(letter: Letter, values: dict[str, str]) -> tuple[Line, Line]:
    match letter:
        case Letter.CODE:
            return say("mail.code_subject"), say("mail.code_text", code=values["code"])
        case _:
            assert_never(letter)
