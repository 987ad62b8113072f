"""The composition root: opens what a process needs, gives an App, and closes it again. The only reader of settings."""

from __future__ import annotations

import fcntl
import os
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bots import logs
from bots.secrets import load_secrets
from bots.settings import BadSettings, Settings
from core.credits import Milli
from core.datamap import DataMap
from core.ports import App, Limits
from core.rules import CREDIT, SEEDS
from core.values import Moment
from inference.credentials import BadCertificates, Credentials, LabellingEncoder, make_certificates
from inference.models import UnknownModel, catalogue
from inference.safety import Classifier
from storage import blobs, keys, tables
from storage.database import SqlDatabase, open_engine, sqlite_url
from storage.dispatch import PipeDispatch
from storage.schema import upgrade

SHORT_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  #: without I, L, O and U, which are misread or make words


class SystemClock:
    """`core.ports.Clock`."""

    def now(self) -> Moment:
        return Moment(time.time_ns() // 1_000_000)


class RandomIds:
    """`core.ports.Ids` from the system's source of randomness."""

    def opaque(self) -> str:
        return secrets.token_hex(16)

    def short(self) -> str:
        return "".join(secrets.choice(SHORT_ALPHABET) for _ in range(8))

    def seed(self) -> int:
        return secrets.randbelow(SEEDS)


@dataclass(frozen=True)
class House:
    """What a process works with. `made` are key files that were just created; `dispatch` is idle until it is run."""

    app: App
    dispatch: PipeDispatch
    database: SqlDatabase
    made: tuple[Path, ...]


class FolderBusy(Exception):
    """Another process serves this data folder."""


def datamap() -> DataMap:
    """Everything this program stores, each folder's own declarations added up."""
    return DataMap((*tables.entries(), *keys.entries(), *blobs.entries(), *logs.entries()))


@contextmanager
def open_house(settings: Settings) -> Iterator[House]:
    """Open stores, bringing their schemas up to date. Raises BadSettings and Unavailable."""
    _make_folder(settings.data)
    clock = SystemClock()
    try:
        models = catalogue(settings.model)
    except UnknownModel:
        raise BadSettings(f"DARKROOM_MODEL names no model of the catalogue: {settings.model}.") from None
    found = load_secrets(settings, make_certificates)
    try:
        credentials = Credentials(found.credentials)
    except BadCertificates as error:
        raise BadSettings(f"DARKROOM_CREDENTIALS_FILE cannot be used: {error}.") from None
    with ExitStack() as stack:
        records = open_engine(settings.database_url or sqlite_url(settings.data / "darkroom.db"))
        stack.callback(records.dispose)
        key_store = open_engine(settings.keys_url or sqlite_url(settings.data / "keys.db"))
        stack.callback(key_store.dispose)
        upgrade(records, "records")
        upgrade(key_store, "keys")
        database = SqlDatabase(records)
        stack.callback(database.close)
        worker = (sys.executable, "-m", "bots.worker", settings.model, str(settings.flat_delay), settings.log_level)
        dispatch = PipeDispatch(worker, clock)
        classifier = Classifier()
        stack.callback(classifier.close)
        app = App(
            database=database,
            keys=keys.PersonKeys(key_store, found.master, found.lookup, clock),
            blobs=blobs.FolderBlobs(settings.data / "blobs"),
            dispatch=dispatch,
            encoder=LabellingEncoder(credentials),
            safety=classifier,
            catalogue=models,
            clock=clock,
            ids=RandomIds(),
            limits=Limits(
                settings.open_jobs,
                Milli(settings.welcome_credits * CREDIT),
                settings.requests_per_minute,
                settings.commands_per_minute,
            ),
            datamap=datamap(),
        )
        yield House(app, dispatch, database, found.made)


@contextmanager
def only_server(folder: Path) -> Iterator[None]:
    """Hold the folder for the one process that serves it. Raises FolderBusy; however the process ends, so does the lock."""
    _make_folder(folder)
    descriptor = os.open(folder / "serving.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderBusy(
                f"another darkroom serves {folder} already: stop it first, or set DARKROOM_DATA."
            ) from None
        yield
    finally:
        os.close(descriptor)


def _make_folder(folder: Path) -> None:
    """Raises BadSettings when there can be no such folder, or nothing can be written in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise BadSettings(f"DARKROOM_DATA: the folder {folder} cannot be made ({error.strerror}).") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise BadSettings(f"DARKROOM_DATA: nothing can be written in the folder {folder}.")
