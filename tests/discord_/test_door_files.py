"""Files that people take away or bring: the original as it is, and whether a picture was made here."""

from __future__ import annotations

import pytest

from bots.on_discord.words import shown
from core.rules import ATTACHMENT_BYTES
from tests.cast import keys_of
from tests.discord_ import DiscordServer
from tests.discord_.actor import DiscordActor, Scene
from tests.discord_.messages import Upload
from tests.discord_.test_door_buttons import drawn
from tests.discord_.test_door_privacy import seen_of


@pytest.mark.parametrize("format_", ["png", "jpg", "webp"])
async def test_save_hands_over_the_original_and_verify_knows_it(
    scene: Scene, bea: DiscordActor, kit: DiscordActor, format_: str
) -> None:
    await bea.says(f"/settings --format {format_}")
    await drawn(bea)
    await bea.presses("Save")
    (file,) = bea.newest.attachments
    id_ = bea.inbox[0].pictures[0].id

    assert file.name == f"darkroom-{id_}.{format_}"
    assert file.bytes == bea.inbox[0].pictures[0].data
    assert keys_of(await bea.says("/verify", file=Upload(file.name, file.bytes))) == ["verify.made"]
    changed = bytes([*file.bytes[:60], file.bytes[60] ^ 1, *file.bytes[61:]])
    assert keys_of(await kit.says("/verify", file=Upload("x.png", changed))) != ["verify.made"]
    assert len(seen_of(kit, bea)) == 1


async def test_the_picture_in_the_message_is_the_file(scene: Scene, bea: DiscordActor) -> None:
    message = await drawn(bea)

    assert keys_of(await bea.says("/verify", file=Upload("a", message.attachments[0].bytes))) == ["verify.made"]


async def test_an_original_too_large_for_the_place_is_not_squeezed(scene: Scene, bea: DiscordActor) -> None:
    await drawn(bea)
    scene.discord.limits.file = 100
    use = await bea.user.uses("/save", in_=bea.room, id=bea.inbox[0].pictures[0].id)
    message = await use.finished()

    assert not message.attachments
    assert "larger than this place takes" in shown(message.content)


async def test_a_file_too_large_to_look_at_is_not_fetched(scene: Scene, bea: DiscordActor) -> None:
    use = await bea.user.uses("/verify", in_=bea.room, file=Upload("a.png", bytes(ATTACHMENT_BYTES + 1)))
    message = await use.finished()

    assert shown(message.content).startswith("That file is larger than 20 MB")
    assert message.ephemeral


@pytest.mark.parametrize("data", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n" + bytes(50)])
async def test_what_is_no_picture_is_said_to_be_none(scene: Scene, bea: DiscordActor, data: bytes) -> None:
    answer = await bea.says("/verify", file=Upload("a.png", data))

    assert keys_of(answer)[0] in ("verify.unreadable", "verify.unlabelled")


async def test_a_file_that_cannot_be_fetched_is_asked_for_again(
    scene: Scene, bea: DiscordActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DiscordServer, "stored", _stored_and_lost(DiscordServer.stored))
    use = await bea.user.uses("/verify", in_=bea.room, file=Upload("a.png", b"abc"))
    message = await use.finished()

    assert "could not fetch that file" in shown(message.content)


async def test_a_file_written_to_in_private_is_looked_at(scene: Scene, dan: DiscordActor) -> None:
    await dan.says("/imagine a star")
    await scene.stage.works()
    await dan.user.says("/verify", files=[Upload("a.png", dan.inbox[0].pictures[0].data)])
    await scene.discord.until(lambda: "Yes: this bot made" in shown(dan.newest.content))


def _stored_and_lost(stored):
    def lost(self, *args):
        file = stored(self, *args)
        del self.files[file.id]
        return file

    return lost
