"""What only the operator can know: who they are, where things are, whom they trust, what they offer. Frozen values.

Nothing here is verified by the program, and the policy says so. How they are read is the business of bots/policy/file.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from core.datamap import Category, Purpose, Until
from core.periods import Periods
from core.policy.accounting import LAWS
from core.rules import DAY, MINIMUM_AGE

#: The states of the European Union, and with three more those of the European Economic Area.
EU: Final = frozenset(
    {
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU"),
        *("LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
    }
)
EEA: Final = EU | {"IS", "LI", "NO"}

#: The purposes that need consent, each offered only where the operator says so.
OPTIONAL: Final = frozenset({Purpose.TRAIN, Purpose.SHOW, Purpose.MARKET, Purpose.MEASURE})


class TransferTool(StrEnum):
    """On what data may leave the European Economic Area. Privacy Shield is none: it was struck down in 2020."""

    ADEQUACY = "adequacy"  #: the Commission found the law of that country good enough
    DPF = "dpf"  #: the EU-US Data Privacy Framework, where the recipient is certified
    SCC = "scc"  #: standard contractual clauses


class Role(StrEnum):
    """What a recipient is to us."""

    HOSTING = "hosting"
    DATABASE = "database"
    STORAGE = "storage"  #: pictures and backups
    QUEUE = "queue"
    DRAWING = "drawing"  #: machines of somebody else that draw
    MAIL = "mail"
    PAYMENT = "payment"
    PLATFORM = "platform"  #: where people write to the bot
    ANALYTICS = "analytics"


@dataclass(frozen=True)
class Controller:
    """Who decides what for and how, and answers for it."""

    name: str
    address: str


@dataclass(frozen=True)
class Recipient:
    """Somebody else who gets data. `hosts` are the names under which the settings know them."""

    name: str
    role: Role
    region: str  #: ISO 3166 code of the country where the data lie
    receives: tuple[Category, ...]
    contract: str = ""  #: the reference of what binds them
    contract_date: str = ""
    transfer: TransferTool | None = None
    hosts: tuple[str, ...] = ()

    @property
    def abroad(self) -> bool:
        return self.region not in EEA


@dataclass(frozen=True)
class Terms:
    """What /terms has to know beside what holds everywhere."""

    law: str = ""  #: "the law of Germany"
    commercial: bool = False  #: whether the operator earns with it
    licensed_models: tuple[str, ...] = ()  #: models whose licence forbids that, and that they have another licence for
    effective: str = ""


@dataclass(frozen=True)
class Facts:
    """Of one deployment. Without a file: a trial, which names nobody and offers nothing that needs consent."""

    production: bool = False
    controller: Controller | None = None
    privacy_contact: str = ""
    authority: str = ""  #: where people may complain
    region: str = ""  #: where the operator's own machines stand
    residency: str = ""  #: "EU" where everything is promised to stay there
    recipients: tuple[Recipient, ...] = ()
    accounting_country: str = ""
    minimum_age: int = MINIMUM_AGE
    offered: frozenset[Purpose] = frozenset()
    periods: Periods = field(default_factory=Periods)
    terms: Terms = field(default_factory=Terms)

    @property
    def regions(self) -> tuple[str, ...]:
        """Every country that data go to, sorted."""
        return tuple(sorted({region for region in (self.region, *(one.region for one in self.recipients)) if region}))

    @property
    def in_the_eu(self) -> bool:
        """Promised, and borne out by every region that is named."""
        return self.residency == "EU" and bool(self.regions) and set(self.regions) <= EU

    @property
    def abroad(self) -> tuple[Recipient, ...]:
        return tuple(one for one in self.recipients if one.abroad)

    @property
    def books_years(self) -> int | None:
        law = LAWS.get(self.accounting_country)
        return law.years if law else None

    def recipients_of(self, category: Category) -> Iterator[Recipient]:
        return (one for one in self.recipients if category in one.receives)

    def days(self, until: Until) -> int:
        """How long something is kept at most after what `until` names, in whole days."""
        return self.periods.of(until) // DAY


TRIAL: Final = Facts()
