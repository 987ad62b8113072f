"""What every command of an operator's begins and ends with: the settings, the opened house, and one way of speaking."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from bots import logs
from bots.settings import BadSettings, Settings, load_settings
from core.errors import Trouble

if TYPE_CHECKING:
    from rich.table import Table

    from bots.replies import Line
    from bots.wiring import House
    from core.ports import App

REFUSED = 2  #: exit status where nothing was done

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@contextmanager
def configured(*refusals: type[Exception]) -> Iterator[Settings]:
    """The settings, with logs as they say. What keeps anybody from acting, and `refusals`, become a sentence and exit 2."""
    expected: tuple[type[Exception], ...] = (BadSettings, *refusals)
    try:
        settings = load_settings()
        logs.set_up(settings.log_level)
        yield settings
    except Trouble as trouble:
        from bots.replies import say

        refuse_with(say(trouble.key, **trouble.values))
    except expected as refusal:
        refuse(str(refusal))


@contextmanager
def opened() -> Iterator[House]:
    """The stores of this installation, with everything that works on them."""
    from bots.wiring import open_house

    with configured() as settings, open_house(settings) as house:
        yield house


@contextmanager
def opened_app() -> Iterator[App]:
    """The core alone."""
    with opened() as house:
        yield house.app


def refuse(sentence: str) -> NoReturn:
    """Say it on stderr and end; nothing was done."""
    typer.echo(sentence, err=True)
    raise typer.Exit(REFUSED)


def refuse_with(line: Line) -> NoReturn:
    """The same with a sentence from `bots.texts`."""
    from bots.texts import render

    refuse(render(line))


def tell(*lines: Line) -> None:
    """Say sentences from `bots.texts`, one a line."""
    from bots.texts import render

    for line in lines:
        typer.echo(render(line))


def print_json(values: Any) -> None:
    typer.echo(json.dumps(values, ensure_ascii=False))


def print_values(values: dict[str, Any], *, as_json: bool) -> None:
    """A few named values, one a line where they are not wanted as JSON."""
    if as_json:
        print_json(values)
    else:
        typer.echo("\n".join(f"{name}: {value}" for name, value in values.items()))


def print_table(table: Table) -> None:
    from rich.console import Console

    Console().print(table)
