"""/metrics: after something happened the numbers say so, whoever did it and however it ended."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlalchemy import text

from bots.leading import Elected
from core.errors import Unavailable
from core.requests import delivery
from core.rules import ATTEMPTS, LEASE, START_DEADLINE
from core.values import DeliveryState, JobId, Reason
from core.values.figures import Movement
from core.values.wishes import Finished, Lost, News, Started, Wish
from inference.flat import colour
from tests.cast import Actor, Stage, enter
from tests.watching.looking import Operator, watching


async def out(stage: Stage) -> tuple[Wish, ...]:
    """What is sent out now and begun."""
    await stage.dispatches()
    (wishes,) = stage.painter.waiting
    stage.painter.waiting.clear()
    await stage.news(Started(wishes[0].job, wishes[0].fence))
    return wishes


async def test_a_request_is_counted_from_asking_to_telling(stage: Stage, operator: Operator, ben: Actor) -> None:
    await ben.says("/imagine a star --count 2")
    assert await operator.figure("darkroom_jobs_accepted_total", door="terminal") == 1
    assert await operator.figure("darkroom_jobs", state="queued") == 1
    assert await operator.figure("darkroom_holds_open") == 1
    assert await operator.figure("darkroom_credits_outstanding", part="held") == 2

    stage.clock.passes(7_000)
    assert await operator.figure("darkroom_oldest_queued_seconds") == 7
    assert await operator.figure("darkroom_oldest_hold_seconds") == 7

    await stage.dispatches()
    assert await operator.figure("darkroom_jobs", state="drawing") == 1
    assert await operator.figure("darkroom_window") == 2
    assert await operator.figure("darkroom_window_used") == 1
    assert await operator.figure("darkroom_workers") == 1

    (wishes,) = stage.painter.waiting
    await stage.news(Started(wishes[0].job, wishes[0].fence))
    for wish in wishes:
        await stage.news(stage.painter.drawn(wish))
    assert await operator.figure("darkroom_jobs", state="drawing") == 0
    assert await operator.figure("darkroom_jobs_ended_total", state="done", reason="none") == 1
    assert await operator.figure("darkroom_pictures_total", result="drawn") == 2
    assert await operator.figure("darkroom_deliveries_open", platform="terminal", state="owed") == 2
    assert await operator.figure("darkroom_queue_wait_seconds_sum") == 7
    assert await operator.figure("darkroom_holds_open") == 0

    owed = await ben.owed()
    await stage.tells()
    await delivery.told(stage.app, owed[0])  # once more: two processes may deliver for a moment
    assert await operator.figure("darkroom_deliveries_total", platform="terminal", result="delivered") == 2
    assert await operator.figure("darkroom_deliveries_open", platform="terminal", state="owed") == 0


async def test_credits_are_counted_as_the_books_have_them(stage: Stage, operator: Operator, ben: Actor) -> None:
    async def moved() -> dict[Movement, float | None]:
        return {one: await operator.figure("darkroom_credits_total", movement=one) for one in Movement}

    await ben.says("/imagine a star --count 2")
    await stage.works()
    await ben.says("/imagine a moon --count 3")
    await ben.presses("Cancel")
    account = (await stage.app.database.run(lambda tx: tx.people.of_identity(stage.app.keys.lookup(ben.who)))).account
    now = stage.clock.now()
    await stage.app.database.run(lambda tx: tx.ledger.adjust("adjust:1", account, "lot-1", 2_500, "gift", now))
    await stage.app.database.run(lambda tx: tx.ledger.adjust("adjust:2", account, "lot-2", -500, "gift", now))

    assert await moved() == {
        Movement.GRANTED: 20,
        Movement.GIVEN: 2.5,
        Movement.TAKEN: 0.5,
        Movement.CAPTURED: 2,
        Movement.RELEASED: 3,
        Movement.EXPIRED: 0,
    }
    assert await operator.figure("darkroom_credits_outstanding", part="spendable") == 20

    with stage.database._engine.begin() as connection:
        connection.execute(text("UPDATE credit_lot SET expires_at = :now WHERE kind = 'promo'"), {"now": now + 1})
    stage.clock.passes(1)
    await stage.sweeps()
    assert (await moved())[Movement.EXPIRED] == 17.5
    assert stage.mistakes() == []


async def test_a_request_that_is_given_up_is_counted_with_its_reason(
    stage: Stage, operator: Operator, ben: Actor
) -> None:
    await ben.says("/imagine a star")
    for _ in range(ATTEMPTS):
        await stage.breaks_down()

    assert await operator.figure("darkroom_jobs_requeued_total") == ATTEMPTS - 1
    assert await operator.figure("darkroom_jobs_ended_total", state="failed", reason="crashed") == 1
    assert await operator.figure("darkroom_queue_wait_seconds_count") == 1, "only the first wait is one"
    assert await operator.figure("darkroom_credits_total", movement="released") == 1


async def test_a_worker_that_falls_silent_is_counted_once(stage: Stage, operator: Operator, ben: Actor) -> None:
    await ben.says("/imagine a star")
    await out(stage)
    stage.clock.passes(LEASE + 1)
    stage.painter.window = 0
    for _ in range(3):
        await stage.dispatches()

    assert await operator.figure("darkroom_leases_expired_total") == 1


async def test_a_request_that_nobody_began_in_time_is_too_late(stage: Stage, operator: Operator, ben: Actor) -> None:
    stage.painter.window = 0
    await ben.says("/imagine a star")
    stage.clock.passes(START_DEADLINE)
    await stage.works()

    assert await operator.figure("darkroom_jobs_ended_total", state="failed", reason="too_late") == 1


async def test_what_comes_after_a_request_was_taken_back_is_rejected(
    stage: Stage, operator: Operator, ben: Actor
) -> None:
    await ben.says("/imagine a star")
    await stage.dispatches()
    ((wish,),) = stage.painter.waiting
    await ben.presses("Cancel")
    await stage.news(Started(wish.job, wish.fence))
    await stage.news(stage.painter.drawn(wish))

    assert await operator.figure("darkroom_jobs_ended_total", state="cancelled", reason="cancelled") == 1
    assert await operator.figure("darkroom_fence_rejections_total", news="started") == 1
    assert await operator.figure("darkroom_fence_rejections_total", news="drawn") == 1
    assert await operator.figure("darkroom_pictures_total", result="drawn") == 0


async def test_a_picture_that_nobody_may_see_is_counted_as_such(stage: Stage, operator: Operator, ben: Actor) -> None:
    stage.censor.refused = [colour(5)]
    await ben.says("/imagine a star --seed 5")
    await stage.works()
    stage.censor.broken = True
    await ben.says("/imagine a star --seed 6")
    await stage.works()

    assert await operator.figure("darkroom_pictures_total", result=Reason.REFUSED) == 1
    assert await operator.figure("darkroom_pictures_total", result=Reason.UNCHECKED) == 1
    assert await operator.figure("darkroom_pictures_total", result="drawn") == 0
    assert await operator.figure("darkroom_jobs_ended_total", state="failed", reason="none") == 2


async def test_what_people_are_refused_is_counted_by_its_sentence(stage: Stage, operator: Operator, ben: Actor) -> None:
    ana = enter(stage, "ana")
    await ana.says("/imagine a star")
    for _ in range(4):
        await ben.says("/imagine a star")

    assert await operator.figure("darkroom_refusals_total", key="start.first") == 1
    assert await operator.figure("darkroom_refusals_total", key="jobs.too_many") == 1
    assert await operator.figure("darkroom_jobs_accepted_total", door="terminal") == 3


async def test_what_comes_too_often_is_counted_by_its_limit(stage: Stage) -> None:
    stage.app = replace(stage.app, limits=replace(stage.app.limits, requests_per_minute=1, commands_per_minute=1))
    async with watching(stage) as seen:
        ben = enter(stage, "ben")
        await ben.agrees()
        for _ in range(30):
            await ben.says("/help")

        assert await seen.operator.figure("darkroom_rate_limited_total", limit="commands") == 12
        assert await seen.operator.figure("darkroom_rate_limited_total", limit="requests") == 0
        assert await seen.operator.figure("darkroom_refusals_total", key="rate.commands") == 12


class Done(Exception):
    """The end of a piece of work."""


async def test_an_answer_that_was_lost_is_not_counted_as_told_for_certain(
    stage: Stage, operator: Operator, ben: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def tell(*_: object) -> DeliveryState:
        return DeliveryState.UNCERTAIN

    await ben.says("/imagine a star")
    monkeypatch.setattr(ben, "tell", tell)
    await stage.works()

    assert await operator.figure("darkroom_deliveries_total", platform="terminal", result="uncertain") == 1
    assert await operator.figure("darkroom_deliveries_total", platform="terminal", result="delivered") == 0


async def test_a_transaction_that_is_not_kept_counts_nothing(
    stage: Stage, operator: Operator, ben: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def explodes(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("storage.records.pictures.SqlDeliveries.add", explodes)
    answer = await ben.says("/imagine a star")

    assert answer.error == "bug"
    assert await operator.figure("darkroom_jobs_accepted_total", door="terminal") == 0
    assert await operator.figure("darkroom_log_lines_total", level="error", event="command.failed") == 1


async def test_stores_that_fail_are_counted_by_what_they_are(
    stage: Stage, operator: Operator, ben: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise Unavailable("blobs.unavailable")

    await ben.says("/imagine a star")
    wishes = await out(stage)
    monkeypatch.setattr(type(stage.app.blobs._behind), "put", away)  # type: ignore[attr-defined]
    with pytest.raises(Unavailable):
        await stage.news(stage.painter.drawn(wishes[0]))

    assert await operator.figure("darkroom_unavailable_total", key="blobs.unavailable") == 1
    assert await operator.figure("darkroom_unavailable_total", key="database.unavailable") == 0


async def test_without_the_database_everything_else_is_still_told(
    stage: Stage, operator: Operator, ben: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise Unavailable("database.unavailable")

    await ben.says("/imagine a star")
    monkeypatch.setattr(stage.database, "look", away)

    assert await operator.figure("darkroom_jobs", state="queued") is None
    assert await operator.figure("darkroom_holds_open") is None
    assert await operator.figure("darkroom_jobs_accepted_total", door="terminal") == 1
    assert await operator.figure("darkroom_window") == 2


async def test_each_picture_is_timed_from_the_last_one(
    stage: Stage, operator: Operator, ben: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ben.says("/imagine a star --count 2")
    await stage.dispatches()
    ((one, two),) = stage.painter.waiting
    drawn = [stage.painter.drawn(wish) for wish in (one, two)]
    lost = Lost(((JobId("gone"), 1), (JobId("gone too"), 1)))

    async def told() -> AsyncIterator[News]:
        for one_news in (Started(one.job, one.fence), *drawn, Finished(one.job, one.fence), lost):
            stage.clock.passes(1_000)
            yield one_news

    monkeypatch.setattr(stage.painter, "news", told)
    async for news in stage.app.dispatch.news():
        await stage.news(news)

    model = one.settings.model
    assert await operator.figure("darkroom_drawing_seconds_count", model=model) == 2
    assert await operator.figure("darkroom_drawing_seconds_sum", model=model) == 2
    assert await operator.figure("darkroom_dispatches_lost_total") == 2


async def test_how_far_off_the_estimates_were_is_shown_once_it_is_known(
    stage: Stage, operator: Operator, ben: Actor
) -> None:
    assert await operator.figure("darkroom_estimate_error_ratio") is None
    for seconds in (2, 4):
        await ben.says("/imagine a star")
        (wish,) = await out(stage)
        stage.clock.passes(seconds * 1_000)
        await stage.news(stage.painter.drawn(wish))

    assert await operator.figure("darkroom_estimate_error_ratio") == 0.5


async def test_who_leads_is_told_without_the_hash_of_a_token(stage: Stage) -> None:
    leading = Elected(stage.app)
    async with watching(stage, leading) as seen:
        assert await seen.operator.figure("darkroom_leads", role="scheduler") == 0

        async def work() -> None:
            assert await seen.operator.figure("darkroom_leads", role="scheduler") == 1
            assert await seen.operator.figure("darkroom_leads", role="door:telegram") == 0
            raise Done

        with pytest.raises(Done):
            await leading.lead("scheduler", work)
        assert "0123abc" not in (await seen.operator.asks("/metrics"))[1]


async def test_prometheus_is_answered_in_the_form_it_prefers(operator: Operator) -> None:
    async with operator.session.get("/metrics", headers={"Accept": "application/openmetrics-text"}) as response:
        assert response.headers["Content-Type"].startswith("application/openmetrics-text")
        assert (await response.text()).endswith("# EOF\n")
    async with operator.session.get("/metrics") as response:
        assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")


async def test_the_registry_of_the_library_is_not_served(operator: Operator) -> None:
    assert "python_gc" not in (await operator.asks("/metrics"))[1]
