"""What people say about themselves: values. Nothing is done with them here."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from core.values import Moment


class Field(StrEnum):
    """What a profile may hold; each has a sentence `profile_field.<field>`."""

    DISPLAY_NAME = "display_name"
    COUNTRY = "country"  #: only to know which age holds there
    LANGUAGE = "language"
    EMAIL = "email"  #: only by /email, which proves it


OWN = (Field.DISPLAY_NAME, Field.COUNTRY, Field.LANGUAGE)  #: what can be set by saying it


class Source(StrEnum):
    """Where it comes from; each has a sentence `profile_source.<source>`."""

    PERSON = "person"
    PLATFORM = "platform"  #: their person asked to be called as they are there: it follows what they change there
    CODE = "code"  #: proved by a code that was sent there


@dataclass(frozen=True)
class Kept:
    """One field as it lies in the store."""

    name: Field
    sealed: bytes = field(repr=False)
    source: Source
    at: Moment


@dataclass(frozen=True)
class Said:
    """One field in clear, for its person's eyes."""

    name: Field
    value: str = field(repr=False)
    source: Source
    at: Moment


@dataclass(frozen=True)
class Proof:
    """An address that waits for its code: half of the proof was sent there, and of the code only a keyed hash is kept."""

    sealed: bytes = field(repr=False)
    code_hash: str
    tries: int  #: how often a code was typed that was not the one
    until: Moment


@dataclass(frozen=True)
class AgeStated:
    """Somebody said to be at least so old. No more than that is asked or kept, and never a day of birth."""

    minimum_age: int
    notice_version: int
    at: Moment
