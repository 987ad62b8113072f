"""The words the starter model learns, and which words of a prompt it never learnt.

Knows words only: no torch, no pictures.
"""

import re
import unicodedata

WORD = r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d+"

SHAPES: dict[str, tuple[str, ...]] = {
    "circle": ("circle", "circles", "disc", "disk", "dot", "ball"),
    "square": ("square", "squares", "box"),
    "triangle": ("triangle", "triangles"),
    "star": ("star", "stars"),
    "heart": ("heart", "hearts"),
    "diamond": ("diamond", "diamonds", "rhombus"),
    "cross": ("cross", "crosses", "plus"),
    "ring": ("ring", "rings", "hoop", "donut"),
}

COLOURS: dict[str, tuple[str, ...]] = {
    "red": ("red",),
    "orange": ("orange",),
    "yellow": ("yellow",),
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

BACKGROUND = ("background", "backdrop")

FILLERS = (
    *("a", "an", "the", "one", "single", "of", "on", "in", "with", "and", "over", "against", "front", "by", "to"),
    *("that", "which", "is", "it", "its", "it's", "this", "some", "just", "only", "for", "me", "us", "my", "i", "you"),
    *("i'd", "i'm", "want", "would", "like", "can", "could", "please", "draw", "drawing", "make", "paint", "painting"),
    *("create", "generate", "show", "give", "picture", "image", "photo", "pic", "let's", "see", "hello", "hi"),
    *("colour", "color", "coloured", "colored", "shape", "shaped", "thing", "something", "object", "plain", "thanks"),
)


def learnt_words() -> tuple[str, ...]:
    """Every word with a place in the tokenizer, in a fixed order."""
    groups = [*SHAPES.values(), *COLOURS.values(), *SIZES.values(), BACKGROUND, FILLERS]
    return tuple(dict.fromkeys(word for group in groups for word in group))


def words_of(prompt: str) -> list[str]:
    folded = unicodedata.normalize("NFC", prompt).lower().replace("’", "'")
    return re.findall(WORD, folded)


def unknown_words(prompt: str, at_most: int = 5) -> tuple[str, ...]:
    """The words of a prompt that the model never learnt, in order, each once."""
    learnt = set(learnt_words())
    return tuple(dict.fromkeys(word for word in words_of(prompt) if word not in learnt))[:at_most]
