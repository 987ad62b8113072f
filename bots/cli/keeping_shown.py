"""What an operator is told of a backup, a restore or a migration: as sentences, as a table, as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich import box
from rich.table import Table

from bots.keeping import Schema
from bots.replies import Line, say
from core.values import Held
from storage.backups.moving import Moved
from storage.backups.restoring import Restored
from storage.backups.writing import BackedUp

SETTINGS = ("DARKROOM_DATABASE_URL", "DARKROOM_KEYS_URL", "DARKROOM_BLOBS_URL")  #: in the order of `migrate`'s options


def backed_up(path: Path, done: BackedUp, where: Sequence[str], *, keys: bool) -> Iterator[Line]:
    manifest = done.manifest
    if keys:
        yield say("backup.keys_written", path=path, keys=manifest.rows)
    else:
        size = done.size / 1e6
        yield say("backup.written", path=path, rows=manifest.rows, blobs=manifest.blobs.count, megabytes=size)
    yield say("backup.opened") if done.opened else say("backup.unopened")
    if manifest.missing:
        yield say("backup.missing", n=manifest.missing)
    if not keys:
        yield _books(manifest.mistakes)
        yield say("backup.keys_apart")
    yield say("backup.secrets", places=where)


def backup_as_json(path: Path, done: BackedUp) -> dict[str, Any]:
    return {
        "file": str(path),
        "size": done.size,
        "moment": done.moment,
        "rows": {name: counted.count for name, counted in done.manifest.tables.items()},
        "pictures": done.manifest.blobs.count,
        "missing": done.manifest.missing,
        "opened": done.opened,
        "mistakes": done.manifest.mistakes,
    }


def restored(done: Restored) -> Iterator[Line]:
    if done.manifest is not None:
        yield say("restore.done", moment=done.about.moment, rows=done.manifest.rows, blobs=done.blobs)
    if done.keys:
        yield say("restore.keys_done", n=done.keys)
    if done.blobs_missing:
        yield say("restore.blobs_missing", n=done.blobs_missing)
    if done.keys_missing:
        yield say("restore.keys_missing", n=done.keys_missing)
    if done.erased:
        yield say("restore.erased", n=done.erased)
    if done.settled is not None:
        if done.settled.requeued:
            yield say("restore.requeued", n=done.settled.requeued)
        if done.settled.held:
            yield say("restore.held", n=done.settled.held)
        if done.settled.expired:
            yield say("restore.expired", n=done.settled.expired)
        yield _books(done.mistakes)


def restored_as_json(done: Restored) -> dict[str, Any]:
    rows = done.manifest.tables if done.manifest else {}
    return {
        "moment": done.about.moment,
        "rows": {name: counted.count for name, counted in rows.items()},
        "pictures": done.blobs,
        "keys": done.keys,
        "missing": {"pictures": done.blobs_missing, "keys": done.keys_missing},
        **(asdict(done.settled) if done.settled else {"requeued": 0, "held": 0, "expired": 0}),
        "mistakes": done.mistakes,
        "erased": done.erased,
    }


def migrations(schemas: Sequence[Schema], *, done: bool) -> Iterator[Line]:
    for one in schemas:
        found = one.found or say("migrate.unused")
        if not one.steps:
            yield say("migrate.current", store=one.store, head=one.head)
        elif done:
            yield say("migrate.did", store=one.store, found=found, head=one.head, steps=one.steps)
        else:
            yield say("migrate.would", store=one.store, found=found, steps=one.steps)


def moved_table(done: Moved) -> Table:
    table = Table("what", "how many", "SHA-256 over all, the same here and there", box=box.SIMPLE)
    for name, digest in _digests(done).items():
        table.add_row(name, f"{digest['count']:,}", digest["sha256"][:16])
    if done.blobs is not None:
        table.add_row("pictures", f"{done.blobs:,}", "each was read back")
    return table


def moved(done: Moved, urls: Sequence[str]) -> Iterator[Line]:
    if done.blobs_missing:
        yield say("restore.blobs_missing", n=done.blobs_missing)
    if done.tables is not None:
        yield _books(done.mistakes)
    yield say("migrate.settings", settings=[f"{name}={url}" for name, url in zip(SETTINGS, urls, strict=True) if url])


def moved_as_json(done: Moved, urls: Sequence[str]) -> dict[str, Any]:
    return {
        "tables": _digests(done),
        "pictures": done.blobs,
        "missing": done.blobs_missing,
        "mistakes": done.mistakes,
        "settings": {name: url for name, url in zip(SETTINGS, urls, strict=True) if url},
    }


def held_table(held: Sequence[Held]) -> Table:
    table = Table("request", "picture", "door", "person", "outcome", box=box.SIMPLE)
    for one in held:
        table.add_row(one.job, str(one.index + 1), one.door, one.person, one.picture or one.reason or "not known yet")
    return table


def _books(mistakes: list[str] | None) -> Line:
    if mistakes is None:
        return say("backup.unchecked")
    return say("backup.mistakes", mistakes=mistakes) if mistakes else say("backup.right")


def _digests(done: Moved) -> dict[str, dict[str, Any]]:
    every = {**(done.tables or {}), **({"person_key": done.keys} if done.keys else {})}
    return {name: {"count": digest.count, "sha256": digest.sha256} for name, digest in every.items()}
