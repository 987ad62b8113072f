"""Fixtures of the backups: instances on either product, filled or empty, and a pair of keys."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

from tests.backups.filling import fill
from tests.backups.instances import Instance, Pair, new_pair

Make = Callable[[str], Instance]
PRODUCTS = ("sqlite", pytest.param("postgres", marks=pytest.mark.postgres))


@pytest.fixture
def make(tmp_path: Path, sqlite_template: Path, request: pytest.FixtureRequest) -> Iterator[Make]:
    """A new instance on "sqlite" or "postgres", which nobody ever used; "filled" is one where people have lived, on
    SQLite; on "nothing" it has no database yet.
    """
    numbers = count(1)
    with ExitStack() as opened:

        def made(product: str) -> Instance:
            folder = tmp_path / f"data-{next(numbers)}"
            url = ""
            if product == "postgres":
                server = request.getfixturevalue("postgres")
                url = opened.enter_context(server.fresh()).url
            instance = Instance(folder, url)
            if product == "sqlite":
                shutil.copy(sqlite_template, folder / "darkroom.db")
            if product == "filled":
                shutil.copytree(request.getfixturevalue("filled_folder"), folder, dirs_exist_ok=True)
            opened.callback(instance.close)
            return instance

        yield made


@pytest.fixture(scope="session")
def filled_folder(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Path:
    """The data folder of an instance where people have lived, to be copied."""
    instance = Instance(tmp_path_factory.mktemp("filled") / "data")
    shutil.copy(sqlite_template, instance.folder / "darkroom.db")
    instance.lives(fill(instance.stage()))
    instance.close()
    return instance.folder


@pytest.fixture(params=PRODUCTS)
def instance(request: pytest.FixtureRequest, make: Make) -> Instance:
    """A new one; a test that uses it runs once on each product."""
    return make(request.param)


@pytest.fixture
def files(instance: Instance, pair: Pair, tmp_path: Path) -> tuple[Path, Path]:
    """A backup of the instance, and one of its people's keys."""
    instance.does("backup", tmp_path / "backup.age", "--recipient", pair.public)
    instance.does("backup", "--keys", tmp_path / "keys.age", "--recipient", pair.public)
    return tmp_path / "backup.age", tmp_path / "keys.age"


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    return new_pair(tmp_path / "identity.txt")
