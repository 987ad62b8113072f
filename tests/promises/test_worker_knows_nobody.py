"""The worker gets words, settings and a number that names a request; never a person, a key or an address."""

from __future__ import annotations

from dataclasses import fields

from core import accounts
from core.values.wishes import Wish
from storage.over_pipe.dispatch import PASSED_ON
from storage.wire import FROM_WORKER, TO_WORKER, frame
from tests.cast import Actor, Stage


def test_a_wish_names_no_person() -> None:
    assert {field.name for field in fields(Wish)} == {
        "job", "index", "fence", "seed", "prompt", "negative", "settings", "expires_at", "reference",
    }  # fmt: skip


async def test_nothing_of_the_person_crosses_the_pipe(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a cat")
    await stage.dispatches()
    (wishes,) = stage.painter.waiting
    person = await accounts.active(stage.app, ben.who)

    sent = repr([wishes, [wish.prompt for wish in wishes]])
    for secret in (person.id, person.account, stage.app.keys.lookup(ben.who), ben.who.raw_id):
        assert secret not in sent


async def test_what_crosses_the_pipe_is_sealed(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a very particular heron")
    await stage.dispatches()
    (wishes,) = stage.painter.waiting

    assert b"heron" not in frame(b"k" * 32, TO_WORKER, wishes)
    assert frame(b"k" * 32, TO_WORKER, wishes) != frame(b"k" * 32, FROM_WORKER, wishes)


def test_no_setting_of_ours_is_in_the_workers_environment() -> None:
    assert not [name for name in PASSED_ON if name.startswith("DARKROOM_")]
