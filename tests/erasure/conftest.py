"""Fixtures of other tests that erasures need: instances with backups, and a world in which processes die."""

from tests.backups.conftest import make, pair
from tests.crashes.conftest import sqlite_world, world

__all__ = ["make", "pair", "sqlite_world", "world"]
