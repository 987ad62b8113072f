"""The side that tests act on: people with what they can do in a Discord client, servers ("guilds") and channels.

What a person cannot do there (a command that is not registered, a disabled button, a required field left empty) is
`Impossible` here: a mistake of the test, not of the bot.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.discord_ import interactions, messages, screen
from tests.discord_.interactions import Use
from tests.discord_.messages import Message, Upload
from tests.discord_.screen import Impossible, Modal

if TYPE_CHECKING:
    from tests.discord_.server import DiscordServer

__all__ = ["Channel", "Guild", "Impossible", "Message", "Modal", "Permission", "Role", "Upload", "Use", "User"]

TEXT_CHANNEL, DM_CHANNEL = 0, 1


class Permission(enum.IntFlag):
    ADMINISTRATOR = 1 << 3
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_EXTERNAL_EMOJIS = 1 << 18
    MANAGE_ROLES = 1 << 28
    USE_APPLICATION_COMMANDS = 1 << 31


NONE = Permission(0)
EVERY_PERMISSION = Permission((1 << 50) - 1)
NOT_FOR_ALL = (
    Permission.ADMINISTRATOR
    | Permission.MANAGE_GUILD
    | Permission.MANAGE_MESSAGES
    | Permission.MENTION_EVERYONE
    | Permission.MANAGE_ROLES
)
USUAL = Permission(sum(permission for permission in Permission)) & ~NOT_FOR_ALL
IN_DM = Permission.ATTACH_FILES | Permission.EMBED_LINKS | Permission.MENTION_EVERYONE | Permission.USE_EXTERNAL_EMOJIS


@dataclass(eq=False)
class User:
    server: DiscordServer = field(repr=False)
    id: int
    name: str
    bot: bool = False
    locale: str = "en-US"
    uploads: int = 0  #: bytes a file by their plan, where that is more than the place allows
    takes_dms: bool = field(default=True, repr=False)

    @property
    def dm(self) -> Channel:
        """Their private chat with the bot."""
        return self.server.dm_with(self)

    @property
    def guilds(self) -> list[Guild]:
        return [guild for guild in self.server.guilds.values() if self in guild.members]

    async def uses(
        self, command: str, /, *, in_: Channel | None = None, patience: float | None = None, **options: Any
    ) -> Use:
        """A slash command: `/queue` or `/server show`. Waits for the bot's first answer, `patience` seconds at most."""
        data = self.server.commands.invocation(command, self, in_ or self.dm, options)
        return await interactions.send(interactions.COMMAND, self, in_ or self.dm, data, patience=patience)

    async def autocompletes(
        self, command: str, option: str, typed: str, /, *, in_: Channel | None = None, **options: Any
    ) -> dict[str, Any]:
        """What the bot offers while they type: names and values, in its order."""
        data = self.server.commands.half_typed(command, option, typed, self, in_ or self.dm, options)
        use = await interactions.send(interactions.AUTOCOMPLETE, self, in_ or self.dm, data)
        return use.choices

    async def presses(self, message: Message, button: str, *, patience: float | None = None) -> Use:
        """A button, by its label or emoji."""
        component = screen.button(self, message, button)
        data = {"component_type": 2, "custom_id": component["custom_id"], "id": component["id"]}
        return await interactions.send(
            interactions.COMPONENT, self, message.channel, data, on=message, patience=patience
        )

    async def chooses(self, message: Message, menu: str, *options: str, patience: float | None = None) -> Use:
        """Options of a select menu, by their labels; the menu by its placeholder or custom id."""
        component, values = screen.choice(self, message, menu, options)
        data = {"component_type": 3, "custom_id": component["custom_id"], "id": component["id"], "values": values}
        return await interactions.send(
            interactions.COMPONENT, self, message.channel, data, on=message, patience=patience
        )

    async def submits(self, modal: Modal | None, *, patience: float | None = None, **fields: str) -> Use:
        """A form, with fields by custom id or label; those left out keep what the bot wrote in them."""
        if modal is None or modal.use.user is not self:
            raise Impossible(f"{self.name} has no form open")
        return await interactions.send(
            interactions.MODAL,
            self,
            modal.use.channel,
            modal.filled(fields),
            on=modal.use.on,
            opened_by=modal.use,
            patience=patience,
        )

    async def says(self, text: str, *, in_: Channel | None = None, files: Iterable[Upload] = ()) -> Message:
        """An ordinary message."""
        channel = in_ or self.dm
        if not channel.seen_by(self):
            raise Impossible(f"{self.name} is not in {channel.name}")
        message = messages.write(channel, self, {"content": text}, dict(enumerate(files)))
        self.server.shows(message)
        return message

    async def deletes(self, message: Message) -> None:
        if not message.seen_by(self):
            raise Impossible(f"{self.name} does not see that message")
        self.server.removes(message)

    def sees(self, room: Channel | None = None) -> list[Message]:
        """Messages as they are now, oldest first; without a room those of the private chat with the bot."""
        place = room or self.dm
        return [
            message for message in self.server.messages.values() if message.channel is place and message.seen_by(self)
        ]

    def closes_dms(self) -> None:
        self.takes_dms = False

    def opens_dms(self) -> None:
        self.takes_dms = True


@dataclass(eq=False)
class Role:
    id: int
    name: str
    permissions: Permission
    members: set[User] = field(default_factory=set, repr=False)


@dataclass(eq=False)
class Guild:
    server: DiscordServer = field(repr=False)
    id: int
    name: str
    owner: User = field(repr=False)
    members: list[User] = field(default_factory=list, repr=False)
    channels: list[Channel] = field(default_factory=list, repr=False)
    roles: list[Role] = field(default_factory=list, repr=False)
    file_limit: int = 0  #: bytes a file by its boosts, where that is more than everybody has
    blocked_words: set[str] = field(default_factory=set, repr=False)

    @property
    def everyone(self) -> Role:
        return self.roles[0]

    @property
    def has_bot(self) -> bool:
        return self.server.bot in self.members

    def channel(self, name: str) -> Channel:
        channel = Channel(self.server, self.server.new_id(), name, guild=self, position=len(self.channels))
        self.channels.append(channel)
        self.server.opens(channel)
        return channel

    def role(self, name: str, *members: User, permissions: Permission = NONE) -> Role:
        role = Role(self.server.new_id(), name, permissions, set(members))
        self.roles.append(role)
        self.server.roles[role.id] = role
        return role

    def roles_of(self, member: User) -> list[Role]:
        return [role for role in self.roles[1:] if member in role.members]

    def permissions_of(self, member: User) -> Permission:
        if member is self.owner:
            return EVERY_PERMISSION
        held = self.everyone.permissions
        for role in self.roles_of(member):
            held |= role.permissions
        return EVERY_PERMISSION if held & Permission.ADMINISTRATOR else held

    def blocks_words(self, *words: str) -> None:
        """Automatic moderation: messages with one of them are refused."""
        self.blocked_words |= {word.lower() for word in words}

    def kicks_bot(self) -> None:
        self.members.remove(self.server.bot)
        self.server.gateway.tell("GUILD_DELETE", {"id": str(self.id)}, guild=self)
        self.server.changes()

    def invites_bot(self) -> None:
        self.joined_by(self.server.bot)
        self.server.gateway.tell_of(self)

    def joined_by(self, *people: User) -> None:
        self.members += [person for person in people if person not in self.members]
        self.server.changes()

    def left_by(self, person: User) -> None:
        self.members.remove(person)
        self.server.changes()


@dataclass(eq=False)
class Channel:
    server: DiscordServer = field(repr=False)
    id: int
    name: str
    guild: Guild | None = None
    recipient: User | None = None  #: of a private chat
    position: int = 0
    deleted: bool = False
    denied_to_bot: Permission = field(default=NONE, repr=False)
    last_message: Message | None = field(default=None, repr=False)

    @property
    def kind(self) -> int:
        return DM_CHANNEL if self.guild is None else TEXT_CHANNEL

    @property
    def file_limit(self) -> int:
        return max(self.server.limits.file, self.guild.file_limit if self.guild else 0)

    def seen_by(self, person: User) -> bool:
        if self.guild is None:
            return person in (self.recipient, self.server.bot)
        return not self.deleted and person in self.guild.members

    def permissions_of(self, person: User) -> Permission:
        if self.guild is None:
            return IN_DM
        held = self.guild.permissions_of(person)
        return held & ~self.denied_to_bot if person is self.server.bot else held

    def hides_from_bot(self) -> None:
        self.denied_to_bot |= Permission.VIEW_CHANNEL

    def mutes_bot(self) -> None:
        self.denied_to_bot |= Permission.SEND_MESSAGES

    def lets_bot_in(self) -> None:
        self.denied_to_bot = NONE

    def vanishes(self) -> None:
        """Somebody deletes the channel."""
        self.server.closes(self)
