"""Reads policy.toml: what only the operator can know. Every complaint names the line and says what to write.

Knows the form of the file; what its values mean is in core/policy/facts.py, what production asks for in
bots/policy/production.py.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated, Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bots.settings import BadSettings
from core.datamap import Category, Purpose, Until
from core.periods import LONGEST, YEAR, Periods
from core.policy.accounting import LAWS
from core.policy.facts import EU, TRIAL, Controller, Facts, Recipient, Role, Terms, TransferTool
from core.rules import DAY, MINIMUM_AGE

PROFILES: Final = Path(__file__).parent / "profiles"

Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
Step = str | int


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class _Controller(_Part):
    name: Annotated[str, Field(min_length=2, description="The name of whoever runs this bot and answers for it.")]
    address: Annotated[str, Field(min_length=5, description="Their postal address, in one line.")]


class _Accounting(_Part):
    country: Annotated[Country, Field(description="The country whose law the books follow, in two capital letters.")]


class _Keep(_Part):
    """Whole days; each may only be shorter than what the program keeps to anyway."""

    account: Annotated[int | None, Field(ge=1, description="Days an account is kept after it was last used.")] = None
    pictures: Annotated[int | None, Field(ge=1, description="Days a picture is kept after it was drawn.")] = None
    requests: Annotated[int | None, Field(ge=1, description="Days a request is kept after it ended.")] = None
    messages: Annotated[int | None, Field(ge=1, description="Days a message is kept after it was answered.")] = None
    logs: Annotated[int | None, Field(ge=1, description="Days whoever collects the logs keeps them.")] = None


_KEPT: Final = {
    "account": Until.ACCOUNT_ENDS,
    "pictures": Until.PICTURE_DELETED,
    "requests": Until.REQUEST_FORGOTTEN,
    "messages": Until.MESSAGE_CLOSED,
    "logs": Until.PROCESS_ENDS,
}


class _Recipient(_Part):
    name: Annotated[str, Field(min_length=2, description="Who gets the data.")]
    role: Annotated[Role, Field(description="What they do for you: " + ", ".join(Role) + ".")]
    region: Annotated[Country, Field(description="The country the data lie in, in two capital letters.")]
    receives: Annotated[
        list[Category],
        Field(
            min_length=1, description="What reaches them: categories of `darkroom datamap`, as in words or pictures."
        ),
    ]
    contract: Annotated[str, Field(description="The reference of the contract that binds them.")] = ""
    contract_date: Annotated[date | None, Field(description="Its date, as 2026-11-01 without quotes.")] = None
    transfer: Annotated[
        TransferTool | None,
        Field(description="What lets data leave the European Economic Area: adequacy, dpf or scc."),
    ] = None
    hosts: Annotated[
        list[str], Field(description="The host names under which the settings know them, as in db.example.net.")
    ] = []


class _Terms(_Part):
    law: Annotated[str, Field(description="The law that holds, as in: the law of Germany.")] = ""
    commercial: Annotated[bool, Field(description="Whether you earn with this bot: true or false.")] = False
    licensed_models: Annotated[
        list[str], Field(description="Models you hold another licence for than the one they are published under.")
    ] = []
    effective: Annotated[date | None, Field(description="Since when the terms hold, as 2026-11-01 without quotes.")] = (
        None
    )


_OFFERS: Final = {
    "training": Purpose.TRAIN,
    "showcase": Purpose.SHOW,
    "marketing": Purpose.MARKET,
    "analytics": Purpose.MEASURE,
}
_Offer = Literal["training", "showcase", "marketing", "analytics"]
assert set(get_args(_Offer)) == set(_OFFERS)


class _File(_Part):
    production: Annotated[bool, Field(description="true once everything below is true, false while you try.")] = False
    controller: _Controller | None = None
    privacy_contact: Annotated[
        str, Field(description="An address people without an account can write to: mail or web.")
    ] = ""
    authority: Annotated[str, Field(description="The supervisory authority people may complain to.")] = ""
    region: Annotated[
        Literal[""] | Country, Field(description="Where your own machines stand, in two capital letters.")
    ] = ""
    residency: Annotated[
        Literal["", "EU"], Field(description='"EU" to promise that everything stays there, or leave it out.')
    ] = ""
    minimum_age: Annotated[int, Field(ge=13, le=99, description="How old people have to be, 13 at least.")] = (
        MINIMUM_AGE
    )
    offers: Annotated[
        list[_Offer],
        Field(description="Which optional consents you ask for: training, showcase, marketing, analytics."),
    ] = []
    accounting: _Accounting | None = None
    keep: _Keep = _Keep()
    recipients: list[_Recipient] = []
    terms: _Terms = _Terms()


@dataclass(frozen=True)
class PolicyFile:
    """The facts, and where in the file each stands. Without a file: a trial."""

    facts: Facts = TRIAL
    path: Path | None = None
    text: str = field(default="", repr=False)

    def at(self, *steps: Step) -> str:
        """Where a key stands, or would have to be written: `policy.toml, line 7 (controller.name)`."""
        return _at(self.path, self.text, steps)


def read_policy(path: Path | None) -> PolicyFile:
    """Raises BadSettings naming the line. No path is a trial."""
    if path is None:
        return PolicyFile()
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise BadSettings(f"DARKROOM_POLICY: {path} cannot be read ({(reason or '').lower()}).") from None
    try:
        read = _File.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise BadSettings(
            f"{path.name} is no TOML: {error}. Put texts between quotes, and each key on a line."
        ) from None
    except ValidationError as error:
        raise BadSettings(_complaint(path, text, error)) from None
    file = PolicyFile(_facts(path, text, read), path, text)
    _require_residency(file)
    return file


def profile(name: str) -> PolicyFile:
    """One of the shipped profiles. Raises BadSettings, naming those there are."""
    path = PROFILES / f"{name}.toml"
    known = sorted(found.stem for found in PROFILES.glob("*.toml"))
    if name not in known:
        raise BadSettings(f"There is no profile {name}. There are: {', '.join(known)}.")
    return read_policy(path)


def _facts(path: Path, text: str, read: _File) -> Facts:
    country = read.accounting.country if read.accounting else ""
    if country and country not in LAWS:
        raise BadSettings(
            f"{_at(path, text, ('accounting', 'country'))}: how long {country} wants the books kept is not known here. "
            f"Write one of {', '.join(LAWS)}."
        )
    shorter = {until: days * DAY for name, until in _KEPT.items() if (days := getattr(read.keep, name))}
    for name, until in _KEPT.items():
        if shorter.get(until, 0) > LONGEST[until]:
            raise BadSettings(
                f"{_at(path, text, ('keep', name))}: that may be kept for at most {LONGEST[until] // DAY} days. "
                "Write less, or leave it out."
            )
    if country:
        shorter[Until.BOOKS_CLOSE] = LAWS[country].years * YEAR
    return Facts(
        production=read.production,
        controller=Controller(read.controller.name, read.controller.address) if read.controller else None,
        privacy_contact=read.privacy_contact,
        authority=read.authority,
        region=read.region,
        residency=read.residency,
        recipients=tuple(_recipient(one) for one in read.recipients),
        accounting_country=country,
        minimum_age=read.minimum_age,
        offered=frozenset(_OFFERS[offer] for offer in read.offers),
        periods=Periods(shorter),
        terms=Terms(
            read.terms.law,
            read.terms.commercial,
            tuple(read.terms.licensed_models),
            str(read.terms.effective or ""),
        ),
    )


def _recipient(read: _Recipient) -> Recipient:
    return Recipient(
        read.name,
        read.role,
        read.region,
        tuple(read.receives),
        read.contract,
        str(read.contract_date or ""),
        read.transfer,
        tuple(host.lower() for host in read.hosts),
    )


def _require_residency(file: PolicyFile) -> None:
    """Whoever promises that everything stays in the European Union names nobody outside it. Raises BadSettings."""
    facts = file.facts
    if facts.residency != "EU":
        return
    outside = [("region",)] if facts.region and facts.region not in EU else []
    places = [
        *outside,
        *(("recipients", n, "region") for n, one in enumerate(facts.recipients) if one.region not in EU),
    ]
    if places:
        raise BadSettings(
            f'{file.at(*places[0])}: that is outside the European Union, and residency = "EU" promises that nothing is. '
            "Take somebody inside it, or leave residency out."
        )


def _complaint(path: Path, text: str, error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    steps = tuple(step for step in first["loc"] if step in ("", *_names(first["loc"])) or isinstance(step, int))
    where, model = _at(path, text, steps), _model(steps[:-1])
    name = str(steps[-1])
    if first["type"] == "extra_forbidden":
        close = difflib.get_close_matches(name, model.model_fields, 1)
        hint = f"Did you mean {close[0]}?" if close else f"There are: {', '.join(model.model_fields)}."
        return f"{where}: nothing of that name belongs there. {hint}"
    about = _description(steps)
    if first["type"] == "missing":
        return f"{where}: {name} is missing. {about}"
    return f"{where}: {first['msg'][0].lower()}{first['msg'][1:]}. {about}"


def _names(loc: tuple[Step, ...]) -> list[Step]:
    """The steps of a place in the file; pydantic adds some of its own for unions."""
    return [step for step in loc if isinstance(step, str) and re.fullmatch(r"[a-z_]+", step)]


def _model(steps: tuple[Step, ...]) -> type[_Part]:
    nested: dict[Step, type[_Part]] = {
        "controller": _Controller,
        "accounting": _Accounting,
        "keep": _Keep,
        "recipients": _Recipient,
        "terms": _Terms,
    }
    return nested.get(steps[0], _File) if steps else _File


def _description(steps: tuple[Step, ...]) -> str:
    names = [step for step in steps if isinstance(step, str)]
    model: type[_Part] = _model(tuple(names[:1])) if len(names) > 1 else _File
    known = model.model_fields.get(names[-1])
    return (known.description or "") if known else ""


def _at(path: Path | None, text: str, steps: tuple[Step, ...]) -> str:
    if path is None:
        return f"DARKROOM_POLICY ({_spelt(steps)})"
    line = _line(text, steps)
    return f"{path.name}, line {line} ({_spelt(steps)})" if line else f"{path.name} ({_spelt(steps)})"


def _spelt(steps: tuple[Step, ...]) -> str:
    """As people count: `recipients 2 region`."""
    return " ".join(str(step + 1) if isinstance(step, int) else step for step in steps)


def _line(text: str, steps: tuple[Step, ...]) -> int:
    """The line of a key, else of the table it would belong into, else 0. TOML's reader keeps no positions."""
    lines = text.splitlines()
    start, found = 0, 0
    *_, key = (step for step in steps if isinstance(step, str))
    if steps[0] != key:
        wanted = next((step for step in steps if isinstance(step, int)), 0)
        header = re.compile(rf"\s*\[\[?\s*{re.escape(str(steps[0]))}\s*\]\]?")
        headers = [number for number, line in enumerate(lines) if header.match(line)]
        if len(headers) <= wanted:
            return 0
        start = found = headers[wanted] + 1
    for number, line in enumerate(lines[start:], start + 1):
        if re.match(rf"\s*\[?\[?\s*{re.escape(key)}\s*(=|\])", line):
            return number
        if re.match(r"\s*\[", line) and start:
            break
    return found
