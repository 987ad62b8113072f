"""What people say about themselves: their age, a profile that may stay empty, an e-mail address. Open to banned people too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from bots.declaring import Commands, Option
from bots.replies import Line, Reply, reply, say
from bots.texts import render
from core.errors import Refused
from core.ports import App
from core.rights import addresses, ages, profiles
from core.values import Who
from core.values.statements import OWN, Field

commands = Commands()
CLEAR: Final = "clear"


@dataclass(frozen=True)
class Age:
    country: Annotated[str, Option(main=True)] = ""


@dataclass(frozen=True)
class Profile:
    """`set FIELD VALUE`, `set display_name` alone, or `clear FIELD`."""

    change: Annotated[str, Option(main=True, verbatim=True)] = ""


@dataclass(frozen=True)
class Email:
    """An address, the code that was sent there, or `clear`."""

    address: Annotated[str, Option(main=True, verbatim=True)] = ""


@commands("age", private=True)
async def age(app: App, who: Who, ask: Age) -> Reply:
    """What one said about one's age, which is all that is kept of it; and which age holds in a country."""
    if named := ask.country.strip():
        return reply(_age_there(named), say("age.default", age=ages.DEFAULT_AGE), private=True)
    stated = await ages.stated(app, who)
    lines = [say("age.stated", age=one.minimum_age, at=one.at, version=one.notice_version) for one in stated]
    by_age = sorted({one.age for one in ages.AGES.values()})
    table = [say("age.row", age=one, countries=tuple(_country(code) for code in _countries_at(one))) for one in by_age]
    intro = say("age.table", looked_up=ages.LOOKED_UP, default=ages.DEFAULT_AGE)
    return reply(*lines, say("age.only_this"), intro, *table, private=True)


@commands("profile", private=True)
async def profile(app: App, who: Who, ask: Profile) -> Reply:
    """What one said about oneself, none of it needed: shown, set, cleared field by field."""
    verb, named, value = (*ask.change.split(maxsplit=2), "", "", "")[:3]
    match verb.lower():
        case "":
            return await _shown(app, who)
        case "set":
            return await _set(app, who, _field(named), value)
        case "clear":
            return await _cleared(app, who, _field(named))
        case _:
            raise Refused("profile.how", fields=OWN)


@commands("email", private=True)
async def email(app: App, who: Who, ask: Email) -> Reply:
    """An e-mail address, which nobody needs: kept once the code that is sent there was typed."""
    typed = ask.address.strip()
    if not typed:
        return await _address(app, who)
    if typed.lower() == CLEAR:
        return await _cleared(app, who, Field.EMAIL)
    if "@" in typed:
        await addresses.ask(app, who, typed)
        return reply(say("email.sent", minutes=addresses.CODE_LIFE // 60_000), private=True)
    return reply(say("email.proved", address=await addresses.prove(app, who, typed)), private=True)


# How it is done


async def _shown(app: App, who: Who) -> Reply:
    said = await profiles.profile(app, who)
    lines = [
        say(
            "profile.line",
            field=say(f"profile_field.{one.name}"),
            value=one.value,
            source=say(f"profile_source.{one.source}"),
            at=one.at,
        )
        for one in said
    ]
    return reply(
        say("profile.intro" if said else "profile.empty"), *lines, say("profile.how", fields=OWN), private=True
    )


async def _set(app: App, who: Who, field: Field, value: str) -> Reply:
    if field is Field.EMAIL:
        raise Refused("profile.by_email")
    if field is Field.DISPLAY_NAME and not value.strip():
        name = await profiles.follow_platform(app, who)
        return reply(say("profile.follows", name=name), private=True)
    await profiles.set_field(app, who, field, value)
    return reply(say("profile.set", field=say(f"profile_field.{field}")), private=True)


async def _cleared(app: App, who: Who, field: Field) -> Reply:
    there = await (addresses.clear(app, who) if field is Field.EMAIL else profiles.clear(app, who, field))
    name = say(f"profile_field.{field}")
    return reply(say("profile.cleared" if there else "profile.nothing", field=name), private=True)


async def _address(app: App, who: Who) -> Reply:
    known = await addresses.known(app, who)
    lines = [say("email.is", address=known.address) if known.address else say("email.none")]
    if known.waiting:
        lines.append(say("email.waiting"))
    return reply(*lines, say("email.how" if app.mailer.is_on else "email.off"), private=True)


def _field(named: str) -> Field:
    try:
        return Field(named.lower().replace("-", "_"))
    except ValueError:
        raise Refused("profile.no_field", got=named[:40], fields=OWN) from None


def _age_there(named: str) -> Line:
    code = _code(named)
    known = ages.AGES.get(code)
    if known is None:
        return say("age.not_in_table", country=code)
    since = say("age.since", year=known.since) if known.since else say("age.since_gdpr")
    return say(
        "age.there", age=known.age, country=_country(code), since=since, source=known.source, looked_up=ages.LOOKED_UP
    )


def _code(named: str) -> str:
    """Of a country by its code or, where it is in the table, its name. Raises Refused for what is none."""
    if named.upper() in ages.ISO_3166:
        return named.upper()
    for code in ages.AGES:
        if render(_country(code)).casefold() == named.casefold():
            return code
    raise Refused("profile.no_country", got=named[:40])


def _country(code: str) -> Line:
    return say(f"country.{code}")


def _countries_at(age: int) -> list[str]:
    return [code for code, known in ages.AGES.items() if known.age == age]
