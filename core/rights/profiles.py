"""What people may say about themselves, all of it optional: each field sealed, and gone at once when it is cleared."""

from __future__ import annotations

import re
from typing import Final

from core import accounts
from core.errors import Refused
from core.moderation import clean
from core.ports import App, Place
from core.records import Records
from core.rights.ages import ISO_3166
from core.values import Person, PersonId, Who
from core.values.statements import Field, Kept, Said, Source

NAME_CHARACTERS: Final = 64
LONGEST: Final = 1_000  #: characters that are looked at at all
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})?")


async def profile(app: App, who: Who) -> list[Said]:
    """What this person said about themselves. Raises Refused for who has no account."""
    person = await accounts.known(app, who)
    return [await _opened(app, person, kept) for kept in await app.database.run(_of, person.id)]


async def value_of(app: App, person: PersonId, field_: Field) -> str | None:
    kept = await app.database.run(_get, person, field_)
    return None if kept is None else (await app.keys.open(person, place(person, field_), kept.sealed)).decode()


async def set_field(app: App, who: Who, field_: Field, value: str) -> None:
    """Keep what they say in place of what they said before. Raises Refused for what cannot be."""
    person = await accounts.known(app, who)
    if person.leaving_at is not None:
        raise Refused("account.leaving")
    await keep(app, person.id, field_, valid(field_, value), Source.PERSON)


async def follow_platform(app: App, who: Who) -> str:
    """Call them as their platform does, also when they change it there. Raises Refused where the platform says no name."""
    person = await accounts.known(app, who)
    if person.leaving_at is not None:
        raise Refused("account.leaving")
    name = _of_platform(who)
    if not name:
        raise Refused("profile.no_platform_name")
    await keep(app, person.id, Field.DISPLAY_NAME, name, Source.PLATFORM)
    return name


async def refresh(app: App, who: Who) -> None:
    """Whoever is called as on their platform is called what they are called there now; of others nothing is kept."""
    name = _of_platform(who)
    if not name or (following := await app.database.run(_following, app.keys.lookup(who))) is None:
        return
    person, kept = following
    known = (await app.keys.open(person, place(person, Field.DISPLAY_NAME), kept.sealed)).decode()
    if known != name:
        await keep(app, person, Field.DISPLAY_NAME, name, Source.PLATFORM)


async def clear(app: App, who: Who, field_: Field) -> bool:
    """False: there was nothing."""
    person = await accounts.known(app, who)
    return await app.database.run(_remove, person.id, field_)


async def keep(app: App, person: PersonId, field_: Field, value: str, source: Source) -> None:
    sealed = await app.keys.seal(person, place(person, field_), value.encode())
    await app.database.run(_put, person, Kept(field_, sealed, source, app.clock.now()))


def valid(field_: Field, value: str) -> str:
    """As it is kept. Raises Refused saying what would be right."""
    cleaned = clean(value[:LONGEST])
    if field_ is Field.COUNTRY:
        if cleaned.upper() not in ISO_3166:
            raise Refused("profile.no_country", got=cleaned[:40])
        return cleaned.upper()
    if field_ is Field.LANGUAGE:
        if not _LANGUAGE.fullmatch(cleaned):
            raise Refused("profile.no_language", got=cleaned[:40])
        return cleaned
    if not 0 < len(cleaned) <= NAME_CHARACTERS:
        raise Refused("profile.no_name", most=NAME_CHARACTERS)
    return cleaned


def place(person: PersonId, field_: Field) -> Place:
    return Place("profile", "sealed_value", f"{person}/{field_}")


async def _opened(app: App, person: Person, kept: Kept) -> Said:
    value = await app.keys.open(person.id, place(person.id, kept.name), kept.sealed)
    return Said(kept.name, value.decode(), kept.source, kept.at)


def _of_platform(who: Who) -> str:
    return clean(who.name[:LONGEST])[:NAME_CHARACTERS]


def _of(tx: Records, person: PersonId) -> list[Kept]:
    return tx.profiles.of(person)


def _get(tx: Records, person: PersonId, field_: Field) -> Kept | None:
    return tx.profiles.get(person, field_)


def _put(tx: Records, person: PersonId, kept: Kept) -> None:
    tx.profiles.put(person, kept)


def _remove(tx: Records, person: PersonId, field_: Field) -> bool:
    return tx.profiles.remove(person, field_)


def _following(tx: Records, lookup: str) -> tuple[PersonId, Kept] | None:
    person = tx.people.of_identity(lookup)
    kept = tx.profiles.get(person.id, Field.DISPLAY_NAME) if person and not person.restricted else None
    return (person.id, kept) if person and kept and kept.source is Source.PLATFORM else None
