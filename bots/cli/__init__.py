"""The `darkroom` command. Sub-commands import what they need when they need it; a refusal is one sentence and exit 2."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from bots.cli.console import Json, configured, opened, opened_app, print_json, print_values, refuse
from bots.cli.erasing import erasing_app
from bots.cli.importing import import_app
from bots.cli.keeping import keeping_app
from bots.cli.letters import server_app, tickets_app
from bots.cli.models import models_app
from bots.cli.policy import policy_app, ropa_app
from bots.cli.usage import usage_app
from core.rules import HEAVIEST

if TYPE_CHECKING:
    from bots.settings import Settings
    from bots.wiring import House
    from core.credits import Balance

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A chat bot that draws pictures from words, hosted by yourself.",
)
credits_app = typer.Typer(no_args_is_help=True, help="Look at a person's credits, or give some.")
app.add_typer(credits_app, name="credits")
app.add_typer(models_app, name="models")
app.add_typer(keeping_app)
app.add_typer(import_app)
app.add_typer(policy_app, name="policy")
app.add_typer(ropa_app)
app.add_typer(erasing_app)
app.add_typer(tickets_app, name="tickets")
app.add_typer(server_app, name="server")
app.add_typer(usage_app)


@app.command()
def talk(
    as_: Annotated[str, typer.Option("--as", help="Who is talking; the person is terminal:NAME.")] = "me",
    out: Annotated[Path, typer.Option(help="Folder for the pictures.")] = Path("pictures"),
    json_: Json = False,
) -> None:
    """Talk to the bot at this terminal, one message a line."""
    from bots.talking import talk as converse

    if not as_.isprintable():
        refuse("--as needs a name of printable characters.")
    sys.stdin.reconfigure(errors="replace")  # type: ignore[union-attr]
    _run(lambda house, _: converse(house, as_, out, as_json=json_))


@app.command()
def demo() -> None:
    """Try the bot here and now in your browser, with free credits and no account anywhere."""
    from bots.serving import serve_page

    _run(serve_page)


@app.command()
def up() -> None:
    """Open every door that has a token: Telegram, Discord; and the page where DARKROOM_PAGE is on."""
    from bots.serving import serve_doors

    _run(serve_doors)


@app.command()
def chat() -> None:
    """One of several: listen to Telegram and Discord where no other process does, and stand by where one does."""
    from bots.serving import serve_chats

    _run(serve_chats)


@app.command()
def web() -> None:
    """One of several: serve what browsers and machines ask for, and the page where DARKROOM_PAGE is on."""
    from bots.serving import serve_web

    _run(serve_web)


@app.command()
def worker() -> None:
    """Draw for a bot on another machine: needs only DARKROOM_REDIS_URL, DARKROOM_WIRE_KEY and the models."""
    from bots.remote_worker import work
    from bots.secrets import load_text, load_wire_key
    from bots.settings import BadSettings
    from bots.wiring import FolderBusy, named_worker, require_models

    with configured(FolderBusy, ValueError) as settings:
        models = require_models(settings)
        names = [model.name for model in models.models]
        if not (redis := load_text(settings, "redis_url")):
            raise BadSettings("DARKROOM_REDIS_URL is not set: it is where a worker finds its bot.")
        with named_worker(settings) as name:
            status = work(redis, load_wire_key(settings), name, names, models.stock, settings.flat_delay)
    raise typer.Exit(status)


@app.command("secrets")
def make_secrets(folder: Path, json_: Json = False) -> None:
    """Make the keys that several processes share, as files in FOLDER; those that are there stay."""
    from bots.secrets import make_all
    from inference.credentials import make_certificates

    try:
        made = make_all(folder, make_certificates)
    except OSError as error:
        refuse(f"Nothing can be written in {folder} ({(error.strerror or '').lower()}).")
    print_values({path.name: str(path) for path in made}, as_json=json_)


@credits_app.command("show")
def credits_show(person: str, json_: Json = False) -> None:
    """What PERSON (door:NAME, as in terminal:ana) can spend, holds and owes."""
    from bots import operating

    with opened_app() as app:
        balance = asyncio.run(operating.balance(app, person))
    _print_balance(balance, as_json=json_)


@credits_app.command("grant")
def credits_grant(
    person: str,
    amount: Annotated[str, typer.Argument(help="Credits; with a minus to take some back (write -- before it).")],
    reason: Annotated[str, typer.Option(help="Why; kept in the books.")] = "gift",
    json_: Json = False,
) -> None:
    """Give PERSON some credits, or take some back."""
    from bots import operating

    with opened_app() as app:
        balance = asyncio.run(operating.grant(app, person, amount, reason))
    _print_balance(balance, as_json=json_)


@app.command()
def weight(
    person: str,
    turns: Annotated[
        int | None, typer.Argument(min=1, max=HEAVIEST, help="Turns for one of others; leave it out to look.")
    ] = None,
    json_: Json = False,
) -> None:
    """How many turns PERSON has for one of others of the same server while people wait."""
    from bots import operating

    with opened_app() as app:
        weighs = asyncio.run(operating.weight(app, person, turns))
    print_values({"weight": weighs}, as_json=json_)


@app.command()
def sweep(
    once: Annotated[bool, typer.Option("--once", help="Run everything that is due, then end.")] = False,
    json_: Json = False,
) -> None:
    """Run everything that is due: late jobs, expired credits, half-finished deletions, orphans."""
    from dataclasses import asdict

    from core.erasing import erasure, retention

    if not once:
        refuse("Say `darkroom sweep --once`: a serving process sweeps by itself every ten minutes.")
    with opened_app() as app:
        erased = 0
        with suppress(ExceptionGroup):  # what fails is put off, and its receipt says so
            erased = asyncio.run(erasure.proceed(app))
        swept = asyncio.run(retention.sweep(app))
    print_values(asdict(swept) | {"erased": erased}, as_json=json_)


@app.command("datamap")
def print_datamap(json_: Json = False) -> None:
    """Everything that is stored: what it is, what for, how long, and what erasing and exporting do with it."""
    from bots.cli.datamap_shown import print_datamap as show

    show(as_json=json_)


@app.command()
def doctor(json_: Json = False) -> None:
    """Check this installation; exit 1 when something is wrong."""
    from bots.cli.doctor import examine
    from bots.wiring import open_house

    with configured() as settings, open_house(settings) as house:
        findings = asyncio.run(examine(house, settings))
    print_values({finding.what: finding.said for finding in findings}, as_json=json_)
    if any(finding.trouble for finding in findings):
        raise typer.Exit(1)


@app.command()
def top(
    once: Annotated[bool, typer.Option("--once", help="Show one frame, then end.")] = False,
    json_: Json = False,
) -> None:
    """Watch how the bot does: who waits, what is drawn, what failed. `q` ends it."""
    from rich.console import Console

    from bots.watching.top import look
    from bots.watching.top_shown import show_once, watch

    console = Console()
    with opened() as house, suppress(KeyboardInterrupt):
        if json_:
            print_json(asyncio.run(look(house)).as_json())
        elif once or not console.is_terminal:
            asyncio.run(show_once(house, console))
        else:
            asyncio.run(watch(house, console))


def _print_balance(balance: Balance, *, as_json: bool) -> None:
    print_values({"spendable": balance.spendable, "held": balance.held, "debt": balance.debt}, as_json=as_json)


def _run(serve: Callable[[House, Settings], Coroutine[Any, Any, int]]) -> NoReturn:
    """Serve people as the one process of this data folder, and end with its exit status."""
    from bots.wiring import FolderBusy, open_house, place_to_serve

    try:
        with configured(FolderBusy) as settings, place_to_serve(settings), open_house(settings) as house:
            status = asyncio.run(serve(house, settings))
    except KeyboardInterrupt:
        status = 130
    raise typer.Exit(status)


def main() -> None:
    app()
