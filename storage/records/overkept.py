"""Which pictures are past their keep: the operator's period, their server's and their person's, whichever is shortest.

What is read leaves them out from that moment on. The sweep hides them for good, and what is hidden is destroyed.
A restricted person's stay as they are: keeping is all that may be done with what is theirs.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, false, or_, select, true, update

from core.datamap import Until
from core.periods import Keeping
from core.rules import DAY
from storage.records.tables import PersonRow, PictureRow, PreferenceRow, ServerRow, table

pictures, people = table(PictureRow), table(PersonRow)
preferences, servers = table(PreferenceRow), table(ServerRow)
LOOKED_AT: Final = 200  #: people whose wishes are looked at in one transaction
_unhidden: Final = pictures.c.hidden == false()


def seen(keeping: Keeping) -> ColumnElement[bool]:
    """Whether anybody may see a picture."""
    return and_(_unhidden, or_(~past(keeping), _restricted()))


def past(keeping: Keeping) -> ColumnElement[bool]:
    """Whether a picture has been kept for long enough."""
    return or_(
        _aged(keeping),
        exists().where(servers.c.id == pictures.c.server, _past_days_of(servers.c.keep_days, keeping)),
        exists().where(preferences.c.person_id == pictures.c.person_id, _unwanted(keeping)),
    )


def hide_aged(connection: Connection, keeping: Keeping, most: int) -> int:
    """What is past the operator's period, or else its server's. An index finds it: what is younger is not read."""
    aged = select(pictures.c.id).where(_aged(keeping))
    there = pictures.join(servers, servers.c.id == pictures.c.server)
    in_servers = select(pictures.c.id).select_from(there).where(_past_days_of(servers.c.keep_days, keeping))
    return _hide(connection, aged, most) or _hide(connection, in_servers, most)


def hide_unwanted(connection: Connection, keeping: Keeping, most: int, after: str) -> tuple[int, str | None]:
    """What is past its person's own period, of a few people. The same people again while there is more than `most`."""
    choosy = select(preferences.c.person_id).where(preferences.c.keep_days > 0, preferences.c.person_id > after)
    some = list(connection.execute(choosy.order_by(preferences.c.person_id).limit(LOOKED_AT)).scalars())
    if not some:
        return 0, None
    theirs = pictures.join(preferences, preferences.c.person_id == pictures.c.person_id)
    unwanted = select(pictures.c.id).select_from(theirs).where(preferences.c.person_id.in_(some), _unwanted(keeping))
    hidden = _hide(connection, unwanted, most)
    return hidden, after if hidden == most else some[-1]


def _hide(connection: Connection, found: Select[Any], most: int) -> int:
    due = found.where(_unhidden, ~_restricted()).limit(most)
    ids = list(connection.execute(due).scalars())
    if ids:
        connection.execute(update(pictures).where(pictures.c.id.in_(ids)).values(hidden=True))
    return len(ids)


def _aged(keeping: Keeping) -> ColumnElement[bool]:
    return pictures.c.drawn_at <= keeping.begun_by(Until.PICTURE_DELETED)


def _unwanted(keeping: Keeping) -> ColumnElement[bool]:
    return _past_days_of(preferences.c.keep_days, keeping)


def _past_days_of(days: ColumnElement[int], keeping: Keeping) -> ColumnElement[bool]:
    return and_(days > 0, pictures.c.drawn_at <= keeping.now - days * DAY)


def _restricted() -> ColumnElement[bool]:
    return exists().where(people.c.id == pictures.c.person_id, people.c.restricted == true())
