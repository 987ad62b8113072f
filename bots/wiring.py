"""The composition root: opens what a process needs, gives an App, and closes it again. The only reader of settings."""

from __future__ import annotations

import fcntl
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bots import logs
from bots.clock import SteadyClock
from bots.secrets import load_secrets
from bots.settings import BadSettings, Settings
from core.credits import Milli
from core.datamap import DataMap
from core.ports import App, Dispatch, Limits
from core.rules import CREDIT, SEEDS
from inference.credentials import BadCertificates, Credentials, LabellingEncoder, make_certificates
from inference.entries import BadCatalogue
from inference.intake import Intake
from inference.models import Catalogue, UnknownModel, catalogue
from inference.safety import Classifier
from inference.stock import Stock
from storage import blobs, keys, tables
from storage.database import SqlDatabase, open_engine, sqlite_url
from storage.dispatch import PipeDispatch
from storage.schema import upgrade

SHORT_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  #: without I, L, O and U, which are misread or make words


class RandomIds:
    """`core.ports.Ids` from the system's source of randomness."""

    def opaque(self) -> str:
        return secrets.token_hex(16)

    def short(self) -> str:
        return "".join(secrets.choice(SHORT_ALPHABET) for _ in range(8))

    def seed(self) -> int:
        return secrets.randbelow(SEEDS)


class Transport(Dispatch, Protocol):
    """The dispatch of a serving process: it works while `run` runs. `broken`: no worker comes up by itself."""

    @property
    def broken(self) -> bool: ...
    async def run(self) -> None: ...


@dataclass(frozen=True)
class House:
    """What a process works with. `made` are key files that were just created; `dispatch` is idle until it is run.

    `shared`: other processes work with the same stores.
    """

    app: App
    dispatch: Transport
    database: SqlDatabase
    made: tuple[Path, ...]
    shared: bool


class FolderBusy(Exception):
    """Another process serves this data folder."""


def datamap() -> DataMap:
    """Everything this program stores, each folder's own declarations added up."""
    return DataMap((*tables.entries(), *keys.entries(), *blobs.entries(), *logs.entries()))


@contextmanager
def open_house(settings: Settings) -> Iterator[House]:
    """Open stores, bringing their schemas up to date. Raises BadSettings and Unavailable."""
    _make_folder(settings.data)
    clock = SteadyClock()
    models = served(settings)
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
        names = ",".join(model.name for model in models.models)
        told = (names, str(settings.flat_delay), settings.log_level, models.stock.as_argument())
        worker = (sys.executable, "-m", "bots.worker", *told)
        dispatch = PipeDispatch(worker, clock)
        classifier = Classifier()
        stack.callback(classifier.close)
        app = App(
            database=database,
            keys=keys.PersonKeys(key_store, found.master, found.lookup, clock),
            blobs=blobs.FolderBlobs(settings.data / "blobs"),
            dispatch=dispatch,
            encoder=LabellingEncoder(credentials),
            intake=Intake(),
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
        yield House(app, dispatch, database, found.made, shared=False)


def stock(settings: Settings) -> Stock:
    """Where models and what belongs to them come from."""
    return Stock(
        models=settings.models_folder or settings.data / "models",
        loras=settings.loras_folder,
        own_models=settings.models_file,
        own_styles=settings.styles_file,
        memory=settings.memory,
        device=settings.device,
    )


def served(settings: Settings) -> Catalogue:
    """The models people may ask for. Raises BadSettings."""
    others = [name.strip() for name in settings.models.split(",") if name.strip()]
    try:
        return catalogue(settings.model, *others, stock=stock(settings))
    except UnknownModel as unknown:
        name = str(unknown)
        setting = "DARKROOM_MODEL" if name == settings.model else "DARKROOM_MODELS"
        raise BadSettings(f"{setting} names no model of the catalogue: {name}.") from None
    except BadCatalogue as error:
        raise BadSettings(str(error)) from None


def require_models(settings: Settings) -> None:
    """Raises BadSettings when a model that is served cannot be loaded, which would otherwise show at the first request."""
    if troubles := [trouble for trouble in served(settings).troubles().values() if trouble]:
        raise BadSettings(troubles[0])


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
