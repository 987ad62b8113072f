"""The composition root: opens what a process needs, gives an App, and closes it again. The only reader of settings.

What only some deployments have is imported where they have it: a start takes as long as its imports.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

from bots import addresses, handles, logs
from bots.clock import SteadyClock
from bots.mailing import open_mailer
from bots.policy.file import read_policy
from bots.policy.production import require
from bots.policy.shown import wording
from bots.secrets import Secrets, kept_name, load_secrets, load_text
from bots.settings import PREFIX, BadSettings, Settings
from core.credits import Milli
from core.datamap import DataMap
from core.policy import document as policies
from core.policy.document import Policy
from core.policy.facts import Facts
from core.ports import App, Blobs, Clock, Dispatch, Limits, Tombstones
from core.requests import generation
from core.rules import CREDIT, DAY, HOUR, MINUTE, SECOND, SEEDS
from core.values import receipts
from inference.credentials import BadCertificates, Credentials, LabellingEncoder, make_certificates
from inference.entries import BadCatalogue
from inference.intake import Intake
from inference.models import Catalogue, UnknownModel, catalogue
from inference.safety import Classifier
from inference.stock import Stock
from storage import blobs, keys, tombstones, wire_paths
from storage.database import SqlDatabase, open_engine, sqlite_url
from storage.in_buckets.access import Access, UnusableStore
from storage.inspecting import Stores
from storage.over_pipe.dispatch import PipeDispatch
from storage.over_redis import keyspace as redis_keys
from storage.over_redis.tickets import ticket_key
from storage.records import tables
from storage.schema import upgrade
from storage.tombstones import FileTombstones

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
    async def close(self) -> None: ...


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
    stores: Stores = field(default_factory=Stores)  #: those that can be looked into


class FolderBusy(Exception):
    """Another process serves this data folder."""


@cache
def datamap() -> DataMap:
    """Everything this program stores, each folder's own declarations added up."""
    in_core = (*generation.entries(), *receipts.entries(), *policies.entries())
    in_json = (*in_core, *addresses.entries(), *handles.entries(), *wire_paths.entries())
    in_stores = (*tables.entries(), *keys.entries(), *blobs.entries(), *redis_keys.entries())
    return DataMap((*in_stores, *in_json, *tombstones.entries(), *logs.entries()))


def policy(facts: Facts) -> Policy:
    """What this program tells people it keeps and promises, under these facts."""
    return Policy(facts, datamap(), wording())


@contextmanager
def open_house(settings: Settings) -> Iterator[House]:
    """Open stores, bringing their schemas up to date. Raises BadSettings and Unavailable."""
    facts = read_policy(settings.policy).facts
    _make_folder(settings.data)
    clock = SteadyClock()
    models = served(settings)
    redis = _shared_redis(settings)
    found = load_secrets(settings, make_certificates, shared=bool(redis))
    try:
        credentials = Credentials(found.credentials)
    except BadCertificates as error:
        raise BadSettings(f"DARKROOM_CREDENTIALS_FILE cannot be used: {error}.") from None
    with ExitStack() as stack:
        records = open_engine(store_url(settings, "records"))
        stack.callback(records.dispose)
        key_store = open_engine(store_url(settings, "keys"))
        stack.callback(key_store.dispose)
        upgrade(records, "records")
        upgrade(key_store, "keys")
        database = SqlDatabase(records)
        stack.callback(database.close)
        dispatch = _over_redis(redis, found, models, clock) if redis else _over_pipe(settings, models, clock)
        classifier = Classifier()
        stack.callback(classifier.close)
        app = App(
            database=database,
            keys=keys.PersonKeys(key_store, found.master, found.lookup, clock),
            blobs=opened_blobs(settings),
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
                settings.open_jobs_per_server,
                span(settings.undo_window),
            ),
            datamap=datamap(),
            policy=policy(facts),
            periods=facts.periods,
            tombstones=opened_tombstones(settings),
            public_url=settings.public_url,
            mailer=open_mailer(settings),
        )
        stores = Stores(sql=records, keys=key_store)
        yield House(app, dispatch, database, found.made, shared=bool(redis), stores=stores)


def store_url(settings: Settings, store: str) -> str:
    """Where the `records` are, or people's `keys`."""
    return store_elsewhere(settings, store) or sqlite_url(store_file(settings, store))


def store_elsewhere(settings: Settings, store: str) -> str:
    """The address of a server, where one is set."""
    return settings.keys_url if store == "keys" else settings.database_url


def store_file(settings: Settings, store: str) -> Path:
    """Where a store lies that has no server."""
    return settings.data / ("keys.db" if store == "keys" else "darkroom.db")


def opened_blobs(settings: Settings) -> Blobs:
    """Where pictures lie. Raises BadSettings, and Unavailable when a bucket does not answer."""
    if not settings.blobs_url:
        return blobs.FolderBlobs(settings.data / "blobs")
    from storage.in_buckets.blobs import open_bucket

    try:
        return open_bucket(settings.blobs_url, _access(settings))
    except UnusableStore as error:
        raise BadSettings(str(error)) from None


def opened_tombstones(settings: Settings) -> Tombstones:
    """Where it is kept who was erased: beside the database, and in no backup. Raises BadSettings."""
    place = settings.tombstones
    if not place.startswith("s3://"):
        return FileTombstones(Path(place) if place else settings.data / "tombstones")
    from storage.in_buckets.tombstones import open_tombstones

    try:
        return open_tombstones(place, _access(settings))
    except UnusableStore as error:
        raise BadSettings(str(error)) from None


def span(written: str) -> int:
    """Milliseconds, from 24h, 30m or 0s."""
    return int(written[:-1]) * {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}[written[-1]]


def _access(settings: Settings) -> Access:
    return Access(
        settings.blobs_key_id, load_text(settings, "blobs_secret"), settings.blobs_endpoint, settings.blobs_region
    )


def _shared_redis(settings: Settings) -> str:
    """The address of Redis where several processes share one bot. Raises BadSettings when they could not share the rest."""
    redis = load_text(settings, "redis_url")
    alone = [
        name
        for name in ("database_url", "keys_url", "blobs_url", "tombstones")
        if redis and not getattr(settings, name)
    ]
    if alone:
        raise BadSettings(
            f"{PREFIX}{alone[0].upper()} is not set: with DARKROOM_REDIS_URL several processes share one bot, and a file "
            "in the data folder is for one alone. Set it, or leave DARKROOM_REDIS_URL out."
        )
    return redis


def _over_pipe(settings: Settings, models: Catalogue, clock: Clock) -> Transport:
    """To a worker that is our child."""
    names = ",".join(model.name for model in models.models)
    told = (names, str(settings.flat_delay), settings.log_level, models.stock.as_argument())
    return PipeDispatch((sys.executable, "-m", "bots.worker", *told), clock)


def _over_redis(redis: str, found: Secrets, models: Catalogue, clock: Clock) -> Transport:
    """To workers on other machines. Raises BadSettings."""
    from storage.over_redis.dispatch import RedisDispatch
    from storage.over_redis.house import House as Bot

    bot = Bot(version("darkroom"), tuple(model.name for model in models.models))
    try:
        return RedisDispatch(redis, found.wire, ticket_key(found.lookup), clock, bot)
    except ValueError:
        raise BadSettings("DARKROOM_REDIS_URL must read redis://user:password@host:6379/0.") from None


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


def require_models(settings: Settings) -> Catalogue:
    """What is served. Raises BadSettings when a model cannot be loaded, which would otherwise show at the first request."""
    models = served(settings)
    if troubles := [trouble for trouble in models.troubles().values() if trouble]:
        raise BadSettings(troubles[0])
    return models


def place_to_serve(settings: Settings) -> AbstractContextManager[None]:
    """The data folder for one process alone, whose worker can load its models; where several share a bot, nothing.

    Raises FolderBusy and BadSettings, the latter also for what production refuses.
    """
    require(settings, served(settings).models)
    if load_text(settings, "redis_url"):
        return nullcontext()
    require_models(settings)
    return only_server(settings.data)


@contextmanager
def only_server(folder: Path) -> Iterator[None]:
    """Hold the folder for the one process that serves it. Raises FolderBusy; however the process ends, so does the lock."""
    _make_folder(folder)
    busy = f"another darkroom serves {folder} already: stop it first, or set DARKROOM_DATA."
    with _locked(folder / "serving.lock", busy):
        yield


@contextmanager
def named_worker(settings: Settings) -> Iterator[str]:
    """What a worker is called, always the same for a data folder. Raises FolderBusy while another one here is called so."""
    _make_folder(settings.data)
    name = settings.worker_name or kept_name(settings.data / "worker-name")
    busy = f"another worker called {name} runs here already: set DARKROOM_WORKER_NAME, or DARKROOM_DATA."
    with _locked(settings.data / f"worker-{name}.lock", busy):
        yield name


@contextmanager
def _locked(path: Path, busy: str) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderBusy(busy) from None
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
