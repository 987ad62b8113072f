"""Bugs that the tests must notice, each as a change of one place in the product's source.

A list to keep: a bug that was found and repaired belongs here, so that nobody can bring it back unnoticed.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib import import_module
from inspect import getsource
from types import FunctionType, ModuleType

import pytest


@dataclass(frozen=True)
class Bug:
    name: str
    module: str
    right: str
    wrong: str


LEDGER, CREDITS, GENERATION = "storage.records.ledger", "core.credits", "core.requests.generation"

BUGS = (
    Bug("an expired lot is spendable", CREDITS, "lot.expires_at is None or lot.expires_at > now", "True"),
    Bug("a lot is spendable at its last moment", CREDITS, "lot.expires_at > now", "lot.expires_at >= now"),
    Bug("bought credits go first", CREDITS, "lambda lot: (lot.priority,", "lambda lot: (-lot.priority,"),
    Bug("what never expires goes first", CREDITS, "lot.expires_at is None, lot", "lot.expires_at is not None, lot"),
    Bug("the newest go first", CREDITS, "lot.created_at, lot.id", "-lot.created_at, lot.id"),
    Bug("a hold may be short", CREDITS, "return slices if missing == 0 else None", "return slices"),
    Bug("more may be captured than was held", CREDITS, "    if left:\n", "    if False:\n"),
    Bug("what was taken last is spent first", CREDITS, "for piece in slices:", "for piece in reversed(slices):"),
    Bug("a price is rounded down", CREDITS, "(rest > 0)", "0"),
    Bug("an account that owes may spend", LEDGER, "if owner.debt > 0:", "if owner.debt < 0:"),
    Bug("a frozen account may spend", LEDGER, "if owner.frozen_reason is not None:", "if False:"),
    Bug("a key stands for anything", LEDGER, "!= input_hash:", "is None:"),
    Bug(
        "a key books every time",
        LEDGER,
        "            return True\n        earlier",
        "            return True\n        return True\n        earlier",
    ),
    Bug(
        "a part capture takes everything",
        LEDGER,
        "split(self._slices(job), captured)",
        "split(self._slices(job), Milli(held.amount))",
    ),
    Bug("slices come back in any order", LEDGER, "slices.c.seq)", "slices.c.seq.desc())"),
    Bug("restored credits are forgotten", LEDGER, "        if late:\n", "        if False:\n"),
    Bug("credits come back to an expired lot", LEDGER, "if is_live(lot, now)}", "}"),
    Bug("restored credits expire at once", LEDGER, "Moment(now + RESTORED_LIFE)", "now"),
    Bug("a lot that is held expires again", LEDGER, "if lot.available and not is_live", "if not is_live"),
    Bug(
        "everything expires with the first lot",
        LEDGER,
        "if lot.available and not is_live(lot, now):",
        "if lot.available:",
    ),
    Bug("free credits repay a debt", LEDGER, "if grant.kind in REPAYS_DEBT else 0", "or 0"),
    Bug("a repaid debt stays", LEDGER, "self._add_debt(grant.account, Milli(-repaid))", "pass"),
    Bug("a correction forgives what is gone", LEDGER, "self._add_debt(account, missing)", "pass"),
    Bug(
        "a correction takes expired credits",
        LEDGER,
        "there = min(Milli(-amount), spendable(found, now))",
        "there = min(Milli(-amount), Milli(sum(lot.available for lot in found)))",
    ),
    Bug("holds never expire", LEDGER, "holds.c.expires_at <= now", "holds.c.expires_at <= 0"),
    Bug("a captured hold stays open", LEDGER, '"became": state', '"became": "open"'),
    Bug("a captured hold is called released", LEDGER, '"captured" if captured else "released"', '"released"'),
    Bug(
        "a part capture is rounded",
        GENERATION,
        "Milli(drawn * job.price_each)",
        "Milli(drawn * job.price_each // 1_000 * 1_000)",
    ),
    Bug(
        "pictures of a cancelled job are free",
        GENERATION,
        "Milli(drawn * job.price_each)",
        "Milli(drawn * job.price_each * (without_pictures is not JobState.CANCELLED))",
    ),
)

#: Only seen when several ask at once.
UNLOCKED = Bug(
    "the account is not locked",
    LEDGER,
    "update(accounts).where(accounts.c.id == ACCOUNT).values(version=accounts.c.version + 1)",
    "select(accounts).where(accounts.c.id == ACCOUNT)",
)


def plant(bug: Bug, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the wrong code wherever the product holds the right one, until the test ends."""
    module = import_module(bug.module)
    source = getsource(module)
    assert source.count(bug.right) == 1, f"{bug.right!r} is not once in {bug.module}: say where the bug would be now"
    spoiled = ModuleType(bug.module)
    code = compile(source.replace(bug.right, bug.wrong), f"<{bug.name}>", "exec", dont_inherit=True)
    exec(code, spoiled.__dict__)
    replaceable = {
        right: getattr(spoiled, name)
        for name, right in vars(module).items()
        if (isinstance(right, FunctionType) and right.__module__ == bug.module) or name == "SqlLedger"
    }
    for holder in [found for name, found in sys.modules.items() if name.startswith(("core.", "storage.", "tests."))]:
        for name, right in list(vars(holder).items()):
            if isinstance(right, FunctionType | type) and right in replaceable:
                monkeypatch.setattr(holder, name, replaceable[right])
