"""How people, servers, channels, messages and interactions look on the wire, field by field as the schemas want them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from tests.discord_ import layout

if TYPE_CHECKING:
    from tests.discord_.interactions import Use
    from tests.discord_.messages import Attachment, Message
    from tests.discord_.people import Channel, Guild, Role, User
    from tests.discord_.server import DiscordServer

DISCORD_EPOCH = 1_420_070_400_000  #: milliseconds; ids count from here
REPLY, COMMAND_REPLY = 19, 20


def moment(seconds: float) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="microseconds")


def made_at(number: int) -> str:
    """When an id was given out."""
    return moment(((number >> 22) + DISCORD_EPOCH) / 1000)


def user(person: User) -> dict[str, Any]:
    return {
        "id": str(person.id),
        "username": person.name,
        "global_name": None if person.bot else person.name.title(),
        "discriminator": "0000" if person.bot else "0",
        "avatar": None,
        "public_flags": 0,
        "flags": 0,
        "primary_guild": None,
        **({"bot": True} if person.bot else {}),
    }


def myself(bot: User) -> dict[str, Any]:
    return user(bot) | {"mfa_enabled": False, "locale": "en-US", "premium_type": 0, "email": None, "verified": True}


def member(person: User, guild: Guild) -> dict[str, Any]:
    return _membership(person, guild) | {"user": user(person), "mute": False, "deaf": False}


def _membership(person: User, guild: Guild) -> dict[str, Any]:
    return {
        "avatar": None,
        "banner": None,
        "communication_disabled_until": None,
        "flags": 0,
        "joined_at": made_at(max(person.id, guild.id)),
        "nick": None,
        "pending": False,
        "premium_since": None,
        "roles": [str(role.id) for role in guild.roles_of(person)],
    }


def role(held: Role, position: int) -> dict[str, Any]:
    return {
        "id": str(held.id),
        "name": held.name,
        "permissions": str(int(held.permissions)),
        "position": position,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": False,
        "mentionable": False,
        "icon": None,
        "unicode_emoji": None,
        "flags": 0,
    }


def channel(place: Channel) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "id": str(place.id),
        "type": place.kind,
        "flags": 0,
        "last_message_id": place.last_message and str(place.last_message.id),
    }
    if place.guild is None:
        assert place.recipient is not None
        return shape | {"recipients": [user(place.recipient)], "name": None}
    return shape | {
        "guild_id": str(place.guild.id),
        "name": place.name,
        "position": place.position,
        "parent_id": None,
        "topic": None,
        "nsfw": False,
        "rate_limit_per_user": 0,
        "permission_overwrites": _overwrites(place),
    }


def _overwrites(place: Channel) -> list[dict[str, Any]]:
    if not place.denied_to_bot:
        return []
    return [{"id": str(place.server.bot.id), "type": 1, "allow": "0", "deny": str(int(place.denied_to_bot))}]


def guild(place: Guild) -> dict[str, Any]:
    return {
        "id": str(place.id),
        "name": place.name,
        "icon": None,
        "description": None,
        "home_header": None,
        "splash": None,
        "discovery_splash": None,
        "features": [],
        "banner": None,
        "owner_id": str(place.owner.id),
        "application_id": None,
        "region": "deprecated",
        "afk_channel_id": None,
        "afk_timeout": 300,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "widget_enabled": False,
        "widget_channel_id": None,
        "verification_level": 0,
        "roles": [role(held, position) for position, held in enumerate(place.roles)],
        "default_message_notifications": 1,
        "mfa_level": 0,
        "explicit_content_filter": 0,
        "max_presences": None,
        "max_members": 500_000,
        "max_stage_video_channel_users": 50,
        "max_video_channel_users": 25,
        "vanity_url_code": None,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "preferred_locale": "en-US",
        "rules_channel_id": None,
        "safety_alerts_channel_id": None,
        "public_updates_channel_id": None,
        "premium_progress_bar_enabled": False,
        "nsfw": False,
        "nsfw_level": 0,
        "emojis": [],
        "stickers": [],
        "incidents_data": None,
    }


def guild_for_gateway(place: Guild) -> dict[str, Any]:
    return guild(place) | {
        "joined_at": made_at(place.id),
        "large": False,
        "member_count": len(place.members),
        "members": [member(place.server.bot, place)],  # others only come to those who ask and may
        "channels": [channel(room) for room in place.channels if not room.deleted],
        "threads": [],
        "voice_states": [],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
        "hub_type": None,
    }


def application(server: DiscordServer) -> dict[str, Any]:
    return {
        "id": str(server.application_id),
        "name": server.bot.name,
        "icon": None,
        "description": "",
        "type": None,
        "flags": 0,
        "flags_new": "0",
        "bot": user(server.bot),
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "owner": user(server.owner),
        "team": None,
        "approximate_guild_count": len(server.bot.guilds),
        "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0,
        "explicit_content_filter": 0,
        "eligible_oauth2_scopes": [],
    }


def attachment(file: Attachment, *, ephemeral: bool = False) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "id": str(file.id),
        "filename": file.name,
        "size": len(file.bytes),
        "url": file.url,
        "proxy_url": file.url,
    }
    if file.content_type:
        shape["content_type"] = file.content_type
    if file.description:
        shape["description"] = file.description
    return shape | ({"ephemeral": True} if ephemeral else {})


def message(said: Message, *, replied: bool = True) -> dict[str, Any]:
    users = [one for one in said.pinged if hasattr(one, "takes_dms")]
    roles = [one for one in said.pinged if hasattr(one, "members")]
    shape: dict[str, Any] = {
        "id": str(said.id),
        "channel_id": str(said.channel.id),
        "type": said.kind,
        "author": user(said.author),
        "content": said.content,
        "timestamp": moment(said.versions[0].at),
        "edited_timestamp": moment(said.now.at) if said.edits else None,
        "flags": said.flags,
        "tts": False,
        "pinned": False,
        "mention_everyone": bool(said.pinged & {"@everyone", "@here"}),
        "mentions": [user(person) for person in sorted(users, key=lambda person: person.id)],
        "mention_roles": sorted(str(held.id) for held in roles),
        "attachments": [attachment(file, ephemeral=said.ephemeral) for file in said.attachments],
        "embeds": [layout.embed(asked, said) for asked in said.embeds],
        "components": [layout.component(part, said) for part in said.components],
    }
    if said.nonce is not None:
        shape["nonce"] = said.nonce
    if said.use is not None:
        server = said.server
        shape |= {"application_id": str(server.application_id), "webhook_id": str(server.application_id)}
        shape["interaction_metadata"] = _metadata(said.use, said)
    if said.reply_to is not None and replied:
        shape["message_reference"] = {
            "type": 0,
            "channel_id": str(said.channel.id),
            "message_id": str(said.reply_to.id),
        }
        shape["referenced_message"] = None if said.reply_to.deleted else message(said.reply_to, replied=False)
    return shape


def _metadata(use: Use, said: Message | None = None) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "id": str(use.id),
        "type": use.kind,
        "user": user(use.user),
        "authorizing_integration_owners": _owners(use),
    }
    if said is not None and use.original is not None and use.original is not said and said in use.followups:
        shape["original_response_message_id"] = str(use.original.id)
    if use.kind == 3 and use.on is not None:
        shape["interacted_message_id"] = str(use.on.id)
    if use.kind == 5 and use.opened_by is not None:
        shape["triggering_interaction_metadata"] = _metadata(use.opened_by)
    return shape


def _owners(use: Use) -> dict[str, str]:
    return {"0": "0" if use.guild is None else str(use.guild.id)}


def interaction(use: Use) -> dict[str, Any]:
    server = use.server
    shape: dict[str, Any] = {
        "id": str(use.id),
        "application_id": str(server.application_id),
        "type": use.kind,
        "token": use.token,
        "version": 1,
        "data": use.data,
        "channel_id": str(use.channel.id),
        "channel": channel(use.channel) | {"permissions": str(int(use.channel.permissions_of(use.user)))},
        "app_permissions": str(int(use.channel.permissions_of(server.bot))),
        "locale": use.user.locale,
        "entitlements": [],
        "entitlement_sku_ids": [],
        "authorizing_integration_owners": _owners(use),
        "context": 1 if use.guild is None else 0,
        "attachment_size_limit": use.file_limit,
    }
    if use.guild is None:
        shape["user"] = user(use.user)
    else:
        permissions = str(int(use.channel.permissions_of(use.user)))
        shape["member"] = member(use.user, use.guild) | {"permissions": permissions}
        shape["guild_id"] = str(use.guild.id)
        shape["guild"] = {"id": str(use.guild.id), "locale": "en-US", "features": []}
        shape["guild_locale"] = "en-US"
    if use.on is not None:
        shape["message"] = message(use.on)
    return shape


def callback(use: Use) -> dict[str, Any]:
    """The answer to a first answer sent `with_response`."""
    shape: dict[str, Any] = {"id": str(use.id), "type": use.kind}
    if use.original is not None:
        shape |= {
            "response_message_id": str(use.original.id),
            "response_message_loading": use.original.thinking,
            "response_message_ephemeral": use.ephemeral,
            "channel_id": str(use.channel.id),
        }
    answer: dict[str, Any] = {"interaction": shape}
    if use.answer in (4, 7) and use.original is not None:
        answer["resource"] = {"type": use.answer, "message": message(use.original)}
    return answer


def resolved_member(person: User, place: Channel) -> dict[str, Any]:
    assert place.guild is not None
    return _membership(person, place.guild) | {"permissions": str(int(place.permissions_of(person)))}


def resolved_channel(room: Channel, person: User) -> dict[str, Any]:
    shape = {"id": str(room.id), "type": room.kind, "name": room.name}
    return shape | {"permissions": str(int(room.permissions_of(person)))}
