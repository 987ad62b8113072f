"""What a process may be doing when it dies, how it starts again, and what may have come of it then."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from core import accounts
from core.requests import gallery, generation, scheduling
from core.requests.options import Ask
from core.rights import restriction
from core.rules import HOLD_LIFE, ORPHAN_AGE
from core.values import PictureId
from core.values.wishes import Started
from tests.cast import Stage
from tests.crashes.world import BEN

Step = Callable[[Stage], Awaitable[object]]


@dataclass(frozen=True)
class Flow:
    """`prepare` cannot die. `act` can, and `recover` after it. `outcomes`: (state, pictures kept, pictures paid) of jobs."""

    prepare: Step
    act: Step
    outcomes: tuple[tuple[tuple[str, int, int], ...], ...]
    again: bool = False  #: Ben does it once more when he notices that nothing happened

    async def recover(self, stage: Stage) -> None:
        """Start again, finish what is open, tell Ben, and clear up when enough time has passed."""
        await scheduling.recover(stage.app)
        if self.again:
            await self.act(stage)
        await stage.works()
        await stage.tells()
        stage.clock.passes(ORPHAN_AGE + 1)
        await stage.sweeps()
        await stage.tells()

    async def recover_late(self, stage: Stage) -> None:
        """The same, a day later: what nobody drew in time is given back."""
        stage.clock.passes(6 * HOLD_LIFE)
        await self.recover(stage)


async def nothing(_: Stage) -> None: ...


async def arrive(stage: Stage) -> None:
    await accounts.agree(stage.app, BEN)


async def ask(stage: Stage) -> None:
    await generation.request(stage.app, BEN, Ask("a cat", count=2))


async def ask_with_picture(stage: Stage) -> None:
    await generation.request(stage.app, BEN, Ask("a cat", reference=b"a picture"))


async def arrive_and_ask_with_picture(stage: Stage) -> None:
    await arrive(stage)
    await ask_with_picture(stage)


async def arrive_and_ask(stage: Stage) -> None:
    await arrive(stage)
    await ask(stage)


async def draw(stage: Stage) -> None:
    await stage.works()


async def arrive_and_own_two(stage: Stage) -> None:
    await arrive_and_ask(stage)
    await draw(stage)


async def draw_one_of_two(stage: Stage) -> None:
    """The worker is at the second picture when the test begins."""
    await arrive_and_ask(stage)
    await stage.dispatches()
    first, _ = stage.painter.waiting[0]
    await stage.news(Started(first.job, first.fence))
    await stage.news(stage.painter.drawn(first))
    await stage.tells()


async def fail_twice(stage: Stage) -> None:
    """One of two pictures is drawn, and the worker died twice over the other."""
    await draw_one_of_two(stage)
    await scheduling.recover(stage.app)
    stage.painter.waiting.clear()
    await stage.breaks_down()


async def break_down(stage: Stage) -> None:
    await stage.breaks_down()


async def cancel(stage: Stage) -> None:
    await generation.cancel_newest(stage.app, BEN)


async def restrict(stage: Stage) -> None:
    await restriction.restrict(stage.app, BEN)


async def delete_both(stage: Stage) -> None:
    shown = (await gallery.page(stage.app, BEN, 1)).opened
    for opened in shown:
        await gallery.delete(stage.app, BEN, PictureId(opened.picture.id))


NO_JOB = ()
DONE, DONE_ONE = (("done", 2, 2),), (("done", 1, 1),)

FLOWS = {
    "arriving": Flow(nothing, arrive, (NO_JOB,), again=True),
    "asking": Flow(arrive, ask, (NO_JOB, DONE)),
    "drawing": Flow(arrive_and_ask, draw, (DONE,)),
    "giving up": Flow(fail_twice, break_down, (DONE, (("done", 1, 1),))),
    "cancelling in line": Flow(arrive_and_ask, cancel, (DONE, (("cancelled", 0, 0),))),
    "cancelling at work": Flow(draw_one_of_two, cancel, (DONE, (("cancelled", 1, 1),))),
    "restricting in line": Flow(arrive_and_ask, restrict, (DONE, (("cancelled", 0, 0),))),
    "restricting at work": Flow(draw_one_of_two, restrict, (DONE, (("cancelled", 1, 1),))),
    "asking with a picture": Flow(arrive, ask_with_picture, (NO_JOB, DONE_ONE)),
    "drawing from a picture": Flow(arrive_and_ask_with_picture, draw, (DONE_ONE,)),
    "cancelling with a picture": Flow(arrive_and_ask_with_picture, cancel, (DONE_ONE, (("cancelled", 0, 0),))),
    "deleting": Flow(arrive_and_own_two, delete_both, (DONE, (("done", 1, 2),), (("done", 0, 2),))),
}
