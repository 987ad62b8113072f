"""Is every entry of the data map watched? Change the map in every way that would matter, and see which check notices.

    python -m tests.mutate [--write] [--verbose]

Each entry is left out, said to stay where it goes, said to be kept longer, and given a path that leads elsewhere, one mutant at
a time. The checks are those of tests/gates, run on stores that two people have filled; one life was erased, the other grew
old. A mutant that no check notices ends this with 1. `docs/datamap.json` is the map as it was agreed on: it only counts where
nothing else does, and `--write` writes it anew.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection
from sqlmodel import SQLModel

from bots import logs
from bots.wiring import datamap
from core import accounts
from core.datamap import PROOF, DataMap, Datum, Entry, NotPersonal, OnErase, Until
from core.periods import LONGEST
from core.values import PersonId
from storage.database import SqlDatabase, open_engine, sqlite_url
from storage.records.tables import endings
from tests.cast import Stage, build_stage
from tests.databases import migrate
from tests.gates import keeping, stored, subjects, symmetry
from tests.gates.lived import Lives, live, lived, not_erased_as_said, not_kept_as_said

SNAPSHOT: Final = Path(__file__).parents[1] / "docs" / "datamap.json"

Check = Callable[[DataMap], list[str]]


@dataclass(frozen=True)
class Mutant:
    kind: str
    entry: Entry
    map: DataMap | None  #: None: such a map cannot be made at all
    said: str = ""


def mutants(of: DataMap) -> Iterator[Mutant]:
    for at, entry in enumerate(of.entries):
        yield _made("left out", entry, of, at, None)
        if not isinstance(entry.meaning, Datum):
            continue
        datum = entry.meaning
        for on_erase in (OnErase.RETAIN, OnErase.UNLINK) if datum.on_erase in symmetry.GOES else (OnErase.DELETE,):
            statute = PROOF if on_erase in symmetry.STAYS else ""
            yield _made("erased otherwise", entry, of, at, replace(datum, on_erase=on_erase, statute=statute))
        for until in Until:
            if LONGEST[until] > LONGEST[datum.keep]:
                yield _made("kept longer", entry, of, at, replace(datum, keep=until))
        for path in _elsewhere(entry):
            yield _made("led elsewhere", replace(entry, subject=path), of, at, datum)


def _made(kind: str, entry: Entry, of: DataMap, at: int, meaning: Datum | None) -> Mutant:
    others = () if meaning is None else (replace(entry, meaning=meaning),)
    try:
        return Mutant(kind, entry, DataMap((*of.entries[:at], *others, *of.entries[at + 1 :])))
    except ValueError as error:
        return Mutant(kind, entry, None, str(error))


def _elsewhere(entry: Entry) -> Iterator[str]:
    """No path at all; one that ends a column beside; and one that begins a column beside."""
    yield ""
    of = entry.subject.split(">")[-1].rpartition(".")[0] or entry.cell.split(".")[0]
    last = entry.subject.rpartition(".")[2].rpartition(">")[2]
    table = SQLModel.metadata.tables.get(of)
    beside = [] if table is None else [column.name for column in table.columns if column.name != last]
    for column in beside[:2] or ["created_at"]:
        yield entry.subject[: len(entry.subject) - len(last)] + column
    yield f"nowhere.{entry.subject}"


@contextmanager
def checks() -> Iterator[dict[str, Check]]:
    """By the gate they belong to. What they need is made once."""
    logs.set_up("error", io.StringIO())
    with tempfile.TemporaryDirectory(prefix="darkroom-", ignore_cleanup_errors=True) as folder:
        filled, grown = (_stage(Path(folder) / name) for name in ("filled", "grown"))
        people, seen = asyncio.run(_fill(filled))
        lives = asyncio.run(lived(grown, datamap()))
        with filled.database._engine.connect() as connection:
            yield _checks(connection, people, seen, lives)
        for stage in (filled, grown):
            stage.database.close()


def _checks(
    connection: Connection, people: tuple[PersonId, PersonId], seen: dict[str, set[str]], lives: Lives
) -> dict[str, Check]:
    paths = subjects.Paths(connection, people)
    return {
        "what is stored is declared": lambda map_: stored.undeclared_anywhere(map_, seen),
        "paths lead to their person": paths.misled,
        "an erasure does what is said": lambda map_: not_erased_as_said(map_, lives),
        "time does what is said": lambda map_: not_kept_as_said(map_, lives),
        "periods end": lambda map_: [
            *keeping.unended(map_, endings()),
            *keeping.unended_elsewhere(map_, endings()),
            *keeping.needless(map_, endings()),
            *keeping.outliving(map_, endings()),
        ],
        "the map agrees with itself": symmetry.asymmetric,
    }


async def _fill(stage: Stage) -> tuple[tuple[PersonId, PersonId], dict[str, set[str]]]:
    ana, ben = await live(stage)
    people = ((await accounts.known(stage.app, ana.who)).id, (await accounts.known(stage.app, ben.who)).id)
    return people, await stored.cells(stage)


def _stage(folder: Path) -> Stage:
    folder.mkdir()
    url = sqlite_url(folder / "records.db")
    migrate(url)
    return build_stage(folder, SqlDatabase(open_engine(url)))


@dataclass
class Tally:
    caught: Counter[str]
    only_by_snapshot: list[Mutant]
    survived: list[Mutant]
    of_kind: Counter[str]


def run(progress: Callable[[Mutant, str], None] = lambda *_: None) -> Tally:
    original, agreed = datamap(), snapshot_of(datamap())
    tally = Tally(Counter(), [], [], Counter())
    with checks() as every:
        for name, check in every.items():
            if wrong := check(original):
                raise SystemExit(f"{name}: the map is wrong before anything is changed: {wrong[0]}")
        for mutant in mutants(original):
            tally.of_kind[mutant.kind] += 1
            by = noticed(mutant, every)
            if not by:
                changed = mutant.map is not None and snapshot_of(mutant.map) != agreed
                (tally.only_by_snapshot if changed and _is_agreed(agreed) else tally.survived).append(mutant)
            tally.caught[by] += 1
            progress(mutant, by)
    return tally


def noticed(mutant: Mutant, every: dict[str, Check]) -> str:
    if mutant.map is None:
        return "such a map cannot be made"
    changed = mutant.map
    return next((name for name, check in every.items() if check(changed)), "")


def snapshot_of(map_: DataMap) -> list[dict[str, Any]]:
    return [
        {
            "store": entry.store,
            "cell": entry.cell,
            "subject": entry.subject,
            **(asdict(entry.meaning) if isinstance(entry.meaning, Datum) else {"not_personal": entry.meaning.reason}),
        }
        for entry in sorted(map_.entries, key=lambda entry: (entry.store, entry.cell))
        if isinstance(entry.meaning, Datum | NotPersonal)
    ]


def written(snapshot: list[dict[str, Any]]) -> str:
    return json.dumps(snapshot, ensure_ascii=False, indent=1) + "\n"


def _is_agreed(snapshot: list[dict[str, Any]]) -> bool:
    return SNAPSHOT.exists() and SNAPSHOT.read_text() == written(snapshot)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutate", description=__doc__.split("\n")[0])
    parser.add_argument("--write", action="store_true", help="write docs/datamap.json as the map is now")
    parser.add_argument("--verbose", action="store_true", help="say of each mutant what noticed it")
    chosen = parser.parse_args(argv)
    if chosen.write:
        SNAPSHOT.write_text(written(snapshot_of(datamap())))
        return 0
    shown = (
        (lambda m, by: print(f"{m.kind}: {m.entry.store}: {m.entry.cell}: {by or 'NOBODY'}"))
        if chosen.verbose
        else None
    )
    tally = run(shown) if shown else run()
    total, survived = sum(tally.of_kind.values()), len(tally.survived)
    for by, count in tally.caught.most_common():
        print(f"{count:6,}  {by or 'by no check'}")
    print(", ".join(f"{kind} {count:,}" for kind, count in sorted(tally.of_kind.items())))
    print(
        f"{total - survived:,} of {total:,} mutants caught, {len(tally.only_by_snapshot)} of them by docs/datamap.json alone."
    )
    for mutant in [*tally.survived, *tally.only_by_snapshot]:
        print(f"  {mutant.kind}: {mutant.entry.store}: {mutant.entry.cell} ({mutant.entry.subject})", file=sys.stderr)
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
