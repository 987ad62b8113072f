"""What a page is told: in order, once as it seems to people, also after it was away, and never at another's expense."""

from __future__ import annotations

import asyncio
import socket
import time

from bots.on_page.streams import KEPT, KEPT_BYTES, Stream
from core import accounts
from core.requests import delivery
from core.values import Owed
from core.values.wishes import Progress, Started
from inference.flat import square
from tests.cast import Stage, keys_of
from tests.page.actor import Front, PageActor, open_front


async def owed(stage: Stage, person: PageActor) -> list[Owed]:
    return await delivery.owed(stage.app, "page", (await accounts.active(stage.app, person.who)).id)


async def test_a_newcomer_is_greeted_and_is_nobody_yet(ana: PageActor) -> None:
    state = await ana.hears("state")

    assert state["account"] == {"state": "new", "balance": "", "held": ""}
    assert len(state["messages"][0]["buttons"]) == 2


async def test_who_agrees_is_shown_a_balance_that_follows_what_they_do(stage: Stage, ben: PageActor) -> None:
    await ben.hears("account", state="active", balance="20 credits")
    await ben.says("/imagine a star --count 2")
    await ben.hears("account", balance="18 credits", held="2 credits held")
    await stage.works()
    await ben.hears("account", balance="18 credits", held="")


async def test_an_open_page_shows_the_place_in_line_and_every_step(stage: Stage, ben: PageActor) -> None:
    asked = await ben.says("/imagine a star --shape portrait --count 2")
    waiting = await ben.hears("progress", job=asked.job)
    assert (waiting["count"], waiting["share"], waiting["text"]) == (2, None, "2 pictures: 1st in line.")
    assert (waiting["width"], waiting["height"]) == (96, 128)

    await stage.dispatches()
    wish = stage.painter.waiting[0][1]
    await stage.news(Started(wish.job, wish.fence))
    await stage.news(Progress(wish.job, 1, wish.fence, 2, 4, square(1, 64, 64)))

    drawing = await ben.hears("progress", job=asked.job, index=1)
    assert drawing["share"] == 0.75
    status, preview = await ben.gets(drawing["preview"])
    assert (status, preview[:3]) == (200, b"\xff\xd8\xff")


async def test_a_preview_is_only_for_who_asked(stage: Stage, ben: PageActor, ana: PageActor) -> None:
    asked = await ben.says("/imagine a star")
    await ana.agrees()
    await stage.dispatches()
    (wish,) = stage.painter.waiting[0]
    await stage.news(Started(wish.job, wish.fence))
    await stage.news(Progress(wish.job, 0, wish.fence, 2, 4, square(1, 64, 64)))
    drawing = await ben.hears("progress", job=asked.job, share=0.5)

    assert await ana.gets(drawing["preview"]) == (204, b"")
    assert not [data for name, data in ana.events if name == "progress"]


async def test_nobody_hears_what_others_are_told(stage: Stage, ben: PageActor, ana: PageActor) -> None:
    await ana.agrees()
    heard = len(ana.events)
    await ben.says("/imagine a star")
    await stage.works()
    await ben.says("/gallery")

    assert len(ben.inbox) == 1
    assert ana.events[heard:] == []


async def test_every_open_page_of_somebody_shows_the_same(stage: Stage, front: Front, ben: PageActor) -> None:
    another = PageActor(stage, ben.who, front=front, session=ben.session)
    await another.opens()
    await ben.says("/imagine a star")
    await stage.works()

    told = await another.hears("message", outcome="0")
    assert told["pictures"][0]["id"] == ben.inbox[0].pictures[0].id
    await another.hears("message", said="/imagine a star")
    await another.leaves()


async def test_what_was_missed_comes_when_the_page_is_back(stage: Stage, ben: PageActor) -> None:
    await ben.says("/help")
    await ben.hears("message", said="/help")
    await ben.leaves()
    await ben.says("/about")
    await ben.says("/privacy")
    await ben.opens()

    await ben.hears("message", said="/privacy")
    said = [data["said"] for name, data in ben.events if name == "message"]
    assert said == ["/start", "I am 16 or older", "/help", "/about", "/privacy"]
    assert [name for name, _ in ben.events].count("state") == 1


async def test_what_nobody_is_there_to_see_stays_owed_until_somebody_is(stage: Stage, ben: PageActor) -> None:
    await ben.says("/imagine a star")
    await ben.leaves()
    await stage.works()
    assert len(await owed(stage, ben)) == 1

    await ben.opens()
    await stage.tells()
    assert len(ben.inbox) == 1
    assert await owed(stage, ben) == []


async def test_what_a_page_does_not_say_it_shows_is_told_again(stage: Stage, ben: PageActor) -> None:
    """It read it, and then its computer was closed: who knows what was seen?"""
    ben.shows = False
    await ben.says("/imagine a star")
    await stage.works()
    assert len(await owed(stage, ben)) == 1

    await ben.leaves()
    ben.shows = True
    await ben.opens()
    await stage.tells()
    assert [len(told.pictures) for told in ben.inbox] == [1]
    assert await owed(stage, ben) == []


async def test_a_failure_is_told_to_a_page_that_opens_later(stage: Stage, ben: PageActor) -> None:
    await ben.says("/imagine a star")
    await ben.leaves()
    for _ in range(3):
        await stage.breaks_down()

    await ben.opens()
    await stage.tells()
    assert keys_of(ben.inbox[0]) == ["failed.crashed"]


async def test_after_a_restart_everything_stands_where_it_stood(stage: Stage, front: Front, ben: PageActor) -> None:
    open_request = await ben.says("/imagine a heart")
    await ben.says("/imagine a yellow star --count 2")
    stage.painter.window = 0
    await ben.leaves()

    async with open_front(stage) as restarted:
        again = await restarted.enter("ben", ben.who.raw_id)
        first, second = (await again.hears("state"))["messages"]

        assert (await again.hears("state"))["account"]["balance"] == "17 credits"
        assert (first["said"], first["job"], first["final"]) == ("a heart", open_request.job, False)
        assert first["progress"]["text"] == "1 picture: 1st in line."
        assert second["progress"]["count"] == 2
        cancel = first["buttons"][0]
        assert keys_of(await again.fills(cancel["command"], **cancel["fields"])) == ["cancel.done"]


async def test_after_a_restart_the_newest_pictures_are_there_and_old_buttons_work(
    stage: Stage, front: Front, ben: PageActor
) -> None:
    await ben.says("/imagine a yellow star --count 2")
    await stage.works()
    await ben.leaves()

    async with open_front(stage) as restarted:
        again = await restarted.enter("ben", ben.who.raw_id)
        (drawn,) = (await again.hears("state"))["messages"]
        assert (drawn["said"], drawn["final"]) == ("a yellow star", True)
        assert [one["id"] for one in drawn["pictures"]] == [told.pictures[0].id for told in ben.inbox]

        again.messages, again.answer = ben.messages, ben.inbox[0]
        assert (await again.presses("Again")).error is None


async def test_an_old_button_expires_kindly(stage: Stage, ben: PageActor) -> None:
    await ben.says("/imagine a star")
    await stage.works()
    stage.clock.passes(31 * 24 * 3600 * 1000)
    ben.answer = ben.inbox[0]

    assert keys_of(await ben.presses("Again")) == ["press.expired"]


async def test_only_so_many_pages_of_one_person_follow_at_once(stage: Stage, front: Front, ben: PageActor) -> None:
    others = [PageActor(stage, ben.who, front=front, session=ben.session) for _ in range(4)]
    for other in others:
        await other.opens()

    await ben.hears("elsewhere")
    for other in others:
        await other.leaves()


async def test_a_page_that_does_not_read_holds_up_nobody_and_grows_nothing(
    stage: Stage, front: Front, ben: PageActor, ana: PageActor
) -> None:
    await ana.agrees()
    await ana.leaves()
    host, port = front.address.removeprefix("http://").split(":")
    deaf = socket.create_connection((host, int(port)))
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.sendall(f"GET /events HTTP/1.1\r\nHost: {host}:{port}\r\nCookie: darkroom={ana.who.raw_id}\r\n\r\n".encode())
    stream = front.door.visitors.get(ana.who.raw_id).stream
    while not stream.readers:
        await asyncio.sleep(0.01)
    for _ in range(60):
        stream.publish("message", {"text": ["x" * 100_000]})
        await asyncio.sleep(0.005)

    began = time.monotonic()
    await ben.says("/imagine a star")
    await stage.works()

    assert len(ben.inbox) == 1
    assert time.monotonic() - began < 2
    assert [reader.lost for reader in stream.readers] == [True]
    assert sum(len(event.data) for event in stream._kept) <= KEPT_BYTES
    deaf.close()


async def test_a_stream_keeps_only_so_much_and_then_says_where_things_stand() -> None:
    stream = Stream()
    reader = stream.follow(0)
    for number in range(KEPT + 10):
        stream.publish("message", {"number": number})

    assert reader.lost
    number = reader.stand()
    reader.knows(number)
    assert not reader.lost
    await reader.take(0)
    stream.publish("message", {"number": "newest"})
    (event,) = await reader.take(0)
    assert "newest" in event.data


async def test_of_what_is_shown_only_the_newest_counts() -> None:
    stream = Stream()
    reader = stream.follow(0)
    for share in range(1_000):
        stream.show("a request", "progress", {"share": share})

    (event,) = await reader.take(0)
    assert event.data == '{"share": 999}'
    assert await reader.take(0) == []


async def test_when_nothing_is_drawn_at_all_every_page_says_so(front: Front, ben: PageActor) -> None:
    front.door.broken = lambda: True
    watching = asyncio.create_task(front.door.watch())
    notice = await ben.hears("notice")
    assert "does not start" in notice["text"]
    front.door.broken = lambda: False
    await ben.hears("notice", text="")
    watching.cancel()
