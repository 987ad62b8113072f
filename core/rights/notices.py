"""What people are told without asking: each notice once, in private, and an offer only to who allows offers. Knows no chat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from core.datamap import Purpose
from core.policy.permissions import NEVER_AT
from core.ports import App, Place
from core.records import Records
from core.rights.allowed import given
from core.rules import BUTTON_LIFE
from core.values import Moment, PersonId, Who
from core.values.letters import Addressed, Notice, NoticeCategory, NoticeState

LIFE: Final = BUTTON_LIFE  #: told or not, a notice is forgotten then
PUSHED: Final = frozenset(
    {"discord", "telegram"}
)  #: doors where the bot can speak first; elsewhere it waits to be spoken to

#: Every notice there is, with what it is; its sentence is `notice.<key>` and speaks of `figure` alone.
NOTICES: Final[Mapping[str, NoticeCategory]] = {
    "export_ready": NoticeCategory.SERVICE,  #: figure: until when it can be fetched
    "ticket_answered": NoticeCategory.SERVICE,  #: figure: when it was asked
    "dormant": NoticeCategory.SERVICE,  #: figure: when the account goes
    "ticket_postponed": NoticeCategory.SERVICE,  #: figure: when it is due now
}


def notify(tx: Records, person: PersonId, key: str, figure: int, now: Moment) -> bool:
    """Owe somebody a notice. False: they are owed it already, or were told it lately. Raises KeyError for what is no notice."""
    return tx.notices.add(Notice(person, key, figure, NOTICES[key], now, Moment(now + LIFE)))


async def take(app: App, who: Who) -> list[Notice]:
    """What somebody who just said something is to be told with the answer; it counts as told from now on."""
    return await app.database.run(_take, app.keys.lookup(who), who.door, app.clock.now())


async def owed(app: App, door: str) -> list[Addressed]:
    """What people at a door that can speak first are still to be told, oldest first."""
    return await app.database.run(lambda tx: tx.notices.owed_at(door, app.clock.now()))


async def raw_id(app: App, addressed: Addressed) -> str:
    """Their id on the platform."""
    place = Place("identity", "sealed_id", addressed.lookup)
    return (await app.keys.open(addressed.notice.person, place, addressed.sealed_id)).decode()


async def begin(app: App, notice: Notice, door: str) -> bool:
    """Whether it is to be sent now, by us: nobody else does, and an offer is still allowed."""
    return await app.database.run(_begin, notice, door)


async def end(app: App, notice: Notice, state: NoticeState) -> None:
    """What became of sending it; OWED where nothing was sent."""
    await app.database.run(lambda tx: tx.notices.move(notice, (NoticeState.SENDING, NoticeState.UNCERTAIN), state))


async def leave_uncertain(app: App, door: str) -> int:
    """What was on its way at a door when its process ended may have arrived, and is not sent again."""
    return await app.database.run(lambda tx: tx.notices.leave_uncertain(door))


def _begin(tx: Records, notice: Notice, door: str) -> bool:
    if not _wanted(tx, notice, door):
        tx.notices.move(notice, (NoticeState.OWED,), NoticeState.UNWANTED)
        return False
    return tx.notices.move(notice, (NoticeState.OWED,), NoticeState.SENDING)


def _take(tx: Records, lookup: str, door: str, now: Moment) -> list[Notice]:
    person = tx.people.of_identity(lookup)
    if person is None:
        return []
    waiting: Sequence[NoticeState] = (NoticeState.UNDELIVERABLE,)
    if door not in PUSHED:
        waiting = (NoticeState.UNDELIVERABLE, NoticeState.OWED)
    found = [notice for notice in tx.notices.of(person.id, now) if notice.state in waiting]
    wanted = [notice for notice in found if _wanted(tx, notice, door)]
    for notice in found:
        tx.notices.move(notice, waiting, NoticeState.TOLD if notice in wanted else NoticeState.UNWANTED)
    return wanted


def _wanted(tx: Records, notice: Notice, door: str) -> bool:
    """An offer needs its person's consent at the moment it is made."""
    if notice.category is NoticeCategory.SERVICE:
        return True
    return given(tx, notice.person, Purpose.MARKET) and Purpose.MARKET not in NEVER_AT.get(door, frozenset())
