"""What the catalogue has for an option: names to choose from, and the range of a number. Knows no door."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bots.declaring import Argument, Offers
from core.ports import Catalogue, Model, Range
from core.requests.options import NONE, suitable


class Choice(NamedTuple):
    """What people see, and what it stands for."""

    label: str
    value: str


def choices_of(argument: Argument, catalogue: Catalogue, models: Sequence[Model]) -> tuple[Choice, ...]:
    """Those that one of these models has; nothing for an option that the catalogue says nothing about."""
    match argument.option.offers:
        case Offers.MODELS:
            found = [Choice(model.title or model.name, model.name) for model in catalogue.models]
        case Offers.STYLES:
            names = {name for model in models for name in suitable(catalogue.styles, model)}
            found = [Choice(style.name, style.name) for style in catalogue.styles if style.name in names]
        case Offers.ADAPTERS:
            found = [Choice(name, name) for name in sorted({name for model in models for name in model.adapters})]
        case _:
            return ()
    return (*found, Choice(NONE, NONE)) if found and argument.option.none else tuple(found)


def is_taken(argument: Argument, model: Model) -> bool:
    """Whether this model has what the option needs."""
    return not argument.option.needs or bool(getattr(model, argument.option.needs))


def range_of(argument: Argument, models: Sequence[Model]) -> tuple[float | None, float | None]:
    """From the lowest to the highest that one of these models takes; the declaration's own where no model decides."""
    if not argument.option.of_model:
        return argument.option.low, argument.option.high
    ranges: list[Range] = [getattr(model, argument.name) for model in models]
    return min(one.low for one in ranges), max(one.high for one in ranges)
