"""What is held about somebody, in words and as files: one's own, in private, for everybody who has an account."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Final, Literal

from bots.declaring import Commands, Nothing, Option
from bots.exporting import fetching
from bots.exporting.making import make
from bots.replies import Button, File, Line, LongFile, Reply, reply, say
from core import accounts
from core.datamap import Category, Datum, OnExport
from core.errors import Refused, Unavailable
from core.periods import Keeping
from core.ports import App
from core.records import Records
from core.rights import consent, exports
from core.values import PersonId, Who
from core.values.holdings import Export, Table
from core.values.letters import Look, TicketId
from storage.records.holdings import tables

commands = Commands()

AT_ONCE: Final = 24  #: pictures at most that are put together while somebody waits for the answer
FILES_IN_CHAT: Final = 10  #: more than that are better fetched in one, where there is a way
ABOUT_A_PICTURE: Final = 1_600_000  #: bytes, of 1024 x 1024 pixels
WHOLE: Final = 16 << 20  #: bytes up to which a file is held at once; a longer one is handed on bit by bit
HOLD_LONG: Final = frozenset({"terminal", "page"})  #: doors that take a file bit by bit
LOOKS: Final = 20
NAMELESS: Final = frozenset({Category.LOGS})  #: what cannot be counted by person, because it names none

#: Where each category comes from.
SOURCES: Final[dict[Category, Literal["you", "platform", "drawn", "bot"]]] = {
    Category.ACCOUNT: "bot",
    Category.IDENTITY: "platform",
    Category.CONSENT: "you",
    Category.CREDITS: "bot",
    Category.WORDS: "you",
    Category.PICTURES: "drawn",
    Category.REFERENCES: "you",
    Category.REQUESTS: "you",
    Category.DELIVERY: "platform",
    Category.CHOICES: "you",
    Category.KEYS: "bot",
    Category.AGE: "you",
    Category.PROFILE: "you",
    Category.RIGHTS: "you",
    Category.MESSAGES: "you",
    Category.NOTICES: "bot",
    Category.LOOKS: "bot",
    Category.ERASED: "bot",
    Category.LOGS: "bot",
}


@commands("mydata", private=True)
async def mydata(app: App, who: Who, _ask: Nothing) -> Reply:
    """What is held about who asks, category by category, what they allowed, and who looked."""
    person = await accounts.known(app, who)
    counts = await _counts(app, person.id)
    lines, nothing = [say("mydata.intro")], list[Line]()
    for category, data in app.datamap.categories.items():
        if category in counts or category in NAMELESS:
            lines += _category(app, category, data, counts.get(category, 0))
        else:
            nothing.append(say(f"category.{category}"))
    if nothing:
        lines.append(say("mydata.nothing", what=tuple(nothing)))
    lines.append(say("mydata.drawn", n=await app.database.run(_drawn, person.id)))
    lines.append(say("mydata.consents"))
    lines += [
        say("mydata.allowed" if one.given else "mydata.not_allowed", purpose=say(f"purpose.{one.purpose}"))
        for one in await consent.standings(app, who)
    ]
    looks = await app.database.run(_looks, person.id)
    lines.append(say("mydata.looks" if looks else "mydata.no_looks"))
    lines += [say("mydata.look", command=look.command, at=look.at) for look in looks[:LOOKS]]
    return reply(*lines, say("mydata.more"), buttons=(_begin_button(),), private=True)


@dataclass(frozen=True)
class Takeaway:
    """`part`: which file of it, from 1; 0 for the only one, or for an overview."""

    what: Annotated[Literal["all", "images"], Option(main=True)] = "all"
    part: Annotated[int, Option(low=0, high=10_000)] = 0


@commands("export", private=True)
async def export(app: App, who: Who, ask: Takeaway) -> Reply:
    """A copy to take away: begun, or how far it is, or its files."""
    images_only = ask.what == "images"
    person = await accounts.known(app, who)
    pictures = await exports.pictures_of(app, person)
    by_link = _better_by_link(app, who.door, pictures)
    standing = await exports.ask(app, who, images_only=images_only, by_link=by_link)
    current = standing.export
    if standing.began and pictures <= AT_ONCE:
        current = await _made_now(app, current)
    if not current.is_made:
        total = current.total or pictures
        line = say("export.begun" if standing.began else "export.under_way", done=current.done, total=total)
        return reply(line, private=True)
    again = () if standing.began else (say("export.again", at=standing.next_at),)
    told = await files_of(app, who.door, current, ask.part)
    await exports.told(app, current)
    return reply(*told.lines, *again, files=told.files, buttons=told.buttons, private=True)


async def files_of(app: App, door: str, export: Export, part: int = 0) -> Reply:
    """A made export as it is fetched at a door: its one file, one of several, an overview of them, or a link."""
    if not export.most and door not in HOLD_LONG:
        return await _link(app, export)
    sizes = await fetching.sizes(app, export)
    if part > len(sizes):
        raise Refused("export.no_part", count=len(sizes))
    if len(sizes) > 1 and not part:
        buttons = tuple(
            Button(say("button.export_part", part=nth, count=len(sizes)), "export", _asking(export, nth))
            for nth in range(1, len(sizes) + 1)
        )
        intro = say("export.parts", count=len(sizes), megabytes=sum(sizes) / 1e6, until=export.until)
        return reply(intro, buttons=buttons, private=True)
    nth = max(part, 1)
    file = await _file(app, door, export, nth, sizes)
    line = say("export.part_here", part=nth, count=len(sizes))
    if len(sizes) == 1:
        line = say("export.images_here" if export.images_only else "export.here", until=export.until)
    return reply(line, files=(file,), private=True)


async def _made_now(app: App, export: Export) -> Export:
    """Made while somebody waits; when something keeps it from that, it is made later."""
    try:
        await make(app, export, quietly=True)
    except Unavailable:
        return export
    return await app.database.run(_get, export.ticket) or export


async def _file(app: App, door: str, export: Export, part: int, sizes: list[int]) -> File:
    name, bits = fetching.file_name(export, part, len(sizes)), partial(fetching.chunks, app, export, part)
    if door in HOLD_LONG and sizes[part - 1] > WHOLE:
        return LongFile(name, b"", bits)
    return File(name, b"".join([some async for some in bits()]))


async def _link(app: App, export: Export) -> Reply:
    """A new link every time: the one before may be lost, or used up."""
    renewed = await exports.renew_link(app, export)
    address = app.public_url.rstrip("/") + exports.link_path(app, renewed, app.clock.now())
    code = exports.code(app, renewed.handle)
    return reply(say("export.link", address=address, code=code, until=export.until), private=True)


def _better_by_link(app: App, door: str, pictures: int) -> bool:
    most = exports.MOST.get(door, 0)
    return bool(app.public_url and most) and pictures * ABOUT_A_PICTURE > most * FILES_IN_CHAT


def _asking(export: Export, part: int) -> Takeaway:
    return Takeaway("images" if export.images_only else "all", part)


def _begin_button() -> Button:
    return Button(say("button.export"), "export", Takeaway())


def _category(app: App, category: Category, data: Sequence[Datum], rows: int) -> Iterator[Line]:
    """What, what for, how much, from where, to whom, how long; and what of it is not shown, and why."""
    purposes = sorted({purpose for datum in data for purpose in datum.purposes})
    recipients = tuple(f"{one.name} ({one.region})" for one in app.policy.facts.recipients_of(category))
    yield say(
        "mydata.category",
        what=say(f"category.{category}"),
        rows=say("mydata.rows", n=rows) if rows else say("mydata.nameless"),
        purposes=tuple(
            say("mydata.purpose", purpose=say(f"purpose.{one}"), basis=say(f"basis.{one.basis}")) for one in purposes
        ),
        source=say(f"source.{SOURCES[category]}"),
        keeps=tuple(
            say(f"keep.{one}", days=app.policy.facts.days(one)) for one in sorted({datum.keep for datum in data})
        ),
        recipients=say("mydata.recipients", names=recipients) if recipients else say("mydata.no_recipients"),
    )
    reasons = tuple(sorted({datum.withheld_because for datum in data if datum.on_export is OnExport.WITHHELD}))
    if reasons:
        yield say("mydata.withheld", reasons=reasons)


async def _counts(app: App, person: PersonId) -> dict[Category, int]:
    """How many rows of this person there are of each category where there are any; a row may be of several."""
    found = {Category.KEYS: 1} if await app.keys.holds(person) else dict[Category, int]()
    of_table: dict[str, set[Category]] = {}
    for entry, datum in app.datamap.personal():
        if entry.store == "sql" and datum.on_export is not OnExport.WITHHELD:
            of_table.setdefault(entry.cell.split(".")[0], set()).add(datum.category)
    for table in tables(app.datamap):
        count = await app.database.run(_count, table, person, app.keeping)
        for category in of_table[table.name] if count else ():
            found[category] = found.get(category, 0) + count
    return found


def _count(tx: Records, table: Table, person: PersonId, keeping: Keeping) -> int:
    return tx.holdings.count(table, person, keeping)


def _drawn(tx: Records, person: PersonId) -> int:
    return tx.holdings.drawn(person)


def _looks(tx: Records, person: PersonId) -> list[Look]:
    return tx.looks.of(person)


def _get(tx: Records, ticket: TicketId) -> Export | None:
    return tx.exports.get(ticket)
