"""A mail server on this computer that speaks SMTP (RFC 5321) as far as a sender needs it, and keeps what it was given."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Final

MALFORMED: Final = "500 5.5.2 What?"


@dataclass
class Delivered:
    sender: str
    recipients: list[str]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=policy.default)  # type: ignore[return-value]

    @property
    def text(self) -> str:
        return str(self.message.get_content())


@dataclass
class SmtpServer:
    """`refuses` is answered to every recipient while it is set, and `logins` are users with their passwords."""

    port: int = 0
    delivered: list[Delivered] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)  #: every command line
    refuses: str = ""
    hangs_up: bool = False
    logins: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}/?from=darkroom@bot.example"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until it says QUIT or is gone."""
        sender, recipients, trusted = "", [], not self.logins

        async def says(line: str) -> None:
            writer.write(f"{line}\r\n".encode())
            await writer.drain()

        try:
            await says("220 mail.example ESMTP")
            while line := (await reader.readline()).decode().rstrip("\r\n"):
                if self.hangs_up:
                    return
                self.heard.append(line)
                verb, _, rest = line.partition(" ")
                match verb.upper():
                    case "EHLO":
                        await says("250-mail.example" if self.logins else "250 mail.example")
                        if self.logins:
                            await says("250 AUTH PLAIN")
                    case "AUTH":
                        _, user, password = base64.b64decode(rest.partition(" ")[2]).decode().split("\0")
                        trusted = self.logins.get(user) == password
                        await says("235 2.7.0 Welcome" if trusted else "535 5.7.8 Who?")
                    case "MAIL" if trusted:
                        sender, recipients = rest[len("FROM:<") :].partition(">")[0], []
                        await says("250 2.1.0 Ok")
                    case "RCPT" if sender:
                        if not self.refuses:
                            recipients.append(rest[len("TO:<") :].partition(">")[0])
                        await says(self.refuses or "250 2.1.5 Ok")
                    case "DATA" if recipients:
                        await says("354 Go ahead")
                        data = await reader.readuntil(b"\r\n.\r\n")
                        self.delivered.append(Delivered(sender, recipients, data[:-3].replace(b"\r\n..", b"\r\n.")))
                        await says("250 2.0.0 Ok")
                    case "RSET":
                        sender, recipients = "", []
                        await says("250 2.0.0 Ok")
                    case "QUIT":
                        await says("221 2.0.0 Bye")
                        return
                    case _:
                        await says(MALFORMED)
        except ConnectionError:
            return
        finally:
            writer.close()


@asynccontextmanager
async def smtp_server() -> AsyncIterator[SmtpServer]:
    """On a free port of this computer, until left."""
    mail = SmtpServer()
    listening = await asyncio.start_server(mail.serve, "127.0.0.1", 0)
    mail.port = listening.sockets[0].getsockname()[1]
    async with listening:
        yield mail
