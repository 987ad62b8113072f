"""What Discord refuses with: code, HTTP status and words, as its page "Opcodes and Status Codes" lists them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.discord_.schema import Complaint, errors_object

NOT_FOUND, UNAUTHORIZED = 404, 401

SAID: dict[int, tuple[int, str]] = {
    10003: (404, "Unknown Channel"),
    10004: (404, "Unknown Guild"),
    10008: (404, "Unknown Message"),
    10013: (404, "Unknown User"),
    10015: (404, "Unknown Webhook"),
    10062: (404, "Unknown interaction"),
    20009: (400, "Explicit content cannot be sent to the desired recipient(s)"),
    30015: (400, "Maximum number of attachments in a message reached (10)"),
    30032: (400, "Maximum number of application commands reached (100)"),
    30034: (429, "Max number of daily application command creates has been reached (200)"),
    40005: (413, "Request entity too large"),
    40060: (400, "Interaction has already been acknowledged."),
    50001: (403, "Missing Access"),
    50005: (403, "Cannot edit a message authored by another user"),
    50006: (400, "Cannot send an empty message"),
    50007: (403, "Cannot send messages to this user"),
    50013: (403, "Missing Permissions"),
    50027: (401, "Invalid Webhook Token"),
    50035: (400, "Invalid Form Body"),
    50109: (400, "The request body contains invalid JSON."),
    50278: (403, "Cannot send messages to this user due to having no mutual guilds"),
    130000: (503, "API resource is currently overloaded. Try again a little later"),
    200000: (400, "Message was blocked by automatic moderation"),
}


class Refusal(Exception):
    """An answer that is an error."""

    def __init__(self, code: int, *, status: int | None = None, message: str | None = None, **more: Any) -> None:
        said_status, said = SAID.get(code, (400, "Error"))
        self.status = said_status if status is None else status
        self.body = {"message": said if message is None else message, "code": code, **more}
        super().__init__(f"{self.status} {code}: {self.body['message']}")


def invalid_form(complaints: Iterable[Complaint]) -> Refusal:
    return Refusal(50035, errors=errors_object(complaints))


def not_found() -> Refusal:
    return Refusal(0, status=NOT_FOUND, message="404: Not Found")


def unauthorized() -> Refusal:
    return Refusal(0, status=UNAUTHORIZED, message="401: Unauthorized")


def said(code: int) -> tuple[int, dict[str, Any]]:
    """Status and body of a plain refusal."""
    status, message = SAID[code]
    return status, {"code": code, "message": message}
