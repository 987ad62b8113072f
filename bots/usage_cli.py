"""`darkroom usage`: how often what was used, by nobody in particular."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from bots import logs
from bots.settings import BadSettings, load_settings

if TYPE_CHECKING:
    from core.tally import Used

usage_app = typer.Typer()


@usage_app.command()
def usage(json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """How often each command was used on days that are over, where five people or more who allow it did."""
    from bots.replies import say
    from bots.texts import render
    from core.rules import DAY

    found = _figures()
    rows = [
        {
            "day": datetime.fromtimestamp(one.day * DAY / 1_000, UTC).date().isoformat(),
            "command": one.command,
            "model": one.model,
            "times": one.times,
        }
        for one in found
    ]
    if json_:
        typer.echo(json.dumps(rows))
        return
    for row in rows:
        typer.echo("  ".join(str(value) for value in row.values() if value != ""))
    if not rows:
        typer.echo(render(say("usage.none")))


def _figures() -> list[Used]:
    """Whatever goes wrong becomes one sentence and exit 2."""
    from bots.replies import say
    from bots.texts import render
    from bots.wiring import open_house
    from core import usage as counting
    from core.errors import Trouble

    try:
        settings = load_settings()
        logs.set_up(settings.log_level)
        with open_house(settings) as house:
            return asyncio.run(counting.figures(house.app))
    except BadSettings as bad:
        _refuse(str(bad))
    except Trouble as trouble:
        _refuse(render(say(trouble.key, **trouble.values)))


def _refuse(sentence: str) -> NoReturn:
    typer.echo(sentence, err=True)
    raise typer.Exit(2)
