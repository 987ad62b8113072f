"""A notice is told once, where its person next says something; an offer only with consent at that moment."""

from __future__ import annotations

import inspect

import pytest

from bots.answering import hear
from bots.texts import sentences
from core.datamap import Purpose
from core.policy.permissions import Consent
from core.rights import notices
from core.rights.notices import NOTICES, notify
from core.values import Origin, PersonId, Who
from core.values.letters import NoticeCategory, NoticeState
from tests.cast import Actor, Stage, keys_of
from tests.tickets.asking import person_of, states_of

OFFER = "ticket_postponed"  #: stands for an offer here: no offer is made yet


@pytest.fixture
def offers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(NOTICES, OFFER, NoticeCategory.MARKETING)  # type: ignore[arg-type]


async def owes(stage: Stage, person: PersonId, key: str, figure: int = 1) -> bool:
    return await stage.app.database.run(lambda tx: notify(tx, person, key, figure, stage.clock.now()))


async def allows(stage: Stage, person: PersonId, *, given: bool) -> None:
    consent = Consent(Purpose.MARKET, given, 1, "", "terminal", stage.clock.now())
    await stage.app.database.run(lambda tx: tx.consents.add(person, consent))


def test_each_notice_has_a_sentence_and_one_category_that_nobody_who_sends_it_can_choose() -> None:
    assert {key for key in sentences("en") if key.startswith("notice.")} == {f"notice.{key}" for key in NOTICES}
    assert all(isinstance(category, NoticeCategory) for category in NOTICES.values())
    assert "category" not in inspect.signature(notify).parameters


async def test_what_is_no_notice_cannot_be_owed(stage: Stage, ben: Actor) -> None:
    with pytest.raises(KeyError):
        await owes(stage, await person_of(ben), "nonsense")


async def test_it_is_told_with_the_next_answer_and_only_there(stage: Stage, ben: Actor) -> None:
    person = await person_of(ben)
    await owes(stage, person, "ticket_answered", stage.clock.now())

    assert keys_of(await ben.says("/balance"))[-1] == "notice.ticket_answered"
    assert "notice.ticket_answered" not in keys_of(await ben.says("/balance"))
    assert await states_of(stage, person) == {"ticket_answered": NoticeState.TOLD}


async def test_the_same_is_owed_once(stage: Stage, ben: Actor) -> None:
    person = await person_of(ben)

    assert await owes(stage, person, "ticket_answered", 7)
    assert not await owes(stage, person, "ticket_answered", 7)
    assert await owes(stage, person, "ticket_answered", 8)
    await ben.says("/balance")
    assert not await owes(stage, person, "ticket_answered", 7)


async def test_after_its_time_it_is_told_no_more_and_may_be_owed_anew(stage: Stage, ben: Actor) -> None:
    person = await person_of(ben)
    await owes(stage, person, "ticket_answered")
    stage.clock.passes(notices.LIFE)

    assert "notice.ticket_answered" not in keys_of(await ben.says("/balance"))
    assert await owes(stage, person, "ticket_answered")
    assert "notice.ticket_answered" in keys_of(await ben.says("/balance"))


async def test_a_refusal_tells_it_too(stage: Stage, zed: Actor) -> None:
    await owes(stage, await person_of(zed), "ticket_answered")

    assert keys_of(await zed.says("/balance")) == ["account.banned", "notice.ticket_answered"]


async def test_it_waits_while_the_answer_will_be_edited(stage: Stage, ben: Actor) -> None:
    await owes(stage, await person_of(ben), "ticket_answered")

    assert "notice.ticket_answered" not in keys_of(await ben.says("/imagine a star"))
    assert "notice.ticket_answered" in keys_of(await ben.says("/balance"))


@pytest.mark.parametrize(("door", "line", "told"), [
    ("discord", "/help", False), ("discord", "/balance", True), ("telegram", "/balance", False),
])  # fmt: skip
async def test_where_others_read_along_it_is_told_in_an_answer_for_one_pair_of_eyes_or_not(
    stage: Stage, door: str, line: str, told: bool
) -> None:
    """What a closed private chat did not take is shown later; a group is no place for it."""
    cleo = Actor(stage, Who(door, "7"))
    await cleo.agrees()
    person = await person_of(cleo)
    await owes(stage, person, "ticket_answered")
    (addressed,) = await notices.owed(stage.app, door)
    assert await notices.begin(stage.app, addressed.notice, door)
    await notices.end(stage.app, addressed.notice, NoticeState.UNDELIVERABLE)

    in_group = Who(door, "7", Origin("somewhere", f"{door}:1", "99"))
    assert ("notice.ticket_answered" in keys_of(await hear(stage.app, in_group, line))) == told


async def test_an_offer_needs_consent_at_the_moment_it_is_made(stage: Stage, ben: Actor, offers: None) -> None:
    person = await person_of(ben)
    await allows(stage, person, given=True)
    await owes(stage, person, OFFER)
    await allows(stage, person, given=False)

    assert f"notice.{OFFER}" not in keys_of(await ben.says("/balance"))
    assert await states_of(stage, person) == {OFFER: NoticeState.UNWANTED}

    await allows(stage, person, given=True)
    await owes(stage, person, OFFER, 2)
    assert f"notice.{OFFER}" in keys_of(await ben.says("/balance"))


@pytest.mark.parametrize("door", ["terminal", "telegram", "discord"])
@pytest.mark.parametrize("given", [None, True, False])
async def test_what_is_about_the_service_is_told_whatever_they_allow_and_an_offer_only_if_they_do(
    stage: Stage, offers: None, door: str, given: bool | None
) -> None:
    cleo = Actor(stage, Who(door, "7"))
    await cleo.agrees()
    person = await person_of(cleo)
    if given is not None:
        await allows(stage, person, given=given)
    for key in (OFFER, "ticket_answered"):
        await owes(stage, person, key)
    for addressed in await notices.owed(stage.app, door):
        await notices.begin(stage.app, addressed.notice, door)

    goes_out = {key for key, state in (await states_of(stage, person)).items() if state is NoticeState.SENDING}
    assert goes_out == {"ticket_answered"} | ({OFFER} if given and door != "discord" else set())


@pytest.mark.parametrize(("door", "made"), [("telegram", True), ("discord", False)])
async def test_an_offer_is_never_made_on_discord(stage: Stage, offers: None, door: str, made: bool) -> None:
    cleo = Actor(stage, Who(door, "7"))
    await cleo.agrees()
    person = await person_of(cleo)
    await allows(stage, person, given=True)
    await owes(stage, person, OFFER)

    (addressed,) = await notices.owed(stage.app, door)
    assert await notices.begin(stage.app, addressed.notice, door) == made
    assert await states_of(stage, person) == {OFFER: NoticeState.SENDING if made else NoticeState.UNWANTED}


async def test_what_was_on_its_way_at_a_crash_is_uncertain_and_not_sent_again(stage: Stage) -> None:
    cleo = Actor(stage, Who("telegram", "7"))
    await cleo.agrees()
    person = await person_of(cleo)
    await owes(stage, person, "ticket_answered")
    (addressed,) = await notices.owed(stage.app, "telegram")
    await notices.begin(stage.app, addressed.notice, "telegram")

    assert await notices.leave_uncertain(stage.app, "discord") == 0
    assert await notices.leave_uncertain(stage.app, "telegram") == 1
    assert await notices.owed(stage.app, "telegram") == []
    assert await states_of(stage, person) == {"ticket_answered": NoticeState.UNCERTAIN}


async def test_one_process_alone_sends_it(stage: Stage) -> None:
    cleo = Actor(stage, Who("telegram", "7"))
    await cleo.agrees()
    await owes(stage, await person_of(cleo), "ticket_answered")
    (addressed,) = await notices.owed(stage.app, "telegram")

    assert await notices.begin(stage.app, addressed.notice, "telegram")
    assert not await notices.begin(stage.app, addressed.notice, "telegram")
