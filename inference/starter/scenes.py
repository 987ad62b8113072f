"""Composes the pictures the starter model learns from: one to four things on a ground.

Knows where things stand and what is behind them; nothing of words beyond their names, nothing of torch.
"""

import math
import random
import zlib
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from inference.starter.things import NATURAL, PALETTE, SUPERSAMPLING, Colour, sprite
from inference.starter.vocabulary import PLACES, RELATIONS, THINGS, VIEWS

FRAMES: dict[str, tuple[int, int]] = {"square": (128, 128), "portrait": (96, 128), "landscape": (128, 96)}

#: Half the side of a thing as a share of the picture's shorter side, where it stands alone in the middle.
RADII: dict[str | None, tuple[float, float]] = {"small": (0.19, 0.21), None: (0.3, 0.34), "big": (0.41, 0.43)}
#: The same for a thing at a place of its own.
PLACED_RADII: dict[str | None, tuple[float, float]] = {"small": (0.14, 0.15), None: (0.19, 0.21), "big": (0.24, 0.25)}
#: And for things beside others, by how many there are.
SHARED_RADII = {2: 0.205, 3: 0.2, 4: 0.195}

#: Shares of the width and height.
SPOTS: dict[str | None, tuple[float, float]] = {
    None: (0.5, 0.5),
    "middle": (0.5, 0.5),
    "left": (0.27, 0.5),
    "right": (0.73, 0.5),
    "top": (0.5, 0.27),
    "bottom": (0.5, 0.73),
    "top left": (0.27, 0.27),
    "top right": (0.73, 0.27),
    "bottom left": (0.27, 0.73),
    "bottom right": (0.73, 0.73),
}
GROUPS: dict[int, tuple[tuple[float, float], ...]] = {
    2: ((0.27, 0.5), (0.73, 0.5)),
    3: ((0.5, 0.27), (0.27, 0.73), (0.73, 0.73)),
    4: ((0.27, 0.27), (0.73, 0.27), (0.27, 0.73), (0.73, 0.73)),
}
#: Where the first and the second of two things stand.
PAIRS: dict[str, tuple[tuple[float, float], tuple[float, float]]] = {
    "left of": (SPOTS["left"], SPOTS["right"]),
    "right of": (SPOTS["right"], SPOTS["left"]),
    "above": (SPOTS["top"], SPOTS["bottom"]),
    "below": (SPOTS["bottom"], SPOTS["top"]),
    "beside": (SPOTS["left"], SPOTS["right"]),
}

#: Colours that would get lost in a view.
LOST_IN: dict[str, tuple[str, ...]] = {
    "sky": ("white", "grey"),
    "sea": ("blue", "white", "grey"),
    "night": ("black", "blue", "purple"),
    "meadow": ("green", "white"),
    "sunset": ("orange", "purple", "pink", "red", "brown"),
    "snow": ("white", "grey"),
}

CONTRAST = 75.0  #: the least distance in RGB between a thing and what is behind it
DRIFT = 2.0  #: pixels a thing may stand off its spot


@dataclass(frozen=True)
class Thing:
    """`x`, `y` (of its middle) and `radius` (half its side) in pixels."""

    kind: str
    colour: str
    x: float
    y: float
    radius: float


@dataclass(frozen=True)
class Ground:
    """One colour; two, from the top to the bottom; or a view, which has its own."""

    colours: tuple[str, ...] = ()
    view: str | None = None

    def swallows(self, colour: str) -> bool:
        """Whether a thing of that colour could hardly be told from it."""
        if self.view:
            return colour in LOST_IN[self.view]
        top, bottom = (np.asarray(PALETTE[self.colours[index]], float) for index in (0, -1))
        between = [top + share * (bottom - top) for share in np.linspace(0, 1, 9)]
        return min(float(np.linalg.norm(np.asarray(PALETTE[colour]) - one)) for one in between) < CONTRAST


@dataclass(frozen=True)
class Scene:
    """`relation` when there are two kinds of things, `place` when a single one stands somewhere in particular."""

    things: tuple[Thing, ...]
    ground: Ground
    width: int
    height: int
    size: str | None = None
    place: str | None = None
    relation: str | None = None


def random_scene(rng: random.Random, frame: str) -> Scene:
    """A scene outside the held-out combinations."""
    while True:
        ground = random_ground(rng)
        match rng.choices(["one", "group", "pair"], [40, 25, 35])[0]:
            case "one":
                kind, colour = _looks(rng, ground)
                size = rng.choices(["small", None, "big"], [15, 70, 15])[0]
                place = rng.choice(list(PLACES)) if rng.random() < 0.4 else None
                scene, held = one(rng, frame, ground, kind, colour, size, place), held_out(kind, colour, str(ground))
            case "group":
                kind, colour = _looks(rng, ground)
                count = rng.choice(list(GROUPS))
                scene, held = group(rng, frame, ground, kind, colour, count), held_out(str(count), kind, colour)
            case _:
                relation = rng.choice(list(RELATIONS))
                first, second = _looks(rng, ground), _looks(rng, ground)
                if first[0] == second[0]:
                    continue
                scene = pair(rng, frame, ground, first, second, relation)
                held = held_out(first[0], relation, second[0])
        if not held:
            return scene


def held_out(*parts: str) -> bool:
    """One combination in ten is never shown in training, so that scores are about combining, not remembering.

    A thing, its colour and its ground; how many of what colour; which thing stands how to which.
    """
    return zlib.crc32("/".join(parts).encode()) % 10 == 0


def random_ground(rng: random.Random) -> Ground:
    match rng.choices(["plain", "gradient", "view"], [50, 15, 35])[0]:
        case "plain":
            return Ground((rng.choice(list(PALETTE)),))
        case "gradient":
            return Ground(tuple(rng.sample(list(PALETTE), 2)))
        case _:
            return Ground(view=rng.choice(list(VIEWS)))


def one(
    rng: random.Random, frame: str, ground: Ground, kind: str, colour: str, size: str | None, place: str | None
) -> Scene:
    low, high = (PLACED_RADII if place not in (None, "middle") else RADII)[size]
    thing = _placed(rng, frame, kind, colour, SPOTS[place], rng.uniform(low, high))
    return Scene((thing,), ground, *FRAMES[frame], size=size, place=place)


def group(rng: random.Random, frame: str, ground: Ground, kind: str, colour: str, count: int) -> Scene:
    things = tuple(_placed(rng, frame, kind, colour, spot, SHARED_RADII[count]) for spot in GROUPS[count])
    return Scene(things, ground, *FRAMES[frame])


def pair(
    rng: random.Random, frame: str, ground: Ground, first: tuple[str, str], second: tuple[str, str], relation: str
) -> Scene:
    """`first` and `second` are a kind and a colour each."""
    things = tuple(
        _placed(rng, frame, *looks, spot, SHARED_RADII[2])
        for looks, spot in zip((first, second), PAIRS[relation], strict=True)
    )
    return Scene(things, ground, *FRAMES[frame], relation=relation)


def draw(scene: Scene) -> Image.Image:
    picture = backdrop(scene.ground, scene.width, scene.height).copy()
    for thing in scene.things:
        side = round(2 * thing.radius)
        ink = sprite(thing.kind, thing.colour, side)
        picture.paste(ink, (round(thing.x - side / 2), round(thing.y - side / 2)), ink)
    return picture


@cache
def backdrop(ground: Ground, width: int, height: int) -> Image.Image:
    if ground.view is None:
        top, bottom = (PALETTE[ground.colours[index]] for index in (0, -1))
        return _fade(top, bottom, width, height)
    big = _VIEWS[ground.view](width * SUPERSAMPLING, height * SUPERSAMPLING)
    return big.resize((width, height), Image.Resampling.BOX)


def _looks(rng: random.Random, ground: Ground) -> tuple[str, str]:
    """A kind and a colour that the ground does not swallow; natural colours come up most."""
    kind = rng.choice(list(THINGS))
    natural = NATURAL.get(kind)
    if natural and not ground.swallows(natural) and rng.random() < 0.25:
        return kind, natural
    return kind, rng.choice([colour for colour in PALETTE if not ground.swallows(colour)])


def _placed(rng: random.Random, frame: str, kind: str, colour: str, spot: tuple[float, float], radius: float) -> Thing:
    width, height = FRAMES[frame]
    x, y = (side * share + rng.uniform(-DRIFT, DRIFT) for side, share in ((width, spot[0]), (height, spot[1])))
    return Thing(kind, colour, x, y, radius * min(width, height))


def _fade(top: Colour, bottom: Colour, width: int, height: int) -> Image.Image:
    share: NDArray[np.float32] = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    column = (1 - share) * np.asarray(top, np.float32) + share * np.asarray(bottom, np.float32)
    return Image.fromarray(np.repeat(column.round().astype(np.uint8)[:, None], width, axis=1))


def _sky(width: int, height: int) -> Image.Image:
    picture = _fade((96, 170, 235), (205, 232, 250), width, height)
    _puffs(picture, ((0.1, 0.1), (0.9, 0.2), (0.08, 0.88)), (240, 247, 253))
    return picture


def _sea(width: int, height: int) -> Image.Image:
    picture = _fade((170, 215, 245), (225, 240, 250), width, height)
    pen = ImageDraw.Draw(picture)
    for top, colour in ((0.56, (60, 140, 200)), (0.7, (44, 118, 184)), (0.85, (30, 96, 164))):
        crest = [(width * step / 60, height * (top + 0.018 * math.sin(step * 0.62 + 9 * top))) for step in range(61)]
        pen.polygon([*crest, (width, height), (0, height)], fill=colour)
    return picture


def _night(width: int, height: int) -> Image.Image:
    picture = _fade((14, 18, 52), (46, 52, 104), width, height)
    pen = ImageDraw.Draw(picture)
    for x, y in (
        (0.07, 0.08),
        (0.93, 0.07),
        (0.5, 0.05),
        (0.05, 0.5),
        (0.95, 0.55),
        (0.08, 0.93),
        (0.92, 0.92),
        (0.5, 0.95),
    ):
        middle, arm = (width * x, height * y), min(width, height) * 0.022
        pen.polygon(_spark(*middle, arm), fill=(250, 240, 190))
    return picture


def _meadow(width: int, height: int) -> Image.Image:
    picture = _fade((135, 200, 245), (225, 242, 250), width, height)
    pen = ImageDraw.Draw(picture)
    for top, bow, colour in ((0.66, 0.05, (126, 200, 92)), (0.76, -0.04, (98, 180, 76))):
        hill = [(width * step / 40, height * (top - bow * math.sin(math.pi * step / 40))) for step in range(41)]
        pen.polygon([*hill, (width, height), (0, height)], fill=colour)
    return picture


def _sunset(width: int, height: int) -> Image.Image:
    upper = _fade((96, 60, 130), (250, 150, 90), width, round(height * 0.72))
    picture = _fade((70, 50, 96), (44, 34, 70), width, height)
    picture.paste(upper, (0, 0))
    return picture


def _snow(width: int, height: int) -> Image.Image:
    picture = _fade((150, 180, 210), (205, 220, 235), width, height)
    pen = ImageDraw.Draw(picture)
    hill = [(width * step / 40, height * (0.72 - 0.05 * math.sin(math.pi * step / 40))) for step in range(41)]
    pen.polygon([*hill, (width, height), (0, height)], fill=(246, 249, 252))
    return picture


def _puffs(picture: Image.Image, where: tuple[tuple[float, float], ...], colour: Colour) -> None:
    pen = ImageDraw.Draw(picture)
    width, height = picture.size
    for x, y in where:
        for aside, up, radius in ((-0.07, 0.0, 0.05), (0.07, 0.0, 0.05), (0.0, -0.02, 0.065)):
            middle_x, middle_y, size = width * (x + aside), height * (y + up), radius * min(width, height)
            pen.ellipse((middle_x - size, middle_y - size, middle_x + size, middle_y + size), fill=colour)


def _spark(x: float, y: float, arm: float) -> list[tuple[float, float]]:
    turns = [(math.pi * step / 4, arm if step % 2 == 0 else arm * 0.4) for step in range(8)]
    return [(x + radius * math.sin(turn), y - radius * math.cos(turn)) for turn, radius in turns]


_VIEWS = {"sky": _sky, "sea": _sea, "night": _night, "meadow": _meadow, "sunset": _sunset, "snow": _snow}
