"""Interactions: what a person did, its token's life, and what the bot made of it.

Order, deadlines and refusals are those of the page "Receiving and Responding".
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.discord_ import messages, wire
from tests.discord_.errors import Refusal, invalid_form
from tests.discord_.forms import walk
from tests.discord_.messages import EPHEMERAL, LOADING, ONLY_USERS, Message, Upload, Version
from tests.discord_.schema import Complaint
from tests.discord_.screen import Modal

if TYPE_CHECKING:
    from tests.discord_.people import Channel, Guild, User
    from tests.discord_.server import DiscordServer

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL = 2, 3, 4, 5
COMMAND_REPLY, PLAIN_REPLY = 20, 19  #: kinds of message


class Answer(enum.IntEnum):
    """Types of a first answer; type 1, to a ping, belongs to bots that take interactions over HTTP."""

    REPLY = 4
    THINK = 5
    UPDATE_LATER = 6
    UPDATE = 7
    CHOICES = 8
    FORM = 9


@dataclass(eq=False, repr=False)
class Use:
    """One interaction and everything that came of it."""

    server: DiscordServer
    id: int
    token: str
    kind: int
    user: User
    channel: Channel
    data: dict[str, Any]
    at: float
    on: Message | None = None  #: the message whose button it was
    opened_by: Use | None = None  #: for a form: what opened it
    answer: int | None = None  #: the type of the first answer
    answered_at: float | None = None
    original: Message | None = None
    followups: list[Message] = field(default_factory=list)
    modal: Modal | None = None
    choices: dict[str, Any] = field(default_factory=dict)
    killed: bool = False  #: nobody can answer any more

    def __repr__(self) -> str:
        what = self.data.get("name") or self.data.get("custom_id")
        came = self.modal or self.messages or ("failed" if self.failed else self.answer)
        return f"<{self.user.name} uses {what}: {came}>"

    @property
    def guild(self) -> Guild | None:
        return self.channel.guild

    @property
    def message(self) -> Message | None:
        """The first answer: a new message, or the one whose button it was, once the bot means to change that."""
        return self.original

    @property
    def messages(self) -> list[Message]:
        return ([self.original] if self.original else []) + self.followups

    @property
    def ephemeral(self) -> bool:
        return self.original is not None and self.original.ephemeral

    @property
    def acknowledged(self) -> bool:
        return self.answer is not None

    @property
    def acknowledged_after(self) -> float | None:
        return None if self.answered_at is None else self.answered_at - self.at

    @property
    def failed(self) -> bool:
        """The person read "The application did not respond"."""
        return not self.acknowledged and self.left_to_answer <= 0

    @property
    def left_to_answer(self) -> float:
        return 0 if self.killed else self.at + self.server.limits.acknowledge_within - self.server.now()

    @property
    def token_is_dead(self) -> bool:
        return self.killed or self.server.now() >= self.at + self.server.limits.token_lives

    @property
    def file_limit(self) -> int:
        return max(self.channel.file_limit, self.user.uploads)

    async def finished(self, within: float = 5.0) -> Message:
        """The first answer, once it no longer says that the bot is thinking."""
        await self.server.until(lambda: self.original is not None and not self.original.thinking, within=within)
        assert self.original is not None
        return self.original


async def send(
    kind: int,
    user: User,
    channel: Channel,
    data: dict[str, Any],
    *,
    on: Message | None = None,
    opened_by: Use | None = None,
    patience: float | None = None,
) -> Use:
    """Tell the bot, and wait for its first answer or the deadline."""
    server = user.server
    use = Use(server, server.new_id(), server.new_token(), kind, user, channel, data, server.now(), on, opened_by)
    server.began(use)
    use.killed = not server.gateway.tell("INTERACTION_CREATE", wire.interaction(use), guild=channel.guild)
    give_up = None if patience is None else server.now() + patience
    while not use.acknowledged and not use.failed and (give_up is None or server.now() < give_up):
        left = use.left_to_answer if give_up is None else min(use.left_to_answer, give_up - server.now())
        await server.next_change(left)
    return use


def acknowledge(use: Use, body: dict[str, Any], files: dict[int, Upload]) -> None:
    """The bot's first answer."""
    if use.acknowledged:
        raise Refusal(40060)
    if use.left_to_answer <= 0 or use.token_is_dead:
        raise Refusal(10062)
    answer, data = body["type"], body.get("data") or {}
    _must_be_allowed(use, answer)
    try:
        _give(use, answer, data, files)
    except Refusal as refusal:
        if "errors" in refusal.body:
            refusal.body["errors"] = {"data": refusal.body["errors"]}
        raise
    use.answer, use.answered_at = answer, use.server.now()
    use.server.changes()


def _give(use: Use, answer: int, data: dict[str, Any], files: dict[int, Upload]) -> None:
    match answer:
        case Answer.REPLY:
            use.original = _reply(use, data, files)
        case Answer.THINK:
            use.original = _thinking(use, int(data.get("flags") or 0))
        case Answer.UPDATE_LATER:
            use.original = use.on
        case Answer.UPDATE:
            assert use.on is not None
            messages.rewrite(use.on, data, files, parsed=ONLY_USERS)
            use.original = use.on
            use.server.shows_edit(use.on)
        case Answer.CHOICES:
            use.choices = {offered["name"]: offered["value"] for offered in data.get("choices") or ()}
        case Answer.FORM:
            _check_form(data)
            use.modal = Modal(use, data["title"], data["custom_id"], data["components"])


def follow_up(use: Use, body: dict[str, Any], files: dict[int, Upload]) -> Message:
    """A further message; directly after "thinking" it is that message's edit."""
    if use.original is not None and use.original.thinking and not use.original.deleted:
        edit(use.original, body | {"flags": None}, files)
        return use.original
    message = _reply(use, body, files)
    use.followups.append(message)
    use.server.changes()
    return message


def edit(message: Message, body: dict[str, Any], files: dict[int, Upload]) -> None:
    messages.rewrite(message, body, files, parsed=ONLY_USERS)
    message.server.shows_edit(message)


def message_of(use: Use, name: str) -> Message:
    """What `@original` or an id means for this token."""
    found = use.original
    if name != "@original":
        found = next((message for message in use.messages if str(message.id) == name), None)
    if found is None or found.deleted:
        raise Refusal(10008)
    return found


def _must_be_allowed(use: Use, answer: int) -> None:
    if use.kind == AUTOCOMPLETE:
        allowed = {Answer.CHOICES}
    else:
        allowed = {Answer.REPLY, Answer.THINK}
        allowed |= {Answer.FORM} if use.kind != MODAL else set()
        allowed |= {Answer.UPDATE_LATER, Answer.UPDATE} if use.on is not None else set()
    if answer not in allowed:
        words = f"Value must be one of {sorted(map(int, allowed))}."
        raise invalid_form([Complaint(("type",), "BASE_TYPE_CHOICES", words)])


def _reply(use: Use, data: dict[str, Any], files: dict[int, Upload]) -> Message:
    if use.channel.deleted:
        raise Refusal(10003)
    message = messages.write(use.channel, use.server.bot, data, files, parsed=ONLY_USERS, use=use)
    message.reply_to = use.original or use.on
    message.kind = COMMAND_REPLY if message.reply_to is None else PLAIN_REPLY
    use.server.shows(message)
    return message


def _thinking(use: Use, flags: int) -> Message:
    version = Version(at=use.server.now(), flags=LOADING | flags & EPHEMERAL)
    message = Message(use.server, use.server.new_id(), use.channel, use.server.bot, [version], use=use)
    message.reply_to = use.on
    message.kind = COMMAND_REPLY if message.reply_to is None else PLAIN_REPLY
    use.server.shows(message)
    return message


def _check_form(data: dict[str, Any]) -> None:
    complaints, path = [], ("components",)
    if len(data["components"]) > 5:
        complaints.append(Complaint(path, "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length."))
    names = [part["custom_id"] for _, part in walk(data["components"]) if part.get("custom_id")]
    if len(set(names)) < len(names):
        words = "Component custom id cannot be duplicated"
        complaints.append(Complaint(path, "COMPONENT_CUSTOM_ID_DUPLICATED", words))
    if complaints:
        raise invalid_form(complaints)
