"""The catalogue as it is written: `models.toml` and `styles.toml` shipped here, and an operator's own beside them.

Read and checked, every mistake a sentence that names file, table and key. Knows no weights and no torch.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from core.credits import Milli
from core.ports import Model, Range, Style
from core.rules import CREDIT, PRICE_STEP
from inference.families import FAMILIES, Family

SHIPPED_MODELS = Path(__file__).with_name("models.toml")
SHIPPED_STYLES = Path(__file__).with_name("styles.toml")
SHAPES = ("square", "portrait", "landscape")
GB = 1_000_000_000
_NAME = r"^[a-z0-9]([a-z0-9.-]{0,30}[a-z0-9])?$"


class BadCatalogue(ValueError):
    """A catalogue nobody can work with; the message names file, table and key."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Bounds(_Strict):
    low: float
    high: float
    default: float

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.low <= self.high:
            raise ValueError(f"low is {self.low:g}, more than high, which is {self.high:g}")
        if not self.low <= self.default <= self.high:
            raise ValueError(f"default must be from {self.low:g} to {self.high:g}, not {self.default:g}")
        return self

    @property
    def range(self) -> Range:
        return Range(self.low, self.high, self.default)


Side = Annotated[int, Field(gt=0, le=4096)]


class Entry(_Strict):
    """One model of the catalogue."""

    name: Annotated[str, Field(pattern=_NAME)]
    title: Annotated[str, Field(min_length=1, max_length=60)]
    family: str
    repo: Annotated[str, Field(pattern=r"^([\w.-]+/[\w.-]+)?$")] = ""
    revision: Annotated[str, Field(pattern=r"^([0-9a-f]{40})?$")] = ""
    folder: Path | None = None
    licence: Annotated[str, Field(min_length=1)]
    commercial_use: Annotated[str, Field(min_length=1)]
    gated: bool = False
    sizes: dict[str, tuple[Side, Side]]
    steps: Bounds
    guidance: Bounds
    memory: Annotated[float, Field(gt=0)]
    tokens: Annotated[int, Field(ge=0)] = 0
    batch: Annotated[int, Field(ge=1, le=4)] = 1
    price: Annotated[float, Field(gt=0)]
    knows: Annotated[str, Field(max_length=600)] = ""

    @field_validator("family")
    @classmethod
    def _is_a_family(cls, name: str) -> str:
        if name not in FAMILIES:
            raise ValueError(f"must be one of {', '.join(FAMILIES)}")
        return name

    @field_validator("sizes")
    @classmethod
    def _has_every_shape(cls, sizes: dict[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
        if set(sizes) != set(SHAPES):
            raise ValueError(f"must have {', '.join(SHAPES)}, and no other shape")
        return sizes

    @field_validator("steps")
    @classmethod
    def _in_whole_steps(cls, steps: Bounds) -> Bounds:
        if steps.low < 1 or any(number % 1 for number in (steps.low, steps.high, steps.default)):
            raise ValueError("must be whole numbers from 1 up")
        return steps

    @field_validator("guidance")
    @classmethod
    def _not_negative(cls, guidance: Bounds) -> Bounds:
        if guidance.low < 0:
            raise ValueError("low must be 0 or more")
        return guidance

    @field_validator("price")
    @classmethod
    def _in_price_steps(cls, price: float) -> float:
        if round(price * CREDIT) % PRICE_STEP:
            raise ValueError("must be a multiple of 0.1")
        return price

    @model_validator(mode="after")
    def _fits_its_family(self) -> Self:
        if bool(self.repo) == (self.folder is not None):
            raise ValueError("must have a repo or a folder, and not both")
        if self.kind.reading.limit and not self.tokens:
            raise ValueError("tokens is missing: how many tokens of a prompt it reads")
        multiple = self.kind.multiple
        for shape, size in self.sizes.items():
            if any(side % multiple for side in size):
                raise ValueError(f"sizes.{shape} must be multiples of {multiple}, as its family draws them")
        return self

    @property
    def kind(self) -> Family:
        return FAMILIES[self.family]

    @property
    def bytes(self) -> int:
        """What it needs to draw, at two bytes a number."""
        return int(self.memory * GB)

    @property
    def restricted(self) -> bool:
        """Whether making money with it is forbidden or tied to a condition."""
        return self.commercial_use != "yes"

    def listed(self, adapters: tuple[str, ...] = ()) -> Model:
        """As people and the core see it."""
        family = self.kind
        return Model(
            self.name,
            self.sizes,
            self.steps.range,
            self.guidance.range,
            Milli(round(self.price * CREDIT)),
            title=self.title,
            family=self.family,
            licence=self.licence,
            commercial_use=self.commercial_use,
            memory=self.bytes,
            negative=family.guided_above is not None and self.guidance.high > family.guided_above,
            weighting=family.weighting,
            references=bool(family.image_to_image),
            adapters=adapters,
            knows=self.knows,
        )


class StyleEntry(_Strict):
    name: Annotated[str, Field(pattern=_NAME)]
    about: Annotated[str, Field(min_length=1, max_length=100)]
    prompt: str
    negative: str = ""
    families: tuple[str, ...] = tuple(name for name, family in FAMILIES.items() if not family.taught_words)

    @field_validator("prompt")
    @classmethod
    def _holds_the_prompt(cls, prompt: str) -> str:
        if prompt.count("{prompt}") != 1 or set("{}") & set(prompt.replace("{prompt}", "")):
            raise ValueError("must hold {prompt} once, and no other braces")
        return prompt

    @field_validator("families")
    @classmethod
    def _are_families(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := [name for name in names if name not in FAMILIES]:
            raise ValueError(f"{unknown[0]} is no family; there are {', '.join(FAMILIES)}")
        return names

    @property
    def listed(self) -> Style:
        return Style(self.name, self.about, self.prompt, self.negative, self.families)


def read_models(own: Path | None = None) -> dict[str, Entry]:
    """Every model that is written down, by its name. Raises BadCatalogue."""
    entries = {name: _entry(Entry, name, table, file) for name, (table, file) in _tables(SHIPPED_MODELS, own).items()}
    titles: dict[str, str] = {}
    for entry in entries.values():
        if (other := titles.setdefault(entry.title.casefold(), entry.name)) != entry.name:
            raise BadCatalogue(f"{own}: {entry.name}: title “{entry.title}” is that of {other} already.")
    return entries


def read_styles(own: Path | None = None) -> tuple[Style, ...]:
    """Every style that is written down. Raises BadCatalogue."""
    tables = _tables(SHIPPED_STYLES, own)
    return tuple(_entry(StyleEntry, name, table, file).listed for name, (table, file) in tables.items())


Tables = dict[str, tuple[dict[str, Any], Path]]  #: by name, each with the file that spoke last
E = TypeVar("E", bound=_Strict)


def _tables(shipped: Path, own: Path | None) -> Tables:
    tables: Tables = {}
    for file in (shipped, own):
        for name, table in (_read(file) if file is not None else {}).items():
            if not isinstance(table, dict):
                raise BadCatalogue(f"{file}: {name}: must be a table of its own: [{name}].")
            if "folder" in table and file is not None:
                table["folder"] = file.parent / str(table["folder"])
            known = dict(tables[name][0]) if name in tables else {}
            if table.keys() & {"repo", "folder"}:  # weights of another origin have another commit
                known = {key: value for key, value in known.items() if key not in ("repo", "folder", "revision")}
            tables[name] = ({**known, **table}, file or shipped)
    return tables


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadCatalogue(f"{file}: the file cannot be read ({type(error).__name__}).") from None
    except tomllib.TOMLDecodeError as error:
        raise BadCatalogue(f"{file}: not valid TOML: {error}.") from None


def _entry(kind: type[E], name: str, table: dict[str, Any], file: Path) -> E:
    if "name" in table:
        raise BadCatalogue(f"{file}: {name}: name: no such key: the name of the table is that of the model or style.")
    try:
        return kind.model_validate({"name": name, **table})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        said = "no such key" if first["type"] == "extra_forbidden" else first["msg"].removeprefix("Value error, ")
        where = f"{file}: {name}: {key}" if key else f"{file}: {name}"
        raise BadCatalogue(f"{where}: {said[:1].lower()}{said[1:]}.") from None
