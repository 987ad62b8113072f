"""How near a graphics card comes to what it could do, with published models at their full size and random weights.

    python -m benchmarks.gpu [--models NAME ...] [--batches N ...] [--no-compile] [--seconds N] [--minutes N] [--json FILE]

One row for each model, way and batch, printed as it comes: those that matter most come first, and none is begun once the
minutes are up. The roof is the rate of a large matrix product in bfloat16, measured in the same run; the floor is the time
that a picture's own arithmetic takes at that rate. `--tiny` shows on any machine, in seconds, that the code runs.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from math import ceil
from pathlib import Path
from statistics import median
from time import monotonic, perf_counter
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.random_models import MODELS, Model, Size, asked, build

LEAST, MOST = 2, 50  #: runs of one row
CALLS = 3  #: of a denoiser before a row is timed: CUDA graphs are warmed up and recorded in the first two
STEPS = (3, 8)  #: the least and the most a picture takes where single steps are timed

HEADINGS = (
    "model",
    "px",
    "steps",
    "way",
    "batch",
    "s/picture",
    "pictures/s",
    "s/step",
    "TFLOP/picture",
    "floor, s",
    "of the roof",
    "peak GB",
    "first call, s",
)


@dataclass(frozen=True)
class Cell:
    """What a row measures."""

    model: str
    compiled: bool
    batch: int


@dataclass(frozen=True)
class Row:
    """Seconds are of one picture; `step` is of the whole batch. Of a row that failed there is only its trouble."""

    model: str
    side: int
    steps: int
    way: str
    batch: int
    seconds: float = 0.0
    step: float = 0.0
    tflop: float = 0.0
    floor: float = 0.0
    share: float = 0.0
    memory: float | None = None
    first: float = 0.0
    runs: int = 0
    trouble: str = ""


def main(arguments: Sequence[str] | None = None) -> int:
    options = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__.split("\n")[0])
    options.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS), metavar="NAME")
    options.add_argument("--batches", nargs="+", type=int, default=[1, 2, 4, 8], metavar="N")
    options.add_argument("--no-compile", action="store_true", help="only as the bot draws")
    options.add_argument("--seconds", type=float, default=4.0, help="for which each row is timed, at least")
    options.add_argument("--minutes", type=float, default=25.0, help="after which no row is begun")
    options.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    options.add_argument("--tiny", action="store_true", help="tiny models, on any machine")
    chosen = options.parse_args(arguments)
    if not chosen.tiny and not torch.cuda.is_available():
        print("torch finds no graphics card here; --tiny shows on any machine that this runs.", file=sys.stderr)
        return 2
    card = Card.found(tiny=chosen.tiny)
    cells = list(plan(chosen.models, chosen.batches, compiled=not chosen.no_compile))
    print(f"{card.name}, torch {torch.__version__}: {card.roof:.4g} TFLOP/s in matrix products\n")
    print(line(HEADINGS), line(["---"] * len(HEADINGS)), sep="\n", flush=True)
    rows = []
    for row in measured(card, cells, chosen.seconds, monotonic() + 60 * chosen.minutes):
        rows.append(row)
        print(line(shown(row)), flush=True)
    print(f"\nNo text encoder is in these figures. Measured: {len(rows)} of {len(cells)} rows.")
    if chosen.json:
        chosen.json.write_text(json.dumps({**asdict(card), "torch": torch.__version__, "rows": [*map(asdict, rows)]}))
    return 0


def plan(models: Sequence[str], batches: Sequence[int], *, compiled: bool) -> Iterator[Cell]:
    """First as the bot draws, then compiled for the least and the most at once, then compiled for what lies between."""
    yield from (Cell(model, False, batch) for model in models for batch in batches)
    ends = sorted({min(batches), max(batches)})
    between = [batch for batch in batches if batch not in ends]
    for some in (ends, between) if compiled else ():
        yield from (Cell(model, True, batch) for model in models for batch in some)


@dataclass(frozen=True)
class Card:
    name: str
    device: str
    tiny: bool
    roof: float  #: TFLOP/s

    @staticmethod
    def found(*, tiny: bool) -> Card:
        device = "cuda" if torch.cuda.is_available() else "cpu"
        name = torch.cuda.get_device_name() if device == "cuda" else "processor"
        return Card(name, device, tiny, matrix_rate(device, 512 if tiny else 8192))

    @property
    def dtype(self) -> torch.dtype:
        return _dtype(self.device)

    def size(self, model: Model) -> Size:
        return model.tiny if self.tiny else model.full

    def tell(self, model: Model, batch: int) -> dict[str, Any]:
        """What a pipeline is told, as our worker tells it."""
        return {**asked(model, self.size(model), batch, self.device, self.dtype), "output_type": "pt"}


def matrix_rate(device: str, side: int, times: int = 10) -> float:
    """TFLOP/s of one matrix product. Random numbers, for zeros are multiplied faster."""
    one, other = (torch.randn((side, side), device=device, dtype=_dtype(device)) for _ in range(2))
    took = [timed(lambda: one @ other, device) for _ in range(3 + times)]
    return 2e-12 * side**3 / median(took[3:])


def measured(card: Card, cells: Sequence[Cell], seconds: float, end: float) -> Iterator[Row]:
    """What fails for want of memory, or because the compiler gives up, is a row too: the others are worth having."""
    easel = Easel(card)
    for cell in cells:
        if monotonic() > end:
            return
        try:
            yield timings(easel, cell, seconds)
        except RuntimeError as error:
            yield Row(*_of(card, cell), trouble=_said(error))
            easel.clear()


class Easel:
    """One pipeline at a time, made when it is first asked for."""

    def __init__(self, card: Card) -> None:
        self.card = card
        self.tflop: dict[str, float] = {}  #: of one picture
        self._pipe: Any = None
        self._made: tuple[str, bool] | None = None

    def pipe(self, name: str, compiled: bool) -> Any:
        if self._made != (name, compiled):
            self.clear()
            model, card = MODELS[name], self.card
            self._pipe = build(model, card.size(model), card.device, card.dtype)
            if name not in self.tflop:
                self.tflop[name] = counted(card, model, self._pipe)
            if compiled:
                compile_(self._pipe, model)
            self._made = (name, compiled)
        return self._pipe

    def clear(self) -> None:
        self._pipe = self._made = None
        gc.collect()
        if self.card.device == "cuda":
            torch.cuda.empty_cache()


def counted(card: Card, model: Model, pipe: Any) -> float:
    """TFLOP of one picture, attention and decoder included."""
    with FlopCounterMode(display=False) as counter:
        pipe(**card.tell(model, 1))
    return counter.get_total_flops() / 1e12


def compile_(pipe: Any, model: Model) -> None:
    """A UNet is many small kernels, so all of it, as CUDA graphs; of a transformer one block, which repeats."""
    torch.compiler.reset()
    denoiser = getattr(pipe, model.part)
    if model.part == "unet":
        denoiser.to(memory_format=torch.channels_last)
        denoiser.compile(mode="reduce-overhead", dynamic=False)
    else:
        denoiser.compile_repeated_blocks(dynamic=False)
    pipe.vae.to(memory_format=torch.channels_last)
    pipe.vae.decoder.compile(dynamic=False)


def timings(easel: Easel, cell: Cell, seconds: float) -> Row:
    card, model = easel.card, MODELS[cell.model]
    pipe, tflop = easel.pipe(cell.model, cell.compiled), easel.tflop[cell.model]
    size, told = card.size(model), card.tell(model, cell.batch)

    def draw() -> None:
        drawn = pipe(**told).images
        assert drawn.shape == (cell.batch, 3, size.side, size.side), drawn.shape

    first, *_ = [timed(draw, card.device) for _ in range(ceil(CALLS / size.steps))]
    if card.device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    took, end = list[float](), monotonic() + seconds
    while len(took) < LEAST or (len(took) < MOST and monotonic() < end):
        took.append(timed(draw, card.device))
    a_picture, floor = median(took) / cell.batch, tflop / card.roof
    return Row(
        *_of(card, cell),
        seconds=a_picture,
        step=a_step(pipe, told, card.device),
        tflop=tflop,
        floor=floor,
        share=floor / a_picture,
        memory=torch.cuda.max_memory_allocated() / 1e9 if card.device == "cuda" else None,
        first=first,
        runs=len(took),
    )


def a_step(pipe: Any, told: dict[str, Any], device: str) -> float:
    """The median from the end of one step to that of the next, by the device's own clock."""
    marks: list[Any] = []

    def ended(_pipe: Any, _step: int, _time: Any, kept: dict[str, Any]) -> dict[str, Any]:
        marks.append(torch.cuda.Event(enable_timing=True) if device == "cuda" else perf_counter())
        if device == "cuda":
            marks[-1].record()
        return kept

    steps = min(max(told["num_inference_steps"], STEPS[0]), STEPS[1])
    pipe(**{**told, "num_inference_steps": steps, "output_type": "latent"}, callback_on_step_end=ended)
    if device == "cuda":
        torch.cuda.synchronize()
        return median(one.elapsed_time(other) / 1000 for one, other in pairwise(marks))
    return median(other - one for one, other in pairwise(marks))


def timed(work: Callable[[], Any], device: str) -> float:
    """Seconds until the device is through with it."""
    settle(device)
    began = perf_counter()
    work()
    settle(device)
    return perf_counter() - began


def settle(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


def shown(row: Row) -> list[str]:
    told = [row.model, str(row.side), str(row.steps), row.way, str(row.batch)]
    if row.trouble:
        return [*told, row.trouble, *[""] * (len(HEADINGS) - len(told) - 1)]
    return [
        *told,
        f"{row.seconds:.4f}",
        f"{1 / row.seconds:.2f}",
        f"{row.step:.4f}",
        f"{row.tflop:.2f}",
        f"{row.floor:.4f}",
        f"{row.share:.0%}",
        "–" if row.memory is None else f"{row.memory:.1f}",
        f"{row.first:.1f}",
    ]


def line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _of(card: Card, cell: Cell) -> tuple[str, int, int, str, int]:
    size = card.size(MODELS[cell.model])
    return cell.model, size.side, size.steps, "compiled" if cell.compiled else "eager", cell.batch


def _dtype(device: str) -> torch.dtype:
    return torch.bfloat16 if device == "cuda" else torch.float32


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0][:60]}".replace("|", "/")


if __name__ == "__main__":
    sys.exit(main())
