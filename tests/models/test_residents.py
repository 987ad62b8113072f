"""Several models in one budget of memory: the one that was not used for longest makes room, before the next one comes."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest

from inference.drawing import Pipelines
from inference.residents import Residents
from inference.stock import Stock
from tests.models.conftest import Watched, entry, wish

SIZES = {"a": 4, "b": 4, "c": 4, "big": 10}


class Model:
    alive = 0

    def __init__(self) -> None:
        Model.alive += 1
        self.itself = self  # as the parts of a pipeline know each other

    def __del__(self) -> None:
        Model.alive -= 1


def residents(events: list[str]) -> Residents[Model]:
    gc.collect()  # what other tests left

    def load(name: str) -> Model:
        events.append(f"load {name} beside {Model.alive}")
        return Model()

    return Residents(10, SIZES.__getitem__, load, lambda: events.append("free"))


def test_what_is_loaded_is_not_loaded_again() -> None:
    events: list[str] = []
    models = residents(events)

    assert models.get("a") is models.get("a")
    assert events == ["load a beside 0"]


def test_the_one_that_was_not_used_for_longest_goes_before_the_next_comes() -> None:
    events: list[str] = []
    models = residents(events)
    for name in ("a", "b", "a", "c"):
        models.get(name)

    assert models.names == ("a", "c")
    assert events == ["load a beside 0", "load b beside 1", "free", "load c beside 1"]


def test_as_many_go_as_must() -> None:
    events: list[str] = []
    models = residents(events)
    for name in ("a", "b", "big"):
        models.get(name)

    assert models.names == ("big",)
    assert events[-1] == "load big beside 0"


def test_a_model_that_does_not_load_leaves_the_others_as_they_are() -> None:
    def load(name: str) -> Model:
        if name == "b":
            raise OSError(name)
        return Model()

    models = Residents(10, SIZES.__getitem__, load, lambda: None)
    models.get("a")
    with pytest.raises(OSError, match="b"):
        models.get("b")

    assert models.names == ("a",)


def test_pipelines_come_and_go_as_wishes_name_them(weights: Callable[[str], Path]) -> None:
    entries = {name: entry("sd1", name, folder=weights("sd1"), memory=0.3) for name in ("one", "two", "three")}
    engine = Pipelines(entries, Stock(memory=1.3))
    first = engine.draw([wish("one")], Watched())
    held = weakref.ref(engine.residents.get("one").pipe)
    engine.draw([wish("two")], Watched())
    assert engine.residents.names == ("one", "two")

    engine.draw([wish("three")], Watched())
    gc.collect()

    assert engine.residents.names == ("two", "three")
    assert held() is None
    assert engine.draw([wish("one")], Watched()) == first
