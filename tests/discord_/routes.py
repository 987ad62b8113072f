"""The routes: what each does and answers, and who may. It knows no HTTP; `rest.py` brings it calls.

The names are for tests that plant a fault on a route or look for its calls.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.discord_ import interactions, messages, wire
from tests.discord_.errors import Refusal, invalid_form, unauthorized
from tests.discord_.messages import Message, Upload
from tests.discord_.people import Channel, Guild, Permission
from tests.discord_.schema import Complaint, spec

if TYPE_CHECKING:
    from tests.discord_.interactions import Use
    from tests.discord_.server import DiscordServer

CALLBACK = "POST /interactions/{interaction_id}/{interaction_token}/callback"
EDIT_ORIGINAL = "PATCH /webhooks/{webhook_id}/{webhook_token}/messages/@original"
EDIT_FOLLOWUP = "PATCH /webhooks/{webhook_id}/{webhook_token}/messages/{message_id}"
FOLLOWUP = "POST /webhooks/{webhook_id}/{webhook_token}"
SEND = "POST /channels/{channel_id}/messages"
EDIT = "PATCH /channels/{channel_id}/messages/{message_id}"
DELETE = "DELETE /channels/{channel_id}/messages/{message_id}"
OPEN_DM = "POST /users/@me/channels"
INVALID = (401, 403, 429)  #: 10,000 of these in ten minutes and Discord bans the address
REGISTER = "PUT /applications/{application_id}/commands"
WITH_THEIR_OWN_TOKEN = ("/interactions/", "/webhooks/")  #: nor are they part of the global rate limit

Answered = tuple[int, Any]


@dataclass(eq=False)
class Call:
    """One request, with what became of it."""

    server: DiscordServer = field(repr=False)
    route: str  #: `METHOD /path/{template}`
    path: str
    params: dict[str, str] = field(repr=False)
    query: dict[str, str] = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    at: float
    body: Any = field(default=None, repr=False)
    files: dict[int, Upload] = field(default_factory=dict, repr=False)
    status: int | None = None  #: None: no answer went out
    answer: Any = field(default=None, repr=False)
    acted: bool = False
    scope: str | None = None  #: of a 429

    @property
    def major(self) -> str:
        names = ("channel_id", "guild_id", "webhook_id", "webhook_token", "interaction_token")
        return "+".join(self.params[name] for name in names if name in self.params)


Handler = Callable[[Call], Answered]
ROUTES: list[tuple[str, re.Pattern[str], Handler]] = []


def route(described: str) -> Callable[[Handler], Handler]:
    verb, template = described.split()
    pattern = re.compile(f"{verb} " + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template))

    def register(handler: Handler) -> Handler:
        ROUTES.append((described, pattern, handler))
        ROUTES.sort(key=lambda one: one[0].count("{"))  # `@original` before any id
        return handler

    return register


@route("GET /gateway")
def gateway(call: Call) -> Answered:
    return 200, {"url": call.server.gateway_url}


@route("GET /gateway/bot")
def gateway_for_bots(call: Call) -> Answered:
    left = {
        "total": 1000,
        "remaining": 1000 - len(call.server.gateway.identified),
        "reset_after": 0,
        "max_concurrency": 1,
    }
    return 200, {"url": call.server.gateway_url, "shards": call.server.shards, "session_start_limit": left}


@route("GET /users/@me")
def me(call: Call) -> Answered:
    return 200, wire.myself(call.server.bot)


@route("GET /users/{user_id}")
def user(call: Call) -> Answered:
    found = call.server.users.get(_number(call.params["user_id"]))
    if found is None:
        raise Refusal(10013)
    return 200, wire.user(found)


@route("POST /users/@me/channels")
def open_dm(call: Call) -> Answered:
    person = call.server.users.get(_number(call.body.get("recipient_id")))
    if person is None or person.bot:
        raise Refusal(50007)
    return 200, wire.channel(person.dm)


@route("GET /oauth2/applications/@me")
@route("GET /applications/@me")
def application(call: Call) -> Answered:
    return 200, wire.application(call.server)


@route("GET /applications/{application_id}/commands")
@route("GET /applications/{application_id}/guilds/{guild_id}/commands")
def commands(call: Call) -> Answered:
    return 200, call.server.commands.here(_place(call))


@route("PUT /applications/{application_id}/commands")
@route("PUT /applications/{application_id}/guilds/{guild_id}/commands")
def register_commands(call: Call) -> Answered:
    return 200, call.server.commands.overwrite(_place(call), call.body or [])


@route("POST /interactions/{interaction_id}/{interaction_token}/callback")
def callback(call: Call) -> Answered:
    use = call.server.uses.get(_number(call.params["interaction_id"]))
    if use is None or use.token != call.params["interaction_token"]:
        raise Refusal(10062)
    interactions.acknowledge(use, call.body, call.files)
    if call.query.get("with_response", "").lower() in ("true", "1"):
        return 200, wire.callback(use)
    return 204, None


@route("POST /webhooks/{webhook_id}/{webhook_token}")
def follow_up(call: Call) -> Answered:
    return 200, wire.message(interactions.follow_up(_use(call), call.body, call.files))


@route("GET /webhooks/{webhook_id}/{webhook_token}/messages/@original")
@route("GET /webhooks/{webhook_id}/{webhook_token}/messages/{message_id}")
def answer(call: Call) -> Answered:
    return 200, wire.message(_answered(call))


@route("PATCH /webhooks/{webhook_id}/{webhook_token}/messages/@original")
@route("PATCH /webhooks/{webhook_id}/{webhook_token}/messages/{message_id}")
def edit_answer(call: Call) -> Answered:
    message = _answered(call)
    interactions.edit(message, call.body, call.files)
    return 200, wire.message(message)


@route("DELETE /webhooks/{webhook_id}/{webhook_token}/messages/@original")
@route("DELETE /webhooks/{webhook_id}/{webhook_token}/messages/{message_id}")
def delete_answer(call: Call) -> Answered:
    call.server.removes(_answered(call))
    return 204, None


@route("GET /channels/{channel_id}")
def channel(call: Call) -> Answered:
    return 200, wire.channel(_channel(call))


@route("POST /channels/{channel_id}/typing")
def typing(call: Call) -> Answered:
    _channel(call, Permission.SEND_MESSAGES)
    return 204, None


@route("GET /channels/{channel_id}/messages")
def history(call: Call) -> Answered:
    place = _channel(call, Permission.READ_MESSAGE_HISTORY)
    shown = [message for message in call.server.messages.values() if message.channel is place]
    shown = [message for message in shown if not message.deleted and not message.ephemeral]
    after, before = (_number(call.query[name]) if name in call.query else None for name in ("after", "before"))
    shown = [one for one in shown if (after is None or one.id > after) and (before is None or one.id < before)]
    limit = int(call.query.get("limit", 50))
    page = shown[:limit] if after is not None else shown[-limit:]
    return 200, [wire.message(message) for message in reversed(page)]


@route("POST /channels/{channel_id}/messages")
def send(call: Call) -> Answered:
    place = _channel(call, Permission.SEND_MESSAGES)
    if call.files and Permission.ATTACH_FILES not in place.permissions_of(call.server.bot):
        raise Refusal(50013)
    _check_dm(place)
    if call.body.get("enforce_nonce") and call.body.get("nonce") is not None:
        earlier = call.server.remembered(str(call.body["nonce"]))
        if earlier is not None:
            return 200, wire.message(earlier)
    message = messages.write(place, call.server.bot, call.body, call.files)
    call.server.shows(message)
    return 200, wire.message(message)


@route("GET /channels/{channel_id}/messages/{message_id}")
def message(call: Call) -> Answered:
    return 200, wire.message(_message(call))


@route("PATCH /channels/{channel_id}/messages/{message_id}")
def edit(call: Call) -> Answered:
    found = _message(call)
    if found.author is not call.server.bot:
        raise Refusal(50005)
    messages.rewrite(found, call.body, call.files)
    call.server.shows_edit(found)
    return 200, wire.message(found)


@route("DELETE /channels/{channel_id}/messages/{message_id}")
def delete(call: Call) -> Answered:
    found = _message(call)
    if found.author is not call.server.bot and Permission.MANAGE_MESSAGES not in found.channel.permissions_of(
        call.server.bot
    ):
        raise Refusal(50013)
    call.server.removes(found)
    return 204, None


@route("GET /guilds/{guild_id}")
def guild(call: Call) -> Answered:
    return 200, wire.guild(_guild(call))


def find(verb: str, path: str) -> tuple[str, dict[str, str], Handler | None]:
    for described, pattern, handler in ROUTES:
        match = pattern.fullmatch(f"{verb} {path}")
        if match:
            return described, match.groupdict(), handler
    return f"{verb} {path}", {}, None


def authorize(call: Call) -> None:
    open_to_all = call.path == "/gateway" or call.path.startswith(WITH_THEIR_OWN_TOKEN)
    if not open_to_all and call.headers.get("Authorization") != f"Bot {call.server.token}":
        raise unauthorized()
    if "application_id" in call.params and call.params["application_id"] != str(call.server.application_id):
        raise unauthorized()


def check_body(call: Call) -> None:
    takes = spec().routes[call.route]["takes"]
    if takes is None:
        return
    if call.body is None:
        raise Refusal(50109)
    complaints = spec().complaints(call.route, call.body)
    if complaints:
        raise invalid_form(complaints)


def _number(text: Any) -> int:
    if not str(text).isdigit():
        raise invalid_form([Complaint((), "NUMBER_TYPE_COERCE", f'Value "{text}" is not snowflake.')])
    return int(text)


def _place(call: Call) -> int | None:
    return _guild(call).id if "guild_id" in call.params else None


def _guild(call: Call) -> Guild:
    found = call.server.guilds.get(_number(call.params["guild_id"]))
    if found is None or not found.has_bot:
        raise Refusal(10004)
    return found


def _channel(call: Call, *needed: Permission) -> Channel:
    found = call.server.channels.get(_number(call.params["channel_id"]))
    if found is None or found.deleted:
        raise Refusal(10003)
    if found.guild is not None and not found.guild.has_bot:
        raise Refusal(50001)
    held = found.permissions_of(call.server.bot)
    if found.guild is not None and Permission.VIEW_CHANNEL not in held:
        raise Refusal(50001)
    if found.guild is not None and any(one not in held for one in needed):
        raise Refusal(50013)
    return found


def _check_dm(place: Channel) -> None:
    person = place.recipient
    if person is None:
        return
    if not any(guild.has_bot for guild in person.guilds):
        raise Refusal(50278)
    if not person.takes_dms:
        raise Refusal(50007)


def _message(call: Call) -> Message:
    place = _channel(call)
    found = call.server.messages.get(_number(call.params["message_id"]))
    if found is None or found.deleted or found.ephemeral or found.channel is not place:
        raise Refusal(10008)
    return found


def _use(call: Call) -> Use:
    if call.params["webhook_id"] != str(call.server.application_id):
        raise Refusal(10015)
    use = call.server.use_with(call.params["webhook_token"])
    if use is None or use.token_is_dead:
        raise Refusal(50027)
    if not use.acknowledged:
        raise Refusal(10015)
    return use


def _answered(call: Call) -> Message:
    return interactions.message_of(_use(call), call.params.get("message_id", "@original"))
