"""The keys of a deployment and what it signs pictures with: set, or made by a trial on first start and kept with its data."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

from bots.settings import PREFIX, BadSettings, Settings

KEY_BYTES = 32


@dataclass(frozen=True)
class Secrets:
    """`made` names the files that were just created, so that whoever starts the program can be told."""

    master: bytes = field(repr=False)
    lookup: bytes = field(repr=False)
    credentials: str = field(repr=False)
    made: tuple[Path, ...]


def load_secrets(settings: Settings, make_credentials: Callable[[], str]) -> Secrets:
    """Raises BadSettings naming the key that cannot be used, never its value."""
    made: list[Path] = []
    master = _load(settings, "master_key", made)
    lookup = _load(settings, "lookup_key", made)
    credentials = settings.credentials_file or _kept(settings, "credentials.pem", make_credentials, made)
    return Secrets(master, lookup, _read(credentials, f"{PREFIX}CREDENTIALS_FILE"), tuple(made))


def load_text(settings: Settings, name: str) -> str:
    """A secret that somebody else made, from its setting or its file; empty when neither is set. Raises BadSettings."""
    setting, file = _set(settings, name)
    if file is not None:
        return _read(file, f"{PREFIX}{name.upper()}_FILE").strip()
    return setting.get_secret_value().strip() if setting is not None else ""


def _load(settings: Settings, name: str, made: list[Path]) -> bytes:
    setting, file = _set(settings, name)
    if setting is not None:
        return _decode(setting.get_secret_value(), f"{PREFIX}{name.upper()}")
    if file is not None:
        return _decode(_read(file, f"{PREFIX}{name.upper()}_FILE"), f"{PREFIX}{name.upper()}_FILE")
    kept = _kept(settings, name, lambda: secrets.token_hex(KEY_BYTES) + "\n", made)
    return _decode(_read(kept, str(kept)), str(kept))


def _set(settings: Settings, name: str) -> tuple[SecretStr | None, Path | None]:
    """What is given of a secret. Raises BadSettings when it is given twice."""
    setting, file = getattr(settings, name), getattr(settings, f"{name}_file")
    if setting is not None and file is not None:
        raise BadSettings(f"{PREFIX}{name.upper()} and {PREFIX}{name.upper()}_FILE are both set: keep one of them.")
    return setting, file


def _kept(settings: Settings, name: str, new: Callable[[], str], made: list[Path]) -> Path:
    kept = settings.data / "secrets" / name
    if _make(kept, new):
        made.append(kept)
    return kept


def _make(path: Path, new: Callable[[], str]) -> bool:
    """A new key that only its owner may read; False when there is one. Two first starts at once agree on one key."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    for draft in path.parent.glob(
        f"{path.name}.*"
    ):  # of a start that was killed: the same secret once more, or half of one
        draft.unlink(missing_ok=True)
    if path.exists():
        return False
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(new())
        file.flush()
        os.fsync(descriptor)
    try:
        os.link(draft, path)
    except FileExistsError:
        return False
    except FileNotFoundError:  # another first start took our draft for a dead one's
        return _make(path, new)
    finally:
        draft.unlink(missing_ok=True)
    _sync(path.parent)
    return True


def _sync(folder: Path) -> None:
    """A power cut must not take the key's name with it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path, named: str) -> str:
    try:
        return path.read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(f"{named}: the file cannot be read ({type(error).__name__}).") from None


def _decode(text: str, named: str) -> bytes:
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise BadSettings(
            f"{named} must be {2 * KEY_BYTES} hexadecimal digits; `openssl rand -hex {KEY_BYTES}` makes some."
        )
    return key
