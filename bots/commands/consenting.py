"""What people allow and object to, and whether anything is done with what is theirs at all. Open to banned people too."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Final, Literal

from bots.declaring import Commands, Offers, Option
from bots.replies import Button, Line, Reply, reply, say
from bots.texts import sentences
from core import accounts
from core.datamap import Basis, Purpose
from core.errors import Refused
from core.policy.permissions import SWITCHES
from core.ports import App
from core.rights import consent, restriction, showcase
from core.rights.consent import Standing
from core.values import PictureId, Who

commands = Commands()

#: What people call what they may allow or object to; a purpose's own name does as well.
NAMES: Final = {
    Purpose.TRAIN: "training",
    Purpose.SHOW: "showcase",
    Purpose.MARKET: "marketing",
    Purpose.MEASURE: "analytics",
    Purpose.KEEP_SAFE: "safety",
    Purpose.STAY_ERASED: "erasures",
}
Switch = Literal["on", "off"]
ON: Final = "on"
OFF: Final = "off"


@dataclass(frozen=True)
class Consent:
    """`purpose` may be followed by on or off, as people type it."""

    purpose: Annotated[str, Option(main=True)] = ""
    switch: Switch | None = None


@dataclass(frozen=True)
class Showcase:
    id: Annotated[str, Option(main=True, offers=Offers.PICTURES)] = ""
    switch: Switch | None = None


@dataclass(frozen=True)
class OnOff:
    switch: Annotated[Switch | None, Option(main=True)] = None


@commands("consent", private=True)
async def allowed(app: App, who: Who, ask: Consent) -> Reply:
    """What one allows beyond what the bot needs, all of it off at first; on and off with one word or one press."""
    name, switch = _split(ask.purpose, ask.switch)
    if not name:
        if switch is not None:
            raise Refused("consent.unknown", got=ON if switch else OFF, known=_names(SWITCHES))
        return _listed(await consent.standings(app, who), [])
    purpose = _named(name)
    if purpose not in SWITCHES:
        raise Refused("consent.unknown", got=name[:40], known=_names(SWITCHES))
    return await _switch(app, who, purpose, switch)


@commands("marketing", private=True)
async def marketing(app: App, who: Who, ask: OnOff) -> Reply:
    """Whether one wants to hear about offers; never on Discord, whose rules forbid it."""
    return await _switch(app, who, Purpose.MARKET, _on(ask.switch))


@commands("showcase", private=True)
async def shown(app: App, who: Who, ask: Showcase) -> Reply:
    """Which of one's pictures anybody may see as examples: allowed as such first, then picture by picture."""
    name, switch = _split(ask.id, ask.switch)
    if not name and switch is not None:
        return await _switch(app, who, Purpose.SHOW, switch)
    if name:
        picture = PictureId(name.upper()[:40])
        if switch is None:
            return _picture(picture, await showcase.is_shown(app, who, picture))
        await (showcase.show(app, who, picture) if switch else showcase.conceal(app, who, picture))
        return reply(say("showcase.shown" if switch else "showcase.concealed", id=picture), private=True)
    now = await showcase.standing(app, who)
    standing = await _standing(app, who, Purpose.SHOW)
    pictures = say("showcase.pictures", ids=now.pictures) if now.pictures else say("showcase.no_pictures")
    return reply(_line(standing), pictures, say("showcase.how"), buttons=_buttons([standing]), private=True)


@commands("object", private=True)
async def objects(app: App, who: Who, ask: Consent) -> Reply:
    """What one objects to; it stops, or one is told why it must go on."""
    name, switch = _split(ask.purpose, ask.switch)
    against = consent.objectionable(app.datamap)
    if not name:
        since = await consent.objections(app, who)
        lines = [_objectionable(purpose, since.get(purpose)) for purpose in against]
        return reply(say("object.intro"), *lines, say("object.how"), private=True)
    purpose = _named(name)
    if purpose is None:
        raise Refused("object.unknown", got=name[:40], known=_names(against))
    if switch is False:
        withdrawn = await consent.object_no_more(app, who, purpose)
        return reply(say("object.no_more" if withdrawn else "object.never", name=_name(purpose)), private=True)
    opposed = await consent.object_to(app, who, purpose, _hash_of(purpose))
    if opposed.stopped:
        return reply(say("object.stopped", name=_name(purpose), ticket=opposed.ticket), private=True)
    why = say(f"compelling.{purpose}")
    return reply(say("object.goes_on", name=_name(purpose), why=why, ticket=opposed.ticket), private=True)


@commands("restrict", private=True)
async def restrict(app: App, who: Who, ask: OnOff) -> Reply:
    """Nothing is done with what is one's own but keeping it, until one says otherwise."""
    switch = _on(ask.switch)
    if switch is None:
        restricted = (await accounts.known(app, who)).restricted
        other = Button(
            say("button.lift" if restricted else "button.restrict"), "restrict", OnOff(OFF if restricted else ON)
        )
        lines = say("restrict.is_on" if restricted else "restrict.is_off"), say("restrict.what")
        return reply(*lines, buttons=(other,), private=True)
    if not switch:
        lifted = await restriction.lift(app, who)
        return reply(say("restrict.lifted" if lifted.changed else "restrict.is_off"), private=True)
    done = await restriction.restrict(app, who)
    taken_back = (say("restrict.taken_back", n=done.taken_back),) if done.taken_back else ()
    return reply(say("restrict.done" if done.changed else "restrict.is_on"), *taken_back, private=True)


# How it is done


async def _switch(app: App, who: Who, purpose: Purpose, switch: bool | None) -> Reply:
    """Allow it, take it back, or say how it stands."""
    if switch is None:
        return _listed([await _standing(app, who, purpose)], [])
    await (consent.allow if switch else consent.withdraw)(app, who, purpose, _hash_of(purpose))
    done = say("consent.allowed" if switch else "consent.withdrawn", name=_name(purpose))
    more = [say("showcase.how" if switch else "showcase.ended")] if purpose is Purpose.SHOW else []
    return _listed([await _standing(app, who, purpose)], [done, *more])


def _picture(picture: PictureId, shown: bool) -> Reply:
    other = Button(
        say("button.conceal" if shown else "button.show"), "showcase", Showcase(picture, OFF if shown else ON)
    )
    line = say("showcase.is_shown" if shown else "showcase.is_not_shown", id=picture)
    return reply(line, say("showcase.how"), buttons=(other,), private=True)


async def _standing(app: App, who: Who, purpose: Purpose) -> Standing:
    return next(one for one in await consent.standings(app, who) if one.purpose is purpose)


def _listed(standings: list[Standing], done: list[Line]) -> Reply:
    intro = done or [say("consent.intro")]
    return reply(*intro, *(_line(one) for one in standings), buttons=_buttons(standings), private=True)


def _line(one: Standing) -> Line:
    if not one.offered:
        state = say("consent.not_done_here")
    elif not one.possible:
        state = say("consent.not_on_this_platform")
    elif one.given:
        state = say("consent.on", since=one.since)
    else:
        state = say("consent.off") if one.since is None else say("consent.off_since", since=one.since)
    return say("consent.line", name=_name(one.purpose), what=say(f"consent.{one.purpose}"), state=state)


def _buttons(standings: list[Standing]) -> tuple[Button, ...]:
    """One for each that can be switched; what is allowed can be taken back wherever one is."""
    return tuple(
        Button(
            say("button.withdraw" if one.given else "button.allow", name=_name(one.purpose)),
            "consent",
            Consent(_name(one.purpose), OFF if one.given else ON),
        )
        for one in standings
        if one.given or (one.offered and one.possible)
    )


def _objectionable(purpose: Purpose, since: int | None) -> Line:
    what = say(f"purpose.{purpose}")
    if since is not None:
        return say("object.objected", name=_name(purpose), what=what, since=since)
    on_interest = purpose.basis is Basis.LEGITIMATE_INTEREST
    return say("object.on_interest" if on_interest else "object.on_consent", name=_name(purpose), what=what)


def _split(text: str, switch: Switch | None) -> tuple[str, bool | None]:
    """What is named, and on or off: as an option of its own, or the last word."""
    name, _, last = text.strip().rpartition(" ")
    if switch is None and last.lower() in (ON, OFF):
        return name.strip(), last.lower() == ON
    return text.strip(), _on(switch)


def _on(switch: Switch | None) -> bool | None:
    return None if switch is None else switch == ON


def _named(name: str) -> Purpose | None:
    wanted = name.casefold().replace(" ", "_")
    return next((one for one in Purpose if wanted in (one.value, NAMES.get(one))), None)


def _name(purpose: Purpose) -> str:
    return NAMES.get(purpose, purpose.value)


def _names(purposes: tuple[Purpose, ...] | list[Purpose]) -> tuple[str, ...]:
    return tuple(_name(purpose) for purpose in purposes)


def _hash_of(purpose: Purpose) -> str:
    """Of the words that people are shown when they switch it; of what is no switch there are none."""
    return sha256(sentences("en")[f"consent.{purpose}"].encode()).hexdigest() if purpose in SWITCHES else ""
