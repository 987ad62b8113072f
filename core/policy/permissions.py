"""What people may allow or object to: values, and where a platform's rules leave no choice. Nothing is done with them here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from core.datamap import Purpose
from core.policy.facts import OPTIONAL
from core.values import Moment

#: What nothing else depends on, in the order it is shown in: each is off until its person switches it on.
SWITCHES: Final = tuple(purpose for purpose in Purpose if purpose in OPTIONAL)

#: Discord's developer policy: no marketing messages (rule 6), and no training on what people write there (rule 21).
NEVER_AT: Final[Mapping[str, frozenset[Purpose]]] = MappingProxyType(
    {"discord": frozenset({Purpose.MARKET, Purpose.TRAIN})}
)

#: GDPR 21(1): what goes on although somebody objects, because nobody could be kept safe otherwise. Each has a sentence
#: `compelling.<purpose>` that says why; any other purpose of legitimate interest stops.
COMPELLING: Final = frozenset({Purpose.KEEP_SAFE, Purpose.STAY_ERASED})


@dataclass(frozen=True)
class Consent:
    """One line of the log: somebody allowed a purpose or took that back, under which words."""

    purpose: Purpose
    given: bool
    notice_version: int
    text_hash: str  #: of the sentence they were shown
    door: str
    at: Moment


@dataclass(frozen=True)
class Objection:
    purpose: Purpose
    at: Moment
