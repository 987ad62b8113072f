"""A loopback server that speaks the wire of the Telegram Bot API, and the people at its other side."""

from tests.telegram.messages import Button, Message
from tests.telegram.people import Group, User
from tests.telegram.server import TelegramServer

__all__ = ["Button", "Group", "Message", "TelegramServer", "User"]
