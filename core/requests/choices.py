"""What people set once. Knows no command."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from core import accounts
from core.errors import Refused
from core.periods import Keeping
from core.ports import App
from core.records import Records
from core.requests.options import NONE, known_model, known_style
from core.rules import KEEP_DAYS
from core.values import PersonId, Preferences, Who


async def preferences(app: App, who: Who, **changes: Any) -> Preferences:
    """This person's preferences, after the given changes. Raises Refused for a value that cannot be."""
    person = await accounts.active(app, who)
    keep_days = changes.get("keep_days", 0)
    if not 0 <= keep_days <= KEEP_DAYS:
        raise Refused("option_range.keep_days", got=keep_days, high=KEEP_DAYS)
    for name, known in (("model", known_model), ("style", known_style)):
        if name in changes:
            named = changes[name].strip()
            changes[name] = "" if named.casefold() == NONE else known(app.catalogue, named).name
    return await app.database.run(_change, person.id, changes, app.keeping)


def _change(tx: Records, person: PersonId, changes: dict[str, Any], keeping: Keeping) -> Preferences:
    chosen = replace(tx.choices.get(person), **changes)
    if changes:
        tx.pictures.hide_overkept_of(person, keeping)  # what they see no more stays so, however long they keep others
        tx.choices.put(person, chosen)
    return chosen
