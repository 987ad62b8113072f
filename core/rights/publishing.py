"""A policy comes into force: each text gets a number, and what changed decides whether everybody has to read it again."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Final

from core.policy.changes import diff, is_material
from core.policy.document import Edition, Policy, PolicyVersion, Shown, unpack
from core.ports import App
from core.records import Records
from core.values import Moment, Who

EDITIONS: Final = 6  #: how many texts are compared for `/privacy changes`


def publish(tx: Records, policy: Policy, now: Moment) -> Policy:
    """The policy with its number. A text that differs from the newest one gets the next; the same text changes nothing.

    People who agreed before there were numbers agreed to another text, so that the first one here is newer than theirs.
    """
    newest = tx.policies.newest()
    while newest is None or newest.hash != policy.hash:
        material = newest is None or is_material(diff(unpack(newest.document), policy.document))
        number = newest.version + 1 if newest else tx.policies.newest_agreed_to() + 1
        tx.policies.add(PolicyVersion(number, policy.hash, material, policy.packed, now))
        newest = tx.policies.newest()  # another process may have come first, with a text of its own
    return in_force(tx, policy)


def in_force(tx: Records, policy: Policy) -> Policy:
    """The policy with the number it was published under, and what changed lately; as it is where it never was."""
    newest = tx.policies.newest()
    if newest is None:
        return policy
    texts = tx.policies.latest(EDITIONS)
    editions = [_edition(later, earlier) for later, earlier in pairwise(texts)]
    if len(texts) < EDITIONS:
        editions.append(Edition(texts[-1].version, texts[-1].at, texts[-1].material, ()))
    return replace(
        policy, version=newest.version, required=tx.policies.required(), editions=tuple(editions), shown=Shown()
    )


async def published(app: App) -> App:
    """The app of a process that serves people: its policy is in force from now on."""
    return replace(app, policy=await app.database.run(publish, app.policy, app.clock.now()))


async def is_news(app: App, who: Who) -> bool:
    """Whether somebody with an account has to be told now that the policy changed a little; asked once, it is told."""
    policy, lookup = app.policy, app.keys.lookup(who)
    if policy.version == policy.required or lookup in policy.shown:
        return False
    first = await app.database.run(_show, lookup, policy.version)
    policy.shown.add(lookup)
    return first


def _show(tx: Records, lookup: str, version: int) -> bool:
    return tx.people.show_policy(lookup, version)


def _edition(later: PolicyVersion, earlier: PolicyVersion) -> Edition:
    changes = diff(unpack(earlier.document), unpack(later.document))
    return Edition(later.version, later.at, later.material, changes)
