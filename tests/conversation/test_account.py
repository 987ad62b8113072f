"""Coming in, finding one's way, and what one can spend."""

from __future__ import annotations

import pytest

from bots.policy.shown import Section
from core import accounts
from core.credits import LotId, Milli
from tests.cast import Actor, Stage, enter, keys_of, read


async def test_start_says_what_this_is_what_is_kept_and_how_old_one_must_be(ana: Actor) -> None:
    answer = await ana.says("/start")

    assert keys_of(answer) == ["start.hello", "start.kept", "start.trial", "start.age"]
    assert len(answer.buttons) == 2


async def test_a_welcome_comes_with_credits_and_a_first_wish_one_press_away(stage: Stage, ana: Actor) -> None:
    await ana.agrees()
    assert "20 credits" in read(ana.answer) if ana.answer else False
    await ana.presses("Draw it")
    await stage.works()

    assert len(ana.inbox[0].pictures) == 1


async def test_start_again_greets_and_gives_nothing_twice(ben: Actor) -> None:
    assert keys_of(await ben.says("/start"))[0] == "start.again"
    assert (await ben.balance()).spendable == 20_000


async def test_balance_shows_what_is_free_and_what_is_held(ben: Actor) -> None:
    await ben.says("/imagine a star --count 2")

    assert read(await ben.says("/balance")) == (
        "You have 18 credits.\nOpen requests hold 2 credits more; what is not drawn comes back.\n"
        "A picture costs 1 credit at 4 steps, and more or less with more or fewer steps.\n"
        "That is with flat; other models have other prices: /models."
    )


async def test_a_debt_stops_new_pictures_and_is_named(stage: Stage, ben: Actor) -> None:
    person = await accounts.active(stage.app, ben.who)
    now = stage.clock.now()
    stage.database.transact(lambda tx: tx.ledger.adjust("a:1", person.account, LotId("1"), Milli(-25_000), "fix", now))

    assert keys_of(await ben.says("/imagine a star")) == ["credits.debt"]
    assert "You owe 5 credits" in read(await ben.says("/balance"))


async def test_help_names_every_command_a_person_can_type(ana: Actor) -> None:
    from bots.commands import commands

    text = read(await ana.says("/help"))

    for command in commands:
        assert (f"/{command.name}:" in text) == command.listed


@pytest.mark.parametrize("line", ["/help imagine", "/help /imagine", "/help IMAGINE"])
async def test_help_explains_one_command_with_its_options(ana: Actor, line: str) -> None:
    text = read(await ana.says(line))

    for option in ("--negative", "--shape", "--count", "--seed", "--steps", "--guidance", "--private"):
        assert option in text


@pytest.mark.parametrize("line", ["/nosuch", "/agree", "/too_young", "/words x", "/", "//", "/help nosuch"])
async def test_an_unknown_command_is_answered_with_a_way_on(ana: Actor, line: str) -> None:
    answer = await ana.says(line)

    assert keys_of(answer) == ["command.unknown"]
    assert "/help" in read(answer)


async def test_the_policy_names_what_is_kept_and_what_is_promised(stage: Stage, ana: Actor) -> None:
    kept, proofs = read(await ana.says("/privacy kept")), read(await ana.says("/privacy proof"))

    for category in stage.app.datamap.categories:
        assert read_key(f"category.{category}") in kept
    for claim in stage.app.policy.claims:
        assert read_key(f"claim.{claim.key}") in proofs


@pytest.mark.parametrize("section", [*Section, "all"])
async def test_every_section_of_the_policy_can_be_read_before_agreeing(ana: Actor, section: str) -> None:
    answer = await ana.says(f"/privacy {section}")

    assert answer.error is None
    assert len(answer.lines) > 1


async def test_one_section_leads_to_the_next_by_a_button(ana: Actor) -> None:
    await ana.says("/privacy")

    assert keys_of(await ana.presses("What is kept"))[0] == "kept.intro"


async def test_the_proof_names_a_test_for_every_promise(stage: Stage, ana: Actor) -> None:
    proofs = [line for line in (await ana.says("/privacy proof")).lines if line.key == "proof.one"]

    assert len(proofs) == len(stage.app.policy.claims) > 10
    assert all("::test_" in line.values["test"] for line in proofs)


def read_key(key: str) -> str:
    from bots.texts import sentences

    return sentences("en")[key]


async def test_at_a_door_without_accounts_only_the_first_gets_free_credits(stage: Stage) -> None:
    """Whoever drops a cookie is new again."""
    first, second = enter(stage, "one cookie", "page"), enter(stage, "another cookie", "page")
    await first.agrees()
    await second.agrees()

    assert (await first.balance()).spendable == 20_000
    assert (await second.balance()).spendable == 0
    assert second.answer is not None
    assert keys_of(second.answer)[0] == "start.welcome_without"
