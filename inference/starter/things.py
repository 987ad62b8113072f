"""How each kind of thing looks: a few flat parts in the unit square, y down, painted in order.

Knows geometry and colours; nothing of words beyond their names, nothing of torch.
"""

import math
from dataclasses import dataclass
from functools import cache

from PIL import Image, ImageDraw

Colour = tuple[int, int, int]
Points = list[tuple[float, float]]

PALETTE: dict[str, Colour] = {
    "red": (217, 38, 38),
    "orange": (250, 140, 22),
    "yellow": (252, 222, 48),
    "green": (46, 160, 67),
    "blue": (38, 92, 222),
    "purple": (128, 52, 186),
    "pink": (250, 148, 196),
    "brown": (122, 74, 40),
    "black": (18, 18, 18),
    "white": (250, 250, 250),
    "grey": (132, 136, 140),
}

#: The colour a thing has when nobody says one; plain shapes have none.
NATURAL = {
    kind: colour
    for colour, kinds in {
        "red": ("house", "mushroom", "apple", "car", "balloon"),
        "orange": ("fish", "cat"),
        "yellow": ("sun", "moon", "face", "bell"),
        "green": ("tree", "cactus", "leaf"),
        "blue": ("butterfly", "cup"),
        "purple": ("umbrella",),
        "pink": ("flower", "gift"),
        "brown": ("boat",),
        "white": ("cloud", "snowman", "ghost"),
        "grey": ("rocket",),
    }.items()
    for kind in kinds
}

SUPERSAMPLING = 4

_WOOD, _LEAVES, _GLASS, _INK, _PAPER = (122, 74, 40), (60, 150, 70), (190, 225, 245), (62, 62, 70), (255, 252, 244)
_CARROT, _FIRE, _GOLD = (240, 130, 40), (255, 170, 40), (250, 205, 70)


@dataclass(frozen=True)
class Part:
    """A polygon and its colour: one of its own, or how the thing's colour is shaded (-1 black, 0 as it is, 1 white)."""

    points: Points
    paint: Colour | float = 0.0


@cache
def sprite(kind: str, colour: str, side: int) -> Image.Image:
    """One thing, `side` pixels wide and high, on nothing (RGBA)."""
    big = side * SUPERSAMPLING
    main = PALETTE[colour]
    ink = Image.new("RGBA", (big, big), (*main, 0))
    pen = ImageDraw.Draw(ink)
    for part in PARTS[kind]:
        fill = part.paint if isinstance(part.paint, tuple) else shaded(main, part.paint)
        pen.polygon([((x + 1) * big / 2, (y + 1) * big / 2) for x, y in part.points], fill=(*fill, 255))
    return ink.convert("RGBa").resize((side, side), Image.Resampling.BOX).convert("RGBA")


def shaded(colour: Colour, by: float) -> Colour:
    target = 255 if by > 0 else 0
    r, g, b = (round(one + (target - one) * abs(by)) for one in colour)
    return r, g, b


def _oval(x: float, y: float, rx: float, ry: float, start: float = 0, stop: float = 360) -> Points:
    """Degrees clockwise from the right; a part of the way round is a segment."""
    turns = (math.radians(start + (stop - start) * step / 48) for step in range(49))
    return [(x + rx * math.cos(turn), y + ry * math.sin(turn)) for turn in turns]


def _box(left: float, top: float, right: float, bottom: float) -> Points:
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def _star(points: int, outer: float, inner: float) -> Points:
    turns = [(math.pi * step / points, outer if step % 2 == 0 else inner) for step in range(2 * points)]
    return [(radius * math.sin(turn), -radius * math.cos(turn)) for turn, radius in turns]


def _heart() -> Points:
    turns = [2 * math.pi * step / 72 for step in range(72)]
    height = [13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t) for t in turns]
    return [(math.sin(t) ** 3, -(up + 2.5) / 15.5) for t, up in zip(turns, height, strict=True)]


def _ring(outer: float, inner: float) -> Points:
    """Round and back, so that the middle stays open."""
    return _oval(0, 0, outer, outer) + _oval(0, 0, inner, inner, 360, 0)


def _crescent() -> Points:
    return _oval(0.1, 0, 0.95, 0.95, 50, 310) + _oval(0.48, 0, 0.72, 0.78, 285, 75)


PARTS: dict[str, list[Part]] = {
    "circle": [Part(_oval(0, 0, 0.95, 0.95))],
    "square": [Part(_box(-0.84, -0.84, 0.84, 0.84))],
    "triangle": [Part([(0, -0.88), (1, 0.8), (-1, 0.8)])],
    "star": [Part(_star(5, 1.0, 0.42))],
    "heart": [Part(_heart())],
    "diamond": [Part([(0, -1), (0.7, 0), (0, 1), (-0.7, 0)])],
    "cross": [Part(_box(-0.33, -0.95, 0.33, 0.95)), Part(_box(-0.95, -0.33, 0.95, 0.33))],
    "ring": [Part(_ring(0.95, 0.54))],
    "house": [
        Part(_box(0.32, -0.9, 0.58, -0.2), -0.55),
        Part(_box(-0.72, -0.15, 0.72, 0.95)),
        Part([(-1, -0.12), (0, -0.95), (1, -0.12)], -0.5),
        Part(_box(-0.18, 0.35, 0.18, 0.95), _WOOD),
        Part(_box(-0.58, 0.1, -0.28, 0.42), _GLASS),
        Part(_box(0.28, 0.1, 0.58, 0.42), _GLASS),
    ],
    "tree": [
        Part(_box(-0.16, 0.3, 0.16, 1.0), _WOOD),
        Part(_oval(-0.42, 0.05, 0.5, 0.46), -0.2),
        Part(_oval(0.42, 0.05, 0.5, 0.46), -0.2),
        Part(_oval(0, -0.4, 0.58, 0.58)),
    ],
    "sun": [Part(_star(12, 1.0, 0.68)), Part(_oval(0, 0, 0.56, 0.56), 0.35)],
    "moon": [Part(_crescent())],
    "cloud": [
        Part(_oval(-0.5, 0.2, 0.48, 0.4)),
        Part(_oval(0.5, 0.2, 0.48, 0.4)),
        Part(_oval(-0.05, -0.12, 0.52, 0.5)),
        Part(_box(-0.5, 0.2, 0.5, 0.6)),
        Part(_oval(-0.12, -0.2, 0.3, 0.26), 0.3),
    ],
    "boat": [
        Part([(0.05, -0.9), (0.85, 0.38), (0.05, 0.38)], _PAPER),
        Part([(-0.05, -0.6), (-0.75, 0.38), (-0.05, 0.38)], (235, 228, 215)),
        Part(_box(-0.07, -0.95, 0.07, 0.4), _WOOD),
        Part([(-0.98, 0.36), (0.98, 0.36), (0.6, 0.9), (-0.6, 0.9)]),
        Part([(-0.98, 0.36), (0.98, 0.36), (0.9, 0.5), (-0.9, 0.5)], -0.35),
    ],
    "fish": [
        Part([(0.4, 0), (1, -0.5), (0.86, 0), (1, 0.5)], -0.3),
        Part([(-0.3, -0.4), (0.1, -0.78), (0.3, -0.3)], -0.3),
        Part(_oval(-0.2, 0, 0.76, 0.5)),
        Part(_oval(-0.02, 0.12, 0.22, 0.14), -0.3),
        Part(_oval(-0.58, -0.12, 0.15, 0.15), _PAPER),
        Part(_oval(-0.6, -0.12, 0.07, 0.07), _INK),
    ],
    "flower": [
        Part(_box(-0.07, 0.2, 0.07, 1.0), _LEAVES),
        Part(_oval(0.3, 0.74, 0.28, 0.13), _LEAVES),
        *(
            Part(_oval(0.46 * math.sin(turn), -0.3 - 0.46 * math.cos(turn), 0.27, 0.27))
            for turn in (math.radians(60 * step) for step in range(6))
        ),
        Part(_oval(0, -0.3, 0.27, 0.27), _GOLD),
    ],
    "snowman": [
        Part(_oval(0, 0.5, 0.52, 0.48)),
        Part(_oval(0, -0.2, 0.38, 0.38)),
        Part(_box(-0.3, -0.98, 0.3, -0.55), _INK),
        Part(_box(-0.46, -0.58, 0.46, -0.46), _INK),
        Part(_oval(-0.14, -0.26, 0.06, 0.06), _INK),
        Part(_oval(0.14, -0.26, 0.06, 0.06), _INK),
        Part([(0, -0.18), (0.36, -0.06), (0, -0.02)], _CARROT),
        Part(_oval(0, 0.34, 0.07, 0.07), _INK),
        Part(_oval(0, 0.62, 0.07, 0.07), _INK),
    ],
    "rocket": [
        Part([(-0.22, 0.6), (0, 1), (0.22, 0.6)], _FIRE),
        Part([(-0.3, 0.1), (-0.72, 0.72), (-0.3, 0.62)], -0.45),
        Part([(0.3, 0.1), (0.72, 0.72), (0.3, 0.62)], -0.45),
        Part([(-0.34, -0.35), (0, -1), (0.34, -0.35), (0.34, 0.65), (-0.34, 0.65)]),
        Part([(-0.34, -0.35), (0, -1), (0.34, -0.35)], -0.45),
        Part(_oval(0, -0.05, 0.2, 0.2), _GLASS),
    ],
    "mushroom": [
        Part(_box(-0.28, 0, 0.28, 0.9), (232, 206, 168)),
        Part(_oval(0, 0.1, 0.95, 0.95, 180, 360)),
        Part(_oval(-0.42, -0.22, 0.17, 0.17), _PAPER),
        Part(_oval(0.12, -0.5, 0.17, 0.17), _PAPER),
        Part(_oval(0.5, -0.12, 0.15, 0.15), _PAPER),
    ],
    "cat": [
        Part([(-0.82, -0.1), (-0.78, -0.98), (-0.1, -0.6)]),
        Part([(0.82, -0.1), (0.78, -0.98), (0.1, -0.6)]),
        Part([(-0.66, -0.4), (-0.64, -0.76), (-0.34, -0.58)], 0.5),
        Part([(0.66, -0.4), (0.64, -0.76), (0.34, -0.58)], 0.5),
        Part(_oval(0, 0.12, 0.9, 0.76)),
        Part(_oval(-0.36, -0.02, 0.15, 0.2), _PAPER),
        Part(_oval(0.36, -0.02, 0.15, 0.2), _PAPER),
        Part(_oval(-0.34, 0, 0.08, 0.14), _INK),
        Part(_oval(0.34, 0, 0.08, 0.14), _INK),
        Part([(-0.13, 0.26), (0.13, 0.26), (0, 0.42)], (240, 120, 140)),
        Part(_oval(0, 0.42, 0.26, 0.2, 15, 165), _INK),
    ],
    "face": [
        Part(_oval(0, 0, 0.95, 0.95)),
        Part(_oval(-0.34, -0.28, 0.13, 0.2), _INK),
        Part(_oval(0.34, -0.28, 0.13, 0.2), _INK),
        Part(_oval(0, 0.12, 0.58, 0.52, 0, 180), _INK),
        Part(_oval(0, 0.44, 0.26, 0.16), (235, 90, 100)),
    ],
    "apple": [
        Part(_box(-0.07, -0.95, 0.07, -0.4), _WOOD),
        Part(_oval(0.3, -0.62, 0.3, 0.18), _LEAVES),
        Part(_oval(-0.34, 0.18, 0.56, 0.74)),
        Part(_oval(0.34, 0.18, 0.56, 0.74)),
        Part(_oval(-0.5, 0.0, 0.13, 0.24), 0.5),
    ],
    "car": [
        Part([(-0.56, 0), (-0.36, -0.52), (0.36, -0.52), (0.62, 0)], -0.25),
        Part([(-0.4, 0), (-0.28, -0.38), (-0.03, -0.38), (-0.03, 0)], _GLASS),
        Part([(0.06, 0), (0.06, -0.38), (0.28, -0.38), (0.45, 0)], _GLASS),
        Part(_box(-0.98, -0.04, 0.98, 0.42)),
        Part(_oval(-0.52, 0.42, 0.27, 0.27), _INK),
        Part(_oval(0.52, 0.42, 0.27, 0.27), _INK),
        Part(_oval(-0.52, 0.42, 0.11, 0.11), (200, 200, 205)),
        Part(_oval(0.52, 0.42, 0.11, 0.11), (200, 200, 205)),
    ],
    "balloon": [
        Part(_box(-0.05, 0.4, 0.05, 0.96), (150, 150, 155)),
        Part([(-0.16, 0.62), (0, 0.36), (0.16, 0.62)], -0.3),
        Part(_oval(0, -0.25, 0.62, 0.72)),
        Part(_oval(-0.24, -0.5, 0.13, 0.2), 0.55),
    ],
    "umbrella": [
        Part(_box(-0.05, -0.1, 0.05, 0.85), _INK),
        Part(_box(0.02, 0.76, 0.3, 0.88), _INK),
        Part(_box(0.2, 0.6, 0.3, 0.88), _INK),
        Part(_oval(0, 0.05, 0.98, 0.98, 180, 360)),
        Part(_oval(0, 0.05, 0.36, 0.98, 180, 360), 0.4),
    ],
    "butterfly": [
        Part(_oval(-0.5, -0.36, 0.46, 0.5)),
        Part(_oval(0.5, -0.36, 0.46, 0.5)),
        Part(_oval(-0.4, 0.46, 0.36, 0.4), -0.25),
        Part(_oval(0.4, 0.46, 0.36, 0.4), -0.25),
        Part(_oval(-0.52, -0.38, 0.18, 0.2), 0.55),
        Part(_oval(0.52, -0.38, 0.18, 0.2), 0.55),
        Part(_oval(0, 0.04, 0.11, 0.8), _INK),
    ],
    "ghost": [
        Part(
            [
                *_oval(0, -0.2, 0.72, 0.78, 180, 360),
                *((0.72 - 0.24 * step, 0.95 if step % 2 == 0 else 0.66) for step in range(7)),
            ]
        ),
        Part(_oval(-0.26, -0.24, 0.13, 0.18), _INK),
        Part(_oval(0.26, -0.24, 0.13, 0.18), _INK),
        Part(_oval(0, 0.14, 0.12, 0.14), _INK),
    ],
    "cactus": [
        Part(_box(-0.46, 0.62, 0.46, 0.98), (196, 104, 60)),
        Part([*_oval(0, -0.68, 0.26, 0.28, 180, 360), (0.26, 0.64), (-0.26, 0.64)]),
        Part([*_oval(-0.66, -0.26, 0.16, 0.18, 180, 360), (-0.5, 0.02), (-0.2, 0.02), (-0.2, 0.3), (-0.82, 0.3)]),
        Part([*_oval(0.66, -0.46, 0.16, 0.18, 180, 360), (0.82, 0.1), (0.2, 0.1), (0.2, -0.18), (0.5, -0.18)]),
        Part(_box(-0.05, -0.7, 0.05, 0.62), -0.25),
    ],
    "cup": [
        Part(_oval(0.62, 0.1, 0.36, 0.42) + _oval(0.62, 0.1, 0.19, 0.24, 360, 0)),
        Part([(-0.8, -0.62), (0.66, -0.62), (0.52, 0.85), (-0.66, 0.85)]),
        Part(_oval(-0.07, -0.62, 0.73, 0.17), 0.5),
        Part(_oval(-0.07, -0.6, 0.58, 0.11), (92, 56, 34)),
    ],
    "gift": [
        Part(_box(-0.78, -0.1, 0.78, 0.95)),
        Part(_box(-0.16, -0.1, 0.16, 0.95), _GOLD),
        Part(_box(-0.92, -0.42, 0.92, -0.06), -0.2),
        Part(_oval(-0.34, -0.66, 0.34, 0.22), _GOLD),
        Part(_oval(0.34, -0.66, 0.34, 0.22), _GOLD),
    ],
    "leaf": [
        Part([(-0.98, 0.98), (-0.86, 0.98), (-0.42, 0.56), (-0.54, 0.42)], _WOOD),
        Part([*_oval(-0.55, -0.55, 1.5, 1.5, 0, 90), (-0.55, 0.95), *_oval(0.95, 0.95, 1.5, 1.5, 180, 270)]),
        Part([(-0.6, 0.52), (-0.5, 0.6), (0.72, -0.62), (0.64, -0.7)], -0.35),
    ],
    "bell": [
        Part(_oval(0, 0.74, 0.2, 0.22), -0.45),
        Part(_oval(0, -0.82, 0.14, 0.14), -0.35),
        Part([*_oval(0, -0.2, 0.52, 0.58, 180, 360), (0.6, 0.42), (0.92, 0.72), (-0.92, 0.72), (-0.6, 0.42)]),
        Part(_box(-0.92, 0.58, 0.92, 0.74), -0.25),
    ],
}
