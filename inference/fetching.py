"""Fetching a model's weights from a hub: safetensors and their settings only, of one commit, each file verified.

What was cut off goes on where it stopped. The hub's own downloader starts over in a new process, so its parts are used
instead: what a commit holds, the request for a file with the right headers, and its errors.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

os.environ.update(HF_HUB_DISABLE_XET="1", HF_HUB_DISABLE_TELEMETRY="1")  # one way to fetch, which can go on half-way

from inference.entries import GB, Entry
from inference.fetched import INDEX, PARTS, File, Lock, NotInIndex, read_index, read_lock, sha256
from inference.safetensors_files import NotSafetensors, read_header

_WEIGHTS: Final = re.compile(r"(diffusion_pytorch_model|model)(-\d{5}-of-\d{5})?\.safetensors")
_SETTINGS: Final = re.compile(
    r"[A-Za-z0-9_-]+\.(json|txt|model|jinja)|(diffusion_pytorch_model|model)\.safetensors\.index\.json"
)
_ANY_WEIGHTS: Final = re.compile(r".*\.(safetensors|bin|ckpt|pt|pth|msgpack|onnx|h5)")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")


class Unfetchable(Exception):
    """A model that cannot be fetched; the message is one sentence for the operator."""


@dataclass(frozen=True)
class Remote:
    """A file of the commit. `sha256` is known for large files, `git` (the hash git gives it) for all."""

    name: str
    size: int
    sha256: str
    git: str


@dataclass(frozen=True)
class Hub:
    address: str
    token: str | None = None


Tell = Callable[[str, int, int], None]  #: file, bytes of it that came, bytes it has


def fetch(entry: Entry, folder: Path, hub: Hub, revision: str = "", tell: Tell = lambda *_: None) -> Lock:
    """Fetch everything a model needs into its folder, and record it. Raises Unfetchable."""
    if entry.folder is not None:
        raise Unfetchable(f"{entry.name} lies in {entry.folder}: there is nothing to fetch.")
    if entry.revision and revision not in ("", entry.revision):
        raise Unfetchable(
            f"{entry.name}: the catalogue pins revision {entry.revision}, so {revision} is not fetched: "
            "write it into your DARKROOM_MODELS_FILE first."
        )
    with _explained(entry, hub, revision):
        commit, offered = _look(entry, hub, _wanted(entry, folder, revision))
        folder.mkdir(parents=True, exist_ok=True)
        index = _get(entry, hub, commit, _one(entry, offered, INDEX), folder, tell)
        wanted = _choose(entry, offered, (folder / INDEX).read_text("utf-8"))
        _see_room(entry, folder, wanted)
        (folder / "darkroom.lock.json").unlink(missing_ok=True)  # until all of it is of this commit
        files = {INDEX: index, **{file.name: _get(entry, hub, commit, file, folder, tell) for file in wanted}}
    _clear(folder, files)
    lock = Lock(entry.repo, commit, files)
    lock.write(folder)
    return lock


def _wanted(entry: Entry, folder: Path, revision: str) -> str:
    """The commit that is pinned, asked for, or was recorded by an earlier fetch; else what is newest."""
    if entry.revision or revision:
        return entry.revision or revision
    lock = read_lock(folder)
    return lock.revision if lock is not None and lock.repo == entry.repo else "main"


def _look(entry: Entry, hub: Hub, revision: str) -> tuple[str, dict[str, Remote]]:
    """The commit behind a revision, and its files."""
    from huggingface_hub import HfApi

    info = HfApi(endpoint=hub.address, token=hub.token).model_info(entry.repo, revision=revision, files_metadata=True)
    commit = str(info.sha)
    if not _COMMIT.fullmatch(commit) or (_COMMIT.fullmatch(revision) and commit != revision):
        raise Unfetchable(f"{entry.name}: {hub.address} answers with revision {commit} instead of {revision}.")
    files = {}
    for sibling in info.siblings or ():
        digest = sibling.lfs.sha256 if sibling.lfs is not None else ""
        files[sibling.rfilename] = Remote(sibling.rfilename, sibling.size or 0, digest or "", sibling.blob_id or "")
    return commit, files


def _one(entry: Entry, offered: dict[str, Remote], name: str) -> Remote:
    if name not in offered:
        raise Unfetchable(f"{entry.name}: {entry.repo} has no {name}, so it is no pipeline that can be drawn with.")
    return offered[name]


def _choose(entry: Entry, offered: dict[str, Remote], index: str) -> list[Remote]:
    """The files of the parts that are loaded: weights in full precision as safetensors, settings, vocabularies."""
    try:
        parts = read_index(entry.kind, index)
    except NotInIndex as error:
        raise Unfetchable(f"{entry.name}: {entry.repo} is not fetched: {error}.") from None
    chosen = []
    for part in parts:
        names = [name.removeprefix(f"{part}/") for name in offered if name.startswith(f"{part}/")]
        weights = [name for name in names if _WEIGHTS.fullmatch(name)]
        if not weights and (others := sorted(name for name in names if _ANY_WEIGHTS.fullmatch(name))):
            raise Unfetchable(
                f"{entry.name}: {entry.repo} has {part} only as {others[0]}, and only safetensors are loaded: "
                "anything else may run code."
            )
        kept = [*weights, *(name for name in names if _SETTINGS.fullmatch(name))]
        chosen += [offered[f"{part}/{name}"] for name in sorted(kept)]
    return chosen


def _see_room(entry: Entry, folder: Path, wanted: list[Remote]) -> None:
    there = sum(_length(folder / file.name) or _length(_part(folder, file)) for file in wanted)
    missing, free = sum(file.size for file in wanted) - there, shutil.disk_usage(folder).free
    if missing > free:
        raise Unfetchable(
            f"{entry.name}: {missing / GB:.1f} GB are to come and {folder} has room for {free / GB:.1f}: make room, "
            "or set DARKROOM_MODELS_FOLDER."
        )


def _get(entry: Entry, hub: Hub, commit: str, file: Remote, folder: Path, tell: Tell) -> File:
    """The verified file, fetched unless it is there."""
    place = folder / file.name
    if not (place.is_file() and _is(place, file)):
        part = _part(folder, file)
        part.parent.mkdir(parents=True, exist_ok=True)
        _download(entry, hub, commit, file, part, tell)
        if not _is(part, file):
            part.unlink()
            raise Unfetchable(f"{entry.name}: {file.name} came damaged and was thrown away: fetch it again.")
        place.parent.mkdir(parents=True, exist_ok=True)
        part.replace(place)
    tell(file.name, file.size, file.size)
    if place.suffix == ".safetensors":
        try:
            read_header(place)
        except NotSafetensors as error:
            place.unlink()
            raise Unfetchable(f"{entry.name}: {entry.repo} is not fetched: {error}.") from None
    return File(_length(place), sha256(place), place.stat().st_mtime_ns)


def _download(entry: Entry, hub: Hub, commit: str, file: Remote, part: Path, tell: Tell) -> None:
    from huggingface_hub import hf_hub_url
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import build_hf_headers, disable_progress_bars

    disable_progress_bars()
    if _length(part) > file.size:
        part.unlink()
    had = _length(part)
    if had == file.size and part.exists():
        return
    with _Told(part, lambda length: tell(file.name, length, file.size)) as opened:
        http_get(
            hf_hub_url(entry.repo, file.name, revision=commit, endpoint=hub.address),
            opened,
            resume_size=had,
            headers=build_hf_headers(token=hub.token, library_name="darkroom"),
            expected_size=file.size,
        )


class _Told(io.FileIO):
    """A file that is appended to, and tells how long it is."""

    def __init__(self, path: Path, tell: Callable[[int], None]) -> None:
        super().__init__(path, "ab")
        self._tell = tell

    def write(self, data: Any, /) -> int:
        written = super().write(data)
        assert written == len(data), "a regular file takes all there is"
        self._tell(self.tell())
        return written


def _is(place: Path, file: Remote) -> bool:
    """Whether a file has the content that the commit names."""
    if _length(place) != file.size:
        return False
    if file.sha256:
        return sha256(place) == file.sha256
    blob = hashlib.sha1(b"blob %d\0" % file.size, usedforsecurity=False)
    blob.update(place.read_bytes())
    return not file.git or blob.hexdigest() == file.git


def _part(folder: Path, file: Remote) -> Path:
    """Named by its content, so that no part of one file is taken for the start of another."""
    return folder / PARTS / f"{(file.sha256 or file.git or file.name).replace('/', '-')}.part"


def _clear(folder: Path, files: dict[str, File]) -> None:
    """Take away what an earlier commit left, so that nothing is loaded that this one does not have."""
    shutil.rmtree(folder / PARTS, ignore_errors=True)
    for old in folder.rglob("*"):
        if old.is_file() and old.relative_to(folder).as_posix() not in files:
            old.unlink()


def _length(place: Path) -> int:
    return place.stat().st_size if place.is_file() else 0


@contextmanager
def _explained(entry: Entry, hub: Hub, revision: str) -> Iterator[None]:
    """Turn what a hub answers into a sentence."""
    from huggingface_hub import errors  # its HTTPError is that of the client it is built on

    page = f"{hub.address}/{entry.repo}"
    try:
        yield
    except errors.GatedRepoError:
        need = "your token may not" if hub.token else "set DARKROOM_HUB_TOKEN to a token of an account that may"
        raise Unfetchable(
            f"{entry.name} is gated: accept its terms on {page}; {need} read it{' yet' if hub.token else ''}."
        ) from None
    except errors.RevisionNotFoundError:
        raise Unfetchable(f"{entry.name}: {page} has no revision {revision or entry.revision or 'main'}.") from None
    except errors.RepositoryNotFoundError:
        raise Unfetchable(f"{entry.name}: there is no {page}, or it wants a token that may read it.") from None
    except errors.EntryNotFoundError:
        raise Unfetchable(f"{entry.name}: {page} lists a file that it does not have.") from None
    except (errors.HTTPError, OSError) as error:
        raise Unfetchable(
            f"{entry.name}: {_trouble(error, hub)}. What came is kept: fetch it again to go on."
        ) from None


def _trouble(error: Exception, hub: Hub) -> str:
    if (response := getattr(error, "response", None)) is not None:
        return f"{hub.address} answers with status {response.status_code}"
    if strerror := getattr(error, "strerror", None):
        return f"{strerror}"
    return f"{hub.address} cannot be reached ({type(error).__name__})"
