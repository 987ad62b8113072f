"""How the Bot API says no: a code, a sentence, and sometimes what to do about it.

The sentences are those of `fail_query` and `fail_query_with_error` in tdlib/telegram-bot-api, the server behind the Bot API,
unless a line says that its wording is not known.
"""

from __future__ import annotations

import math
from typing import Any


class Refusal(Exception):
    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code, self.description, self.parameters = code, description, parameters

    def answer(self) -> dict[str, Any]:
        answer = {"ok": False, "error_code": self.code, "description": self.description}
        return answer | {"parameters": self.parameters} if self.parameters else answer


class NotCovered(Exception):
    """The bot asked for something that Telegram has and this server has not: a gap here, and no mistake of the bot."""


def bad_request(why: str, **parameters: int) -> Refusal:
    return Refusal(400, f"Bad Request: {why}", **parameters)


def forbidden(why: str) -> Refusal:
    return Refusal(403, f"Forbidden: {why}")


def conflict(why: str) -> Refusal:
    return Refusal(409, f"Conflict: {why}")


def too_many_requests(seconds: float) -> Refusal:
    wait = max(1, math.ceil(seconds))
    return Refusal(429, f"Too Many Requests: retry after {wait}", retry_after=wait)


def unauthorized() -> Refusal:
    return Refusal(401, "Unauthorized")


def not_found(what: str = "") -> Refusal:
    return Refusal(404, f"Not Found: {what}" if what else "Not Found")


def too_large() -> Refusal:
    return Refusal(413, "Request Entity Too Large")


def broken(code: int) -> Refusal:
    return Refusal(code, "Internal Server Error")
