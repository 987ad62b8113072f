"""Words that several tests of tickets and notices share."""

from __future__ import annotations

from collections.abc import Awaitable

import pytest

from core import accounts
from core.errors import Refused
from core.values import PersonId
from core.values.letters import NoticeState
from tests.cast import Actor, Stage


async def person_of(actor: Actor) -> PersonId:
    return (await accounts.known(actor.stage.app, actor.who)).id


async def refused(work: Awaitable[object]) -> str:
    """The key of the sentence that it is refused with."""
    with pytest.raises(Refused) as refusal:
        await work
    return refusal.value.key


async def states_of(stage: Stage, person: PersonId) -> dict[str, NoticeState]:
    """What became of each notice of a person."""
    found = await stage.app.database.run(lambda tx: tx.notices.of(person, stage.clock.now()))
    return {notice.key: notice.state for notice in found}
