"""Making somebody's export theirs again, in an account that begins with it: all of it, or nothing.

What comes along: requests with their words and pictures, choices, profile, and what was agreed to and allowed, as history. What
does not: credits, and whatever was between them and who ran the other bot.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from bots.exporting.reading import Brought
from core import accounts
from core.credits import LedgerAccountId
from core.errors import Refused
from core.ports import App, Place
from core.records import NewIdentity, Records
from core.requests.completion import picture_place
from core.rights.places import place_of
from core.rules import SEEDS
from core.values import JobState, Moment, Person, PersonId, Who
from core.values.holdings import Cell, Table
from storage.records.holdings import tables

#: What is taken over, those that others refer to first.
TAKEN_OVER: Final = ("preference", "acknowledgement", "consent", "profile", "job", "picture")
_TYPES: Final[dict[str, Any]] = {"integer": int, "number": (int, float), "boolean": bool, "string": str}
_FORMATS: Final = frozenset({"png", "jpg", "webp"})
_LARGEST: Final = 2**63 - 1
_BATCH: Final = 500

Values = dict[str, Any]


@dataclass(frozen=True)
class Imported:
    person: str
    requests: int
    pictures: int
    choices: int


@dataclass
class _Arrival:
    """Rows as they will be, by their tables, and the blobs that they name."""

    person: PersonId
    rows: dict[str, list[Values]] = field(default_factory=lambda: {name: [] for name in TAKEN_OVER})
    drawn: dict[str, set[int]] = field(default_factory=dict)  #: of each request, by its id, the pictures that came
    jobs: dict[str, Values] = field(default_factory=dict)  #: by what the export calls them
    blobs: list[str] = field(default_factory=list)

    def settle(self) -> tuple[list[Values], list[Values]]:
        """Wishes and deliveries of every request, which is over: what was drawn was delivered, what is missing was deleted."""
        wishes, deliveries = [], []
        for job in self.rows["job"]:
            drawn = self.drawn[job["id"]]
            if job["state"] == JobState.DONE or len(drawn) == job["count"]:
                job["state"], drawn = JobState.DONE, set(range(job["count"]))
            elif drawn:
                job["state"] = JobState.CANCELLED
            for index in range(job["count"]):
                state = "drawn" if index in drawn else "failed"
                wishes.append({"job_id": job["id"], "index": index, "state": state, "reason": None})
            deliveries += [{"job_id": job["id"], "index": index, "state": "delivered"} for index in sorted(drawn)]
        return wishes, deliveries


async def bring_in(app: App, brought: Brought, as_: str = "") -> Imported:
    """Raises Refused when they were erased here or have an account, and for what is not as an export is written."""
    who = _who(brought, as_)
    named = f"{who.door}:{who.raw_id}"
    if await app.tombstones.holds(str(brought.manifest.get("subject", ""))):
        raise Refused("import.erased", person=named)
    if await accounts.find(app, who):
        raise Refused("import.not_empty", person=named)
    person = Person(PersonId(app.ids.opaque()), LedgerAccountId(app.ids.opaque()), banned=False, notice_version=0)
    await app.keys.create(person.id)
    arrival = _Arrival(person.id)
    try:
        for table in tables(app.datamap):
            if table.name in TAKEN_OVER:
                await _Arriving(app, brought, table, arrival).run()
        await _end_consents(app, arrival, who.door)
        lookup = app.keys.lookup(who)
        sealed = await app.keys.seal(person.id, Place("identity", "sealed_id", lookup), who.raw_id.encode())
        identity = NewIdentity(who.door, lookup, sealed)
        await app.database.run(_arrive, person, identity, arrival, app.clock.now())
    except BaseException:
        for blob in arrival.blobs:
            await app.blobs.delete(blob)
        await app.keys.shred([person.id])
        raise
    counts = {name: len(rows) for name, rows in arrival.rows.items()}
    others = sum(counts.values()) - counts["job"] - counts["picture"]
    return Imported(named, counts["job"], counts["picture"], others)


class _Arriving:
    """The rows of one table."""

    def __init__(self, app: App, brought: Brought, table: Table, arrival: _Arrival) -> None:
        self._app, self._brought, self._table, self._arrival = app, brought, table, arrival

    async def run(self) -> None:
        rows = self._brought.rows(self._table.name)
        taken = await self._taken_ids(rows) if self._table.name == "picture" else set()
        for nth, row in enumerate(rows):
            where = f"{self._table.name}, row {nth + 1}"
            values = {cell.name: _checked(cell, row, where) for cell in self._table.values}
            if "person_id" in self._table.refers:
                values["person_id"] = self._arrival.person
            if self._table.name == "job":
                self._job(values, row)
            elif self._table.name == "picture" and not await self._picture(values, row, taken, where):
                continue
            await self._seal(values)
            self._arrival.rows[self._table.name].append(values)

    def _job(self, values: Values, row: Mapping[str, Any]) -> None:
        """A request that is over, whatever it was: nothing is drawn, and it was paid for elsewhere."""
        id_ = self._app.ids.opaque()
        state = JobState(values["state"]) if values["state"] in list(JobState) else JobState.CANCELLED
        if state.is_open:
            state, values["ended_at"] = JobState.CANCELLED, values["created_at"]
        values |= {
            "id": id_, "state": state, "price_each": 0, "deadline": values["created_at"], "server": values["door"],
            "weight": 1, "queued_at": values["created_at"], "count": min(max(values["count"], 1), 4),
        }  # fmt: skip
        self._arrival.jobs[str(row.get("_row"))] = values
        self._arrival.drawn[id_] = set()

    async def _picture(self, values: Values, row: Mapping[str, Any], taken: set[str], where: str) -> bool:
        """Put its file where this bot looks for it. False for one whose file was lost before."""
        job = self._arrival.jobs.get(str(_mapping(row.get("_of")).get("job_id")))
        data = self._brought.picture(str(row.get("_file")))
        if data is None:
            return False
        if job is None or values["format"] not in _FORMATS:
            raise Refused("import.malformed", where=where)
        index = (values["seed"] - job["seed"]) % SEEDS
        drawn = self._arrival.drawn[job["id"]]
        if index in drawn or index >= job["count"]:
            raise Refused("import.malformed", where=where)
        drawn.add(index)
        blob = f"pictures/{job['id']}/{index}/0"
        if values["id"] in taken or not values["id"].isalnum() or len(values["id"]) > 40:
            values["id"] = self._app.ids.short()
        values |= {"job_id": job["id"], "index": index, "blob": blob, "server": job["server"], "shown_at": None}
        sealed = await self._app.keys.seal(self._arrival.person, picture_place(blob), data)
        self._arrival.blobs.append(blob)
        await self._app.blobs.put(blob, sealed)
        return True

    async def _taken_ids(self, rows: Sequence[Mapping[str, Any]]) -> set[str]:
        """Ids of pictures that somebody else's picture has here already."""
        ids = [str(row.get("id")) for row in rows]
        found: set[str] = set()
        for start in range(0, len(ids), _BATCH):
            found |= await self._app.database.run(_taken, ids[start : start + _BATCH])
        return found

    async def _seal(self, values: Values) -> None:
        """What was opened for its person is sealed again, for where it lies here."""
        for cell in self._table.values:
            if cell.kind == "sealed" and values[cell.name] is not None:
                key = "/".join(str(values[name]) for name in self._table.key)
                place = place_of(self._table.name, cell.name, key)
                plain = str(values[cell.name]).encode("utf-8", "replace")
                values[cell.name] = await self._app.keys.seal(self._arrival.person, place, plain)


async def _end_consents(app: App, arrival: _Arrival, door: str) -> None:
    """What was allowed elsewhere is not allowed here before they say so: each ends with its history."""
    newest = {row["purpose"]: row for row in sorted(arrival.rows["consent"], key=lambda row: row["at"])}
    for purpose, row in newest.items():
        if row["given"]:
            ended = {
                "person_id": arrival.person,
                "purpose": purpose,
                "given": False,
                "door": door,
                "at": app.clock.now(),
            }
            arrival.rows["consent"].append({**row, **ended})


def _who(brought: Brought, as_: str) -> Who:
    """Whom it becomes: who is named, or who exported it."""
    first = next(iter(brought.rows("identity")), {})
    door, raw_id = as_.split(":", 1) if ":" in as_ else (first.get("door"), first.get("sealed_id"))
    if as_ and ":" not in as_:
        raise Refused("import.no_person")
    if not (isinstance(door, str) and isinstance(raw_id, str) and door and raw_id):
        raise Refused("import.no_person")
    return Who(door, raw_id)


def _checked(cell: Cell, row: Mapping[str, Any], where: str) -> Any:
    """One value, as this bot would have written it. Raises Refused for any other."""
    value = row.get(cell.name)
    if value is None and (cell.nullable or cell.kind == "sealed"):
        return None
    if cell.kind == "sealed":
        return _packed(cell, value, where)
    right = isinstance(value, _TYPES[cell.kind]) and isinstance(value, bool) == (cell.kind == "boolean")
    if not right or (isinstance(value, int) and abs(value) > _LARGEST):
        raise Refused("import.malformed", where=f"{where}, {cell.name}")
    return value


def _packed(cell: Cell, value: Any, where: str) -> str:
    """Words as they are, JSON with the paths that this bot knows."""
    if not cell.inside:
        if not isinstance(value, str):
            raise Refused("import.malformed", where=f"{where}, {cell.name}")
        return value
    known = {name: value.get(name, "") for name in cell.inside} if isinstance(value, dict) else {}
    if not known or not all(isinstance(one, str) for one in known.values()):
        raise Refused("import.malformed", where=f"{where}, {cell.name}")
    return json.dumps(known, ensure_ascii=False)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _taken(tx: Records, ids: list[str]) -> set[str]:
    return tx.arrivals.taken("picture", "id", ids)


def _arrive(tx: Records, person: Person, identity: NewIdentity, arrival: _Arrival, now: Moment) -> None:
    if not tx.people.add(person, identity, now):
        raise Refused("import.not_empty", person=identity.door)
    tx.ledger.open_account(person.account, person.id, now)
    wishes, deliveries = arrival.settle()
    for name in TAKEN_OVER:
        tx.arrivals.add(name, arrival.rows[name])
    tx.arrivals.add("wish", wishes)
    tx.arrivals.add("delivery", deliveries)
