"""What stands in the JSON of a sealed frame (wire.py) while it lies in Redis: a meaning for each path of it.

The pipe keeps nothing, and a channel forgets what it carries. Pixels travel raw behind the JSON.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from core.datamap import Category, Datum, Entry, OnErase, OnExport, Purpose, Until
from core.packed import inside

_travelling = Datum(
    Category.REQUESTS,
    (Purpose.DRAW,),
    Until.REQUEST_ENDS,
    OnErase.DELETE,
    OnExport.WITHHELD,
    withheld_because="on its way between us and a worker; what stays is exported from where it is kept",
    sealed=True,
)
_words = replace(_travelling, category=Category.WORDS, free_text=True)
_SETTINGS: Final = (
    "model", "shape", "width", "height", "steps", "guidance", "style", "lora", "lora_strength", "strength",
)  # fmt: skip
_ENVELOPE: Final = ("ticket", "worker", "kind")
WISHES: Final = {
    **dict.fromkeys(
        (
            *_ENVELOPE,
            *(f"wishes[].{name}" for name in ("job", "index", "fence", "seed", "expires_at", "reference")),
            *(f"wishes[].settings.{name}" for name in _SETTINGS),
        ),
        _travelling,
    ),
    **dict.fromkeys(("wishes[].prompt", "wishes[].negative"), _words),
    **dict.fromkeys(("reference", "reference.width", "reference.height"), replace(_travelling, category=Category.REFERENCES)),
}  # fmt: skip
RESULTS: Final = dict.fromkeys(
    (*_ENVELOPE, "job", "index", "fence", "expires_at", "pixels.width", "pixels.height"), _travelling
)


def entries() -> tuple[Entry, ...]:
    subject = "job>job.person_id"
    return (*inside("wishes.b", subject, WISHES), *inside("results.b", subject, RESULTS))
