"""What the invisible mark survives beside what else could be used, what each costs, and how near strangers come to bearing it.

    python -m benchmarks.marks [--pictures N] [--photos FOLDER] [--strangers N]

Pictures are generated, of three kinds: drawn (plain areas), gradients, and busy ones with the spectrum of photographs; with
--photos the files of a folder stand for the last. blind-watermark 0.4.4 and invisible-watermark 0.2.0 take part where they
are installed; they bring OpenCV, so they are no part of this project.
"""

from __future__ import annotations

import argparse
import io
import itertools
import math
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import numpy as np
from PIL import Image, ImageEnhance, ImageOps
from rich.console import Console
from rich.table import Table

from benchmarks.rivals import Scheme, rivals
from core.values.wishes import Pixels
from inference import marking
from inference.marking import ANYWHERE, AS_IT_IS, CHANCE, SCALES, Mark
from inference.pictures import image_of
from tests.generated import Make, busy, drawn, gradient, noise, stripes

SIDES = (256, 512, 1024)
KEYS = 4  #: that each stranger is looked at with

Image_ = Image.Image
Kinds = dict[str, Make]


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m benchmarks.marks", description=__doc__.split("\n")[0])
    options.add_argument("--pictures", type=int, default=8, help="of each kind and size")
    options.add_argument("--photos", type=Path, help="a folder of pictures to use for the busy kind")
    options.add_argument("--strangers", type=int, default=400, help="pairs of a picture and a key it does not bear")
    chosen = options.parse_args()
    kinds: Kinds = {"drawn": drawn, "gradient": gradient, "busy": busy}
    if chosen.photos:
        kinds["busy"] = partial(photo, chosen.photos)
    console = Console(width=120)
    console.print(compared([Ours(), *rivals()], kinds, chosen.pictures))
    console.print(by_size(Ours(), kinds, chosen.pictures))
    strangers(kinds, chosen.strangers)


class Ours:
    name = "ours"

    def __init__(self) -> None:
        self._mark = Mark(b"the key of this benchmark")

    def put(self, image: Image_) -> Image_:
        return image_of(self._mark.put(pixels(image)))

    def found(self, image: Image_) -> bool:
        return self._mark.found(pixels(image))


# What is measured


def compared(schemes: Sequence[Scheme], kinds: Kinds, count: int) -> Table:
    """At 512 pixels: what each survives, and what it costs and changes."""
    pictures = [make(512, 512, seed) for make in kinds.values() for seed in range(count)]
    columns = [_column(scheme, pictures) for scheme in schemes]
    table = Table(title=f"512 px: in how many of {len(pictures)} pictures it is found after", title_justify="left")
    table.add_column()
    for scheme in schemes:
        table.add_column(scheme.name, justify="right")
    for row in columns[0]:
        table.add_row(row, *(column[row] for column in columns))
    return table


def _column(scheme: Scheme, pictures: Sequence[Image_]) -> dict[str, str]:
    marked = [scheme.put(picture) for picture in pictures]
    cells = {name: str(sum(map(scheme.found, map(change, marked)))) for name, change in CHANGES.items()}
    for name, likeness in (("PSNR", psnr), ("SSIM", ssim)):
        values = list(map(likeness, pictures, marked))
        cells[f"{name}: median (lowest)"] = f"{median(values):.4g} ({min(values):.4g})"
    for side in (512, 1024):
        plain = busy(side, side, 1)
        bearing = scheme.put(plain)
        took = (partial(scheme.put, plain), partial(scheme.found, bearing), partial(scheme.found, plain))
        cells[f"ms at {side}: to put, to find, to find none"] = ", ".join(f"{milliseconds(work):.0f}" for work in took)
    return cells


def by_size(scheme: Scheme, kinds: Kinds, count: int) -> Table:
    names = ", ".join(kinds)
    table = Table(
        title=f"{scheme.name}: in how many of {count} pictures ({names}) it is found after", title_justify="left"
    )
    table.add_column()
    marked = {
        side: [[scheme.put(make(side, side, 100 + seed)) for seed in range(count)] for make in kinds.values()]
        for side in SIDES
    }
    for side in SIDES:
        table.add_column(f"{side} px", justify="right")
    for name, change in CHANGES.items():
        found = [[sum(map(scheme.found, map(change, ones))) for ones in marked[side]] for side in SIDES]
        table.add_row(name, *(", ".join(map(str, counts)) for counts in found))
    return table


def strangers(kinds: Kinds, count: int) -> None:
    """The highest scores of pictures that do not bear the key's mark; every other bears another key's."""
    marks, another = [Mark(b"key %d" % number) for number in range(KEYS)], Mark(b"another's")
    sources, changes = itertools.cycle([*kinds.values(), noise, stripes]), itertools.cycle(CHANGES.values())
    as_they_are: list[float] = []
    anywhere: list[float] = []
    for seed in range(-(-count // KEYS)):
        picture = next(sources)(384, 320, 10_000 + seed)
        picture = image_of(another.put(pixels(picture))) if seed % 2 else picture
        relief = marking._relief(marking._on_grid(next(changes)(picture)))
        directions = marking._directions(relief)
        as_they_are += [mark._score(directions) for mark in marks]
        best = [0.0] * KEYS
        for scale in SCALES:
            directions = marking._directions(marking._scaled(relief, scale))
            best = [max(score, mark._best_score(directions)) for score, mark in zip(best, marks, strict=True)]
        anywhere += best
    print(f"{len(anywhere):,} strangers, each to be claimed with a chance of {CHANCE} at most")
    for looked, scores, enough in (("as it is", as_they_are, AS_IT_IS), ("anywhere", anywhere, ANYWHERE)):
        claimed = sum(score >= enough for score in scores)
        print(f"  looked at {looked}: {claimed} claimed; highest score {max(scores):.2f}, claimed from {enough:.2f}")


def psnr(one: Image_, other: Image_) -> float:
    error = np.mean((np.asarray(one, float) - np.asarray(other, float)) ** 2)
    return float(10 * math.log10(255**2 / error))


def ssim(one: Image_, other: Image_) -> float:
    """Of the brightness, over squares of 8 pixels."""
    x, y = (_squares(np.asarray(image.convert("L"), float)) for image in (one, other))
    mean_x, mean_y = x.mean(-1), y.mean(-1)
    together = (x * y).mean(-1) - mean_x * mean_y
    alike = (2 * mean_x * mean_y + 6.5025) * (2 * together + 58.5225)
    return float(np.mean(alike / ((mean_x**2 + mean_y**2 + 6.5025) * (x.var(-1) + y.var(-1) + 58.5225))))


def _squares(plane: Any) -> Any:
    height, width = (side // 8 for side in plane.shape)
    return plane[: 8 * height, : 8 * width].reshape(height, 8, width, 8).swapaxes(1, 2).reshape(height, width, 64)


def milliseconds(work: Callable[[], object], times: int = 7) -> float:
    """Of one core: what else the machine does counts for little."""
    took = []
    for _ in range(times):
        begun = process_time()
        work()
        took.append(1000 * (process_time() - begun))
    return min(took)


def pixels(image: Image_) -> Pixels:
    return Pixels(image.width, image.height, image.tobytes())


def photo(folder: Path, width: int, height: int, seed: int) -> Image_:
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in (".jpg", ".jpeg", ".png", ".webp"))
    with Image.open(files[seed % len(files)]) as opened:
        return ImageOps.fit(opened.convert("RGB"), (width, height), Image.Resampling.LANCZOS)


# What is done to pictures


def encoded(image: Image_, file_format: str, quality: int) -> Image_:
    file = io.BytesIO()
    image.save(file, file_format, quality=quality)
    return Image.open(io.BytesIO(file.getvalue())).convert("RGB")


def scaled(image: Image_, by: float) -> Image_:
    return image.resize((round(image.width * by), round(image.height * by)), Image.Resampling.LANCZOS)


def there_and_back(image: Image_, by: float) -> Image_:
    return scaled(image, by).resize(image.size, Image.Resampling.LANCZOS)


def telegram(image: Image_) -> Image_:
    """A photo there, as far as is known: at most 1280 pixels, JPEG at about 87."""
    image = image.copy()
    image.thumbnail((1280, 1280))
    return encoded(image, "JPEG", 87)


def cropped(image: Image_, part: float) -> Image_:
    return ImageOps.crop(image, round(min(image.size) * part))


def screenshot(image: Image_) -> Image_:
    return image.resize((round(image.width * 1.1), round(image.height * 1.1)), Image.Resampling.BILINEAR)


def of_a_phone(image: Image_) -> Image_:
    """A screenshot with what stands above and below the picture."""
    image = screenshot(image)
    return ImageOps.expand(image, (0, round(image.width * 0.4), 0, round(image.width * 0.6)), (250, 250, 250))


def brighter(image: Image_, by: float) -> Image_:
    return ImageEnhance.Brightness(image).enhance(by)


def starker(image: Image_, by: float) -> Image_:
    return ImageEnhance.Contrast(image).enhance(by)


def with_gamma(image: Image_, gamma: float) -> Image_:
    return image.point([round(255 * (level / 255) ** gamma) for level in range(256)] * 3)


def noisy(image: Image_, deviation: float) -> Image_:
    grain = np.random.default_rng(1).normal(0, deviation, (image.height, image.width, 3))
    return Image.fromarray(np.clip(np.asarray(image) + grain, 0, 255).astype(np.uint8))


CHANGES: dict[str, Callable[[Image_], Image_]] = {
    "nothing": lambda image: image,
    **{f"JPEG {quality}": partial(encoded, file_format="JPEG", quality=quality) for quality in (95, 87, 75, 60)},
    **{f"WebP {quality}": partial(encoded, file_format="WEBP", quality=quality) for quality in (90, 75)},
    **{f"scaled to {by} and back": partial(there_and_back, by=by) for by in (0.5, 0.75, 1.25)},
    **{f"scaled to {by}": partial(scaled, by=by) for by in (0.5, 0.75, 1.25)},
    "Telegram": telegram,
    "half the size, Telegram": lambda image: telegram(scaled(image, 0.5)),
    **{f"{part:.0%} of each edge cut": partial(cropped, part=part) for part in (0.05, 0.1)},
    "10% of each edge cut, Telegram": lambda image: telegram(cropped(image, 0.1)),
    "screenshot at 1.1": screenshot,
    "screenshot at 1.1, Telegram": lambda image: telegram(screenshot(image)),
    "screenshot of a phone, Telegram": lambda image: telegram(of_a_phone(image)),
    **{f"brightness x {by}": partial(brighter, by=by) for by in (0.8, 1.2)},
    **{f"contrast x {by}": partial(starker, by=by) for by in (0.75, 1.25)},
    **{f"gamma {by}": partial(with_gamma, gamma=by) for by in (0.8, 1.25)},
    **{f"noise {by}": partial(noisy, deviation=by) for by in (3, 6)},
    "grey": lambda image: image.convert("L").convert("RGB"),
}


if __name__ == "__main__":
    main()
