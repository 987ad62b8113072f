"""Starting from a picture: an option that takes a file, or a message with one in private."""

from __future__ import annotations

from bots.on_discord.words import shown
from tests.cast import keys_of
from tests.discord_.actor import DiscordActor, Scene
from tests.discord_.messages import Upload
from tests.pictures import picture_file


async def test_the_option_takes_a_file(scene: Scene, bea: DiscordActor) -> None:
    use = await bea.user.uses(
        "/imagine", in_=bea.room, prompt="a fox", strength=0.4, reference=Upload("fox.png", picture_file())
    )
    await scene.settles()
    await scene.stage.dispatches()

    ((wish,),) = scene.stage.painter.waiting
    assert wish.reference is not None
    assert wish.settings.strength == 0.4
    assert not use.ephemeral


async def test_a_message_in_private_may_bring_one(scene: Scene, dan: DiscordActor) -> None:
    await dan.user.says("/imagine a fox", files=[Upload("fox.png", picture_file())])
    await scene.discord.until(lambda: "in line" in shown(dan.newest.content))
    await scene.stage.dispatches()

    ((wish,),) = scene.stage.painter.waiting
    assert wish.reference is not None


async def test_words_with_a_picture_say_what_to_write(scene: Scene, dan: DiscordActor) -> None:
    await dan.user.says("a fox", files=[Upload("fox.png", picture_file())])
    await scene.discord.until(lambda: "write /imagine before your words" in shown(dan.newest.content))


async def test_edit_shows_the_line_where_a_window_could_not_take_the_picture(scene: Scene, bea: DiscordActor) -> None:
    await bea.says("/imagine a fox --strength 0.4", file=Upload("fox.png", picture_file()))
    await scene.stage.works()
    edit = await bea.says("/edit")

    assert keys_of(edit) == ["edit.filled", "edit.reference_gone"]
    assert bea.use is not None
    assert bea.use.modal is None
    assert "/imagine a fox --shape square --strength 0.4" in shown(bea.newest.content)


async def test_pressing_a_style_opens_a_window_with_it(scene: Scene, bea: DiscordActor) -> None:
    await bea.says("/styles")
    await bea.presses("noir")
    assert bea.use is not None
    assert bea.use.modal is not None
    filled = {one.custom_id: one.value for one in bea.use.modal.fields}
    assert filled == {"prompt": "", "negative": "", "options": "--style noir"}

    await bea.fills(prompt="a fox")
    await scene.stage.dispatches()
    assert scene.stage.painter.waiting[0][0].prompt == "film noir scene of a fox, hard shadows"
