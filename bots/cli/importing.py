"""`darkroom import`: what an operator types for somebody who comes with an export of another Darkroom."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from bots.cli.console import Json, opened_app, print_json, tell

import_app = typer.Typer()


@import_app.command("import")
def import_(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="An export; all its archives, where it has several.")
    ],
    as_: Annotated[
        str, typer.Option("--as", metavar="DOOR:NAME", help="Whose it becomes; left out: who exported it.")
    ] = "",
    json_: Json = False,
) -> None:
    """Take over what somebody exported from another Darkroom, in an account that begins with it."""
    from dataclasses import asdict

    from bots.exporting.importing import bring_in
    from bots.exporting.reading import brought
    from bots.replies import say

    with opened_app() as app, brought(files) as found:
        done = asyncio.run(bring_in(app, found, as_))
    if json_:
        print_json({**asdict(done), "credits": 0})
        return
    counts = say(
        "import.done", person=done.person, requests=done.requests, pictures=done.pictures, choices=done.choices
    )
    tell(counts, say("import.not_imported"))


@import_app.command("export-schema")
def export_schema() -> None:
    """Print the JSON Schema of an export's data.json, as docs/export.schema.json has it."""
    import json

    from bots.exporting.form import schema
    from bots.wiring import datamap

    typer.echo(json.dumps(schema(datamap()), indent=1))
