"""`darkroom tickets` and `darkroom server`: what people asked for and when it is due, and settings of guilds and groups."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bots.cli.console import Json, opened_app, print_json, print_table

if TYPE_CHECKING:
    from core.ports import App
    from core.values.letters import Server, Ticket

tickets_app = typer.Typer(no_args_is_help=True, help="What people asked for, and when it is due.")
server_app = typer.Typer(no_args_is_help=True, help="Settings of Discord servers and Telegram groups.")

Id = Annotated[str, typer.Argument(metavar="ID", help="The ticket's number.")]
Named = Annotated[str, typer.Argument(metavar="DOOR:ID", help="As in discord:112233445566778899.")]
KeepDays = Annotated[
    int, typer.Option(min=0, max=3_650, help="Delete pictures asked for there after so many days; 0: as anywhere.")
]


@tickets_app.command("list")
def list_tickets(
    due: Annotated[bool, typer.Option("--due", help="Only what is overdue, or due within 7 days.")] = False,
    json_: Json = False,
) -> None:
    """Everything that is not answered, the most urgent first: kind, number, day. No words of anybody's."""
    from rich import box
    from rich.table import Table

    from core.rights import tickets

    with opened_app() as app:
        now = app.clock.now()
        rows = [_row(one, now) for one in asyncio.run(tickets.unanswered(app, due=due))]
    if json_:
        print_json(rows)
        return
    table = Table("number", "kind", "asked", "due", "", box=box.SIMPLE)
    for row in rows:
        late = "[red]overdue" if row["overdue"] else ""
        table.add_row(row["id"], row["kind"], _day(row["asked_at"]), _time(row["due_at"]), late)
    print_table(table)


@tickets_app.command("show")
def show_ticket(id_: Id, json_: Json = False) -> None:
    """What was asked, in its person's words. That is a look, and its person sees in /mydata that there was one."""
    from core.rights import tickets

    async def opened(app: App) -> dict[str, Any]:
        ticket = await tickets.look_at(app, id_, "tickets show")
        words = {"text": await tickets.text_of(app, ticket), "answer": await tickets.answer_of(app, ticket)}
        return _row(ticket, app.clock.now()) | {"about": ticket.about} | words

    with opened_app() as app:
        row = asyncio.run(opened(app))
    if json_:
        print_json(row)
        return
    typer.echo(f"{row['id']}: {row['kind']}, {row['state']}, due {_time(row['due_at'])}")
    for words in (row["about"], row["text"], row["answer"]):
        if words:
            typer.echo(words)


@tickets_app.command("answer")
def answer_ticket(
    id_: Id, text: Annotated[str, typer.Argument(help="The answer, which its person is told of.")], json_: Json = False
) -> None:
    """Answer and close it."""
    from core.rights import tickets

    _done(json_, lambda app: tickets.answer(app, id_, text))


@tickets_app.command("extend")
def extend_ticket(
    id_: Id, reason: Annotated[str, typer.Argument(help="Why, which its person is told.")], json_: Json = False
) -> None:
    """Take two more months for what was asked for by right: once, and in the first month."""
    from core.rights import tickets

    _done(json_, lambda app: tickets.take_more_time(app, id_, reason))


@server_app.command("add")
def add_server(named: Named, keep_days: KeepDays = 0, json_: Json = False) -> None:
    """Give a server settings of its own."""
    from core import servers

    with opened_app() as app:
        _print_server(asyncio.run(servers.add(app, named, keep_days)), as_json=json_)


@server_app.command("set")
def set_server(named: Named, keep_days: KeepDays, json_: Json = False) -> None:
    """Change them. A shorter time counts for the pictures that are there, too."""
    from core import servers

    with opened_app() as app:
        _print_server(asyncio.run(servers.keep(app, named, keep_days)), as_json=json_)


@server_app.command("list")
def list_servers(json_: Json = False) -> None:
    """Every server with settings. Only a keyed hash of its id is stored, so that is what it is listed by."""
    from core import servers

    with opened_app() as app:
        found = asyncio.run(servers.every(app))
    if json_:
        print_json([_server_row(one) for one in found])
        return
    for one in found:
        _print_server(one, as_json=False)


def _done(as_json: bool, work: Callable[[App], Coroutine[Any, Any, Ticket]]) -> None:
    with opened_app() as app:
        row = _row(asyncio.run(work(app)), app.clock.now())
    if as_json:
        print_json(row)
    else:
        typer.echo(f"{row['id']}: {row['kind']}, {row['state']}")


def _row(ticket: Ticket, now: int) -> dict[str, Any]:
    """Without a word of what was asked."""
    return {
        "id": ticket.id,
        "kind": ticket.kind,
        "state": ticket.outcome or ticket.state,
        "door": ticket.door,
        "asked_at": ticket.asked_at,
        "due_at": ticket.due_at,
        "overdue": ticket.is_open and ticket.due_at < now,
    }


def _server_row(server: Server) -> dict[str, Any]:
    return {"id": server.id, "keep_days": server.keep_days, "created_at": server.created_at}


def _print_server(server: Server, *, as_json: bool) -> None:
    if as_json:
        print_json(_server_row(server))
    else:
        typer.echo(f"{server.id}: keep_days {server.keep_days}")


def _day(moment: int) -> str:
    return datetime.fromtimestamp(moment / 1000, UTC).strftime("%Y-%m-%d")


def _time(moment: int) -> str:
    return datetime.fromtimestamp(moment / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
