"""How long the law of a country wants the books kept, with the law that says so. Knows no setting.

Laws change, and sources disagree: check the row of your country before relying on it. Nothing here is legal advice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Law:
    """`years` count from the end of the fiscal year."""

    country: str
    years: int
    source: str


#: By ISO 3166 code. Where one country knows several periods, that of vouchers and invoices counts.
LAWS: Final = {
    law.country: law
    for law in (
        Law("AT", 7, "Bundesabgabenordnung, section 132"),
        Law("BE", 7, "Code de droit économique III.86; ten years for some VAT documents"),
        Law("CH", 10, "Obligationenrecht, article 958f"),
        Law("DE", 8, "Abgabenordnung, section 147, as changed on 1 January 2025; ten years before"),
        Law("ES", 6, "Código de Comercio, article 30"),
        Law("FR", 10, "Code de commerce, article L123-22"),
        Law("GB", 6, "Companies Act 2006, section 388, and HMRC's rule for companies"),
        Law("IE", 6, "Companies Act 2014, section 285"),
        Law("IT", 10, "Codice civile, article 2220"),
        Law("LU", 10, "Code de commerce, article 16"),
        Law("NL", 7, "Algemene wet inzake rijksbelastingen, article 52"),
        Law("SE", 7, "Bokföringslagen, chapter 7, section 2"),
        Law("US", 7, "26 CFR 1.6001-1, in the longest of the usual cases"),
    )
}
