"""Probes look at the deployment itself: each fails when what it watches is broken, and how it went stands beside the claims."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import structlog
from aiohttp import ClientSession
from sqlalchemy import Engine, event, text

from bots import logs
from bots.policy.page import policy_routes
from bots.probes import probed, probes
from bots.settings import Settings
from bots.watching.probing import Prober
from bots.web import serve
from bots.wiring import House, policy
from core import accounts
from core.erasing import erasure
from core.errors import Unavailable
from core.policy.claims import CLAIMS
from core.policy.facts import TRIAL
from core.ports import Place
from core.rights import probing, publishing
from core.rights.probing import SPEAKS_FOR, Probe
from core.rules import DAY
from core.values import Moment, PersonId, Probed
from storage.inspecting import Stores
from storage.over_redis.keyspace import RESULTS
from tests import redis_server
from tests.cast import Actor, Stage, build_stage, enter, read
from tests.databases import Store
from tests.dispatch.machines import bot
from tests.page.browser import demo
from tests.redis_server import RedisServer
from tests.typed import darkroom
from tests.watching.test_serving import PATIENCE, ask, until_ready

OF_REDIS = {"redis"}  #: what is only there where processes share a bot


@dataclass
class Deployment:
    stage: Stage
    house: House
    settings: Settings

    @property
    def probes(self) -> tuple[Probe, ...]:
        return probes(self.house, self.settings)

    @property
    def engines(self) -> tuple[Engine, Engine]:
        return self.stage.database._engine, self.stage.app.keys._engine  # type: ignore[attr-defined]

    def executes(self, statement: str, **values: Any) -> None:
        with self.engines[0].begin() as connection:
            connection.execute(text(statement), values)

    async def failing(self) -> set[str]:
        return {one.key for one in await probed(self.house.app, self.probes) if not one.passed}


@pytest.fixture
async def deployment(stage: Stage, ben: Actor) -> Deployment:
    """Somebody had a picture drawn there, and nothing is wrong."""
    logs.set_up("warning", io.StringIO())
    await ben.says("/imagine an owl")
    await stage.works()
    stores = Stores(sql=stage.database._engine, keys=stage.app.keys._engine)  # type: ignore[attr-defined]
    house = House(stage.app, stage.painter, stage.database, (), shared=False, stores=stores)  # type: ignore[arg-type]
    return Deployment(stage, house, Settings(_env_file=None, data=stage.folder))  # type: ignore[call-arg]


def test_each_speaks_for_claims_that_are_made() -> None:
    assert {claim for claims in SPEAKS_FOR.values() for claim in claims} <= {claim.key for claim in CLAIMS}


async def test_all_are_run_and_pass_where_nothing_is_wrong(deployment: Deployment) -> None:
    went = await probed(deployment.house.app, deployment.probes)

    assert {probe.key for probe in deployment.probes} == set(SPEAKS_FOR)
    assert {one.key for one in went} == set(SPEAKS_FOR) - OF_REDIS
    assert all(one.passed for one in went), went


# What each watches, broken on purpose


async def a_key_beside_the_records(deployment: Deployment) -> None:
    deployment.executes("CREATE TABLE person_key (person_id TEXT, wrapped BLOB, created_at INTEGER)")


async def words_in_clear(deployment: Deployment) -> None:
    deployment.executes("UPDATE job SET sealed_words = :words", words=b"an owl on a branch, as its person wrote it")


async def words_in_clear_behind_the_first_byte_of_a_seal(deployment: Deployment) -> None:
    deployment.executes("UPDATE job SET sealed_words = :words", words=b"\x01an owl on a branch, as its person wrote it")


async def a_seal_that_opens_for_everybody(deployment: Deployment) -> None:
    class OneKeyForAll:
        async def open(self, _person: PersonId, _place: Place, sealed: bytes) -> bytes:
            return sealed

    deployment.house = replace(deployment.house, app=replace(deployment.house.app, keys=OneKeyForAll()))  # type: ignore[arg-type]


async def records_that_only_forget(deployment: Deployment) -> None:
    event.listen(deployment.engines[0], "checkout", _unsafely)


async def keys_that_are_only_forgotten(deployment: Deployment) -> None:
    event.listen(deployment.engines[1], "checkout", _unsafely)


def _unsafely(connection: Any, *_: Any) -> None:
    connection.execute("PRAGMA secure_delete=0")


async def a_mark_that_should_be_gone(deployment: Deployment) -> None:
    kid = enter(deployment.stage, "kid")
    await kid.says("/start")
    await kid.presses("I am younger")
    deployment.stage.clock.passes(31 * DAY)


async def somebody_erased_who_is_here(deployment: Deployment) -> None:
    app = deployment.stage.app
    person = (await accounts.known(app, deployment.stage.people[0].who)).id
    await app.tombstones.add(erasure.tombstone_of(app, person), app.clock.now())


async def tombstones_that_cannot_be_read(deployment: Deployment) -> None:
    (deployment.stage.folder / "tombstones").mkdir(mode=0o700)


async def a_column_nobody_declared(deployment: Deployment) -> None:
    deployment.executes("ALTER TABLE job ADD COLUMN nickname TEXT")


async def a_log_for_debugging(_deployment: Deployment) -> None:
    logs.set_up("debug", io.StringIO())


async def a_log_without_its_sieve(_deployment: Deployment) -> None:
    every = structlog.get_config()["processors"]
    structlog.configure(processors=[one for one in every if one is not logs._allowed_only])


async def a_classifier_that_does_not_load(deployment: Deployment) -> None:
    deployment.stage.censor.broken = True


async def books_that_are_wrong(deployment: Deployment) -> None:
    deployment.executes("UPDATE credit_lot SET available = available - 1000, spent = spent + 1000")


async def a_file_that_others_read(deployment: Deployment) -> None:
    deployment.stage.folder.chmod(0o755)
    (deployment.stage.folder / "keys.db").chmod(0o644)


@pytest.mark.parametrize(
    ("broken", "keys"),
    [
        (a_key_beside_the_records, {"keys_apart", "declared"}),
        (words_in_clear, {"sealed"}),
        (words_in_clear_behind_the_first_byte_of_a_seal, {"sealed"}),
        (a_seal_that_opens_for_everybody, {"sealed"}),
        (records_that_only_forget, {"overwritten"}),
        (keys_that_are_only_forgotten, {"overwritten"}),
        (a_mark_that_should_be_gone, {"not_overkept"}),
        (somebody_erased_who_is_here, {"stays_erased"}),
        (tombstones_that_cannot_be_read, {"stays_erased"}),
        (a_column_nobody_declared, {"declared"}),
        (a_log_for_debugging, {"logs"}),
        (a_log_without_its_sieve, {"logs"}),
        (a_classifier_that_does_not_load, {"looked_at"}),
        (books_that_are_wrong, {"books"}),
        (a_file_that_others_read, {"private_files"}),
    ],
)
async def test_it_fails_on(
    deployment: Deployment, broken: Callable[[Deployment], Awaitable[None]], keys: set[str]
) -> None:
    await broken(deployment)

    assert await deployment.failing() == keys


async def test_files_of_a_folder_that_lets_others_in_may_be_closed_themselves(deployment: Deployment) -> None:
    folder = deployment.stage.folder
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o600)
    folder.chmod(0o755)

    assert await deployment.failing() == set()


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    if not redis_server.is_installed():
        pytest.skip(redis_server.NOT_INSTALLED)
    with redis_server.redis_server() as server:
        yield server


@pytest.mark.redis
async def test_redis_fails_when_it_keeps_something_too_long_or_is_away(
    deployment: Deployment, redis: RedisServer
) -> None:
    dispatch = bot(redis.url())
    deployment.house = replace(deployment.house, dispatch=dispatch)
    try:
        assert await deployment.failing() == set()

        with closing(redis.client()) as client:
            client.xadd(str(RESULTS), {"b": b"sealed"}, id="1-1")
        assert await deployment.failing() == {"redis"}

        redis.stop()
        assert await deployment.failing() == {"redis"}
    finally:
        await dispatch.close()


@pytest.mark.postgres
async def test_on_a_server_everything_is_run_but_what_only_its_operator_knows(
    tmp_path: Path, postgres_store: Store
) -> None:
    stage = build_stage(tmp_path, postgres_store.open())
    await enter(stage, "ben").agrees()
    logs.set_up("warning", io.StringIO())
    house = House(stage.app, stage.painter, stage.database, (), shared=False, stores=Stores(sql=stage.database._engine))  # type: ignore[arg-type]
    deployment = Deployment(stage, house, Settings(_env_file=None, data=tmp_path))  # type: ignore[call-arg]
    prober = Prober(stage.app, deployment.probes, lambda: True)
    await prober.probe()
    await prober.probe()
    went = {one.key: one.passed for one in await probing.newest(stage.app)}

    assert "overwritten" not in went
    assert {"sealed", "declared", "not_overkept", "books"} <= set(went)
    assert all(went.values()), went


# What becomes of how it went


async def test_a_check_that_raises_has_failed_and_is_one_line_with_its_key(deployment: Deployment) -> None:
    async def away() -> bool:
        raise Unavailable("database.unavailable")

    logs.set_up("warning", written := io.StringIO())
    went = await probed(deployment.house.app, (Probe("books", away),))

    assert [(one.key, one.passed) for one in went] == [("books", False)]
    (line,) = written.getvalue().splitlines()
    assert '"task": "books"' in line
    assert '"event": "probe.failed"' in line


async def test_only_the_process_that_leads_runs_them_at_its_start_and_then_every_day(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, leads, now = deployment.house.app, False, 1_000_000.0
    monkeypatch.setattr("bots.watching.probing.time.monotonic", lambda: now)
    prober = Prober(app, deployment.probes, lambda: leads)
    await prober.probe_if_due()
    assert await probing.newest(app) == []

    leads = True
    await prober.probe_if_due()
    (first, *_), begun = await probing.newest(app), deployment.stage.clock.now()
    assert (first.at, first.passed_at) == (begun, begun)

    deployment.stage.clock.passes(DAY)
    now += 86_399
    await prober.probe_if_due()
    assert (await probing.newest(app))[0].at == begun

    now += 1
    await prober.probe_if_due()
    assert (await probing.newest(app))[0].at == begun + DAY


async def test_what_failed_is_looked_at_again_soon(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000_000.0
    monkeypatch.setattr("bots.watching.probing.time.monotonic", lambda: now)
    prober = Prober(deployment.house.app, deployment.probes, lambda: True)
    deployment.stage.censor.broken = True
    await prober.probe_if_due()

    deployment.stage.censor.broken = False
    now += 600
    await prober.probe_if_due()

    assert all(one.passed for one in await probing.newest(deployment.house.app))


async def test_what_is_not_of_this_deployment_any_more_is_forgotten(deployment: Deployment) -> None:
    app, now = deployment.house.app, deployment.stage.clock.now()
    await probing.note(app, [Probed("redis", now, passed=True), Probed("books", now, passed=True)])
    await probing.note(app, [Probed("books", now, passed=True)])

    assert [one.key for one in await probing.newest(app)] == ["books"]


# Where it is shown


def beside(said: str) -> dict[str, str]:
    """What stands behind each sentence, by the test or the words before it."""
    found = re.findall(r"^(?:• )?(.*?)(?: \[.*\])? ((?:Checked|Failed|Not checked) .*)$", said, re.MULTILINE)
    return dict(found)


KEYS_APART = "The keys lie apart from what they open: without them, nothing of yours can be read."
ALL_DECLARED = (
    "Everything that is stored is declared: a column nobody declared stops the next version from being finished."
)
BOOKS = "The books add up."


async def test_before_the_first_round_it_says_so_beside_each_claim_that_has_one(deployment: Deployment) -> None:
    said = beside(read(await deployment.stage.people[0].says("/privacy proof")))

    assert len(said) == len({claim for claims in SPEAKS_FOR.values() for claim in claims})
    assert set(said.values()) == {"Not checked here yet."}


async def test_a_day_stands_beside_each_claim_that_was_looked_at(deployment: Deployment) -> None:
    await Prober(deployment.house.app, deployment.probes, lambda: True).probe()
    said = read(await deployment.stage.people[0].says("/privacy proof"))

    assert beside(said)[KEYS_APART] == "Checked here on 15 January 2027."
    assert beside(said)[BOOKS] == "Checked here on 15 January 2027."
    assert "Nobody else draws" in said
    assert not any("Nobody else draws" in claim for claim in beside(said)), "no probe speaks for it"


async def test_a_failure_is_shown_with_when_it_passed_last(deployment: Deployment) -> None:
    prober, ben = Prober(deployment.house.app, deployment.probes, lambda: True), deployment.stage.people[0]
    await prober.probe()
    deployment.stage.clock.passes(DAY)
    await a_column_nobody_declared(deployment)
    await prober.probe()

    said = beside(read(await ben.says("/privacy proof")))

    assert said[ALL_DECLARED] == "Failed here on 16 January 2027, and passed last on 15 January 2027."
    assert said[KEYS_APART] == "Checked here on 16 January 2027."


async def test_what_never_passed_is_only_a_failure(deployment: Deployment) -> None:
    await a_column_nobody_declared(deployment)
    await Prober(deployment.house.app, deployment.probes, lambda: True).probe()

    said = beside(read(await deployment.stage.people[0].says("/privacy proof")))

    assert said[ALL_DECLARED] == "Failed here on 15 January 2027."


def test_one_failure_outweighs_what_passed() -> None:
    passed, failed = Probed("overwritten", Moment(1), passed=True), Probed("overwritten", Moment(2), passed=False)

    assert probing.of_claim("words_go_too", [passed, failed]) == failed
    assert probing.of_claim("may_see", [passed, failed]) is None


async def test_the_page_shows_the_same_and_follows_it(deployment: Deployment) -> None:
    app = deployment.house.app
    routes = policy_routes(app.policy, partial(probing.newest, app))
    async with serve(routes, "127.0.0.1", 0, here_only=False) as address, ClientSession() as session:
        before = await page(session, address)
        await Prober(app, deployment.probes, lambda: True).probe()
        after = await page(session, address)
    said = beside(read(await deployment.stage.people[0].says("/privacy proof")))

    assert "Not checked here yet." in before
    assert "Not checked here yet." not in after
    assert after.count("Checked here on 15 January 2027.") == len(said)


async def test_the_page_is_there_while_the_database_is_not(deployment: Deployment) -> None:
    async def away() -> list[Probed]:
        raise Unavailable("database.unavailable")

    routes = policy_routes(deployment.house.app.policy, away)
    async with serve(routes, "127.0.0.1", 0, here_only=False) as address, ClientSession() as session:
        assert KEYS_APART in await page(session, address)


async def page(session: ClientSession, address: str) -> str:
    async with session.get(f"{address}/privacy") as answer:
        assert answer.status == 200
        return await answer.text()


async def test_no_result_makes_another_version(deployment: Deployment) -> None:
    app, stage = deployment.house.app, deployment.stage
    before = (app.policy.version, app.policy.hash, policy(TRIAL).hash)
    prober = Prober(app, deployment.probes, lambda: True)
    await prober.probe()
    await a_column_nobody_declared(deployment)
    await prober.probe()
    published = stage.database.transact(publishing.publish, policy(TRIAL), stage.clock.now())

    assert (published.version, published.hash, policy(TRIAL).hash) == before
    assert len(published.editions) == 1


# A real process


def test_a_process_that_serves_runs_them_as_it_starts(tmp_path: Path) -> None:
    with demo(tmp_path) as address:
        until_ready(address)
        until = time.monotonic() + PATIENCE
        while "Not checked here yet." in (said := ask(f"{address}/privacy")[1]):
            assert time.monotonic() < until
            time.sleep(0.1)

    assert "Checked here on" in said
    assert "Failed here" not in said


def test_the_doctor_says_what_is_not_so(tmp_path: Path) -> None:
    seen = darkroom(tmp_path, "doctor", "--json", DARKROOM_LOG_LEVEL="debug")

    assert seen.returncode == 1
    assert '"probe keys_apart": "ok"' in seen.stdout
    assert '"probe logs": "this is not so here: Only declared fields are logged' in seen.stdout
