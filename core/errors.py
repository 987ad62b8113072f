"""The four kinds of trouble: Refused, Unavailable, Gone; anything else is a bug.

Each carries a key and values; the words are in bots/texts and are put together in one place.
"""

from __future__ import annotations

from typing import Any


class Trouble(Exception):
    """What a person is told: `key` names the sentence, `values` fill it."""

    kind = "bug"

    def __init__(self, key: str, **values: Any) -> None:
        super().__init__(key)
        self.key = key
        self.values = values


class Refused(Trouble):
    """The person may not, or cannot. Nothing was changed and nothing was charged."""

    kind = "refused"


class Unavailable(Trouble):
    """Something we depend on failed. `retry_after` is in seconds, None when nobody can know."""

    kind = "unavailable"

    def __init__(self, key: str, *, retry_after: float | None = None, **values: Any) -> None:
        super().__init__(key, **values)
        self.retry_after = retry_after


class Gone(Trouble):
    """This chat can never be reached again; whatever is owed there stays in the gallery."""

    kind = "gone"
