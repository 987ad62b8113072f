"""What a machine can give to models, and whether one fits: looked at before anything is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from inference.entries import GB, Entry
from inference.fetched import TooLittleMemory, Unusable, numbers
from inference.stock import Stock

HEADROOM: Final = 1.5 * GB  #: left to everything else on a device; of a small one a fifth
NUMBER: Final = {
    "cpu": 4,
    "cuda": 2,
    "mps": 2,
}  #: bytes of one number: processors draw in float32, the others in bfloat16
_CGROUP: Final = Path("/sys/fs/cgroup")
DECLARED: Final = 2  #: bytes of one number in what the catalogue says of a model's memory


@dataclass(frozen=True)
class Machine:
    """`room` is what models may take of the device, `ram` what the computer has free."""

    device: str
    room: int
    ram: int

    @property
    def dtype(self) -> str:
        """What torch calls the numbers it draws with."""
        return "float32" if self.device == "cpu" else "bfloat16"


@dataclass(frozen=True)
class Place:
    """How a model lies in memory: `whole` on the device, or part by part while each is at work."""

    whole: bool
    size: int


def survey(stock: Stock) -> Machine:
    """Raises Unusable when there is no such device."""
    device, ram = _device(stock.device), _ram()
    has = ram if device == "cpu" else _on(device)
    return Machine(device, int(stock.memory * GB) or int(has - min(HEADROOM, has / 5)), ram)


def place(entry: Entry, folder: Path, machine: Machine) -> Place:
    """Where a model's weights go. Raises TooLittleMemory."""
    need = entry.bytes * NUMBER[machine.device] // DECLARED
    if need <= machine.room:
        return Place(whole=True, size=need)
    counted = [count * NUMBER[machine.device] for count in numbers(folder).values()]
    if machine.device != "cpu" and counted and sum(counted) <= machine.ram:
        working = max(0, need - sum(counted))
        if max(counted) + working <= machine.room:
            return Place(whole=False, size=max(counted) + working)
    raise TooLittleMemory(
        f"{entry.name} needs {need / GB:.1f} GB of memory on {machine.device}, and models may take {machine.room / GB:.1f}: "
        "choose a smaller model, or give more with DARKROOM_MEMORY or another DARKROOM_DEVICE."
    )


def free() -> None:
    """Give back to the device what nothing holds any more."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    elif torch.backends.mps.is_available():
        torch.mps.empty_cache()


def _ram() -> int:
    """What is free, of the computer or of the container we are in."""
    free = int(psutil.virtual_memory().available)
    try:
        most, used = ((_CGROUP / name).read_text() for name in ("memory.max", "memory.current"))
        return min(free, int(most) - int(used))
    except (OSError, ValueError):  # in none, or in one without a limit
        return free


def _device(wanted: str) -> str:
    if wanted == "cpu":
        return wanted
    import torch

    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if wanted == "auto":
        return next((name for name, is_there in there.items() if is_there), "cpu")
    if not there.get(wanted, False):
        raise Unusable(f"DARKROOM_DEVICE is {wanted}, and torch finds no such device here.")
    return wanted


def _on(device: str) -> int:
    import torch

    return int(torch.cuda.mem_get_info()[0] if device == "cuda" else torch.mps.recommended_max_memory())
