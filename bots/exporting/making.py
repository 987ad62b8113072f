"""Making an export: rows batch by batch, pictures one by one, each opened and put into an archive that is sealed in pieces.

No transaction is longer than a batch, nothing is held but a few pieces, and whatever needs the processor runs beside the event
loop. A process that ends over it leaves a claim that runs out; then it is made anew.
"""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections import deque
from collections.abc import AsyncIterator, Callable
from importlib.metadata import version
from typing import Any, Final

import structlog

from bots.exporting import browsing
from bots.exporting.archive import Made, Packed, Parts, Squeezed
from bots.exporting.form import DATA, INDEX, LEDGER, LEDGER_COLUMNS, MANIFEST, shown_references
from core.erasing.erasure import tombstone_of
from core.errors import Unavailable
from core.periods import Keeping
from core.ports import App
from core.records import Records
from core.requests.completion import picture_place
from core.rights import exports
from core.rights.places import place_of
from core.values import PersonId, holdings
from core.values.holdings import BATCH, FORMAT, VERSION, Cell, Export, Piece, Row, Summary, Table
from storage.keys import Unsealable
from storage.records.holdings import tables

log = structlog.get_logger()

AHEAD: Final = 1  #: pictures fetched and opened while one is packed
UNDER_WAY: Final = 3  #: pieces that are sealed and stored at the same time: what outlives a power cut takes its time
NOTED_EVERY: Final = 16  #: pieces after which the database hears of them
_ABOUT_A_ROW: Final = 700  #: bytes of a row in JSON, compressed or not: to guess what fits where
_DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r")  #: a spreadsheet takes what begins so for a formula


class _Over(Exception):
    """This export counts no more: somebody else makes it, or its person was erased."""


async def make(app: App, export: Export, *, quietly: bool = False) -> bool:
    """Make it, unless somebody else does, and have its person told. `quietly`: whoever makes it tells them at once.

    False: it was not made here. Raises Unavailable; then it is made another time.
    """
    claimed = await exports.claim(app, export)
    if claimed is None:
        return False
    making = _Making(app, claimed)
    try:
        return await making.run(quietly=quietly)
    except (_Over, Unsealable):
        log.info("export.over")
        return False
    finally:
        await making.clear()


class _Making:
    def __init__(self, app: App, export: Export) -> None:
        self._app, self._export = app, export
        self._tables = tables(app.datamap)
        self._salt = app.ids.opaque().encode()
        self._made_at, self._keeping = app.clock.now(), app.keeping
        self._parts = Parts(export.most, self._made_at)
        self._files, self._missing = Squeezed(), Squeezed()
        self._unnoted: list[Piece] = []
        self._sealing: deque[asyncio.Task[Piece]] = deque()
        self._done = self._total = 0

    async def run(self, *, quietly: bool) -> bool:
        with_pictures = [table for table in self._tables if table.blobs]
        for table in with_pictures:
            self._total += await self._count(table)
        if not self._export.images_only:
            await self._documents()
        for table in with_pictures:
            await self._pictures(table)
        await self._manifest()
        await asyncio.to_thread(self._parts.close)
        await self._pass_on()
        await self._sealed(0)
        await self._note()
        return await exports.finish(self._app, self._export, self._parts.part, quietly=quietly)

    async def clear(self) -> None:
        """Destroy pieces that no row names: there are some only when it went wrong."""
        sealed = await asyncio.gather(*self._sealing, return_exceptions=True)
        self._unnoted += [piece for piece in sealed if isinstance(piece, Piece)]
        for one in self._unnoted:
            try:
                await self._app.blobs.delete(one.blob)
            except Unavailable:
                return  # the sweep finds them

    # Documents

    async def _documents(self) -> None:
        page = Squeezed()
        page.write(browsing.begin(self._made_at).encode())
        rows = sum([await self._count(table) for table in self._tables])
        with self._parts.writing(DATA, rows * _ABOUT_A_ROW // 4) as data:
            head = {
                "format": FORMAT,
                "version": VERSION,
                "made_at": self._made_at,
                "by": f"Darkroom {version('darkroom')}",
            }
            data.write(json.dumps(head)[:-1].encode() + b', "tables": {')
            for nth, table in enumerate(self._tables):
                await self._table(table, data.write, page.write, first=nth == 0)
            data.write(b"}}\n")
        self._list(data.packed)
        await self._ledger()
        page.write(browsing.end().encode())
        with self._parts.writing(INDEX, rows * _ABOUT_A_ROW // 4) as index:
            for some in page.read():
                await asyncio.to_thread(index.write, some)
        self._list(index.packed)
        await self._pass_on()

    async def _table(
        self, table: Table, data: Callable[[bytes], None], page: Callable[[bytes], None], *, first: bool
    ) -> None:
        summaries = {cell.name: Summary() for cell in table.summaries}
        data(f'{"" if first else ","}\n{json.dumps(table.name)}: {{"rows": ['.encode())
        page(browsing.begin_table(table, await self._count(table)).encode())
        none_yet = True
        async for batch in self._batches(table):
            shown = [await self._shown(table, row) for row in batch]
            for row in batch:
                for cell in table.summaries:
                    summaries[cell.name].add(cell, row.cells[cell.name])
            lines = ",\n".join(json.dumps(one, ensure_ascii=False) for one in shown)
            written = ("\n" if none_yet else ",\n") + lines
            html = "".join(browsing.row(table, one) for one in shown)
            none_yet = False
            await asyncio.to_thread(data, written.encode())
            await asyncio.to_thread(page, html.encode())
            await self._pass_on()
        summed = json.dumps({name: summary.as_json() for name, summary in summaries.items()}, ensure_ascii=False)
        data(f'], "summary": {summed}}}'.encode())
        page(browsing.end_table(table, summaries).encode())

    async def _shown(self, table: Table, row: Row) -> dict[str, Any]:
        """A row as its person may see it, opened."""
        shown: dict[str, Any] = {"_row": holdings.reference(self._salt, table.name, row.key)}
        if of := shown_references(table):
            shown["_of"] = {
                column: holdings.reference(self._salt, other, (row.cells[column],))
                for column, other in of.items()
                if row.cells[column] is not None
            }
        if table.blobs:
            shown["_file"] = _file_name(table, row)
        for cell in table.values:
            shown[cell.name] = await self._value(table, row, cell)
        return shown

    async def _value(self, table: Table, row: Row, cell: Cell) -> Any:
        value = row.cells[cell.name]
        if value is None or cell.kind != "sealed":
            return holdings.shown(cell, value) if cell.inside and value else value
        place = place_of(table.name, cell.name, "/".join(map(str, row.key)))
        try:
            opened = await self._app.keys.open(self._export.person, place, bytes(value))
            return holdings.shown(cell, opened.decode())
        except (Unsealable, ValueError):
            self._miss(f"{table.name}.{cell.name}", "it could not be opened: what was kept is damaged")
            return None

    async def _ledger(self) -> None:
        with self._parts.writing(LEDGER) as file:
            file.write(_line(LEDGER_COLUMNS))
            after = 0
            while lines := await self._app.database.run(_statement, self._export.person, after, BATCH):
                after = lines[-1].number
                text = b"".join(_line((one.at, one.kind, one.reason, one.account, one.delta)) for one in lines)
                await asyncio.to_thread(file.write, text)
        self._list(file.packed)

    async def _manifest(self) -> None:
        """What is in it, in which file, with its hash; what is not, and why."""
        datamap = self._app.datamap
        withheld = [one.__dict__ for one in holdings.withheld(datamap)]
        for one in holdings.elsewhere(datamap):
            self._miss(f"{one.store}: {one.cell}", one.reason)
        head: dict[str, Any] = {"format": FORMAT, "version": VERSION, "made_at": self._made_at}
        head |= {"subject": tombstone_of(self._app, self._export.person)}
        head |= {"images_only": self._export.images_only, "withheld": withheld}
        with self._parts.writing(MANIFEST, self._done * 100 + 20_000) as file:
            head["archives"] = self._parts.part
            file.write(json.dumps(head, indent=1)[:-2].encode())
            for name, listed in (("not_included", self._missing), ("files", self._files)):
                file.write(f',\n "{name}": ['.encode())
                begun = False
                for some in listed.read():
                    file.write(some if begun else some.lstrip(b","))
                    begun = True
                file.write(b"\n ]")
            file.write(b"\n}\n")

    # Pictures

    async def _pictures(self, table: Table) -> None:
        async for row, opening in self._ahead(table):
            data, name = await opening, _file_name(table, row)
            if data is None:
                self._miss(name, "its file is lost, though nobody deleted it")
            else:
                self._list(await asyncio.to_thread(self._parts.add, name, data))
            self._done += 1
            await self._pass_on()

    async def _ahead(self, table: Table) -> AsyncIterator[tuple[Row, asyncio.Task[bytes | None]]]:
        """Each row with its picture, while those behind it are opened already."""
        waiting: deque[tuple[Row, asyncio.Task[bytes | None]]] = deque()
        try:
            async for batch in self._batches(table):
                for row in batch:
                    waiting.append((row, asyncio.create_task(self._picture(table, row))))
                    if len(waiting) > AHEAD:
                        yield waiting.popleft()
            while waiting:
                yield waiting.popleft()
        finally:
            for _, opening in waiting:
                opening.cancel()

    async def _picture(self, table: Table, row: Row) -> bytes | None:
        (column,) = table.blobs
        blob = row.cells[column]
        sealed = await self._app.blobs.get(blob)
        if sealed is None:
            return None
        return await self._app.keys.open(self._export.person, picture_place(blob), sealed)

    # Pieces

    async def _pass_on(self) -> None:
        """Seal and store what is full: a few pieces at a time, while the next is filled."""
        ready = deque(self._parts.take())
        while ready:
            await self._sealed(UNDER_WAY - 1)
            self._sealing.append(asyncio.create_task(self._seal(ready.popleft())))
        if len(self._unnoted) >= NOTED_EVERY:
            await self._note()

    async def _sealed(self, most: int) -> None:
        """Wait until no more than so many pieces are on their way."""
        while len(self._sealing) > most:
            self._unnoted.append(await self._sealing[0])
            self._sealing.popleft()

    async def _seal(self, made: Made) -> Piece:
        blob = f"exports/{self._export.attempt}/{made.part}/{made.number}"
        piece = Piece(made.part, made.number, blob, len(made.data))
        sealed = await self._app.keys.seal(self._export.person, exports.piece_place(blob), made.data)
        del made  # one copy of it is enough while it is stored
        await self._app.blobs.put(blob, sealed)
        return piece

    async def _note(self) -> None:
        if not await exports.add(self._app, self._export, self._unnoted, self._done, self._total):
            raise _Over
        self._unnoted.clear()

    # Reading and noting

    async def _batches(self, table: Table) -> AsyncIterator[list[Row]]:
        after: tuple[Any, ...] | None = None
        while batch := await self._app.database.run(_rows, table, self._export.person, self._keeping, after):
            yield batch
            after = batch[-1].key

    async def _count(self, table: Table) -> int:
        return await self._app.database.run(_count, table, self._export.person, self._keeping)

    def _list(self, packed: Packed | None) -> None:
        assert packed is not None, "it was written to its end"
        said = {"name": packed.name, "archive": packed.part, "size": packed.size, "sha256": packed.sha256}
        self._files.write(b",\n  " + json.dumps(said).encode())

    def _miss(self, what: str, why: str) -> None:
        self._missing.write(b",\n  " + json.dumps({"what": what, "why": why}).encode())


def _file_name(table: Table, row: Row) -> str:
    (prefix,) = table.blobs.values()
    return f"{prefix}{'-'.join(map(str, row.key))}.{row.cells.get('format', 'bin')}"


def _line(values: Any) -> bytes:
    """One line of CSV. Numbers are numbers; a text that a spreadsheet would calculate stays a text."""
    safe = [f"'{one}" if isinstance(one, str) and one.startswith(_DANGEROUS) else one for one in values]
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerow(safe)
    return written.getvalue().encode()


def _rows(tx: Records, table: Table, person: PersonId, keeping: Keeping, after: tuple[Any, ...] | None) -> list[Row]:
    return tx.holdings.rows(table, person, keeping, after, BATCH)


def _count(tx: Records, table: Table, person: PersonId, keeping: Keeping) -> int:
    return tx.holdings.count(table, person, keeping)


def _statement(tx: Records, person: PersonId, after: int, most: int) -> list[holdings.Booked]:
    return tx.holdings.statement(person, after, most)
