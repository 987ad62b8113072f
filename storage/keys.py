"""Per-person data keys in a store of their own, wrapped by the master key; sealing, opening, and keyed look-up hashes.

A sealed value is one version byte, a 12-byte nonce and AES-256-GCM text, bound to person, table, column and row.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import BigInteger, Engine, LargeBinary, MetaData, Table, delete, insert, select
from sqlmodel import SQLModel

from core.datamap import Category, Datum, Entry, Meaning, NotPersonal, OnErase, OnExport, Purpose, Until, link
from core.ports import Clock, Place
from core.values import Moment, PersonId, Who
from storage.database import forget_log
from storage.patience import reachable
from storage.records.tables import cell

KEY_BYTES: Final = 32
_VERSION: Final = b"\x01"
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16  #: what AES-GCM adds to the text

secret: Meaning = Datum(
    Category.KEYS,
    (Purpose.KEEP_SAFE,),
    Until.ACCOUNT_ENDS,
    OnErase.DELETE,
    OnExport.WITHHELD,
    withheld_because="the key itself: whoever holds it can open everything that is sealed",
)


class PersonKeyRow(SQLModel, table=True):
    __tablename__ = "person_key"
    __subject__ = "person_id"

    person_id: str = cell(link(Category.KEYS), primary_key=True)
    wrapped: bytes = cell(secret, LargeBinary)
    created_at: int = cell(secret, BigInteger)


# The key store is a database of its own: its table must not be created beside the rows it protects.
keys: Table = PersonKeyRow.__table__.to_metadata(MetaData())  # type: ignore[attr-defined]
SQLModel.metadata.remove(PersonKeyRow.__table__)  # type: ignore[attr-defined]


def entries() -> tuple[Entry, ...]:
    return (
        Entry("keys", "alembic_version.version_num", "", NotPersonal("which migration the key store is at")),
        *(Entry("keys", f"{keys.name}.{column.name}", "person_id", column.info["meaning"]) for column in keys.columns),
    )


class Unsealable(Exception):
    """A sealed value that does not open: another key, another place, or changed bytes."""


def seal(key: bytes, context: bytes, plain: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return _VERSION + nonce + AESGCM(key).encrypt(nonce, plain, context)


def unseal(key: bytes, context: bytes, sealed: bytes) -> bytes:
    """Raises Unsealable."""
    nonce, text = sealed[1 : 1 + _NONCE_BYTES], memoryview(sealed)[1 + _NONCE_BYTES :]  # pictures are large: no copy
    if sealed[:1] != _VERSION:
        raise Unsealable("sealed by another version")
    try:
        return AESGCM(key).decrypt(nonce, text, context)
    except InvalidTag as error:
        raise Unsealable("the value was sealed under another key, or for another place") from error


def is_sealed(value: bytes) -> bool:
    """Whether it has the form of a sealed value, and is no readable text."""
    if value[:1] != _VERSION or len(value) < 1 + _NONCE_BYTES + _TAG_BYTES:
        return False
    try:
        value.decode()
    except UnicodeDecodeError:
        return True
    return False


def tag(lookup: bytes, text: str) -> str:
    """A keyed hash that only who has the lookup key can make."""
    return hmac.new(lookup, f"tag:{text}".encode(), hashlib.sha256).hexdigest()


class PersonKeys:
    """`core.ports.Keys`. Unwrapped keys are remembered only for as long as one call needs them."""

    def __init__(self, engine: Engine, master: bytes, lookup: bytes, clock: Clock) -> None:
        self._engine, self._master, self._lookup, self._clock = engine, master, lookup, clock

    def lookup(self, who: Who) -> str:
        return hmac.new(self._lookup, f"{who.door}:{who.raw_id}".encode(), hashlib.sha256).hexdigest()

    def tag(self, text: str) -> str:
        return tag(self._lookup, text)

    async def create(self, person: PersonId) -> None:
        await asyncio.to_thread(self._create, person)

    async def seal(self, person: PersonId, place: Place, plain: bytes) -> bytes:
        return seal(await asyncio.to_thread(self._key, person), _context(person, place), plain)

    async def open(self, person: PersonId, place: Place, sealed: bytes) -> bytes:
        return unseal(await asyncio.to_thread(self._key, person), _context(person, place), sealed)

    async def shred(self, people: Sequence[PersonId]) -> None:
        await asyncio.to_thread(self._shred, people)

    async def holds(self, person: PersonId) -> bool:
        return await asyncio.to_thread(self._holds, person)

    async def older_than(self, moment: Moment) -> list[PersonId]:
        return await asyncio.to_thread(self._older_than, moment)

    def _create(self, person: PersonId) -> None:
        wrapped = seal(self._master, person.encode(), os.urandom(KEY_BYTES))
        with reachable("keys.unavailable"), self._engine.begin() as connection:
            connection.execute(insert(keys).values(person_id=person, wrapped=wrapped, created_at=self._clock.now()))

    def _key(self, person: PersonId) -> bytes:
        with reachable("keys.unavailable"), self._engine.begin() as connection:
            wrapped = connection.execute(select(keys.c.wrapped).where(keys.c.person_id == person)).scalar_one_or_none()
        if wrapped is None:
            raise Unsealable("this person's key was destroyed")
        return unseal(self._master, person.encode(), bytes(wrapped))

    def _shred(self, people: Sequence[PersonId]) -> None:
        with reachable("keys.unavailable"), self._engine.begin() as connection:
            connection.execute(delete(keys).where(keys.c.person_id.in_(people)))
        if people:
            forget_log(self._engine, "keys.unavailable")

    def _holds(self, person: PersonId) -> bool:
        with reachable("keys.unavailable"), self._engine.begin() as connection:
            theirs = select(keys.c.person_id).where(keys.c.person_id == person)
            return connection.execute(theirs).first() is not None

    def _older_than(self, moment: Moment) -> list[PersonId]:
        with reachable("keys.unavailable"), self._engine.begin() as connection:
            rows = connection.execute(select(keys.c.person_id).where(keys.c.created_at < moment))
            return [PersonId(row.person_id) for row in rows]


def _context(person: PersonId, place: Place) -> bytes:
    return "\0".join((person, *place)).encode()
