"""`darkroom backup`, `restore`, `migrate` and `deliveries`: what an operator types to keep an instance."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bots.cli.console import Json, configured, opened_app, print_json, print_table, refuse, tell

if TYPE_CHECKING:
    from bots.settings import Settings

keeping_app = typer.Typer()
deliveries_app = typer.Typer(no_args_is_help=True, help="Outcomes that a restore held back.")
keeping_app.add_typer(deliveries_app, name="deliveries")

TERMINATED = 128 + signal.SIGTERM


@keeping_app.command()
def backup(
    to: Annotated[Path, typer.Argument(metavar="TO_FILE", help="The file to write.")],
    recipient: Annotated[
        list[str] | None, typer.Option(help="An age public key; whoever has its other half can open the file.")
    ] = None,
    keys: Annotated[bool, typer.Option("--keys", help="People's keys, and nothing else.")] = False,
    identity: Annotated[
        Path | None, typer.Option(help="A file with the private key: then the file is opened again and proved.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file of that name.")] = False,
    json_: Json = False,
) -> None:
    """Write everything into one sealed file, beside a running bot; people's keys go into another."""
    from bots import keeping
    from bots.cli import keeping_shown

    with _whole() as settings:
        done = keeping.write_backup(settings, to, recipient or [], identity, keys=keys, force=force)
        where = keeping.places(settings)
    if json_:
        print_json(keeping_shown.backup_as_json(to, done))
    else:
        tell(*keeping_shown.backed_up(to, done, where, keys=keys))
    _end(done.manifest.mistakes)


@keeping_app.command()
def restore(
    from_: Annotated[Path, typer.Argument(metavar="FROM_FILE", help="A backup, or one of people's keys alone.")],
    identity: Annotated[list[Path], typer.Option(help="A file with the private key that opens it.")],
    keys: Annotated[Path | None, typer.Option(help="The backup of people's keys, where they are lost too.")] = None,
    json_: Json = False,
) -> None:
    """Bring a backup back, into an empty instance."""
    from bots import keeping
    from bots.cli import keeping_shown

    with _whole() as settings:
        done = keeping.bring_back(settings, from_, keys, identity)
    if json_:
        print_json(keeping_shown.restored_as_json(done))
    else:
        tell(*keeping_shown.restored(done))
    _end(done.mistakes)


@keeping_app.command()
def migrate(
    check: Annotated[bool, typer.Option("--check", help="Only say what is to be done.")] = False,
    to: Annotated[str, typer.Option(metavar="DATABASE_URL", help="Copy all rows to this PostgreSQL database.")] = "",
    keys_to: Annotated[str, typer.Option(metavar="KEYS_URL", help="Copy people's keys to this database.")] = "",
    blobs_to: Annotated[str, typer.Option(metavar="BLOBS_URL", help="Copy all pictures to this bucket.")] = "",
    json_: Json = False,
) -> None:
    """Bring the schemas up to date; or copy everything to other stores, and prove the copy."""
    urls = (to, keys_to, blobs_to)
    if any(urls) and check:
        refuse("--check only looks: leave out --to, --keys-to and --blobs-to.")
    if any(urls):
        _copy(urls, json_)
    else:
        _upgrade(json_, check=check)


@deliveries_app.command("held")
def held(json_: Json = False) -> None:
    """What people were not told, because it came out of a backup and they may have been told after that was made."""
    from bots.cli import keeping_shown
    from bots.replies import say
    from core.requests import delivery

    with opened_app() as app:
        outcomes = asyncio.run(delivery.held(app))
    if json_:
        print_json([asdict(one) for one in outcomes])
    elif outcomes:
        print_table(keeping_shown.held_table(outcomes))
    else:
        tell(say("held.none"))


@deliveries_app.command("release")
def release(
    request: Annotated[
        str, typer.Argument(metavar="[REQUEST]", help="The request whose outcomes are to be told.")
    ] = "",
    all_: Annotated[bool, typer.Option("--all", help="Whatever is held.")] = False,
    json_: Json = False,
) -> None:
    """Tell people after all."""
    from bots.replies import say
    from core.requests import delivery
    from core.values import JobId

    if bool(request) == all_:
        refuse("Name the request whose outcomes are to be told, or say --all.")
    with opened_app() as app:
        released = asyncio.run(delivery.release(app, JobId(request) if request else None))
    if json_:
        print_json({"released": released})
    else:
        tell(say("held.released", n=released))


def _upgrade(as_json: bool, *, check: bool) -> None:
    from bots import keeping
    from bots.cli import keeping_shown

    with _whole() as settings:
        schemas = keeping.schemas(settings) if check else keeping.bring_up_to_date(settings)
    if as_json:
        print_json([asdict(one) for one in schemas])
    else:
        tell(*keeping_shown.migrations(schemas, done=not check))


def _copy(urls: tuple[str, str, str], as_json: bool) -> None:
    from bots import keeping
    from bots.cli import keeping_shown

    with _whole() as settings:
        done = keeping.move_to(settings, *urls)
    if as_json:
        print_json(keeping_shown.moved_as_json(done, urls))
    else:
        print_table(keeping_shown.moved_table(done))
        tell(*keeping_shown.moved(done, urls))
    _end(done.mistakes)


@contextmanager
def _whole() -> Iterator[Settings]:
    """The settings of something that leaves nothing half written when SIGTERM comes."""
    from bots.wiring import FolderBusy

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    with configured(FolderBusy) as settings:
        yield settings


def _end(mistakes: list[str] | None) -> None:
    """What was done is done, but whoever runs this unattended must notice that the books are wrong."""
    if mistakes:
        raise typer.Exit(1)
