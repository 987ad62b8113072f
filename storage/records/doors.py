"""The verbs of `core.records.Posts`, `Inbox`, `Buttons` and `Choices`: what doors need to remember."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from core.values import JobId, Moment, PersonId, Preferences
from storage.records.statements import insert_if_new
from storage.records.tables import ButtonRow, InboxRow, PostRow, PreferenceRow, table

posts, inbox, buttons = table(PostRow), table(InboxRow), table(ButtonRow)
preferences = table(PreferenceRow)


class SqlPosts:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, job: JobId, index: int, sealed: bytes, now: Moment) -> None:
        here = update(posts).where(posts.c.job_id == job, posts.c.index == index)
        if not self._connection.execute(here.values(sealed_address=sealed, at=now)).rowcount:
            insert_if_new(self._connection, posts, job_id=job, index=index, sealed_address=sealed, at=now)

    def get(self, job: JobId, index: int) -> bytes | None:
        found = select(posts.c.sealed_address).where(posts.c.job_id == job, posts.c.index == index)
        sealed = self._connection.execute(found).scalar_one_or_none()
        return None if sealed is None else bytes(sealed)


class SqlInbox:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def note(self, update: str, until: Moment) -> bool:
        return insert_if_new(self._connection, inbox, update=update, until=until)


class SqlButtons:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, handle: str, person: PersonId, sealed: bytes, until: Moment) -> None:
        self._connection.execute(
            insert(buttons).values(handle=handle, person_id=person, sealed_deed=sealed, until=until)
        )

    def get(self, handle: str) -> tuple[PersonId, bytes, Moment] | None:
        row = self._connection.execute(select(buttons).where(buttons.c.handle == handle)).one_or_none()
        return None if row is None else (PersonId(row.person_id), bytes(row.sealed_deed), Moment(row.until))


class SqlChoices:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, person: PersonId) -> Preferences:
        row = self._connection.execute(select(preferences).where(preferences.c.person_id == person)).one_or_none()
        if row is None:
            return Preferences()
        return Preferences(row.shape, bool(row.private), row.format, row.keep_days, row.model, row.style)

    def put(self, person: PersonId, chosen: Preferences) -> None:
        values = {
            "shape": chosen.shape,
            "private": chosen.private,
            "format": chosen.format,
            "keep_days": chosen.keep_days,
            "model": chosen.model,
            "style": chosen.style,
        }
        if not insert_if_new(self._connection, preferences, person_id=person, **values):
            changed = update(preferences).where(preferences.c.person_id == person).values(**values)
            self._connection.execute(changed)
