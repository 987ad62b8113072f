"""What an operator does to keep an instance: back it up, restore it, migrate it. Reads settings; the work is in storage."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from bots.clock import SteadyClock
from bots.secrets import CREDENTIALS, kept_key, whereabouts
from bots.settings import Settings
from bots.wiring import only_server, opened_blobs, opened_tombstones, store_elsewhere, store_file, store_url
from core.errors import Refused
from storage import schema
from storage.backups.copying import private_engine, snapshot
from storage.backups.form import fingerprint
from storage.backups.moving import Moved, Target, move
from storage.backups.replaying import known_erased
from storage.backups.restoring import Restored, Secrets, restore
from storage.backups.sealed_files import identities, recipient
from storage.backups.shelves import Shelf
from storage.backups.stores import Stores, open_shelf, open_store, open_stores
from storage.backups.writing import BackedUp, Backup, back_up

POSTGRES: Final = re.compile(r"postgresql\+psycopg://\S+")
KEY_STORE: Final = re.compile(r"(postgresql\+psycopg|sqlite)://\S+")
BUCKET: Final = re.compile(r"s3://\S+")
SECRETS: Final = ("master_key", "lookup_key", CREDENTIALS)


# Backup and restore


def write_backup(
    settings: Settings, to: Path, recipients: Sequence[str], identity: Path | None, *, keys: bool, force: bool
) -> BackedUp:
    """Beside a running bot. Raises Refused, Unavailable and BadSettings; then no file is left."""
    for_whom = [recipient(text) for text in recipients or settings.backup_recipient.split()]
    if not for_whom:
        raise Refused("backup.no_recipients")
    opening = identities(identity) if identity else []
    _require_used(settings, "keys" if keys else "records")
    now = SteadyClock().now()
    if keys:
        mark = fingerprint(_secret(settings, "master_key"))
        with open_store(store_url(settings, "keys")) as store:
            return back_up(to, Backup("keys", store, None, mark, now), for_whom, opening, replace=force)
    mark = fingerprint(_secret(settings, "lookup_key"))
    with open_store(store_url(settings, "records")) as store, _shelf(settings, settings.blobs_url) as shelf:
        return back_up(to, Backup("records", store, shelf, mark, now), for_whom, opening, replace=force)


def bring_back(settings: Settings, from_: Path, keys_from: Path | None, identity: Sequence[Path]) -> Restored:
    """Raises FolderBusy, Refused, Unavailable and BadSettings."""
    opening = [key for file in identity for key in identities(file)]
    secrets = Secrets(_secret(settings, "master_key"), _secret(settings, "lookup_key"))
    with ExitStack() as opened:
        file = opened.enter_context(_readable(from_))
        keys_file = opened.enter_context(_readable(keys_from)) if keys_from else None
        opened.enter_context(only_server(settings.data))
        stores = opened.enter_context(_stores(settings))
        erased = asyncio.run(known_erased(opened_tombstones(settings)))
        return restore(file, keys_file, opening, stores, secrets, erased, SteadyClock().now())


def places(settings: Settings) -> list[str]:
    """Where the secrets are that no backup holds."""
    return [whereabouts(settings, name) for name in SECRETS]


# Migrations


@dataclass(frozen=True)
class Schema:
    """Where a store is, where it belongs, and what there is between. `found` is empty for one that was never used."""

    store: str
    found: str
    head: str
    steps: list[str]


def schemas(settings: Settings) -> list[Schema]:
    """Raises Unavailable, also for a store that this program is too old for."""
    return [_schema(settings, "records"), _schema(settings, "keys")]


def bring_up_to_date(settings: Settings) -> list[Schema]:
    """The same, and what is to be done is done. Raises FolderBusy beside a running bot."""
    with only_server(settings.data):
        before = schemas(settings)
        for store in before:
            with open_store(store_url(settings, store.store)) as engine:
                schema.upgrade(engine, store.store)
        return before


def move_to(settings: Settings, to: str, keys_to: str, blobs_to: str) -> Moved:
    """Copy the stores that are named, and leave the old ones. Raises FolderBusy, Refused, Unavailable and BadSettings."""
    _require_fit(settings, to, keys_to, blobs_to)
    with ExitStack() as opened:
        opened.enter_context(only_server(settings.data))
        _require_used(settings, "records")
        source = opened.enter_context(_stores(settings))
        target = Target(
            opened.enter_context(open_store(to)) if to else None,
            opened.enter_context(open_store(keys_to)) if keys_to else None,
            opened.enter_context(_shelf(settings, blobs_to)) if blobs_to else None,
        )
        return move(source, target, SteadyClock().now())


# How it is done


def _require_fit(settings: Settings, to: str, keys_to: str, blobs_to: str) -> None:
    """Raises Refused for what cannot be meant."""
    if to and not POSTGRES.fullmatch(to):
        raise Refused("migrate.not_postgres")
    if keys_to and not KEY_STORE.fullmatch(keys_to):
        raise Refused("migrate.no_keys_url")
    if blobs_to and not BUCKET.fullmatch(blobs_to):
        raise Refused("migrate.no_blobs_url")
    used = {
        "--to": store_url(settings, "records"),
        "--keys-to": store_url(settings, "keys"),
        "--blobs-to": settings.blobs_url,
    }
    for option, given in (("--to", to), ("--keys-to", keys_to), ("--blobs-to", blobs_to)):
        if given and given == used[option]:
            raise Refused("migrate.same", option=option)
    if (to or store_url(settings, "records")) == (keys_to or store_url(settings, "keys")):
        raise Refused("migrate.shared_keys")


def _schema(settings: Settings, store: str) -> Schema:
    with ExitStack() as opened:
        if _is_there(settings, store):
            engine = opened.enter_context(open_store(store_url(settings, store)))
            connection = opened.enter_context(snapshot(engine))
        else:
            connection = opened.enter_context(private_engine().connect())
        steps = schema.pending(connection, store)
        return Schema(store, schema.version(connection) or "", schema.head(store), steps)


@contextmanager
def _readable(path: Path) -> Iterator[BinaryIO]:
    try:
        file = path.open("rb")
    except OSError as error:
        trouble = error.strerror or type(error).__name__
        raise Refused("backup.cannot_read", path=path, trouble=trouble) from None
    with file:
        yield file


def _secret(settings: Settings, name: str) -> bytes:
    """Raises Refused where there is none: a new one would open nothing."""
    found = kept_key(settings, name)
    if found is None:
        raise Refused("restore.no_secret", name=name, place=whereabouts(settings, name))
    return found


def _require_used(settings: Settings, store: str) -> None:
    if not _is_there(settings, store):
        raise Refused("backup.nothing")


def _is_there(settings: Settings, store: str) -> bool:
    """Opening a SQLite database that is not there would make one."""
    return bool(store_elsewhere(settings, store)) or store_file(settings, store).exists()


def _stores(settings: Settings) -> AbstractContextManager[Stores]:
    return open_stores(store_url(settings, "records"), store_url(settings, "keys"), opened_blobs(settings))


def _shelf(settings: Settings, blobs_url: str) -> AbstractContextManager[Shelf]:
    return open_shelf(opened_blobs(settings.model_copy(update={"blobs_url": blobs_url})))
