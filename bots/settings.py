"""Every setting once: its type, its default, its help. Read only by the wiring; unknown and malformed ones are refused."""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "DARKROOM_"


class BadSettings(Exception):
    """A setting nobody can work with; the message names it and says what to write instead."""


class Settings(BaseSettings):
    """DARKROOM_* variables, or the same names in a file `.env` in the working folder; variables win."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=".env", extra="ignore")

    data: Annotated[Path, Field(description="Folder for everything that is kept.")] = Path("data")
    database_url: Annotated[
        str,
        Field(
            pattern=r"^(postgresql\+psycopg://.+)?$",
            description="PostgreSQL, as postgresql+psycopg://user@host/name; empty: SQLite in the data folder.",
        ),
    ] = ""
    keys_url: Annotated[
        str,
        Field(
            pattern=r"^((postgresql\+psycopg|sqlite)://.+)?$",
            description="Where people's keys are kept, a database of their own; empty: keys.db in the data folder.",
        ),
    ] = ""
    redis_url: Annotated[
        SecretStr | None,
        Field(
            description="Redis, as redis://user:password@host/0: several processes share one bot; empty: this one is alone."
        ),
    ] = None
    redis_url_file: Annotated[Path | None, Field(description="A file with the address of Redis instead.")] = None
    blobs_url: Annotated[
        str,
        Field(
            pattern=r"^(s3://\S+)?$", description="Where pictures lie, as s3://bucket/folder; empty: the data folder."
        ),
    ] = ""
    blobs_endpoint: Annotated[
        str,
        Field(pattern=r"^(https?://\S+)?$", description="The address of an S3-compatible store; empty: Amazon's."),
    ] = ""
    blobs_region: Annotated[str, Field(description="The region of the bucket, where its store has any.")] = ""
    blobs_key_id: Annotated[str, Field(description="The name of the key that opens the bucket.")] = ""
    blobs_secret: Annotated[SecretStr | None, Field(description="The secret of that key.")] = None
    blobs_secret_file: Annotated[Path | None, Field(description="A file with the secret of that key instead.")] = None
    tombstones: Annotated[
        str,
        Field(
            description="Who was erased, as keyed hashes: a file, or s3://bucket/folder, outside every backup; empty: a "
            "file in the data folder."
        ),
    ] = ""
    undo_window: Annotated[
        str,
        Field(
            pattern=r"^\d{1,6}(s|m|h|d)$",
            description="How long /deleteme can be undone, as 24h, 30m or 0s.",
        ),
    ] = "24h"
    wire_key: Annotated[
        SecretStr | None,
        Field(description="64 hex digits that seal what goes to workers over Redis; the same for all of them."),
    ] = None
    wire_key_file: Annotated[Path | None, Field(description="A file with the wire key instead.")] = None
    worker_name: Annotated[
        str,
        Field(
            pattern="^[A-Za-z0-9_.-]{0,60}$",
            description="What this worker is called beside others; empty: a name its data folder keeps.",
        ),
    ] = ""
    backup_recipient: Annotated[
        str, Field(description="The age public key that backups are sealed for, where the command names none.")
    ] = ""
    master_key: Annotated[
        SecretStr | None, Field(description="64 hex digits that wrap every person's key; a trial makes its own.")
    ] = None
    master_key_file: Annotated[Path | None, Field(description="A file with the master key instead.")] = None
    lookup_key: Annotated[
        SecretStr | None,
        Field(description="64 hex digits that hash platform ids; never change it. A trial makes its own."),
    ] = None
    lookup_key_file: Annotated[Path | None, Field(description="A file with the lookup key instead.")] = None
    credentials_file: Annotated[
        Path | None,
        Field(description="A PEM file that pictures are signed with: key, certificate, root. A trial makes its own."),
    ] = None
    telegram_token: Annotated[
        SecretStr | None,
        Field(description="The token of your Telegram bot, as @BotFather gives it; empty: no Telegram."),
    ] = None
    telegram_token_file: Annotated[Path | None, Field(description="A file with the Telegram token instead.")] = None
    telegram_api: Annotated[
        str,
        Field(pattern=r"^https?://\S+$", description="The root of a Bot API server; change it where you run your own."),
    ] = "https://api.telegram.org"
    telegram_webhook: Annotated[
        str,
        Field(
            pattern=r"^(https://\S+)?$",
            description="The public https address where Telegram pushes updates; empty: the bot asks for them.",
        ),
    ] = ""
    telegram_webhook_secret: Annotated[
        SecretStr | None, Field(description="1 to 256 of A-Z, a-z, 0-9, _ and -; what is pushed without it is refused.")
    ] = None
    telegram_webhook_secret_file: Annotated[
        Path | None, Field(description="A file with the webhook's secret instead.")
    ] = None
    discord_token: Annotated[
        SecretStr | None,
        Field(description="The token of your Discord bot, as the Developer Portal gives it; empty: no Discord."),
    ] = None
    discord_token_file: Annotated[Path | None, Field(description="A file with the Discord token instead.")] = None
    discord_api: Annotated[
        str,
        Field(
            pattern=r"^https?://\S+$", description="The root of Discord's REST API; change it for a proxy of your own."
        ),
    ] = "https://discord.com/api/v10"
    discord_gateway: Annotated[
        str,
        Field(
            pattern=r"^(wss?://\S+)?$", description="A gateway proxy, as ws://host:port; empty: Discord's own gateway."
        ),
    ] = ""
    smtp_url: Annotated[
        SecretStr | None,
        Field(
            description="E-mail, as smtps://user:password@host:465/?from=bot@example.org; empty: this bot sends no e-mail."
        ),
    ] = None
    smtp_url_file: Annotated[Path | None, Field(description="A file with the address for e-mail instead.")] = None
    policy: Annotated[
        Path | None,
        Field(description="policy.toml: who answers for this bot, who else gets data, what it offers; empty: a trial."),
    ] = None
    model: Annotated[str, Field(description="The model that draws, by its name in the catalogue.")] = "starter"
    models: Annotated[
        str, Field(description="Further models people may choose, by their names, with commas between them.")
    ] = ""
    models_file: Annotated[
        Path | None, Field(description="A catalogue of your own, which adds to the one that is shipped or changes it.")
    ] = None
    models_folder: Annotated[
        Path | None, Field(description="Where fetched weights lie; empty: models in the data folder.")
    ] = None
    loras_folder: Annotated[
        Path | None, Field(description="A folder with LoRAs people may use, as .safetensors files; empty: none.")
    ] = None
    styles_file: Annotated[
        Path | None, Field(description="Styles of your own, which add to those that are shipped or change them.")
    ] = None
    hub: Annotated[
        str, Field(pattern=r"^https?://\S+$", description="The hub that `darkroom models fetch` fetches from.")
    ] = "https://huggingface.co"
    hub_token: Annotated[
        SecretStr | None, Field(description="A token for models whose terms want accepting; empty: HF_TOKEN, or none.")
    ] = None
    hub_token_file: Annotated[Path | None, Field(description="A file with the hub's token instead.")] = None
    memory: Annotated[
        float,
        Field(ge=0, description="GB that loaded models may take; 0: what the device has, less some to work with."),
    ] = 0
    device: Annotated[
        str, Field(pattern="^(auto|cpu|cuda|mps)$", description="What draws: auto, cpu, cuda or mps.")
    ] = "auto"
    open_jobs: Annotated[
        int, Field(ge=0, description="How many requests one person may have open at once; 0: any number.")
    ] = 3
    open_jobs_per_server: Annotated[
        int, Field(ge=0, description="How many requests one server or group may have open at once; 0: any number.")
    ] = 0
    welcome_credits: Annotated[int, Field(ge=0, description="Credits a new person starts with.")] = 20
    requests_per_minute: Annotated[
        int, Field(ge=0, description="How many requests a minute one person may make; 0: any number.")
    ] = 10
    commands_per_minute: Annotated[
        int, Field(ge=0, description="How many commands a minute one person may send; 0: any number.")
    ] = 60
    page: Annotated[bool, Field(description="Whether `darkroom up` serves the page too, on this computer only.")] = (
        False
    )
    host: Annotated[
        str,
        Field(
            description="Where health, figures, webhooks and the page are served; with the page on, an address of this "
            "computer only (loopback)."
        ),
    ] = "127.0.0.1"
    port: Annotated[
        int, Field(ge=0, le=65_535, description="The port they are served on; 0 takes a free one and prints it.")
    ] = 8080
    public_url: Annotated[
        str,
        Field(
            pattern=r"^(https://\S+|http://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?/?)?$",
            description="The https address under which browsers reach this web server, for exports too large for a chat; "
            "empty: none.",
        ),
    ] = ""
    flat_delay: Annotated[
        float, Field(ge=0, description="Seconds a picture takes with the model `flat`, which is for load tests.")
    ] = 0.05
    log_level: Annotated[
        str, Field(pattern="^(debug|info|warning|error)$", description="debug, info, warning or error.")
    ] = "warning"


def load_settings(env_file: Path = Path(".env")) -> Settings:
    """Raises BadSettings for an unknown or malformed setting. Never repeats a value: it may be a secret."""
    known = [name.upper() for name in Settings.model_fields]
    for name in sorted(_names(env_file)):
        if (bare := name.removeprefix(PREFIX)) not in known:
            close = difflib.get_close_matches(bare, known, 1)
            hint = f"did you mean {PREFIX}{close[0]}?" if close else "README.md lists every setting."
            raise BadSettings(f"{name} is not a setting of Darkroom: {hint}")
    try:
        return Settings(_env_file=env_file)  # type: ignore[call-arg]
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = str(first["loc"][0])
        help_ = Settings.model_fields[field].description
        raise BadSettings(f"{PREFIX}{field.upper()} cannot be used ({first['msg'].lower()}). {help_}") from None


def _names(env_file: Path) -> set[str]:
    lines = env_file.read_text().splitlines() if env_file.is_file() else []
    written = {line.split("=", 1)[0].removeprefix("export ").strip() for line in lines if "=" in line}
    return {name for name in {*os.environ, *written} if name.startswith(PREFIX)}
