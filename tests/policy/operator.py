"""What an operator of the tests writes: a whole policy.toml, settings beside it, and other facts in a while."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bots.policy.file import read_policy
from bots.policy.production import refusals
from bots.settings import Settings
from bots.wiring import policy
from core.datamap import DataMap, Datum
from core.policy.document import Policy
from core.policy.facts import Facts
from core.ports import Model, Range
from core.rights import publishing
from tests.cast import Stage

WHOLE = """\
production = true
privacy_contact = "privacy@operator.example"
authority = "the authority of Hesse"
region = "DE"
offers = ["showcase"]

[controller]
name = "An Operator"
address = "1 Example Street, 60311 Frankfurt, Germany"

[accounting]
country = "DE"

[[recipients]]
name = "Example Hosting"
role = "hosting"
region = "DE"
receives = ["words", "pictures"]
contract = "agreement 1"
contract_date = 2026-10-01
hosts = ["hosting.example"]

[[recipients]]
name = "Example Objects"
role = "storage"
region = "US"
receives = ["pictures"]
contract = "agreement 2"
contract_date = 2026-10-01
transfer = "scc"
hosts = ["objects.example"]

[terms]
law = "the law of Germany"
"""


@dataclass
class Office:
    """A folder with a policy.toml, and settings that name it."""

    folder: Path

    def writes(self, text: str = WHOLE) -> Path:
        path = self.folder / "policy.toml"
        path.write_text(text, encoding="utf-8")
        return path

    def facts(self, text: str = WHOLE) -> Facts:
        return read_policy(self.writes(text)).facts

    def settings(self, **values: Any) -> Settings:
        """Fit for production, unless `values` say otherwise."""
        keys = self.folder / "keys"
        keys.mkdir(exist_ok=True)
        fit = {
            "data": self.folder / "data",
            "model": "flat",
            "master_key": "a" * 64,
            "lookup_key": "b" * 64,
            "credentials_file": keys / "credentials.pem",
            "keys_url": f"sqlite:///{keys}/keys.db",
        }
        return Settings(_env_file=None, **{**fit, **values})  # type: ignore[call-arg]

    def complaints(self, text: str = WHOLE, *models: Model, **values: Any) -> list[str]:
        file = read_policy(self.writes(text))
        return [one.sentence for one in refusals(file, self.settings(**values), models)]


def without(text: str, *lines: str) -> str:
    """The same text without these lines."""
    kept = text.splitlines(keepends=True)
    for line in lines:
        kept.remove(line + "\n")
    return "".join(kept)


def a_model(name: str, licence: str, commercial_use: str) -> Model:
    four = Range(1, 8, 4)
    return Model(name, {"square": (8, 8)}, four, four, 1_000, licence=licence, commercial_use=commercial_use)  # type: ignore[arg-type]


def changed(datamap: DataMap, cell: str, **attributes: Any) -> DataMap:
    """The same map with other attributes of one cell."""
    entries = []
    for entry in datamap.entries:
        if f"{entry.store} {entry.cell}" == cell:
            assert isinstance(entry.meaning, Datum)
            entry = replace(entry, meaning=replace(entry.meaning, **attributes))
        entries.append(entry)
    assert tuple(entries) != datamap.entries, f"nothing was changed at {cell}"
    return DataMap(tuple(entries))


def enacts(stage: Stage, made: Policy | Facts) -> Policy:
    """The bot is started again with another policy, over the same database."""
    made = policy(made) if isinstance(made, Facts) else made
    published = stage.database.transact(publishing.publish, made, stage.clock.now())
    object.__setattr__(stage.app, "policy", published)
    return published
