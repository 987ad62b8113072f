"""Every way a picture reaches its person when its message cannot simply be edited, and where it waits when none does."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from PIL import Image

from bots.on_discord.places import NONCE_LIFE, TOKEN_LIFE
from bots.on_discord.words import shown
from core.errors import Unavailable
from core.requests import delivery
from core.values import DeliveryState
from tests.cast import keys_of
from tests.discord_ import Channel, Message, routes
from tests.discord_.actor import DiscordActor, Scene
from tests.discord_.people import Permission


def lets_time_pass(scene: Scene, milliseconds: int = TOKEN_LIFE) -> None:
    scene.stage.clock.passes(milliseconds)
    scene.discord.passes(milliseconds / 1000)


def states(scene: Scene) -> list[str]:
    with scene.stage.database._engine.connect() as connection:
        return [row[0] for row in connection.exec_driver_sql('SELECT state FROM delivery ORDER BY job_id, "index"')]


def pictures_in(actor: DiscordActor) -> list[Message]:
    return [message for message in actor.sees() if message.attachments]


async def test_after_thirteen_minutes_a_public_picture_comes_as_a_message(scene: Scene, bea: DiscordActor) -> None:
    await bea.says("/imagine a star")
    placeholder = bea.newest
    lets_time_pass(scene)
    await scene.stage.works()

    (message,) = pictures_in(bea)
    assert message is not placeholder
    assert not message.ephemeral
    assert message.nonce is not None
    assert message.buttons == ["Again", "Edit", "Save", "Delete", "Report"]
    assert message.content.splitlines()[0] == f"<@{bea.user.id}>"
    assert scene.discord.pinged == set()
    assert placeholder.deleted
    assert states(scene) == [DeliveryState.DELIVERED]
    await bea.presses("Delete")
    assert not message.attachments


@pytest.mark.parametrize("code", [50027, 10015, 10062])
async def test_a_token_that_died_early_is_no_obstacle(scene: Scene, bea: DiscordActor, code: int) -> None:
    await bea.says("/imagine a star --count 2")
    before = len(scene.discord.called(routes.EDIT_ORIGINAL))
    scene.discord.faults.refuses(routes.EDIT_ORIGINAL, code, share=1)
    await scene.stage.works()

    first, second = pictures_in(bea)
    assert first.nonce != second.nonce
    assert len(scene.discord.called(routes.EDIT_ORIGINAL)) == before + 1, "the dead token is asked once"
    assert states(scene) == [DeliveryState.DELIVERED] * 2


async def test_a_token_that_dies_between_two_pictures(scene: Scene, bea: DiscordActor) -> None:
    await bea.says("/imagine a star --count 2")
    placeholder = bea.newest
    await scene.stage.dispatches()
    ((first, second),) = scene.stage.painter.waiting
    await scene.stage.news(scene.stage.painter.drawn(first))
    await scene.stage.tells()
    assert bea.use is not None
    scene.discord.kills_token(bea.use)
    await scene.stage.news(scene.stage.painter.drawn(second))
    await scene.stage.tells()

    assert [len(message.attachments) for message in pictures_in(bea)] == [1, 1]
    assert placeholder.buttons == ["Again 1", "Edit 1", "Save 1", "Delete 1", "Report 1"]
    assert not placeholder.deleted


async def test_a_message_somebody_deleted_is_replaced_by_a_new_one(scene: Scene, bea: DiscordActor) -> None:
    await bea.says("/imagine a star")
    await bea.user.deletes(bea.newest)
    await scene.stage.works()

    (message,) = pictures_in(bea)
    assert not message.ephemeral


async def test_a_private_message_that_is_gone_is_replaced_for_the_same_eyes(
    scene: Scene, bea: DiscordActor, kit: DiscordActor
) -> None:
    await bea.says("/imagine a star --private --count 2")
    await bea.user.deletes(bea.newest)
    await scene.stage.works()

    (message,) = pictures_in(bea)
    assert message.ephemeral
    assert len(message.attachments) == 2
    assert not [one for one in kit.sees() if one.attachments]


async def test_in_private_it_comes_as_a_message_however_late(scene: Scene, dan: DiscordActor) -> None:
    await dan.says("/imagine a star --private")
    lets_time_pass(scene)
    await scene.restarts()
    await scene.stage.works()

    (message,) = pictures_in(dan)
    assert "<@" not in message.content
    assert states(scene) == [DeliveryState.DELIVERED]


async def test_a_failure_is_told_late_too(scene: Scene, bea: DiscordActor) -> None:
    await bea.says("/imagine a star")
    lets_time_pass(scene, 31 * 60_000)
    await scene.stage.dispatches()
    await scene.stage.tells()

    assert "could not be started in time" in shown(bea.newest.content)
    assert (await bea.balance()).spendable == 20_000


BREAKS: dict[str, Callable[[Channel], object]] = {
    "hidden": lambda room: room.hides_from_bot(),
    "muted": lambda room: room.mutes_bot(),
    "deleted": lambda room: room.vanishes(),
    "kicked": lambda room: room.guild.kicks_bot(),  # type: ignore[union-attr]
}


@pytest.mark.parametrize("how", BREAKS)
async def test_a_room_that_shuts_us_out_is_left_alone_and_the_pictures_wait(
    scene: Scene, bea: DiscordActor, how: str
) -> None:
    for _ in range(3):
        await bea.says("/imagine a star")
    lets_time_pass(scene)
    assert bea.room is not None
    BREAKS[how](bea.room)
    await scene.stage.works()
    await scene.stage.tells()

    assert states(scene) == [DeliveryState.UNDELIVERABLE] * 3
    assert len(scene.discord.called(routes.SEND)) == 1, "after the first refusal nobody asks again"
    home = DiscordActor(scene, bea.user)
    scene.discord.guild("Elsewhere", bea.user)
    assert len((await home.says("/gallery")).pictures) == 3


async def test_a_thousand_rooms_that_shut_us_out_cost_one_call_each(scene: Scene, bea: DiscordActor) -> None:
    guild = scene.discord.guild("Many")
    guild.joined_by(bea.user)
    rooms = [guild.channel(f"room {n}") for n in range(5)]
    for room in rooms:
        actor = DiscordActor(scene, bea.user, room)
        await actor.says("/imagine a star")
        await actor.says("/imagine a heart")
        await scene.stage.dispatches()
        lets_time_pass(scene)
        room.mutes_bot()
        await scene.stage.works()

    assert len(scene.discord.invalid_requests) == 5


@pytest.mark.parametrize("closed", ["messages", "servers"])
async def test_closed_private_messages_are_the_end_of_it(scene: Scene, dan: DiscordActor, closed: str) -> None:
    await dan.says("/imagine a star")
    lets_time_pass(scene)
    if closed == "messages":
        dan.user.closes_dms()
    else:
        dan.user.guilds[0].left_by(dan.user)
    await scene.stage.works()
    await scene.stage.tells()

    assert states(scene) == [DeliveryState.UNDELIVERABLE]
    assert len(scene.discord.called(routes.SEND)) == 1


@pytest.mark.parametrize("code", [200000, 20009])
async def test_what_a_server_does_not_want_is_said_in_words(scene: Scene, bea: DiscordActor, code: int) -> None:
    await bea.says("/imagine a star")
    scene.discord.faults.refuses(routes.EDIT_ORIGINAL, code)
    await scene.stage.works()

    assert states(scene) == [DeliveryState.UNDELIVERABLE]
    assert "rules of this server" in shown(bea.newest.content)
    assert not bea.newest.buttons
    assert not bea.newest.attachments


async def test_a_picture_too_large_comes_smaller(scene: Scene, bea: DiscordActor) -> None:
    """Discord says how large a file may be with each interaction."""
    scene.discord.limits.file = 50_000
    await bea.says("/imagine a star")
    await noisy(scene)
    told, owed = await _owed_to(scene, bea)
    assert len(told.pictures[0].data) > 50_000
    await scene.door.tell(told, owed)

    (file,) = bea.newest.attachments
    assert file.name.endswith(".jpg")
    assert len(file.bytes) <= 50_000


async def test_a_picture_refused_as_too_large_comes_smaller(scene: Scene, bea: DiscordActor) -> None:
    await bea.says("/imagine a star")
    scene.discord.faults.refuses(routes.EDIT_ORIGINAL, 40005)
    await noisy(scene)
    await scene.door.tell(*await _owed_to(scene, bea))

    (file,) = bea.newest.attachments
    assert Image.open(io.BytesIO(file.bytes)).format == "JPEG"
    assert states(scene) == [DeliveryState.OWED]


async def test_a_picture_too_large_for_anything_is_told_in_words(scene: Scene, bea: DiscordActor) -> None:
    await bea.says("/imagine a star")
    scene.discord.faults.refuses(routes.EDIT_ORIGINAL, 40005, times=2)
    await noisy(scene)
    state = await scene.door.tell(*await _owed_to(scene, bea))

    assert state is DeliveryState.UNDELIVERABLE
    assert "larger than this place takes" in shown(bea.newest.content)
    assert not bea.newest.buttons


async def noisy(scene: Scene) -> None:
    """A picture that no format makes small, so that what is too large can be told from what is not."""
    import os

    from core.values.wishes import Drawn, Pixels, Started

    await scene.stage.dispatches()
    ((wish,),) = scene.stage.painter.waiting
    scene.stage.painter.waiting.clear()
    size = wish.settings.width * wish.settings.height * 3
    pixels = Pixels(wish.settings.width, wish.settings.height, os.urandom(size))
    await scene.stage.news(Started(wish.job, wish.fence))
    await scene.stage.news(Drawn(wish.job, 0, wish.fence, pixels, expires_at=scene.stage.clock.now() + 1))


async def _owed_to(scene: Scene, actor: DiscordActor):
    """What a Courier would tell next."""
    from bots.delivering import Courier

    heard = []

    class Ear:
        name = "discord"
        owed = actor.owed

        async def tell(self, told, owed):
            heard.append((told, owed))
            raise Unavailable("discord.busy", retry_after=0.001)

    courier = Courier(scene.stage.app, Ear())  # type: ignore[arg-type]
    await courier.round()
    await courier.settle()
    return heard[0]


async def test_a_request_without_a_place_is_given_up(scene: Scene, bea: DiscordActor) -> None:
    """Nobody should ever be kept waiting for it."""
    await bea.says("/imagine a star")
    with scene.stage.database._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE job SET sealed_origin = NULL")
    await scene.restarts()
    await scene.stage.works()

    assert states(scene) == [DeliveryState.UNDELIVERABLE]


async def test_a_picture_deleted_before_it_was_told_is_not_told(scene: Scene, bea: DiscordActor) -> None:
    await bea.says("/imagine a star")
    await noisy(scene)
    gallery = await bea.says("/gallery")
    await bea.says(f"/delete {gallery.pictures[0].id}")
    await scene.stage.tells()

    assert not pictures_in(bea)[1:]
    assert keys_of(await bea.says("/gallery")) == ["gallery.empty"]


# Sending, of which nobody knows whether it happened


async def late(scene: Scene, bea: DiscordActor) -> None:
    await bea.says("/imagine a star")
    lets_time_pass(scene)


@pytest.mark.parametrize("restart", [False, True])
async def test_a_message_whose_answer_was_lost_is_not_sent_twice(
    scene: Scene, bea: DiscordActor, restart: bool
) -> None:
    await late(scene, bea)
    scene.discord.faults.loses_answer(routes.SEND)
    await scene.stage.works()
    if restart:
        await scene.restarts(killed=True)
    await scene.stage.tells()

    assert len(scene.discord.called(routes.SEND)) == 2
    assert len(pictures_in(bea)) == 1
    assert states(scene) == [DeliveryState.DELIVERED]


async def test_a_message_that_did_not_arrive_is_sent_again(scene: Scene, bea: DiscordActor) -> None:
    await late(scene, bea)
    scene.discord.faults.resets(routes.SEND)
    await scene.stage.works()
    await scene.stage.tells()

    assert len(pictures_in(bea)) == 1
    assert states(scene) == [DeliveryState.DELIVERED]


@pytest.mark.parametrize("arrived", [True, False])
async def test_long_after_it_is_looked_for_before_it_is_sent_again(
    scene: Scene, bea: DiscordActor, arrived: bool
) -> None:
    """By then Discord has forgotten its name."""
    await late(scene, bea)
    if arrived:
        scene.discord.faults.loses_answer(routes.SEND)
    else:
        scene.discord.faults.resets(routes.SEND)
    await scene.stage.works()
    lets_time_pass(scene, 60 * 60_000)
    await scene.restarts(killed=True)
    await scene.stage.tells()

    assert len(pictures_in(bea)) == 1
    assert states(scene) == [DeliveryState.DELIVERED]
    assert len(scene.discord.called(routes.SEND)) == (1 if arrived else 2)


async def test_where_nobody_may_look_it_is_not_sent_again_and_marked(scene: Scene, bea: DiscordActor) -> None:
    await late(scene, bea)
    scene.discord.faults.loses_answer(routes.SEND)
    await scene.stage.works()
    lets_time_pass(scene, NONCE_LIFE)
    assert bea.room is not None
    bea.room.denied_to_bot |= Permission.READ_MESSAGE_HISTORY
    await scene.stage.tells()

    assert len(scene.discord.called(routes.SEND)) == 1
    assert states(scene) == [DeliveryState.UNCERTAIN]


async def test_a_crash_between_sending_and_noting_it_sends_nothing_twice(
    scene: Scene, bea: DiscordActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    await late(scene, bea)

    async def dies(*_: object) -> None:
        raise Unavailable("database.unavailable")

    with monkeypatch.context() as patched:
        patched.setattr(delivery, "told", dies)
        await scene.stage.works()
    await scene.restarts(killed=True)
    await scene.stage.tells()

    assert len(scene.discord.called(routes.SEND)) == 1
    assert len(pictures_in(bea)) == 1
    assert states(scene) == [DeliveryState.DELIVERED]
