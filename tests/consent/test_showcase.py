"""Pictures as examples: only where their person allows it, one by one, without a name, and gone at once when they say so."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession, ClientTimeout

from bots.showcase import showcase_routes
from bots.web import HEADERS, serve
from core.datamap import Purpose
from core.rules import DAY
from storage.database import SqlDatabase
from tests.cast import Actor, Stage, enter, keys_of, read
from tests.consent.offering import offers, person_of, rows
from tests.conversation.asking import one_picture
from tests.databases import Store
from tests.page.browser import demo


@pytest.fixture
def database(sqlite_store: Store) -> SqlDatabase:
    return sqlite_store.open()


@pytest.fixture
async def visitor(stage: Stage) -> AsyncIterator[ClientSession]:
    """Anybody, with a browser."""
    async with (
        serve(showcase_routes(stage.app), "127.0.0.1", 0, here_only=False) as address,
        ClientSession(address, timeout=ClientTimeout(20)) as session,
    ):
        yield session


async def looks(visitor: ClientSession, path: str = "/showcase") -> tuple[int, bytes]:
    async with visitor.get(path) as response:
        return response.status, await response.read()


async def shown(ben: Actor, visitor: ClientSession) -> str:
    """Ben has drawn a picture and shows it."""
    offers(ben.stage)
    picture = await one_picture(ben.stage, ben)
    await ben.says("/showcase on")
    await ben.says(f"/showcase {picture.id} on")
    assert (await looks(visitor, f"/showcase/{picture.id}")) == (200, picture.data)
    assert picture.id.encode() in (await looks(visitor))[1]
    return picture.id


async def test_nothing_is_shown_by_drawing_it_nor_by_allowing_it_alone(
    stage: Stage, ben: Actor, visitor: ClientSession
) -> None:
    offers(stage)
    picture = await one_picture(stage, ben)
    assert (await looks(visitor, f"/showcase/{picture.id}"))[0] == 404

    await ben.says("/showcase on")
    assert (await looks(visitor, f"/showcase/{picture.id}"))[0] == 404
    assert b"Nobody shows" in (await looks(visitor))[1]


async def test_a_picture_is_shown_only_where_showing_was_allowed_first(stage: Stage, ben: Actor) -> None:
    offers(stage)
    picture = await one_picture(stage, ben)

    assert keys_of(await ben.says(f"/showcase {picture.id} on")) == ["showcase.allow_first"]
    assert rows(stage, "picture")[0]["shown_at"] is None


async def test_allowed_and_chosen_it_is_seen_by_anybody(ben: Actor, visitor: ClientSession) -> None:
    id_ = await shown(ben, visitor)

    assert id_ in read(await ben.says("/showcase"))


async def test_the_page_names_nobody_and_asks_search_engines_to_leave_it_out(
    ben: Actor, visitor: ClientSession
) -> None:
    id_ = await shown(ben, visitor)
    person = await person_of(ben)
    for path in ("/showcase", f"/showcase/{id_}"):
        async with visitor.get(path) as response:
            said = (await response.read()) + str(response.headers).encode()
            assert "noindex" in response.headers["X-Robots-Tag"]
            assert "Set-Cookie" not in response.headers
            assert {name: response.headers[name] for name in HEADERS} == HEADERS
        for name in (b"ben", person.id.encode(), person.account.encode(), b"a star"):
            assert name not in said
    assert b'<meta name="robots" content="noindex' in (await looks(visitor))[1]
    assert (await looks(visitor, "/showcase/showcase.css"))[0] == 200


@pytest.mark.parametrize("line", ["/showcase off", "/consent showcase off", "/object showcase", "/restrict on"])
async def test_it_is_gone_at_once_when_its_person_says_so(ben: Actor, visitor: ClientSession, line: str) -> None:
    id_ = await shown(ben, visitor)
    await ben.says(line)

    assert (await looks(visitor, f"/showcase/{id_}"))[0] == 404
    assert id_.encode() not in (await looks(visitor))[1]


async def test_withdrawing_removes_every_picture_for_good(ben: Actor, visitor: ClientSession) -> None:
    """Allowing it again later shows nothing that was chosen before."""
    id_ = await shown(ben, visitor)
    await ben.says("/showcase off")
    await ben.says("/showcase on")

    assert (await looks(visitor, f"/showcase/{id_}"))[0] == 404


async def test_one_picture_is_taken_away_and_the_others_stay(stage: Stage, ben: Actor, visitor: ClientSession) -> None:
    first = await shown(ben, visitor)
    second = await one_picture(stage, ben)
    await ben.says(f"/showcase {second.id} on")
    await ben.says(f"/showcase {first} off")

    assert (await looks(visitor, f"/showcase/{first}"))[0] == 404
    assert (await looks(visitor, f"/showcase/{second.id}"))[0] == 200


async def test_a_deleted_picture_is_not_shown(ben: Actor, visitor: ClientSession) -> None:
    id_ = await shown(ben, visitor)
    await ben.says(f"/delete {id_}")

    assert (await looks(visitor, f"/showcase/{id_}"))[0] == 404


async def test_one_past_its_keep_is_not_shown_even_before_the_sweep(
    stage: Stage, ben: Actor, visitor: ClientSession
) -> None:
    id_ = await shown(ben, visitor)
    await ben.says("/settings --keep_days 1")
    stage.clock.passes(2 * DAY)

    assert (await looks(visitor, f"/showcase/{id_}"))[0] == 404


@pytest.mark.parametrize(("policy", "status"), [('offers = ["showcase"]', 200), ("", 404)])
def test_a_serving_process_has_the_page_where_its_operator_offers_it(tmp_path: Path, policy: str, status: int) -> None:
    (tmp_path / "policy.toml").write_text(policy)
    with demo(tmp_path, DARKROOM_POLICY="policy.toml") as address:
        assert status_of(f"{address}/showcase") == status


def status_of(address: str) -> int:
    try:
        with urllib.request.urlopen(address, timeout=20) as response:
            return int(response.status)
    except urllib.error.HTTPError as refused:
        return refused.code


async def test_where_it_is_not_done_there_is_no_such_page(stage: Stage, ben: Actor, visitor: ClientSession) -> None:
    id_ = await shown(ben, visitor)
    offers(stage, Purpose.MEASURE)

    for path in ("/showcase", f"/showcase/{id_}", "/showcase/showcase.css"):
        assert (await looks(visitor, path))[0] == 404
    assert keys_of(await ben.says(f"/showcase {id_} on")) == ["consent.not_done_here"]


async def test_nobody_shows_or_hides_what_is_somebody_elses(stage: Stage, ben: Actor, visitor: ClientSession) -> None:
    id_ = await shown(ben, visitor)
    carl = enter(stage, "carl")
    await carl.agrees()
    await carl.says("/showcase on")

    for switch in ("on", "off"):
        assert keys_of(await carl.says(f"/showcase {id_} {switch}")) == ["picture.unknown"]
    assert (await looks(visitor, f"/showcase/{id_}"))[0] == 200


async def test_how_a_picture_stands_is_said_with_one_press_to_change_it(ben: Actor, visitor: ClientSession) -> None:
    id_ = await shown(ben, visitor)
    assert keys_of(await ben.says(f"/showcase {id_}"))[0] == "showcase.is_shown"
    await ben.presses("Show it to nobody")
    assert (await looks(visitor, f"/showcase/{id_}"))[0] == 404

    assert keys_of(await ben.says(f"/showcase {id_}"))[0] == "showcase.is_not_shown"
    await ben.presses("Show it to anybody")
    assert (await looks(visitor, f"/showcase/{id_}"))[0] == 200
