"""`darkroom models`: what there is to draw with, fetching it, and checking what was fetched."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bots.cli.console import Json, configured, print_json, print_table, refuse

if TYPE_CHECKING:
    from bots.settings import Settings
    from inference.entries import Entry
    from inference.stock import Stock

models_app = typer.Typer(no_args_is_help=True, help="The models there are, fetching one, and checking it.")

Name = Annotated[str, typer.Argument(help="A model's name in the catalogue.")]


@models_app.command("list")
def list_models(json_: Json = False) -> None:
    """Every model of the catalogue: its licence, what it needs, whether it is on this machine."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    with _opened() as (_, stock, entries):
        rows = [_described(entry, stock) for entry in entries.values()]
    if json_:
        print_json(rows)
        return
    table = Table("name", "on disk", "GB of memory", "licence", "commercial use", box=box.SIMPLE)
    table.columns[0].no_wrap = True
    for row in rows:
        said = (row["name"], row["state"], f"{row['memory'] / 1e9:g}", row["licence"], row["commercial_use"])
        table.add_row(*(escape(cell) for cell in said))
    print_table(table)


@models_app.command()
def fetch(
    name: Name,
    revision: Annotated[str, typer.Option(help="The commit to fetch, where the catalogue pins none.")] = "",
    json_: Json = False,
) -> None:
    """Fetch a model's weights into the models folder; what was cut off goes on where it stopped."""
    from inference.fetching import Hub, Unfetchable
    from inference.fetching import fetch as get

    with _opened() as (settings, stock, entries):
        entry = _named(name, entries)
        typer.echo(f"{entry.title}: licence {entry.licence}. Commercial use: {entry.commercial_use}.", err=True)
        if entry.restricted:
            typer.echo("Its licence restricts commercial use: see to it that yours is allowed.", err=True)
        try:
            with _progress() as tell:
                lock = get(entry, stock.folder(entry), Hub(settings.hub.rstrip("/"), _token(settings)), revision, tell)
        except Unfetchable as refusal:
            refuse(str(refusal))
    told = {"name": name, "revision": lock.revision, "folder": str(stock.folder(entry)), "files": len(lock.files)}
    if json_:
        print_json(told)
    else:
        typer.echo(f"{name} is in {told['folder']}, revision {lock.revision}.")


@models_app.command()
def check(name: Name, json_: Json = False) -> None:
    """Read a model's files and compare them with what was fetched: each hash, and nothing that could run code."""
    from inference.fetched import Unusable, examine, read_lock, verify

    with _opened() as (_, stock, entries):
        entry = _named(name, entries)
        try:
            examine(entry, stock.folder(entry))
            verify(entry, stock.folder(entry), thorough=True)
            lock = read_lock(stock.folder(entry))
        except Unusable as refusal:
            refuse(str(refusal))
    told = {"name": name, "revision": lock.revision if lock else "", "files": len(lock.files) if lock else 0}
    if json_:
        print_json(told)
    else:
        said = f"all {told['files']} files are what was fetched" if lock else "nothing in it could run code"
        typer.echo(f"{name}: {said}.")


def _described(entry: Entry, stock: Stock) -> dict[str, Any]:
    from inference.fetched import NotFetched, Unusable, examine, read_lock

    state, folder = "yes", stock.folder(entry)
    try:
        examine(entry, folder)
    except NotFetched:
        state = "no"
    except Unusable:
        state = "damaged"
    lock = read_lock(folder) if state == "yes" else None
    return {
        "name": entry.name,
        "title": entry.title,
        "family": entry.family,
        "licence": entry.licence,
        "commercial_use": entry.commercial_use,
        "gated": entry.gated,
        "sizes": {shape: list(size) for shape, size in entry.sizes.items()},
        "steps": entry.steps.model_dump(),
        "guidance": entry.guidance.model_dump(),
        "memory": entry.bytes,
        "price": entry.price,
        "repo": entry.repo,
        "revision": lock.revision if lock is not None else entry.revision,
        "fetched": state == "yes",
        "state": state,
    }


def _named(name: str, entries: dict[str, Entry]) -> Entry:
    if name not in entries:
        refuse(f"{name} is no model of the catalogue: `darkroom models list` shows them.")
    return entries[name]


@contextmanager
def _opened() -> Iterator[tuple[Settings, Stock, dict[str, Entry]]]:
    from bots.wiring import stock
    from inference.entries import BadCatalogue, read_models

    with configured(BadCatalogue) as settings:
        found = stock(settings)
        yield settings, found, read_models(found.own_models)


def _token(settings: Settings) -> str | None:
    from bots.secrets import load_text

    return load_text(settings, "hub_token") or os.environ.get("HF_TOKEN") or None


@contextmanager
def _progress() -> Iterator[Any]:
    """A line for each file, with how much of it came; nothing where nobody watches."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as bars:
        tasks: dict[str, TaskID] = {}

        def tell(file: str, came: int, has: int) -> None:
            if file not in tasks:
                tasks[file] = bars.add_task(file, total=has)
            bars.update(tasks[file], completed=came)

        yield tell
