"""Probes: what can be looked at on the deployment itself, beside the tests that the claims name, and how it went last.

Knows which claims a probe speaks for, not how it looks: that is in bots/probes.py. No result is part of the policy's version.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from core.ports import App
from core.records import Records
from core.values import Probed

Check = Callable[[], Awaitable[bool | None]]  #: None: there is nothing of the kind here

#: Each probe (`probe.<key>` in the texts), with the claims that it speaks for. One that has none is shown by itself.
SPEAKS_FOR: Final[Mapping[str, tuple[str, ...]]] = {
    "keys_apart": ("keys_apart",),
    "sealed": ("sealed", "ids_hashed"),
    "overwritten": ("deleted_is_gone", "words_go_too"),
    "not_overkept": ("too_young_is_forgotten", "dormant_ends"),
    "stays_erased": ("may_be_erased",),
    "declared": ("all_declared",),
    "logs": ("logs_without_content",),
    "looked_at": (),
    "books": (),
    "private_files": (),
    "redis": (),
}


@dataclass(frozen=True)
class Probe:
    """One thing to look at. The check answers quickly; what it raises counts as a failure."""

    key: str
    check: Check

    @property
    def claims(self) -> tuple[str, ...]:
        return SPEAKS_FOR[self.key]


def of_claim(claim: str, probed: Sequence[Probed]) -> Probed | None:
    """How things stand with a claim: what failed before what passed, and what was looked at longest ago."""
    found = [one for one in probed if claim in SPEAKS_FOR.get(one.key, ())]
    return min(found, key=lambda one: (one.passed, one.at), default=None)


def is_probed(claim: str) -> bool:
    return any(claim in claims for claims in SPEAKS_FOR.values())


async def note(app: App, probed: Sequence[Probed]) -> None:
    """How one round went. What it did not look at is not of this deployment any more, and is forgotten."""
    await app.database.run(_note, probed)


async def newest(app: App) -> list[Probed]:
    """How the newest round went, in the order of the probes' keys; nothing before the first one."""
    return await app.database.run(_newest)


def _note(tx: Records, probed: Sequence[Probed]) -> None:
    tx.probes.put(probed)


def _newest(tx: Records) -> list[Probed]:
    return tx.probes.all()
