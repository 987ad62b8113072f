"""Says in many plain ways what a scene shows, leaving out now and then what a person would leave out.

Case and punctuation are the tokenizer's business: it folds the one and drops the other.
"""

import random

from inference.starter.scenes import Scene
from inference.starter.vocabulary import BACKGROUND, COLOURS, FILLERS, SHAPES, SIZES

OPENINGS = (
    *("a picture of", "an image of", "a drawing of", "draw", "please draw", "draw me", "make", "paint", "show me"),
    *("i want", "i would like", "can you draw", "create", "generate", "give me", "just", "hello, draw"),
)
ENDINGS = (".", "!", "?", " please", ", please.", ", thanks")

WITH_BACKGROUND = (
    *("{object} on a {colour} {ground}", "{object} on a {colour} {ground}", "{object} on {colour}"),
    *("{object}, {colour} {ground}", "{object} with a {colour} {ground}", "{object} against a {colour} {ground}"),
    *("{object} in front of a {colour} {ground}", "{object} {colour} {ground}", "{object} over {colour}"),
    *("a {colour} {ground} with {object}", "{colour} {ground}, {object}", "on a {colour} {ground}, {object}"),
)
OBJECTS = (
    *("a {size} {colour} {shape}", "a {size} {colour} {shape}", "{size} {colour} {shape}", "{size} {colour} {shape}"),
    *("the {size} {colour} {shape}", "one {size} {colour} {shape}", "{colour} {size} {shape}"),
)
COLOUR_LAST = ("a {size} {shape} in {colour}", "{size} {shape}, {colour}", "a {size} {shape} that is {colour}")

# Stands for any word outside the vocabulary: the tokenizer knows no such word.
STRANGER = "qqq"


def caption(scene: Scene, rng: random.Random) -> str:
    text = _object(scene, rng)
    if rng.random() < 0.78:
        ground = rng.choice(BACKGROUND) if rng.random() < 0.1 else BACKGROUND[0]
        colour = rng.choice(COLOURS[scene.background])
        text = rng.choice(WITH_BACKGROUND).format(object=text, colour=colour, ground=ground)
    if rng.random() < 0.3:
        text = f"{rng.choice(OPENINGS)} {text}"
    if rng.random() < 0.2:
        text += rng.choice(ENDINGS)
    if rng.random() < 0.12:
        text = _interrupted(text, (STRANGER,), rng)
    if rng.random() < 0.2:
        text = _interrupted(text, FILLERS, rng)
    return " ".join(text.split())


def _object(scene: Scene, rng: random.Random) -> str:
    shape = _word(SHAPES[scene.shape], rng) if rng.random() < 0.95 else rng.choice(("shape", "thing", STRANGER))
    size = rng.choice(SIZES[scene.size]) if scene.size and rng.random() < 0.8 else ""
    if rng.random() >= 0.87:
        return f"{rng.choice(('', 'a'))} {size} {shape}"
    pattern = rng.choice(OBJECTS if rng.random() < 0.85 else COLOUR_LAST)
    return pattern.format(size=size, colour=rng.choice(COLOURS[scene.colour]), shape=shape)


def _word(choices: tuple[str, ...], rng: random.Random) -> str:
    return choices[0] if rng.random() < 0.6 else rng.choice(choices)


def _interrupted(text: str, choices: tuple[str, ...], rng: random.Random) -> str:
    """Words that mean nothing here, so that the model learns to pass over them."""
    words = text.split()
    for _ in range(rng.randint(1, 3)):
        words.insert(rng.randint(0, len(words)), rng.choice(choices))
    return " ".join(words)
