"""Talking to the bot alone: what is said, in how many messages, and what no word can do."""

from __future__ import annotations

import pytest

from bots.on_telegram.words import pieces, units
from core.rules import PROMPT_CHARACTERS
from tests.telegram.actor import Scene, TelegramActor
from tests.telegram.faults import SENDS


async def test_start_shows_the_notice_and_one_press_begins(scene: Scene, ana: TelegramActor) -> None:
    answer = await ana.says("/start")

    assert answer.keys == ["start.hello", "start.kept", "start.trial", "start.age"]
    assert answer.labels == ["I am 16 or older", "I am younger"]
    assert (await ana.presses("I am 16 or older")).keys[0] == "start.welcome"
    assert (await ana.balance()).spendable == 20_000


async def test_a_picture_takes_the_place_of_what_was_said_first(scene: Scene, ben: TelegramActor) -> None:
    answer = await ben.says("/imagine a yellow star")
    (placeholder,) = answer.messages

    assert answer.text == "You are 1st in line. It costs 1 credit.\n19 credits are left."
    assert answer.labels == ["Cancel"]

    await scene.stage.works()

    assert placeholder.photo is not None
    assert placeholder.words.startswith("AI-generated picture ")
    assert placeholder.buttons == ["Again", "Edit", "Save", "Delete", "Report"]
    assert [len(told.pictures) for told in ben.inbox] == [1]


async def test_each_of_several_pictures_has_a_message_from_the_start(scene: Scene, ben: TelegramActor) -> None:
    answer = await ben.says("/imagine a yellow star --count 3 --seed 41")

    assert [message.words.splitlines()[0] for message in answer.messages] == [
        "You are 1st in line. It costs 3 credits.",
        "Picture 2 of 3",
        "Picture 3 of 3",
    ]
    await scene.stage.works()
    assert [f"seed {seed}" in message.words for seed, message in enumerate(answer.messages, 41)] == [True] * 3
    assert len(ben.sees()) == 2 + 3


async def test_plain_words_are_offered_to_be_drawn(scene: Scene, ben: TelegramActor) -> None:
    answer = await ben.says("a yellow star, please")

    assert (answer.keys, answer.labels) == (["words.offer"], ["Draw it"])
    drawing = await ben.presses("Draw it")
    assert drawing.keys == ["imagine.accepted", "imagine.left"]
    assert (drawing.notice.text if drawing.notice else None) == ""


@pytest.mark.parametrize(
    "line", ["/imagine\na yellow star", "/imagine@darkroom_test_bot a yellow star", "/IMAGINE a star"]
)
async def test_a_command_is_known_however_it_is_written(scene: Scene, ben: TelegramActor, line: str) -> None:
    assert (await ben.says(line)).keys[0] == "imagine.accepted"


async def test_a_command_for_another_bot_is_not_answered(ben: TelegramActor) -> None:
    assert (await ben.says("/help@other_bot")).messages == ()


async def test_unknown_commands_get_a_way_on(ben: TelegramActor) -> None:
    assert (await ben.says("/nosuch thing")).keys == ["command.unknown"]


@pytest.mark.parametrize(
    "prompt",
    [
        "<b>bold</b> <a href='https://example.org'>x</a> &amp; &lt;",
        "*bold* _it_ [x](https://example.org) `code` ||hidden||",
        "@everyone @darkroom_test_bot https://example.org/picture.png #tag",
        "🦊" * 50,
    ],
)
async def test_words_are_shown_as_they_were_written(scene: Scene, ben: TelegramActor, prompt: str) -> None:
    await ben.says(f"/imagine {prompt}")
    await scene.stage.works()
    answer = await ben.says(f"/show {ben.inbox[0].pictures[0].id}")

    assert f"“{prompt}”" in answer.text
    for message in answer.messages:
        assert {entity["type"] for entity in message.content.entities} <= {"mention", "url", "bot_command"}
    assert {call.ask.get("parse_mode") for call in scene.telegram.called(*SENDS)} == {None}


async def test_nothing_is_previewed(scene: Scene, ben: TelegramActor) -> None:
    await ben.says("/help")

    options = [call.ask.get("link_preview_options") for call in scene.telegram.called("sendMessage")]
    assert options == [{"is_disabled": True}] * len(options)


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("/imagine", "prompt.empty"),  # the same sentence as parse.missing_prompt
        ("/imagine \u200b\u202e", "prompt.empty"),
        ("/imagine " + "a" * 10_000, "prompt.too_long"),
        ("/imagine a star --count 5", "parse.range"),
        ("/imagine a star --seed -1", "parse.range"),
        ("/imagine a star --size 5", "parse.unknown_option"),
        ("/show \u202egnp.ABC", "picture.unknown"),
        ("/" + "x" * 9_000, "command.unknown"),
        ("/gallery nowhere", "parse.not_int"),
        ("/verify", "parse.missing_file"),
    ],
)
async def test_bad_input_gets_a_sentence_and_loses_nothing(ben: TelegramActor, line: str, key: str) -> None:
    answer = await ben.says(line)

    assert answer.keys == [key]
    assert not any(ord(c) < 32 and c != "\n" for c in answer.text)
    assert "\u202e" not in answer.text
    balance = await ben.balance()
    assert (balance.spendable, balance.held) == (20_000, 0)


async def test_ten_thousand_plain_characters_are_answered_once(ben: TelegramActor) -> None:
    answer = await ben.says("a" * 10_000)

    assert len(answer.messages) == 1
    assert (await ben.presses("Draw it")).keys == ["prompt.too_long"]


async def test_what_is_repeated_of_bad_input_fits_and_misleads_nobody(ben: TelegramActor) -> None:
    answer = await ben.says("/help " + "\x07\u202e<b>@x</b>" * 1_000)

    assert all(units(message.words) <= 4096 for message in answer.messages)
    assert not {"\x07", "\u202e"} & set(answer.text)


async def test_a_long_answer_comes_in_pieces_that_fit(scene: Scene, ben: TelegramActor) -> None:
    answer = await ben.says("/privacy proof")
    whole = await ben.says("/privacy all")

    texts = [message.words for message in (*answer.messages, *whole.messages)]
    assert len(texts) >= 2
    assert all(units(text) <= 4096 for text in texts)
    assert whole.keys[0] == "policy.intro"
    assert whole.text.splitlines()[-1].startswith("What whoever runs this bot states")


def test_texts_are_cut_between_lines_then_words_then_anywhere() -> None:
    assert pieces("ab\ncd\nef", 6) == ["ab\ncd", "ef"]
    assert pieces("ab cd efg", 6) == ["ab cd", "efg"]
    assert pieces("abcdefgh", 3) == ["abc", "def", "gh"]
    assert pieces("🦊🦊🦊", 4) == ["🦊🦊", "🦊"]
    assert pieces("  ") == []
    assert all(0 < units(piece) <= 10 for piece in pieces("a\n" * 50 + "🦊" * 33 + " b" * 70, 10))


async def test_a_prompt_of_the_longest_length_is_shown_with_its_picture(scene: Scene, ben: TelegramActor) -> None:
    await ben.says("/imagine " + "a" * PROMPT_CHARACTERS)
    await scene.stage.works()
    answer = await ben.says(f"/show {ben.inbox[0].pictures[0].id}")

    assert "a" * PROMPT_CHARACTERS in answer.text
    assert len(answer.pictures) == 1
    assert answer.messages[-1].buttons == ["Again", "Edit", "Save", "Delete", "Report"]


async def test_the_gallery_shows_pictures_and_turns_pages(scene: Scene, ben: TelegramActor) -> None:
    for _ in range(2):
        await ben.says("/imagine a star --count 4")
        await scene.stage.works()
    first = await ben.says("/gallery")
    second = await ben.presses("Next page")

    assert (len(first.pictures), len(second.pictures)) == (6, 2)
    assert len({message.album for message in first.messages if message.photo}) == 1
    assert second.labels == []
    assert {picture.id for picture in (*first.pictures, *second.pictures)} == {
        told.pictures[0].id for told in ben.inbox
    }


async def test_what_is_no_text_gets_a_hint(scene: Scene, ben: TelegramActor) -> None:
    assert (await ben.encloses(b"%PDF-1.7", "")).keys == ["telegram.only_words"]


async def test_an_edited_message_is_not_a_new_one(scene: Scene, ben: TelegramActor) -> None:
    await ben.says("/imagine a star")
    said = ben.user.sees()[-2]
    await ben.user.edits(said, "/imagine a heart")
    await scene.settles()

    assert (await ben.balance()).held == 1_000


async def test_who_is_banned_draws_nothing_and_may_read_the_policy(zed: TelegramActor) -> None:
    assert (await zed.says("/imagine a star")).keys == ["account.banned"]
    assert (await zed.says("/privacy")).keys[0] == "policy.intro"
