"""The `darkroom` command. Sub-commands import what they need when they need it; a refusal is one sentence and exit 2."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from bots import logs
from bots.erasing_cli import erasing_app
from bots.import_cli import import_app
from bots.keeping_cli import keeping_app
from bots.letters_cli import server_app, tickets_app
from bots.models_cli import models_app
from bots.policy_cli import policy_app, ropa_app
from bots.settings import BadSettings, Settings, load_settings
from bots.usage_cli import usage_app
from core.rules import HEAVIEST

if TYPE_CHECKING:
    from bots.wiring import House

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

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def talk(
    as_: Annotated[str, typer.Option("--as", help="Who is talking; the person is terminal:NAME.")] = "me",
    out: Annotated[Path, typer.Option(help="Folder for the pictures.")] = Path("pictures"),
    json_: Json = False,
) -> None:
    """Talk to the bot at this terminal, one message a line."""
    _serve(as_, out, json_)


@app.command()
def demo() -> None:
    """Try the bot here and now in your browser, with free credits and no account anywhere."""
    from bots.serving import serve_page

    settings = _settings()
    _run(settings, lambda house: serve_page(house, settings))


@app.command()
def up() -> None:
    """Open every door that has a token: Telegram, Discord; and the page where DARKROOM_PAGE is on."""
    from bots.serving import serve_doors

    settings = _settings()
    _run(settings, lambda house: serve_doors(house, settings))


@app.command()
def chat() -> None:
    """One of several: listen to Telegram and Discord where no other process does, and stand by where one does."""
    from bots.serving import serve_chats

    settings = _settings()
    _run(settings, lambda house: serve_chats(house, settings))


@app.command()
def web() -> None:
    """One of several: serve what browsers and machines ask for, and the page where DARKROOM_PAGE is on."""
    from bots.serving import serve_web

    settings = _settings()
    _run(settings, lambda house: serve_web(house, settings))


@app.command()
def worker() -> None:
    """Draw for a bot on another machine: needs only DARKROOM_REDIS_URL, DARKROOM_WIRE_KEY and the models."""
    from bots.remote_worker import work
    from bots.secrets import load_text, load_wire_key
    from bots.wiring import FolderBusy, named_worker, require_models

    settings = _settings()
    try:
        models = require_models(settings)
        names = [model.name for model in models.models]
        if not (redis := load_text(settings, "redis_url")):
            raise BadSettings("DARKROOM_REDIS_URL is not set: it is where a worker finds its bot.")
        with named_worker(settings) as name:
            status = work(redis, load_wire_key(settings), name, names, models.stock, settings.flat_delay)
    except (FolderBusy, BadSettings, ValueError) as refusal:
        _refuse(str(refusal))
    raise typer.Exit(status)


@app.command("secrets")
def make_secrets(folder: Path, json_: Json = False) -> None:
    """Make the keys that several processes share, as files in FOLDER; those that are there stay."""
    from bots.secrets import make_all
    from inference.credentials import make_certificates

    try:
        made = make_all(folder, make_certificates)
    except OSError as error:
        _refuse(f"Nothing can be written in {folder} ({(error.strerror or '').lower()}).")
    _print(json_, {path.name: str(path) for path in made})


@credits_app.command("show")
def credits_show(person: str, json_: Json = False) -> None:
    """What PERSON (door:NAME, as in terminal:ana) can spend, holds and owes."""
    from bots import operating

    with _house() as house:
        balance = asyncio.run(operating.balance(house.app, person))
    _print(json_, {"spendable": balance.spendable, "held": balance.held, "debt": balance.debt})


@credits_app.command("grant")
def credits_grant(
    person: str,
    amount: Annotated[str, typer.Argument(help="Credits; with a minus to take some back (write -- before it).")],
    reason: Annotated[str, typer.Option(help="Why; kept in the books.")] = "gift",
    json_: Json = False,
) -> None:
    """Give PERSON some credits, or take some back."""
    from bots import operating

    with _house() as house:
        balance = asyncio.run(operating.grant(house.app, person, amount, reason))
    _print(json_, {"spendable": balance.spendable, "held": balance.held, "debt": balance.debt})


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

    with _house() as house:
        weighs = asyncio.run(operating.weight(house.app, person, turns))
    _print(json_, {"weight": weighs})


@app.command()
def sweep(
    once: Annotated[bool, typer.Option("--once", help="Run everything that is due, then end.")] = False,
    json_: Json = False,
) -> None:
    """Run everything that is due: late jobs, expired credits, half-finished deletions, orphans."""
    from dataclasses import asdict

    from core import erasure, retention

    if not once:
        _refuse("Say `darkroom sweep --once`: a serving process sweeps by itself every ten minutes.")
    with _house() as house:
        erased = 0
        with suppress(ExceptionGroup):  # what fails is put off, and its receipt says so
            erased = asyncio.run(erasure.proceed(house.app))
        swept = asyncio.run(retention.sweep(house.app))
    _print(json_, asdict(swept) | {"erased": erased})


@app.command("datamap")
def print_datamap(json_: Json = False) -> None:
    """Everything that is stored: what it is, what for, how long, and what erasing and exporting do with it."""
    from bots import operating

    operating.print_datamap(as_json=json_)


@app.command()
def doctor(json_: Json = False) -> None:
    """Check this installation; exit 1 when something is wrong."""
    from bots import operating

    settings = _settings()
    with _house(settings) as house:
        findings = asyncio.run(operating.examine(house, settings))
    _print(json_, {finding.what: finding.said for finding in findings})
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
    with _house() as house, suppress(KeyboardInterrupt):
        if json_:
            print(json.dumps(asyncio.run(look(house)).as_json()))
        elif once or not console.is_terminal:
            asyncio.run(show_once(house, console))
        else:
            asyncio.run(watch(house, console))


def _serve(person: str, out: Path, as_json: bool) -> None:
    from bots.talking import talk as converse

    settings = _settings()
    sys.stdin.reconfigure(errors="replace")  # type: ignore[union-attr]
    if not person.isprintable():
        _refuse("--as needs a name of printable characters.")
    _run(settings, lambda house: converse(house, person, out, as_json=as_json))


def _run(settings: Settings, serve: Callable[[House], Coroutine[Any, Any, int]]) -> NoReturn:
    """Serve people as the one process of this data folder, and end with its exit status."""
    from bots.wiring import FolderBusy, place_to_serve

    try:
        with place_to_serve(settings), _house(settings) as house:
            status = asyncio.run(serve(house))
    except (FolderBusy, BadSettings) as refusal:
        _refuse(str(refusal))
    except KeyboardInterrupt:
        status = 130
    raise typer.Exit(status)


def _settings() -> Settings:
    try:
        settings = load_settings()
    except BadSettings as bad:
        _refuse(str(bad))
    logs.set_up(settings.log_level)
    return settings


@contextmanager
def _house(settings: Settings | None = None) -> Iterator[House]:
    """The opened house; whatever keeps it from opening, or an operator from acting, becomes one sentence and exit 2."""
    from bots.replies import say
    from bots.texts import render
    from bots.wiring import open_house
    from core.errors import Trouble

    try:
        with open_house(settings or _settings()) as house:
            yield house
    except BadSettings as bad:
        _refuse(str(bad))
    except Trouble as trouble:
        _refuse(render(say(trouble.key, **trouble.values)))


def _refuse(sentence: str) -> NoReturn:
    print(sentence, file=sys.stderr)
    raise typer.Exit(2)


def _print(as_json: bool, values: dict[str, Any]) -> None:
    print(json.dumps(values) if as_json else "\n".join(f"{name}: {value}" for name, value in values.items()))


def main() -> None:
    app()
