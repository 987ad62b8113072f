"""Whether a worker may draw for a bot: what they must agree on, and in words what is wrong where they do not."""

from __future__ import annotations

from typing import Final

from storage.keys import Unsealable
from storage.over_redis import keyspace as keys
from storage.over_redis.clients import Away, Forbidden, Redis
from storage.over_redis.house import House, Worker
from storage.wire import WIRE_VERSION

_OTHER_VERSIONS: Final = tuple(version for version in range(1, WIRE_VERSION + 10) if version != WIRE_VERSION)


class Unwelcome(Exception):
    """This worker cannot draw for this bot; the message says why and what to do. No waiting will help."""


class NameTaken(Unwelcome):
    def __init__(self, name: str) -> None:
        super().__init__(
            f"another worker called {name} is at work: give each a name of its own with DARKROOM_WORKER_NAME."
        )


def find_house(redis: Redis, wire_key: bytes) -> House | None:
    """The bot, None when none is at work. Raises Away, and Unwelcome for one that no worker of this version can talk to."""
    said = redis.ask("GET", str(keys.HOUSE))
    if said is None:
        _look_for_others(redis, wire_key)
        return None
    try:
        return House.opened(wire_key, said)
    except Unsealable:
        raise Unwelcome(
            "this worker cannot read what the bot says: DARKROOM_WIRE_KEY must be the same on both sides."
        ) from None


def mismatch(house: House, worker: Worker) -> Unwelcome | None:
    """What keeps this worker from drawing whatever the bot may send."""
    if lacking := [model for model in house.models if model not in worker.models]:
        names = ", ".join(lacking)
        return Unwelcome(
            f"the bot draws with {names}, and this worker does not: fetch it here with "
            f"`darkroom models fetch {lacking[0]}` and name it in DARKROOM_MODELS, as the bot does."
        )
    return None


def forbidden(refused: Forbidden) -> Unwelcome:
    if refused.code == "NOPERM":
        return Unwelcome("Redis does not let this user do a worker's work: give it the rights in deploy/redis.acl.")
    return Unwelcome("Redis refuses the user or the password in DARKROOM_REDIS_URL.")


def unreachable(away: Away) -> str:
    why = f"it answers {away.code}" if away.code else "it does not answer"
    return f"Redis cannot be reached ({why}); this worker keeps trying."


def _look_for_others(redis: Redis, wire_key: bytes) -> None:
    """Raises Unwelcome when a bot is at work that speaks another version of the wire."""
    for version in _OTHER_VERSIONS:
        said = redis.ask("GET", keys.house_of(version))
        if said is None:
            continue
        try:
            program = f"Darkroom {House.opened(wire_key, said).version}"
        except Unsealable:
            program = "another version of Darkroom"
        raise Unwelcome(
            f"the bot is {program} and speaks version {version} of the wire, this worker version {WIRE_VERSION}: "
            "install the same Darkroom on both."
        )
