"""`darkroom erase`: an operator erases a person, or looks at a receipt."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from bots.cli.console import Json, opened_app, print_json, refuse_with, tell

if TYPE_CHECKING:
    from core.ports import App
    from core.values.receipts import Erasure

erasing_app = typer.Typer()


@erasing_app.command()
def erase(
    person: Annotated[str, typer.Argument(metavar="[PERSON]", help="The door and the name, as in terminal:ana.")] = "",
    ground: Annotated[
        Literal["request", "child", "operator"], typer.Option(help="Why; a child's account is erased at once.")
    ] = "operator",
    now: Annotated[bool, typer.Option("--now", help="Begin at once, without time to think better.")] = False,
    receipt: Annotated[str, typer.Option("--receipt", metavar="CODE", help="Show how this erasure stands.")] = "",
    json_: Json = False,
) -> None:
    """Erase everything about PERSON, or show the receipt of an erasure."""
    if bool(person) == bool(receipt):
        from bots.replies import say

        refuse_with(say("erase.person_or_receipt"))
    with opened_app() as app:
        if receipt:
            found = asyncio.run(_receipt(app, receipt))
        else:
            found = asyncio.run(_erase(app, person, ground, at_once=now or ground == "child"))
        _show(found, app.clock.now(), as_json=json_)


async def _erase(app: App, person: str, ground: str, *, at_once: bool) -> Erasure:
    """Begin, and go as far as it goes without a door. Raises Refused for somebody unknown."""
    from bots import operating
    from core.erasing import erasure
    from core.errors import Unavailable
    from core.values.receipts import Ground

    found = await operating.find(app, person)
    await operating.looked(app, found, "erase")
    begun = await erasure.begin(app, found.id, Ground(ground), 0 if at_once else app.limits.undo_window)
    with suppress(Unavailable, erasure.Left):  # it goes on by itself wherever the bot is served
        await erasure.carry_on(app, begun.code)
    return await erasure.find(app, begun.code) or begun


async def _receipt(app: App, code: str) -> Erasure:
    from core.erasing import erasure
    from core.errors import Refused

    found = await erasure.find(app, code)
    if found is None:
        raise Refused("receipt.unknown", code=code)
    return found


def _show(found: Erasure, now: int, *, as_json: bool) -> None:
    from bots.commands.erasing import standing_lines
    from core.erasing import erasure
    from core.values import Moment

    if as_json:
        shown: dict[str, Any] = {
            "code": found.code,
            "status": erasure.status(found),
            "stage": found.stage,
            "begins_at": found.begins_at,
            "receipt": asdict(found.receipt) if found.receipt else None,
        }
        print_json(shown)
    else:
        tell(*standing_lines(found, Moment(now)))
