"""The words the starter model learns, and which words of a prompt it never learnt.

Knows words only: no torch, no pictures.
"""

import re
import unicodedata

WORD = r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d+"

#: Each kind of thing with its words: one of it first, then what else one is called, then several of it.
THINGS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "circle": (("circle", "disc", "disk", "dot", "ball"), ("circles", "discs", "dots", "balls")),
    "square": (("square", "box"), ("squares", "boxes")),
    "triangle": (("triangle",), ("triangles",)),
    "star": (("star",), ("stars",)),
    "heart": (("heart",), ("hearts",)),
    "diamond": (("diamond", "rhombus"), ("diamonds",)),
    "cross": (("cross", "plus"), ("crosses",)),
    "ring": (("ring", "hoop", "donut"), ("rings", "hoops", "donuts")),
    "house": (("house", "home", "hut"), ("houses", "homes", "huts")),
    "tree": (("tree",), ("trees",)),
    "sun": (("sun",), ("suns",)),
    "moon": (("moon", "crescent"), ("moons", "crescents")),
    "cloud": (("cloud",), ("clouds",)),
    "boat": (("boat", "ship", "sailboat"), ("boats", "ships", "sailboats")),
    "fish": (("fish",), ("fishes", "fish")),
    "flower": (("flower", "daisy"), ("flowers", "daisies")),
    "snowman": (("snowman",), ("snowmen",)),
    "rocket": (("rocket", "spaceship"), ("rockets", "spaceships")),
    "mushroom": (("mushroom", "toadstool"), ("mushrooms", "toadstools")),
    "cat": (("cat", "kitten", "kitty"), ("cats", "kittens")),
    "face": (("face", "smiley"), ("faces", "smileys")),
    "apple": (("apple",), ("apples",)),
    "car": (("car",), ("cars",)),
    "balloon": (("balloon",), ("balloons",)),
    "umbrella": (("umbrella",), ("umbrellas",)),
    "butterfly": (("butterfly",), ("butterflies",)),
    "ghost": (("ghost",), ("ghosts",)),
    "cactus": (("cactus",), ("cacti", "cactuses")),
    "cup": (("cup", "mug"), ("cups", "mugs")),
    "gift": (("gift", "present"), ("gifts", "presents")),
    "leaf": (("leaf",), ("leaves",)),
    "bell": (("bell",), ("bells",)),
}

COLOURS: dict[str, tuple[str, ...]] = {
    "red": ("red",),
    "orange": ("orange",),
    "yellow": ("yellow", "golden"),
    "green": ("green",),
    "blue": ("blue",),
    "purple": ("purple", "violet"),
    "pink": ("pink",),
    "brown": ("brown",),
    "black": ("black",),
    "white": ("white",),
    "grey": ("grey", "gray"),
}

SIZES: dict[str, tuple[str, ...]] = {
    "small": ("small", "little", "tiny"),
    "big": ("big", "large", "huge"),
}

NUMBERS: dict[int, tuple[str, ...]] = {2: ("two", "2"), 3: ("three", "3"), 4: ("four", "4")}

#: Where one thing may stand, as shares of the picture from the left and from the top.
PLACES: dict[str, tuple[str, ...]] = {
    "middle": ("in the middle", "in the centre", "in the center"),
    "left": ("on the left", "at the left", "on the left side"),
    "right": ("on the right", "at the right", "on the right side"),
    "top": ("at the top", "on top"),
    "bottom": ("at the bottom",),
    "top left": ("in the top left corner", "at the top left", "in the upper left corner"),
    "top right": ("in the top right corner", "at the top right", "in the upper right corner"),
    "bottom left": ("in the bottom left corner", "at the bottom left", "in the lower left corner"),
    "bottom right": ("in the bottom right corner", "at the bottom right", "in the lower right corner"),
}

RELATIONS: dict[str, tuple[str, ...]] = {
    "left of": ("left of", "to the left of", "on the left of"),
    "right of": ("right of", "to the right of", "on the right of"),
    "above": ("above", "over", "on top of"),
    "below": ("below", "under", "beneath"),
    "beside": ("next to", "beside", "and", "with", "near", "by"),
}

#: Grounds that are a small picture of their own.
VIEWS: dict[str, tuple[str, ...]] = {
    "sky": ("in the sky", "in a blue sky", "sky background", "with the sky behind"),
    "sea": ("at sea", "on the sea", "at the sea", "in the ocean", "on the water"),
    "night": ("at night", "in the night", "in the night sky", "under a starry sky"),
    "meadow": ("on a meadow", "in a meadow", "on the grass", "in a green field"),
    "sunset": ("at sunset", "in the sunset", "with a sunset behind"),
    "snow": ("in the snow", "in winter", "on a snowy day"),
}

GROUND = ("background", "backdrop")
GRADIENT = ("gradient", "fading", "from", "to", "into")

FILLERS = (
    *("a", "an", "the", "one", "single", "of", "on", "in", "with", "and", "over", "against", "front", "by", "to"),
    *("that", "which", "is", "are", "it", "its", "it's", "this", "some", "just", "only", "for", "me", "us", "my", "i"),
    *("you", "i'd", "i'm", "want", "would", "like", "can", "could", "please", "draw", "drawing", "make", "paint"),
    *("painting", "create", "generate", "show", "give", "picture", "image", "photo", "pic", "let's", "see", "hello"),
    *("hi", "colour", "color", "coloured", "colored", "shape", "shaped", "thing", "something", "object", "plain"),
    *("thanks", "cute", "pretty", "nice", "lovely", "beautiful", "happy", "simple"),
)


def learnt_words() -> tuple[str, ...]:
    """Every word with a place in the tokenizer, in a fixed order."""
    things = [word for one, several in THINGS.values() for word in (*one, *several)]
    phrases = [*COLOURS.values(), *SIZES.values(), *NUMBERS.values(), *PLACES.values(), *RELATIONS.values()]
    said = [word for group in (*phrases, *VIEWS.values()) for phrase in group for word in phrase.split()]
    return tuple(dict.fromkeys([*things, *said, *GROUND, *GRADIENT, *FILLERS]))


def words_of(prompt: str) -> list[str]:
    folded = unicodedata.normalize("NFC", prompt).lower().replace("’", "'")
    return re.findall(WORD, folded)


def unknown_words(prompt: str, at_most: int = 5) -> tuple[str, ...]:
    """The words of a prompt that the model never learnt, in order, each once."""
    learnt = set(learnt_words())
    return tuple(dict.fromkeys(word for word in words_of(prompt) if word not in learnt))[:at_most]
