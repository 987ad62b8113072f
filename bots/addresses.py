"""What the doors' sealed addresses are made of: where something was asked, and where the message about it stands.

The doors write them (on_telegram/places.py, on_discord/places.py). They are declared here, because putting the data map
together must not load the library of a platform.
"""

from __future__ import annotations

from typing import Final

from core.datamap import Category, Datum, Entry, OnErase, OnExport, Purpose, Until
from core.packed import inside

_place = Datum(
    Category.DELIVERY, (Purpose.DRAW,), Until.REQUEST_FORGOTTEN, OnErase.SHRED, OnExport.SUMMARY, sealed=True
)
_token = Datum(
    Category.DELIVERY,
    (Purpose.DRAW,),
    Until.REQUEST_FORGOTTEN,
    OnErase.SHRED,
    OnExport.WITHHELD,
    withheld_because="a pass to answer once, which Discord lets lapse after fifteen minutes",
    sealed=True,
)
TELEGRAM: Final = dict.fromkeys(("chat", "message", "thread", "asker", "told"), _place)
DISCORD_ASKED: Final = {
    **dict.fromkeys(("id", "channel", "user", "at", "guild", "application", "quiet", "limit"), _place),
    "token": _token,
}
DISCORD_POSTED: Final = dict.fromkeys(("message", "further", "by_bot", "told", "trying_since", "placeholder"), _place)


def entries() -> tuple[Entry, ...]:
    asked, posted = "job.sealed_origin", "post.sealed_address"
    return (
        *inside(f"{asked}@telegram", "person_id", TELEGRAM),
        *inside(f"{asked}@discord", "person_id", DISCORD_ASKED),
        *inside(f"{posted}@telegram", "job_id>job.person_id", TELEGRAM),
        *inside(f"{posted}@discord", "job_id>job.person_id", DISCORD_POSTED),
    )
