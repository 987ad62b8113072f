"""What each command about pictures may be asked with. Doors derive their forms from these; buttons carry them filled in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from bots.declaring import Attachment, Offers, Option
from core.rules import PICTURES_PER_JOB, REFERENCE_STRENGTH, SEEDS, USUAL_STRENGTH

_LOW, _HIGH = REFERENCE_STRENGTH
STRENGTH = Option(low=_LOW, high=_HIGH, usual=USUAL_STRENGTH, needs="references", beside="reference")


@dataclass(frozen=True)
class Imagine:
    prompt: Annotated[str, Option(main=True)]
    negative: Annotated[str, Option(needs="negative")] = ""
    shape: Literal["square", "portrait", "landscape"] | None = None
    count: Annotated[int, Option(low=1, high=PICTURES_PER_JOB)] = 1
    model: Annotated[str | None, Option(offers=Offers.MODELS)] = None
    style: Annotated[str | None, Option(offers=Offers.STYLES, none=True)] = None
    lora: Annotated[str | None, Option(offers=Offers.ADAPTERS)] = None
    reference: Annotated[Attachment | None, Option(needs="references")] = None
    strength: Annotated[float | None, STRENGTH] = None
    seed: Annotated[int | None, Option(low=0, high=SEEDS - 1)] = None
    steps: Annotated[int | None, Option(of_model=True)] = None
    guidance: Annotated[float | None, Option(of_model=True)] = None
    private: bool | None = None


@dataclass(frozen=True)
class Again:
    request: Annotated[str, Option(main=True, offers=Offers.PICTURES)] = ""


@dataclass(frozen=True)
class Edit:
    request: Annotated[str, Option(main=True, offers=Offers.PICTURES)] = ""


@dataclass(frozen=True)
class Cancel:
    request: Annotated[str, Option(main=True, offers=Offers.REQUESTS)] = ""


@dataclass(frozen=True)
class Words:
    text: Annotated[str, Option(main=True)]


@dataclass(frozen=True)
class Gallery:
    page: Annotated[int, Option(main=True, low=1, high=1_000_000)] = 1


@dataclass(frozen=True)
class Show:
    id: Annotated[str, Option(main=True, offers=Offers.PICTURES)]


@dataclass(frozen=True)
class Save:
    id: Annotated[str, Option(main=True, offers=Offers.PICTURES)]


@dataclass(frozen=True)
class Delete:
    id: Annotated[str, Option(main=True, offers=Offers.PICTURES)]


@dataclass(frozen=True)
class Report:
    """`id` may be `child` or `intimate`, too, and say more behind that word."""

    id: Annotated[str, Option(main=True, offers=Offers.PICTURES)]
    reason: str = ""
    signed: str = ""
    good_faith: bool | None = None
    contact: str = ""


@dataclass(frozen=True)
class Verify:
    file: Annotated[Attachment, Option(main=True)]


@dataclass(frozen=True)
class Models:
    name: Annotated[str, Option(main=True, offers=Offers.MODELS)] = ""
    page: Annotated[int, Option(low=1, high=1_000)] = 1


@dataclass(frozen=True)
class Styles:
    name: Annotated[str, Option(main=True, offers=Offers.STYLES)] = ""
    page: Annotated[int, Option(low=1, high=1_000)] = 1
