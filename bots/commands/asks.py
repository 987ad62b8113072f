"""What each command about pictures may be asked with. Doors derive their forms from these; buttons carry them filled in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from bots.declaring import Attachment, Option
from core.rules import PICTURES_PER_JOB, SEEDS


@dataclass(frozen=True)
class Imagine:
    prompt: Annotated[str, Option(main=True)]
    negative: str = ""
    shape: Literal["square", "portrait", "landscape"] | None = None
    count: Annotated[int, Option(low=1, high=PICTURES_PER_JOB)] = 1
    seed: Annotated[int | None, Option(low=0, high=SEEDS - 1)] = None
    steps: int | None = None
    guidance: float | None = None
    private: bool | None = None


@dataclass(frozen=True)
class Again:
    request: Annotated[str, Option(main=True)] = ""


@dataclass(frozen=True)
class Edit:
    request: Annotated[str, Option(main=True)] = ""


@dataclass(frozen=True)
class Cancel:
    request: Annotated[str, Option(main=True)] = ""


@dataclass(frozen=True)
class Words:
    text: Annotated[str, Option(main=True)]


@dataclass(frozen=True)
class Gallery:
    page: Annotated[int, Option(main=True, low=1, high=1_000_000)] = 1


@dataclass(frozen=True)
class Show:
    id: Annotated[str, Option(main=True)]


@dataclass(frozen=True)
class Save:
    id: Annotated[str, Option(main=True)]


@dataclass(frozen=True)
class Delete:
    id: Annotated[str, Option(main=True)]


@dataclass(frozen=True)
class Report:
    id: Annotated[str, Option(main=True)]
    reason: str = ""


@dataclass(frozen=True)
class Verify:
    file: Annotated[Attachment, Option(main=True)]
