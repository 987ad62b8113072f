"""Ports at which a process can die: before a call, or after it took effect. Knows when, not what follows from it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from inspect import iscoroutinefunction
from typing import Any, Protocol

from core.ports import App
from core.records import Records


class Died(BaseException):
    """The process is no more. No `except Exception` of the product may notice."""


class Fate(Protocol):
    """Asked at every crossing of a port."""

    def point(self, where: str) -> None:
        """Raises Died when the process dies here."""
        ...

    async def transact(self, transact: Callable[[Fate], Awaitable[Any]]) -> Any:
        """Run a transaction whose verbs ask the fate they are given."""
        ...


class Alive:
    """Nobody dies; counts the crossings."""

    def __init__(self) -> None:
        self.passed = 0

    def point(self, where: str) -> None:
        self.passed += 1

    async def transact(self, transact: Callable[[Fate], Awaitable[Any]]) -> Any:
        return await transact(self)


class DiesAt(Alive):
    """Dies at the n-th crossing, counted from 0, and stays dead: nothing that unwinds has an effect any more."""

    def __init__(self, crossing: int) -> None:
        super().__init__()
        self.crossing = crossing
        self.where = ""

    def point(self, where: str) -> None:
        if self.passed == self.crossing:
            self.where = self.where or where
            raise Died(where)
        super().point(where)


@dataclass(frozen=True)
class Mortal:
    """Anything with verbs, plain or async, each of them a crossing."""

    real: Any
    fate: Fate
    name: str

    def __getattr__(self, verb: str) -> Any:
        found, where = getattr(self.real, verb), f"{self.name}.{verb}"
        if not callable(found):
            return found

        def crossing(*args: Any, **kwargs: Any) -> Any:
            self.fate.point(f"before {where}")
            answer = found(*args, **kwargs)
            self.fate.point(f"after {where}")
            return answer

        async def effect(*args: Any, **kwargs: Any) -> Any:
            self.fate.point(f"before {where}")
            answer = await found(*args, **kwargs)
            self.fate.point(f"after {where}")
            return answer

        return effect if iscoroutinefunction(found) else crossing


@dataclass(frozen=True)
class MortalRecords:
    """One open transaction; each verb of each noun is a crossing."""

    real: Records
    fate: Fate

    def __getattr__(self, noun: str) -> Mortal:
        return Mortal(getattr(self.real, noun), self.fate, noun)


@dataclass(frozen=True)
class MortalDatabase:
    """`core.ports.Database`: dies before a transaction, at any verb inside of it, or after its commit."""

    real: Any
    fate: Fate

    async def run(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        where = f"transaction {fn.__qualname__}"

        async def transact(fate: Fate) -> Any:
            return await self.real.run(lambda tx: fn(MortalRecords(tx, fate), *args, **kwargs))

        self.fate.point(f"before {where}")
        answer = await self.fate.transact(transact)
        self.fate.point(f"after {where}")
        return answer

    async def look(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        self.fate.point(f"before looking {fn.__qualname__}")
        return await self.real.look(fn, *args, **kwargs)

    async def forget_log(self) -> None:
        self.fate.point("before forgetting the log")
        await self.real.forget_log()
        self.fate.point("after forgetting the log")


def mortal(app: App, fate: Fate) -> App:
    """The same app, able to die at each of its effects."""
    crossed = ("keys", "blobs", "encoder", "intake", "dispatch", "tombstones")
    ports: dict[str, Any] = {port: Mortal(getattr(app, port), fate, port) for port in crossed}
    return replace(app, database=MortalDatabase(app.database, fate), **ports)
