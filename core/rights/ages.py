"""From which age somebody may consent for themselves (GDPR 8), country by country, as data with a date and a source.

The bot does not know where anybody lives, so the highest age holds for everybody; the table only tells people which one
their country's law names. Only "at least so old, when, under which version" is kept of anybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from core import accounts
from core.ports import App
from core.records import Records
from core.values import PersonId, Who
from core.values.statements import AgeStated

#: The highest that article 8 allows: where no country is known, or none of the table.
DEFAULT_AGE: Final = 16
LOOKED_UP: Final = "2026-11"  #: several countries discuss other ages: look again every year

_SURVEY: Final = "Commission staff document SWD(2020) 115, table of article 8, and its summary at blog.kuan0.com"
_TABLE: Final = "table of article 8 at twobirds.com"


@dataclass(frozen=True)
class AgeOfConsent:
    """`since`: the year the age holds from, where it was changed after May 2018."""

    age: int
    source: str
    since: int | None = None


AGES: Final[Mapping[str, AgeOfConsent]] = MappingProxyType(
    {
        "BE": AgeOfConsent(13, _TABLE),
        "EE": AgeOfConsent(13, _SURVEY),
        "FI": AgeOfConsent(13, _TABLE),
        "GB": AgeOfConsent(13, "Data Protection Act 2018, section 9"),
        "IS": AgeOfConsent(13, "Act 90/2018, article 10"),
        "LV": AgeOfConsent(13, _SURVEY),
        "MT": AgeOfConsent(13, _SURVEY),
        "NO": AgeOfConsent(13, "Personopplysningsloven, section 5"),
        "PT": AgeOfConsent(13, _SURVEY),
        "SE": AgeOfConsent(13, _TABLE),
        "AT": AgeOfConsent(14, _TABLE),
        "BG": AgeOfConsent(14, _SURVEY),
        "CY": AgeOfConsent(14, "Law 125(I)/2018, article 8, at cylaw.org"),
        "ES": AgeOfConsent(14, _TABLE),
        "IT": AgeOfConsent(14, _TABLE),
        "LT": AgeOfConsent(14, _SURVEY),
        "CZ": AgeOfConsent(15, _TABLE),
        "DK": AgeOfConsent(15, "Databeskyttelsesloven, section 6, as amended: 13 before", since=2024),
        "FR": AgeOfConsent(15, _TABLE),
        "GR": AgeOfConsent(15, _SURVEY),
        "DE": AgeOfConsent(16, _SURVEY),
        "HR": AgeOfConsent(16, _SURVEY),
        "HU": AgeOfConsent(16, _SURVEY),
        "IE": AgeOfConsent(16, _TABLE),
        "LI": AgeOfConsent(16, "Datenschutzgesetz 2018: none of its own, so article 8 itself"),
        "LU": AgeOfConsent(16, _SURVEY),
        "NL": AgeOfConsent(16, _TABLE),
        "PL": AgeOfConsent(16, _SURVEY),
        "RO": AgeOfConsent(16, _SURVEY),
        "SI": AgeOfConsent(15, "ZVOP-2, article 8; not read by us", since=2023),
        "SK": AgeOfConsent(16, _TABLE),
    }
)

#: Every country there is, by ISO 3166-1.
_CODES: Final = """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD
    CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF
    GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN
    KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA
    NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI
    SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI
    VN VU WF WS YE YT ZA ZM ZW
"""
ISO_3166: Final = frozenset(_CODES.split())


def age_in(country: str) -> int:
    """The age there; the default where the table has none."""
    found = AGES.get(country)
    return found.age if found else DEFAULT_AGE


async def stated(app: App, who: Who) -> list[AgeStated]:
    """What this person said about their age, oldest first. Raises Refused for who has no account."""
    person = await accounts.known(app, who)
    return await app.database.run(_stated, person.id)


def _stated(tx: Records, person: PersonId) -> list[AgeStated]:
    return tx.people.ages_stated(person)
