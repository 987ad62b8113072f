"""With another member watching: what is private never shows where others read along, whatever becomes of a token."""

from __future__ import annotations

import pytest

from bots.commands import commands
from bots.declaring import Offers
from bots.on_discord.places import TOKEN_LIFE
from bots.on_discord.words import shown
from core.requests import choices
from tests.cast import keys_of
from tests.discord_ import Message
from tests.discord_.actor import DiscordActor, Scene
from tests.discord_.messages import Upload
from tests.discord_.test_door_progress import GREY, draws_a_step

LINES = {
    "help": "/help imagine",
    "imagine": "/imagine a secret cormorant",
    "show": "/show {id}",
    "save": "/save {id}",
    "delete": "/delete {id}",
    "report": "/report {id} --reason ugly",
    "settings": "/settings --format webp",
    **{name: f"/{name} a secret cormorant" for name in ("support", "feedback", "contact", "correct", "appeal")},
}


def seen_of(watcher: DiscordActor, asker: DiscordActor) -> list[Message]:
    """What one sees that the bot said to the other, at any time."""
    return [message for message in asker.sees() if message.seen_by(watcher.user) and message.use.user is asker.user]


def ever_said(watcher: DiscordActor) -> str:
    """Everything the bot ever showed in the room, what was deleted or changed since included."""
    said = [
        version.text
        for message in watcher.scene.discord.messages.values()
        if message.author.bot and message.channel is watcher.place
        for version in message.versions
        if not version.flags & 64
    ]
    return "\n".join(map(shown, said))


@pytest.mark.parametrize("name", [command.name for command in commands if command.listed])
async def test_only_pictures_are_for_all(scene: Scene, bea: DiscordActor, kit: DiscordActor, name: str) -> None:
    await bea.says("/imagine a star --private")
    await scene.stage.works()
    (told,) = bea.inbox
    line = LINES.get(name, f"/{name}").format(id=told.pictures[0].id)
    if name == "verify":
        await bea.says(line, file=Upload("a.png", told.pictures[0].data))
    else:
        await bea.says(line)
    await scene.stage.works()

    assert bool(seen_of(kit, bea)) == (name == "imagine")
    assert all(word not in ever_said(kit) for word in ("cormorant", "credits are left", "gallery"))


def test_the_commands_that_are_told_apart_are_declared() -> None:
    assert {command.name for command in commands if command.shared} == {"imagine", "again"}
    assert {command.name for command in commands if command.replaces} == {"cancel", "delete"}
    assert {command.name for command in commands if command.form} == {"edit", "models", "styles"}
    assert not [command.name for command in commands if command.shared and command.private]
    assert not [command.name for command in commands if (command.form or command.replaces) and not command.private]


async def test_a_private_request_leaves_no_trace_in_the_room(
    scene: Scene, bea: DiscordActor, kit: DiscordActor
) -> None:
    answer = await bea.says("/imagine a star --private")
    await scene.stage.works()

    assert answer.private
    assert "credits are left" in shown(bea.sees()[-1].versions[1].content)
    assert len(bea.inbox[0].pictures) == 1
    assert bea.newest.ephemeral
    assert seen_of(kit, bea) == []


async def test_a_preference_counts_where_nothing_is_said(scene: Scene, bea: DiscordActor, kit: DiscordActor) -> None:
    await bea.says("/settings --private yes")
    await bea.says("/imagine a star")
    await scene.stage.works()
    assert seen_of(kit, bea) == []

    await bea.says("/imagine a star --private no")
    await scene.stage.works()
    (message,) = seen_of(kit, bea)
    assert message.attachments


async def test_again_is_as_private_as_what_it_repeats(scene: Scene, bea: DiscordActor, kit: DiscordActor) -> None:
    await bea.says("/imagine a star --private")
    await scene.stage.works()
    await bea.says("/again")
    await bea.presses("Again")
    await scene.stage.works()

    assert len(bea.inbox) == 3
    assert seen_of(kit, bea) == []


async def test_a_picture_shown_to_one_person_is_drawn_again_for_that_person(
    scene: Scene, bea: DiscordActor, kit: DiscordActor
) -> None:
    await bea.says("/imagine a star")
    await scene.stage.works()
    await bea.says(f"/show {bea.inbox[0].pictures[0].id}")
    await bea.presses("Again")
    await scene.stage.works()

    assert len(bea.inbox) == 2
    assert len(seen_of(kit, bea)) == 1


async def test_a_request_that_is_refused_is_refused_in_private(
    scene: Scene, bea: DiscordActor, kit: DiscordActor
) -> None:
    for _ in range(5):
        await bea.says("/imagine a star --count 4 --private")
        await scene.stage.works()
    assert keys_of(await bea.says("/imagine a star")) == ["credits.short"]

    assert bea.use is not None
    assert [message.ephemeral for message in bea.use.messages if not message.deleted] == [True]
    assert seen_of(kit, bea) == []


async def test_who_never_agreed_is_told_so_in_private(scene: Scene, kit: DiscordActor) -> None:
    stranger = scene.enter("stranger", kit.room)
    assert keys_of(await stranger.says("/imagine a star")) == ["start.first"]

    assert seen_of(kit, stranger) == []


async def test_a_mind_that_changes_on_the_way_is_heeded(
    scene: Scene, bea: DiscordActor, kit: DiscordActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The preference is read again with the request: then it is private, and the public placeholder goes first."""
    changes_minds(scene, bea, monkeypatch)
    answer = await bea.says("/imagine a secret cormorant")
    await scene.stage.works()

    assert answer.private
    assert bea.newest.attachments
    assert bea.newest.ephemeral
    assert seen_of(kit, bea) == []
    assert "cormorant" not in ever_said(kit)


async def test_when_the_records_are_slow_the_asker_alone_sees_the_answer(
    scene: Scene, bea: DiscordActor, kit: DiscordActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bots.on_discord.hearing.GLANCE", 0.0)
    await bea.says("/imagine a star")
    await scene.stage.works()

    assert bea.newest.attachments
    assert seen_of(kit, bea) == []


@pytest.mark.parametrize("killed", [False, True])
async def test_a_private_picture_whose_token_died_waits_in_the_gallery(
    scene: Scene, bea: DiscordActor, kit: DiscordActor, killed: bool
) -> None:
    await bea.says("/imagine a secret cormorant --private")
    assert bea.use is not None
    if killed:
        scene.discord.kills_token(bea.use)
    else:
        scene.stage.clock.passes(TOKEN_LIFE)
        scene.discord.passes(TOKEN_LIFE / 1000)
    await scene.restarts()
    await scene.stage.works()

    assert bea.inbox == []
    assert await bea.owed() == []
    assert ever_said(kit) == ""
    assert len((await bea.says("/gallery")).pictures) == 1
    assert (await bea.balance()).spendable == 19_000


async def test_progress_of_a_private_request_stays_private(scene: Scene, bea: DiscordActor, kit: DiscordActor) -> None:
    await bea.says("/imagine a star --private")
    await draws_a_step(scene)

    assert "step 1 of" in shown(bea.newest.content)
    assert seen_of(kit, bea) == []


@pytest.mark.parametrize("agreed", [True, False])
@pytest.mark.parametrize(
    ("name", "option"),
    [
        (command.name, argument.name)
        for command in commands
        for argument in command.arguments
        if command.listed and argument.option.offers in (Offers.PICTURES, Offers.REQUESTS)
    ],
)
async def test_another_persons_ids_open_nothing(
    scene: Scene, bea: DiscordActor, kit: DiscordActor, name: str, option: str, agreed: bool
) -> None:
    await bea.says("/imagine a secret cormorant --private")
    job = bea.answer.job if bea.answer else None
    if name != "cancel":
        await scene.stage.works()
    other = kit if agreed else scene.enter("stranger", bea.room)
    for id_ in [job, *(told.pictures[0].id for told in bea.inbox)]:
        answer = await other.says(f"/{name} {id_}")
        assert answer.error == "refused"
        assert not answer.pictures
        assert other.use is not None
        assert all(message.ephemeral for message in other.use.messages if not message.deleted)
    await scene.stage.works()

    assert len(bea.inbox) == 1
    assert len((await bea.says("/gallery")).pictures) == 1


async def test_offers_while_typing_are_ones_own(scene: Scene, bea: DiscordActor, kit: DiscordActor) -> None:
    await bea.says("/imagine a secret cormorant")
    await scene.stage.works()
    id_ = bea.inbox[0].pictures[0].id

    assert await bea.user.autocompletes("/show", "id", "corm", in_=bea.room) == {f"{id_}: a secret cormorant": id_}
    assert await kit.user.autocompletes("/show", "id", "", in_=kit.room) == {}


def changes_minds(scene: Scene, bea: DiscordActor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between looking who may see the answer and booking the request."""
    hearing = scene.door._hearing
    wants = hearing._wants_privacy

    async def and_then_changes_it(*given: object) -> bool:
        public = await wants(*given)
        await choices.preferences(scene.stage.app, bea.who, private=True)
        return public

    monkeypatch.setattr(hearing, "_wants_privacy", and_then_changes_it)


async def test_a_public_placeholder_that_cannot_be_removed_never_shows_what_is_private(
    scene: Scene, bea: DiscordActor, kit: DiscordActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes_minds(scene, bea, monkeypatch)
    scene.discord.faults.refuses("DELETE /webhooks/{webhook_id}/{webhook_token}/messages/@original", 50035)
    await bea.user.uses("/imagine", in_=bea.room, prompt="a secret cormorant")
    await scene.settles()
    await draws_a_step(scene, GREY)
    await scene.stage.works()

    assert ever_said(kit).strip() == ""
    assert not any(message.attachments for message in kit.sees())
    assert len((await bea.says("/gallery")).pictures) == 1


async def test_nor_does_one_whose_process_died_before_it_was_removed(
    scene: Scene, bea: DiscordActor, kit: DiscordActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes_minds(scene, bea, monkeypatch)
    scene.discord.faults.resets("DELETE /webhooks/{webhook_id}/{webhook_token}/messages/@original", share=1)
    await bea.user.uses("/imagine", in_=bea.room, prompt="a secret cormorant")
    await scene.discord.until(lambda: scene.stage.database.transact(lambda tx: tx.jobs.queued_fences()))
    await scene.restarts(killed=True)
    scene.discord.faults.stop()
    await scene.stage.works()

    assert not any(message.attachments for message in kit.sees())
    assert len((await bea.says("/gallery")).pictures) == 1


async def test_a_private_answer_after_a_public_placeholder_survives_a_restart(
    scene: Scene, bea: DiscordActor, kit: DiscordActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes_minds(scene, bea, monkeypatch)
    await bea.says("/imagine a secret cormorant --count 2")
    await scene.restarts(killed=True)
    await draws_a_step(scene)
    await scene.stage.works()

    assert len(bea.newest.attachments) == 2
    assert bea.newest.ephemeral
    assert seen_of(kit, bea) == []
