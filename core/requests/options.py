"""What may be asked of which model: its ranges, its styles, its adapters. What cannot be is refused or noted, never ignored."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Final, NamedTuple

from core.errors import Refused
from core.ports import Catalogue, Model, Range, Style
from core.rules import LORA_STRENGTH, PICTURES_PER_JOB, REFERENCE_STRENGTH, SEEDS, USUAL_STRENGTH
from core.values import Note, Preferences, Settings, Words, note

NONE: Final = "none"  #: says that no style is wanted though one is preferred, and the usual model though another is
SHOWN: Final = 40  #: characters of a name nobody knows that are repeated
_WEIGHTED: Final = re.compile(r"\([^()]*: ?(?:\d{1,2}(?:\.\d{1,4})?|\.\d{1,4}) ?\)")


@dataclass(frozen=True)
class Ask:
    """A request as a person makes it; None means what they prefer, the model's default, or a fresh seed."""

    prompt: str
    negative: str = ""
    shape: str | None = None
    count: int = 1
    model: str | None = None
    style: str | None = None
    lora: str | None = None  #: a name, or name:strength
    reference: bytes | None = field(default=None, repr=False)  #: a picture file to start from
    strength: float | None = None
    seed: int | None = None
    steps: int | None = None
    guidance: float | None = None
    private: bool | None = None


class Settled(NamedTuple):
    """A request that can be drawn: every option has its value."""

    model: Model
    settings: Settings
    notes: tuple[Note, ...]


def settle(catalogue: Catalogue, ask: Ask, words: Words, preferred: Preferences) -> Settled:
    """Fill in what was preferred and what is usual. Raises Refused naming what would be right; never bends a value."""
    model, about_model = _model(catalogue, ask.model, preferred.model)
    style, about_style = _style(catalogue, model, ask.style, preferred.style)
    lora, lora_strength = _adapter(model, ask.lora)
    _within(ask.count, Range(1, PICTURES_PER_JOB, 1), "option_range.count")
    if ask.seed is not None:
        _within(ask.seed, Range(0, SEEDS - 1, 0), "option_range.seed")
    if words.negative and not model.negative:
        raise Refused("model.no_negative", model=model.name)
    settings = replace(
        _sized(model, ask, preferred.shape),
        style=style.name if style else "",
        lora=lora,
        lora_strength=lora_strength,
        strength=_strength(catalogue, model, ask),
    )
    return Settled(model, settings, (*about_model, *about_style, *_about_words(catalogue, model, words, style)))


def usual_model(catalogue: Catalogue, preferred: Preferences) -> Model:
    """The one that draws when none is named."""
    return _find(catalogue.models, preferred.model) or catalogue.default


def known_model(catalogue: Catalogue, named: str) -> Model:
    """By its name or its title. Raises Refused."""
    found = _find(catalogue.models, named)
    if found is None:
        raise Refused("model.unknown", got=named[:SHOWN], known=tuple(model.name for model in catalogue.models))
    return found


def known_style(catalogue: Catalogue, named: str) -> Style:
    """Raises Refused naming those that sound alike."""
    found = catalogue.style(named.strip().casefold())
    if found is not None:
        return found
    close = get_close_matches(named.casefold()[:SHOWN], [style.name for style in catalogue.styles], cutoff=0.5)
    if close:
        raise Refused("style.unknown", got=named[:SHOWN], close=tuple(close))
    if not catalogue.styles:
        raise Refused("styles.none")
    raise Refused("style.unheard", got=named[:SHOWN])


def suitable(styles: Iterable[Style], model: Model) -> tuple[str, ...]:
    """The names of those that say something to this model."""
    return tuple(style.name for style in styles if style.suits(model))


def in_style(words: Words, style: Style | None, model: Model | None) -> Words:
    """What is drawn: the words of a person with those of a style around them."""
    if style is None:
        return words
    leave_out = style.negative if model is None or model.negative else ""
    return Words(style.prompt.replace("{prompt}", words.prompt), ", ".join(filter(None, (words.negative, leave_out))))


def read_adapter(text: str) -> tuple[str, float]:
    """`name` or `name:strength`. Raises Refused for a strength that is none."""
    name, colon, strength = text.rpartition(":")
    if not colon:
        return text.strip(), 1.0
    low, high = LORA_STRENGTH
    try:
        number = float(strength)
    except ValueError:
        number = float("nan")
    if not low <= number <= high:
        raise Refused("lora.strength", got=strength.strip()[:SHOWN], low=low, high=high)
    return name.strip(), number


def write_adapter(name: str, strength: float) -> str:
    """The inverse of `read_adapter`."""
    if not name or strength == 1:
        return name
    return f"{name}:{strength:g}" if float(f"{strength:g}") == strength else f"{name}:{strength!r}"


def _model(catalogue: Catalogue, named: str | None, preferred: str) -> tuple[Model, list[Note]]:
    """A model that somebody preferred and that is not here any more gives way to the usual one."""
    if named and not _is_none(named):
        return known_model(catalogue, named), []
    found = None if named else _find(catalogue.models, preferred)
    gone = preferred and not named and found is None
    notes = [note("imagine.model_gone", got=preferred, model=catalogue.default.name)] if gone else []
    return found or catalogue.default, notes


def _style(catalogue: Catalogue, model: Model, named: str | None, preferred: str) -> tuple[Style | None, list[Note]]:
    if named and _is_none(named):
        return None, []
    if named:
        style = known_style(catalogue, named)
        if style.suits(model):
            return style, []
        suit = suitable(catalogue.styles, model)
        raise Refused("style.unfit" if suit else "style.none_fit", style=style.name, model=model.name, known=suit)
    liked = catalogue.style(preferred) if preferred else None
    if liked is not None and liked.suits(model):
        return liked, []
    if not preferred:
        return None, []
    return None, [note("imagine.style_left_out" if liked else "imagine.style_gone", style=preferred, model=model.name)]


def _adapter(model: Model, asked: str | None) -> tuple[str, float]:
    if not asked or _is_none(asked):
        return "", 1.0
    named, strength = read_adapter(asked)
    found = next((name for name in model.adapters if name.casefold() == named.casefold()), None)
    if found is None:
        raise Refused(
            "lora.unknown" if model.adapters else "lora.none_fit",
            got=named[:SHOWN],
            model=model.name,
            known=model.adapters,
        )
    return found, strength


def _sized(model: Model, ask: Ask, preferred: str) -> Settings:
    shape = ask.shape or preferred
    if shape not in model.sizes:
        raise Refused("option_range.shape", got=shape, model=model.name, known=tuple(model.sizes))
    steps = int(model.steps.default) if ask.steps is None else ask.steps
    guidance = model.guidance.default if ask.guidance is None else ask.guidance
    _of_model(model, "steps", steps, model.steps)
    _of_model(model, "guidance", guidance, model.guidance)
    return model.settings(shape, steps, guidance)


def _strength(catalogue: Catalogue, model: Model, ask: Ask) -> float:
    """How far to go from the picture that was sent; 0 where there is none."""
    if ask.strength is not None:
        low, high = REFERENCE_STRENGTH
        _within(ask.strength, Range(low, high, USUAL_STRENGTH), "option_range.strength")
    if ask.reference is None:
        if ask.strength is not None:
            raise Refused("reference.missing")
        return 0.0
    if not model.references:
        able = tuple(other.name for other in catalogue.models if other.references)
        raise Refused("model.no_references" if able else "model.no_references_here", model=model.name, known=able)
    return USUAL_STRENGTH if ask.strength is None else ask.strength


def _about_words(catalogue: Catalogue, model: Model, words: Words, style: Style | None) -> list[Note]:
    """What the model makes of them that their person may not expect."""
    notes = []
    if unread := catalogue.unread(model, words.prompt):
        notes.append(note("imagine.unread", words=unread, model=model.name))
    if until := catalogue.read_until(model, in_style(words, style, model).prompt):
        notes.append(note("imagine.read_until", model=model.name, words=until))
    if not model.weighting and (weighted := _WEIGHTED.search(f"{words.prompt} {words.negative}")):
        notes.append(note("imagine.unweighted", model=model.name, words=weighted.group()[:SHOWN]))
    return notes


def _of_model(model: Model, option: str, value: float, allowed: Range) -> None:
    if allowed.low <= value <= allowed.high:
        return
    raise Refused(
        "option_range.of_model" if allowed.low < allowed.high else "option_range.fixed",
        option=option,
        model=model.name,
        got=value,
        low=allowed.low,
        high=allowed.high,
    )


def _within(value: float, allowed: Range, key: str) -> None:
    if not allowed.low <= value <= allowed.high:
        raise Refused(key, got=value, low=allowed.low, high=allowed.high)


def _find(models: Iterable[Model], named: str) -> Model | None:
    wanted = named.strip().casefold()
    return (
        next((one for one in models if wanted in (one.name.casefold(), one.title.casefold())), None) if wanted else None
    )


def _is_none(named: str) -> bool:
    return named.strip().casefold() == NONE
