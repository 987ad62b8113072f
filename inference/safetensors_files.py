"""What can be told of a safetensors file without reading its numbers, and what is no such file. Knows no torch.

A pickle is a program that runs when it is loaded, so weights come as safetensors or not at all: by name, and by what the
file really holds.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

PICKLES: Final = frozenset(
    {".bin", ".ckpt", ".pt", ".pth", ".pkl", ".pickle", ".npy", ".npz", ".h5", ".msgpack", ".onnx", ".joblib"}
)
CODE: Final = frozenset({".py", ".pyc", ".so", ".sh"})
LONGEST_HEADER: Final = 100_000_000  #: as the format itself allows


class NotSafetensors(ValueError):
    """A file of weights that may not be loaded; the message says what it is instead."""


@dataclass(frozen=True)
class Header:
    """`shapes` by the names of the tensors; `metadata` as whoever wrote the file put it there."""

    metadata: dict[str, str]
    shapes: dict[str, tuple[int, ...]]

    @property
    def numbers(self) -> int:
        total = 0
        for shape in self.shapes.values():
            count = 1
            for side in shape:
                count *= side
            total += count
        return total


def read_header(file: Path) -> Header:
    """Raises NotSafetensors, and OSError."""
    if file.suffix.lower() in PICKLES:
        raise NotSafetensors(f"{file.name} is no safetensors file by its name, and may run code when it is loaded")
    with file.open("rb") as opened:
        start = opened.read(8)
        length = int.from_bytes(start, "little")
        header = opened.read(length) if len(start) == 8 and length <= LONGEST_HEADER else b""
    try:
        return _parse(json.loads(header))
    except (ValueError, TypeError, KeyError, AttributeError):
        if start[:2] == b"PK" or start[:1] == b"\x80":
            raise NotSafetensors(
                f"{file.name} is a pickle under another name, and would run code when it is loaded"
            ) from None
        raise NotSafetensors(f"{file.name} is no safetensors file, or only part of one") from None


def _parse(head: dict[str, Any]) -> Header:
    metadata = head.pop("__metadata__", {})
    return Header(
        {str(key): str(value) for key, value in metadata.items()},
        {name: tuple(int(side) for side in tensor["shape"]) for name, tensor in head.items()},
    )


def forbidden(folder: Path) -> str:
    """What in a folder of weights may not be loaded, as a clause; "" when there is nothing."""
    for file in sorted(folder.rglob("*")):
        if file.suffix.lower() in PICKLES:
            return f"it holds {file.relative_to(folder)}, a format that may run code when it is loaded"
        if file.suffix.lower() in CODE:
            return f"it holds {file.relative_to(folder)}, a program"
        try:
            if file.suffix.lower() == ".safetensors":
                read_header(file)
            if file.name.endswith(".safetensors.index.json"):
                _see_shards(file)
        except NotSafetensors as error:
            return str(error)
    return ""


def _see_shards(index: Path) -> None:
    """Raises NotSafetensors when an index of shards names anything but safetensors files beside it."""
    try:
        shards = {str(name) for name in json.loads(index.read_text("utf-8"))["weight_map"].values()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise NotSafetensors(f"{index.name} is no index of safetensors files") from None
    for name in sorted(shards):
        if Path(name).name != name or not name.endswith(".safetensors") or not (index.parent / name).is_file():
            raise NotSafetensors(f"{index.name} names {name}, which is no safetensors file beside it")
