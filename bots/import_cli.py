"""`darkroom import`: what an operator types for somebody who comes with an export of another Darkroom."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer

import_app = typer.Typer()


@import_app.command("import")
def import_(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="An export; all its archives, where it has several.")
    ],
    as_: Annotated[
        str, typer.Option("--as", metavar="DOOR:NAME", help="Whose it becomes; left out: who exported it.")
    ] = "",
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Take over what somebody exported from another Darkroom, in an account that begins with it."""
    from dataclasses import asdict

    from bots.exporting.importing import bring_in
    from bots.exporting.reading import brought
    from bots.replies import say
    from bots.settings import BadSettings, load_settings
    from bots.texts import render
    from bots.wiring import open_house
    from core.errors import Trouble

    try:
        with brought(files) as found, open_house(load_settings()) as house:
            done = asyncio.run(bring_in(house.app, found, as_))
    except BadSettings as bad:
        _refuse(str(bad))
    except Trouble as trouble:
        _refuse(render(say(trouble.key, **trouble.values)))
    if json_:
        typer.echo(json.dumps({**asdict(done), "credits": 0}))
        return
    counts = say(
        "import.done", person=done.person, requests=done.requests, pictures=done.pictures, choices=done.choices
    )
    typer.echo(render(counts))
    typer.echo(render(say("import.not_imported")))


@import_app.command("export-schema")
def export_schema() -> None:
    """Print the JSON Schema of an export's data.json, as docs/export.schema.json has it."""
    from bots.exporting.form import schema
    from bots.wiring import datamap

    typer.echo(json.dumps(schema(datamap()), indent=1))


def _refuse(sentence: str) -> None:
    typer.echo(sentence, err=True)
    raise typer.Exit(2)
