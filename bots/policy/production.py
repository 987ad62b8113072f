"""What production asks of a deployment and a trial may do without: each complaint names the line and says what to write.

Reads the facts and the settings together, and opens nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import parse_qs, urlsplit

from bots.policy.file import PolicyFile, read_policy
from bots.secrets import CREDENTIALS, load_text, whereabouts
from bots.settings import PREFIX, BadSettings, Settings
from core.policy.facts import EU
from core.ports import Model

AMAZON: Final = "amazonaws.com"  #: whose buckets are at no endpoint of one's own
ENCRYPTED: Final = ("require", "verify-ca", "verify-full")  #: values of sslmode at PostgreSQL


@dataclass(frozen=True)
class Endpoint:
    """Somewhere else that the settings name. `sealed`: whoever listens in between learns nothing."""

    setting: str
    host: str
    sealed: bool
    instead: str  #: what to write for the other kind


class Complaint(NamedTuple):
    """What production refuses: the key or the setting it is about, and a sentence that says what to write."""

    about: str
    sentence: str


def require(settings: Settings, models: tuple[Model, ...]) -> None:
    """Raises BadSettings with everything that production refuses; in a trial only for what contradicts itself."""
    file = read_policy(settings.policy)
    found = list(refusals(file, settings, models) if file.facts.production else _residency(file, settings))
    if found:
        first = (
            "production = true, and this speaks against it:" if file.facts.production else "This contradicts itself:"
        )
        raise BadSettings("\n".join((first, *(complaint.sentence for complaint in found))))


def refusals(file: PolicyFile, settings: Settings, models: tuple[Model, ...]) -> Iterator[Complaint]:
    """What production would refuse."""
    yield from _missing(file)
    yield from _recipients(file)
    yield from _endpoints(file, settings)
    yield from _residency(file, settings)
    yield from _keys(settings)
    yield from _licences(file, models)


def endpoints(settings: Settings) -> list[Endpoint]:
    """Every machine of somebody's that data go to, this one left out."""
    found = [_database("DATABASE_URL", settings.database_url), _database("KEYS_URL", settings.keys_url)]
    if settings.blobs_url:
        bucket = urlsplit(settings.blobs_endpoint or f"https://{AMAZON}")
        found.append(Endpoint("BLOBS_ENDPOINT", bucket.hostname or "", bucket.scheme == "https", "https://"))
    redis = urlsplit(load_text(settings, "redis_url"))
    found.append(Endpoint("REDIS_URL", redis.hostname or "", redis.scheme == "rediss", "rediss://"))
    mail = urlsplit(load_text(settings, "smtp_url"))
    found.append(Endpoint("SMTP_URL", mail.hostname or "", True, ""))  # bots/mailing.py insists on TLS either way
    for name, url, token in (
        ("TELEGRAM_API", settings.telegram_api, settings.telegram_token or settings.telegram_token_file),
        ("DISCORD_API", settings.discord_api, settings.discord_token or settings.discord_token_file),
    ):
        platform = urlsplit(url)
        if token and platform.scheme == "http":
            found.append(Endpoint(name, platform.hostname or "", False, "https://"))
    return [endpoint for endpoint in found if endpoint.host and not _is_here(endpoint.host)]


def _database(setting: str, url: str) -> Endpoint:
    parts = urlsplit(url)
    asked = parse_qs(parts.query)
    host = parts.hostname or next(iter(asked.get("host", [])), "")
    instead = "?sslmode=verify-full at its end"
    return Endpoint(setting, host, next(iter(asked.get("sslmode", [])), "") in ENCRYPTED, instead)


def _missing(file: PolicyFile) -> Iterator[Complaint]:
    facts, complain = file.facts, _About(file)
    if facts.controller is None:
        yield complain("controller")("nobody answers for this bot. Write a table with name and address.")
    if not facts.privacy_contact:
        yield complain("privacy_contact")("people without an account can reach nobody. Write an address.")
    if not facts.region:
        yield complain("region")("where your machines stand is not said. Write a country, as in DE.")
    if not facts.authority:
        yield complain("authority")("people may complain, and to whom is not said. Write the name of the authority.")
    if not facts.accounting_country:
        yield complain("accounting", "country")("how long the books are kept is not said. Write a country, as in DE.")
    if not facts.terms.law:
        yield complain("terms", "law")("which law the terms follow is not said. Write it, as in: the law of Germany.")


def _recipients(file: PolicyFile) -> Iterator[Complaint]:
    complain = _About(file)
    for number, one in enumerate(file.facts.recipients):
        if not one.contract or not one.contract_date:
            missing = "contract" if not one.contract else "contract_date"
            yield complain("recipients", number, missing)(
                f"{one.name} is bound by nothing that is named here. Write the reference of the contract, and its date."
            )
        if one.abroad and one.transfer is None:
            yield complain("recipients", number, "transfer")(
                f"{one.name} is outside the European Economic Area. Write what lets data go there: adequacy, dpf or scc."
            )


def _endpoints(file: PolicyFile, settings: Settings) -> Iterator[Complaint]:
    declared = {host for one in file.facts.recipients for host in one.hosts}
    for endpoint in endpoints(settings):
        name = PREFIX + endpoint.setting
        if not any(endpoint.host == host or endpoint.host.endswith(f".{host}") for host in declared):
            yield Complaint(
                name,
                f"{name} leads to {endpoint.host}, and no recipient in policy.toml has it among its hosts. Add one, or add "
                "the host to the one it belongs to.",
            )
        if not endpoint.sealed:
            yield Complaint(
                name,
                f"{name} leads to another machine in clear. Write {endpoint.instead}, so that nobody in between can read "
                "along.",
            )


def _residency(file: PolicyFile, settings: Settings) -> Iterator[Complaint]:
    region = settings.blobs_region
    if file.facts.residency == "EU" and settings.blobs_url and _is_outside(region):
        yield Complaint(
            "DARKROOM_BLOBS_REGION",
            f"DARKROOM_BLOBS_REGION is {region}, and {file.at('residency')} promises that everything stays in the European "
            "Union. Take a bucket inside it, or leave residency out.",
        )


def _keys(settings: Settings) -> Iterator[Complaint]:
    shared = ("wire_key",) if load_text(settings, "redis_url") else ()
    for name in ("master_key", "lookup_key", CREDENTIALS, *shared):
        place = whereabouts(settings, name)
        if not place.startswith(PREFIX) and _is_within(Path(place), settings.data):
            setting = f"{PREFIX}{name.partition('.')[0].upper()}_FILE"
            yield Complaint(
                setting,
                f"{setting}: that key lies in the data folder, beside what it protects. `darkroom secrets FOLDER` makes "
                "keys elsewhere; then name the file.",
            )
    store = urlsplit(settings.keys_url)
    if not settings.keys_url or (store.scheme == "sqlite" and _is_within(Path(store.path[1:]), settings.data)):
        yield Complaint(
            "DARKROOM_KEYS_URL",
            "DARKROOM_KEYS_URL: people's keys lie in the data folder, beside what they open. Write a place outside it, as "
            "sqlite:////folder/keys.db.",
        )
    if settings.keys_url and settings.keys_url == settings.database_url:
        yield Complaint("DARKROOM_KEYS_URL", "DARKROOM_KEYS_URL is the database that the keys open. Write another one.")


def _licences(file: PolicyFile, models: tuple[Model, ...]) -> Iterator[Complaint]:
    terms, complain = file.facts.terms, _About(file)
    for model in models:
        if not terms.commercial or model.name in terms.licensed_models:
            continue
        if model.commercial_use == "no" or model.commercial_use.startswith("only"):
            yield complain("terms", "commercial")(
                f"you earn with this bot, and the licence of {model.name} ({model.licence}) forbids that. Take it out of "
                "DARKROOM_MODEL and DARKROOM_MODELS, or name it in licensed_models."
            )


class _About:
    """Begins a complaint with where its key stands, or would have to be written."""

    def __init__(self, file: PolicyFile) -> None:
        self._file = file

    def __call__(self, *steps: str | int) -> Callable[[str], Complaint]:
        about = ".".join(step for step in steps if isinstance(step, str))
        return lambda sentence: Complaint(about, f"{self._file.at(*steps)}: {sentence}")


def _is_outside(region: str) -> bool:
    """Whether the name of a bucket's region says that it is outside the Union; `eu-west-2` is London, `eu-central-2` Zurich."""
    return (
        bool(region) and (not region.startswith("eu-") or region in ("eu-west-2", "eu-central-2")) and region not in EU
    )


def _is_within(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def _is_here(host: str) -> bool:
    if host == "localhost" or host.startswith("/"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
