"""The same once more, or a little different: Again draws anew, Edit fills in and draws nothing."""

from __future__ import annotations

from bots.parsing import spell
from tests.cast import Actor, Stage, keys_of, read


async def test_again_asks_the_same_with_another_seed(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a yellow star --shape portrait --seed 41 --steps 5")
    await stage.works()
    ben.answer = ben.inbox[0]

    await ben.presses("Again")
    await stage.works()

    first, second = (told.lines[0].values for told in ben.inbox)
    assert second["seed"] != 41
    assert (second["price"], second["model"]) == (first["price"], first["model"])
    assert (await ben.balance()).spendable == 20_000 - 2 * 1_300


async def test_typed_without_an_id_it_takes_the_newest(stage: Stage, ben: Actor) -> None:
    for wish in ("a star", "a circle"):
        await ben.says(f"/imagine {wish}")
        await stage.works()

    await ben.says("/again")
    await stage.works()

    assert "a circle" in read(await ben.says(f"/show {ben.inbox[2].pictures[0].id}"))


async def test_edit_fills_in_what_was_asked_and_draws_nothing(stage: Stage, ben: Actor) -> None:
    await ben.says('/imagine a yellow star --negative "blurry, dark" --count 2 --seed 41 --private')
    await stage.works()

    answer = await ben.says(f"/edit {ben.inbox[0].pictures[0].id}")

    assert answer.private
    assert answer.form is not None
    line = spell(answer.form)
    assert line.startswith('/imagine a yellow star --negative "blurry, dark"')
    assert {"--count 2", "--seed 41", "--private yes"} <= {" ".join(pair) for pair in _options(line)}
    assert stage.painter.waiting == []
    again = await ben.says(line)
    assert keys_of(again)[0].startswith("imagine.accepted")


async def test_what_is_deleted_cannot_be_asked_again(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a star")
    await stage.works()
    await ben.says(f"/delete {ben.inbox[0].pictures[0].id}")

    assert keys_of(await ben.says("/again")) == ["again.nothing"]


async def test_somebody_elses_request_is_unknown(stage: Stage, ben: Actor, ana: Actor) -> None:
    await ben.says("/imagine a star")
    await stage.works()
    await ana.agrees()

    for verb in ("again", "edit"):
        for named in (ben.inbox[0].pictures[0].id, str(ben.inbox[0].job)):
            assert keys_of(await ana.says(f"/{verb} {named}")) == ["again.nothing"]


def _options(line: str) -> list[tuple[str, str]]:
    words = line.split()
    return [(word, words[at + 1]) for at, word in enumerate(words[:-1]) if word.startswith("--")]
