"""getUpdates and the webhook: the two ways to hear of what people do, of which one bot uses one at a time."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from tests.telegram.refusals import bad_request
from tests.telegram.webhook import PushedUpdates
from tests.telegram.world import World

Ask = dict[str, Any]


async def get_updates(world: World, ask: Ask) -> Any:
    world.updates.wants(ask.get("allowed_updates"))
    limit = min(max(ask.get("limit", 100), 1), 100)
    return await world.updates.poll(ask.get("offset", 0), limit, ask.get("timeout", 0))


async def set_webhook(world: World, ask: Ask) -> Any:
    url = urlsplit(ask["url"])
    if ask["url"] and not (url.scheme in ("http", "https") and url.netloc):
        raise bad_request("invalid webhook URL specified")
    if not re.fullmatch(r"[A-Za-z0-9_-]{0,256}", ask.get("secret_token", "")):
        raise bad_request("secret token contains unallowed characters")
    await _remove(world, ask)
    if ask["url"]:
        world.updates.dismiss("terminated by setWebhook request")
        world.updates.wants(ask.get("allowed_updates"))
        world.updates.webhook = PushedUpdates(world, ask)
    return True


async def delete_webhook(world: World, ask: Ask) -> Any:
    await _remove(world, ask)
    return True


async def get_webhook_info(world: World, ask: Ask) -> Any:
    hook, pending = world.updates.webhook, len(world.updates.pending)
    info = {"url": hook.url if hook else "", "has_custom_certificate": False, "pending_update_count": pending}
    if hook:
        info["max_connections"] = hook.connections
    if hook and hook.last_error:
        info["last_error_date"], info["last_error_message"] = hook.last_error
    if world.updates.wanted is not None:
        info["allowed_updates"] = world.updates.wanted
    return info


async def _remove(world: World, ask: Ask) -> None:
    hook, world.updates.webhook = world.updates.webhook, None
    if hook:
        await hook.close()
    if ask.get("drop_pending_updates"):
        world.updates.drop()
