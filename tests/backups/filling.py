"""An instance with some life behind it: every table has rows, and requests stand wherever a request can stand."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bots import handles, operating
from core import accounts, servers
from core.datamap import Until
from core.erasing import erasure, retention
from core.periods import Periods
from core.requests import delivery
from core.rights import probing
from core.rules import DAY
from core.values import JobId, Probed
from core.values.receipts import Ground
from core.values.tally import Used
from core.values.wishes import Started
from tests.cast import Actor, Stage, agrees_and_is_banned, enter
from tests.pictures import picture_file
from tests.rights.everything import fills_in

MARKER = "zweiundvierzig-kormorane"


@dataclass
class Life:
    """Ben's requests: `done` is drawn and told, `owed` drawn and not told, `out` half drawn at a worker, `queued` in line."""

    ben: Actor
    done: JobId
    owed: JobId
    out: JobId
    queued: JobId


async def fill(stage: Stage) -> Life:
    """Ben has one free place left in line afterwards."""
    ben, cleo, zed, kid = (enter(stage, name) for name in (f"{MARKER}-ben", "cleo", "zed", "kid"))
    await ben.agrees()
    await cleo.agrees()
    await agrees_and_is_banned(zed)
    await kid.says("/start")
    await kid.presses("I am younger")
    await operating.grant(stage.app, f"terminal:{ben.who.raw_id}", "7.5", "gift")
    await ben.says("/settings --shape portrait")

    await cleo.says("/imagine a dog --count 2")
    await ben.says(f"/imagine {MARKER} --count 2 --style noir")
    await stage.works()
    told = ben.inbox[0]
    assert told.job is not None
    await ben.says(f"/report {told.pictures[0].id} --reason {MARKER}")
    await handles.issue(stage.app, ben.who, told.buttons)
    await delivery.posted(stage.app, (await accounts.active(stage.app, ben.who)).id, told.job, 0, MARKER)
    await stage.app.database.run(lambda tx: tx.inbox.note("terminal:1", stage.app.clock.now() + 1))
    await cleo.says(f"/delete {cleo.inbox[0].pictures[0].id}")
    await retention.put_in_force(replace(stage.app, periods=Periods({Until.MESSAGE_CLOSED: 30 * DAY})))
    await fills_in(stage, (await accounts.active(stage.app, ben.who)).id)
    await _somebody_was_erased(stage)
    await servers.add(stage.app, "discord:1", keep_days=30)
    await stage.app.database.run(lambda tx: tx.usage.add(Used(day=1, command="imagine", model="starter", times=7)))
    await probing.note(stage.app, [Probed("books", stage.app.clock.now(), passed=True)])

    owed = await _asks(ben, "/imagine an owl")
    await stage.dispatches()
    (wish,) = stage.painter.waiting.pop()
    await stage.news(Started(wish.job, wish.fence))
    await stage.news(stage.painter.drawn(wish))
    out = await _asks(ben, "/imagine a fox --count 2", picture_file())
    await stage.dispatches()
    first, _ = stage.painter.waiting[0]
    await stage.news(Started(first.job, first.fence))
    await stage.news(stage.painter.drawn(first))
    return Life(ben, told.job, owed, out, await _asks(ben, "/imagine a cat"))


async def _somebody_was_erased(stage: Stage) -> None:
    """They were banned, so that a mark of it stays."""
    gone = enter(stage, "gone")
    await agrees_and_is_banned(gone)
    await erasure.begin(stage.app, (await accounts.known(stage.app, gone.who)).id, Ground.OPERATOR)
    await erasure.proceed(stage.app)


async def _asks(ben: Actor, line: str, picture: bytes = b"") -> JobId:
    answer = await ben.sends(line, "a.png", picture) if picture else await ben.says(line)
    assert answer.job is not None, answer
    return answer.job
