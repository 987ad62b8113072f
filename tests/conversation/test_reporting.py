"""Three kinds of reports, by one command: this picture, the account of a child, a picture of a body nobody may show."""

from __future__ import annotations

from core.rights import tickets
from core.rules import HOUR
from core.values.letters import TicketKind
from tests.cast import Actor, Stage, keys_of, read
from tests.conversation.asking import one_picture

SIGNED = '--signed "Ana Example" --good_faith yes --contact ana@example.org'


async def test_a_picture_is_reported_by_its_id_with_a_reason_or_without(stage: Stage, ben: Actor) -> None:
    picture = await one_picture(stage, ben)
    assert keys_of(await ben.says(f"/report {picture.id} --reason rude")) == ["report.done"]
    stage.clock.passes(1)

    (ticket,) = await tickets.unanswered(stage.app)
    assert (ticket.kind, ticket.about) == (TicketKind.REPORT, picture.id)
    assert await tickets.text_of(stage.app, ticket) == "rude"
    shown = read(await ben.says(f"/requests {ticket.id}"))
    assert picture.id in shown
    assert "rude" in shown


async def test_the_account_of_a_child_is_due_in_a_day(stage: Stage, ben: Actor) -> None:
    assert keys_of(await ben.says("/report child the one called Kit says she is nine")) == [
        "ticket.opened",
        "ticket.within",
    ]

    (ticket,) = await tickets.unanswered(stage.app)
    assert (ticket.kind, ticket.due_at - ticket.asked_at) == (TicketKind.REPORT_CHILD, 24 * HOUR)
    assert await tickets.text_of(stage.app, ticket) == "the one called Kit says she is nine"


async def test_a_report_of_a_child_that_names_nobody_is_asked_who(stage: Stage, ben: Actor) -> None:
    assert keys_of(await ben.says("/report child")) == ["report.child_how"]
    assert await tickets.unanswered(stage.app) == []


async def test_an_intimate_picture_is_due_in_two_days_and_says_the_four_things_of_the_law(
    stage: Stage, ben: Actor
) -> None:
    answer = await ben.says(f"/report intimate 7K3M9QXR {SIGNED} --reason that is me")
    (ticket,) = await tickets.unanswered(stage.app)

    assert answer.private
    assert keys_of(answer) == ["ticket.opened", "ticket.within"]
    assert (ticket.kind, ticket.due_at - ticket.asked_at) == (TicketKind.REPORT_INTIMATE, 48 * HOUR)
    text = await tickets.text_of(stage.app, ticket)
    assert all(said in text for said in ("7K3M9QXR", "Ana Example", "good faith", "ana@example.org"))


async def test_what_is_missing_is_asked_for_and_nothing_is_kept(stage: Stage, ben: Actor) -> None:
    answer = await ben.says('/report intimate --signed "Ana Example" --good_faith no')
    (line,) = answer.lines

    assert line.key == "report.intimate_how"
    assert [one.key for one in line.values["missing"]] == ["intimate.where", "intimate.good_faith", "intimate.contact"]
    assert await tickets.unanswered(stage.app) == []


async def test_a_banned_person_may_report_a_child_and_a_body_but_no_picture(
    stage: Stage, ben: Actor, zed: Actor
) -> None:
    picture = await one_picture(stage, ben)

    assert keys_of(await zed.says("/report child that one is nine")) == ["ticket.opened", "ticket.within"]
    assert keys_of(await zed.says(f"/report intimate {picture.id} {SIGNED}")) == ["ticket.opened", "ticket.within"]
    assert keys_of(await zed.says(f"/report {picture.id}")) == ["account.banned"]


async def test_an_intimate_report_does_not_tell_whether_there_is_such_a_picture(ben: Actor) -> None:
    assert keys_of(await ben.says(f"/report intimate NOSUCHID {SIGNED}")) == ["ticket.opened", "ticket.within"]
