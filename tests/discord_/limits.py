"""Discord's numbers, each of which a test may change on its own server."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass
class Limits:
    """Times are in seconds of the server's clock, which a test may put forward."""

    acknowledge_within: float = 3.0  #: from the interaction to its first answer
    token_lives: float = 900.0  #: an interaction's token
    nonce_remembered: float = 180.0  #: "the past few minutes"
    file: int = 10 * MIB  #: each, where neither the server's boosts nor the person's plan allow more
    daily_commands: int = 200  #: created per day, globally and per server
    commands: int = 100  #: slash commands in one place
    heartbeat: float = 41.25
