"""`darkroom usage`: how often what was used, by nobody in particular."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import typer

from bots.cli.console import Json, opened_app, print_json, tell

usage_app = typer.Typer()


@usage_app.command()
def usage(json_: Json = False) -> None:
    """How often each command was used on days that are over, where five people or more who allow it did."""
    from bots.replies import say
    from core.rights.usage import figures
    from core.rules import DAY

    with opened_app() as app:
        found = asyncio.run(figures(app))
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
        print_json(rows)
        return
    for row in rows:
        typer.echo("  ".join(str(value) for value in row.values() if value != ""))
    if not rows:
        tell(say("usage.none"))
