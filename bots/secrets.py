"""The keys of a deployment and what it signs pictures with: set, or made by a trial on first start and kept with its data.

Processes that share stores must be given the same ones: none is made for them.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

from bots.settings import PREFIX, BadSettings, Settings
from storage.whole_files import sync

KEY_BYTES = 32
CREDENTIALS = "credentials.pem"


@dataclass(frozen=True)
class Secrets:
    """`made` names the files that were just created, so that whoever starts the program can be told.

    `wire` seals what travels to workers on other machines, and is empty where there are none.
    """

    master: bytes = field(repr=False)
    lookup: bytes = field(repr=False)
    wire: bytes = field(repr=False)
    credentials: str = field(repr=False)
    made: tuple[Path, ...]


def load_secrets(settings: Settings, make_credentials: Callable[[], str], *, shared: bool = False) -> Secrets:
    """Raises BadSettings naming the key that cannot be used, never its value; also for one that is missing and `shared`."""
    made: list[Path] | None = None if shared else []
    master = _load(settings, "master_key", made)
    lookup = _load(settings, "lookup_key", made)
    wire = _load(settings, "wire_key", made) if shared else b""
    credentials = settings.credentials_file or _kept(settings, CREDENTIALS, make_credentials, made)
    return Secrets(master, lookup, wire, _read(credentials, f"{PREFIX}CREDENTIALS_FILE"), tuple(made or ()))


def load_wire_key(settings: Settings) -> bytes:
    """Raises BadSettings where there is none."""
    return _load(settings, "wire_key", None)


def make_all(folder: Path, make_credentials: Callable[[], str]) -> list[Path]:
    """A file for each secret that processes share; those that are there stay. Returns what was made."""
    new = {**dict.fromkeys(("master_key", "lookup_key", "wire_key"), _new_key), CREDENTIALS: make_credentials}
    return [folder / name for name, make in new.items() if _make(folder / name, make)]


def load_text(settings: Settings, name: str) -> str:
    """A secret that somebody else made, from its setting or its file; empty when neither is set. Raises BadSettings."""
    setting, file = _set(settings, name)
    if file is not None:
        return _read(file, f"{PREFIX}{name.upper()}_FILE").strip()
    return setting.get_secret_value().strip() if setting is not None else ""


def kept_key(settings: Settings, name: str) -> bytes | None:
    """A key as it is set or kept here, None when there is none: nothing is made. Raises BadSettings."""
    if _set(settings, name) == (None, None) and not _place(settings, name).exists():
        return None
    return _load(settings, name, [])


def whereabouts(settings: Settings, name: str) -> str:
    """Where a secret is, for whoever has to keep a copy of it."""
    setting, file = (None, settings.credentials_file) if name == CREDENTIALS else _set(settings, name)
    return f"{PREFIX}{name.upper()}" if setting is not None else str(file or _place(settings, name))


def kept_name(path: Path) -> str:
    """A random name that is made once and kept."""
    _make(path, lambda: secrets.token_hex(4))
    return _read(path, str(path))


def _load(settings: Settings, name: str, made: list[Path] | None) -> bytes:
    setting, file = _set(settings, name)
    if setting is not None:
        return _decode(setting.get_secret_value(), f"{PREFIX}{name.upper()}")
    if file is not None:
        return _decode(_read(file, f"{PREFIX}{name.upper()}_FILE"), f"{PREFIX}{name.upper()}_FILE")
    kept = _kept(settings, name, _new_key, made)
    return _decode(_read(kept, str(kept)), str(kept))


def _set(settings: Settings, name: str) -> tuple[SecretStr | None, Path | None]:
    """What is given of a secret. Raises BadSettings when it is given twice."""
    setting, file = getattr(settings, name), getattr(settings, f"{name}_file")
    if setting is not None and file is not None:
        raise BadSettings(f"{PREFIX}{name.upper()} and {PREFIX}{name.upper()}_FILE are both set: keep one of them.")
    return setting, file


def _new_key() -> str:
    return secrets.token_hex(KEY_BYTES) + "\n"


def _kept(settings: Settings, name: str, new: Callable[[], str], made: list[Path] | None) -> Path:
    """Where a secret lies that was given by nobody. One that may not be made must be there."""
    kept = _place(settings, name)
    if made is None:
        if not kept.exists():
            setting = PREFIX + name.partition(".")[0].upper()
            raise BadSettings(
                f"{setting}_FILE is not set: processes that share stores need the same keys. "
                "`darkroom secrets FOLDER` makes them, once for all."
            )
    elif _make(kept, new):
        made.append(kept)
    return kept


def _place(settings: Settings, name: str) -> Path:
    return settings.data / "secrets" / name


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
    sync(path.parent)
    return True


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
