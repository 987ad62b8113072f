"""Says in many plain ways what a scene shows, leaving out now and then what a person would leave out.

Case and punctuation are the tokenizer's business: it folds the one and drops the other.
"""

import random

from inference.starter.scenes import Ground, Scene, Thing
from inference.starter.things import NATURAL
from inference.starter.vocabulary import COLOURS, GROUND, NUMBERS, PLACES, RELATIONS, SIZES, THINGS, VIEWS

OPENINGS = (
    *("a picture of", "an image of", "a drawing of", "draw", "please draw", "draw me", "make", "paint", "show me"),
    *("i want", "i would like", "can you draw", "create", "generate", "give me", "just", "hello, draw"),
)
ENDINGS = (".", "!", "?", " please", ", please.", ", thanks")
PRAISE = ("cute", "pretty", "nice", "lovely", "beautiful", "happy", "simple")

WITH_COLOUR = (
    *("{things} on a {colour} {ground}", "{things} on a {colour} {ground}", "{things} on {colour}"),
    *("{things}, {colour} {ground}", "{things} with a {colour} {ground}", "{things} against a {colour} {ground}"),
    *("{things} in front of a {colour} {ground}", "{things} {colour} {ground}", "{things} on plain {colour}"),
    *("a {colour} {ground} with {things}", "{colour} {ground}, {things}", "on a {colour} {ground}, {things}"),
)
WITH_GRADIENT = (
    *("{things} on a {one} to {two} gradient", "{things} on a gradient from {one} to {two}"),
    *("{things}, gradient {ground} from {one} to {two}", "{things} on a {ground} fading from {one} to {two}"),
    *("{things} on a {one} to {two} {ground}", "{things}, {one} to {two} gradient {ground}"),
)
WITH_VIEW = ("{things} {view}", "{things} {view}", "{things}, {view}", "{view}, {things}", "{view} {things}")
WITH_PLACE = ("{thing} {place}", "{thing} {place}", "{thing}, {place}", "{place}, {thing}")
COLOUR_LAST = (
    "{article} {size} {noun} in {colour}",
    "{size} {noun}, {colour}",
    "{article} {size} {noun} that is {colour}",
)

# Stands for any word outside the vocabulary: the tokenizer knows no such word.
STRANGER = "qqq"


def caption(scene: Scene, rng: random.Random) -> str:
    text = _on(scene.ground, _things(scene, rng), rng)
    if rng.random() < 0.3:
        text = f"{rng.choice(OPENINGS)} {text}"
    if rng.random() < 0.2:
        text += rng.choice(ENDINGS)
    if rng.random() < 0.1:
        text = _interrupted(text, (STRANGER,), rng)
    if rng.random() < 0.1:
        text = _interrupted(text, ("please", "some", "nice", "just", "lovely"), rng)
    return " ".join(text.split())


def _things(scene: Scene, rng: random.Random) -> str:
    first, *others = scene.things
    if scene.relation:
        return f"{_one(first, None, rng)} {rng.choice(RELATIONS[scene.relation])} {_one(others[0], None, rng)}"
    if others:
        return _several(first, len(scene.things), rng)
    thing = _one(first, scene.size, rng)
    if scene.place is None:
        return thing
    return rng.choice(WITH_PLACE).format(thing=thing, place=rng.choice(PLACES[scene.place]))


def _one(thing: Thing, size: str | None, rng: random.Random) -> str:
    words, _ = THINGS[thing.kind]
    noun = _word(words, rng)
    said = rng.choice(SIZES[size]) if size and rng.random() < 0.9 else ""
    if rng.random() < 0.05:
        said = f"{rng.choice(PRAISE)} {said}"
    article = rng.choice(("a", "a", "a", "the", "one", ""))
    if NATURAL.get(thing.kind) == thing.colour and rng.random() < 0.6:
        return f"{article} {said} {noun}"
    colour = rng.choice(COLOURS[thing.colour])
    if rng.random() < 0.08:
        return rng.choice(COLOUR_LAST).format(article=article, size=said, noun=noun, colour=colour)
    return f"{article} {said} {colour} {noun}" if rng.random() < 0.9 else f"{article} {colour} {said} {noun}"


def _several(thing: Thing, count: int, rng: random.Random) -> str:
    _, words = THINGS[thing.kind]
    noun = _word(words, rng)
    number = NUMBERS[count][0] if rng.random() < 0.75 else rng.choice(NUMBERS[count])
    if NATURAL.get(thing.kind) == thing.colour and rng.random() < 0.6:
        return f"{number} {noun}"
    return f"{number} {rng.choice(COLOURS[thing.colour])} {noun}"


def _on(ground: Ground, things: str, rng: random.Random) -> str:
    if ground.view:
        return rng.choice(WITH_VIEW).format(things=things, view=rng.choice(VIEWS[ground.view]))
    word = rng.choice(GROUND) if rng.random() < 0.1 else GROUND[0]
    colours = [rng.choice(COLOURS[colour]) for colour in ground.colours]
    if len(colours) == 2:
        return rng.choice(WITH_GRADIENT).format(things=things, ground=word, one=colours[0], two=colours[1])
    if rng.random() < 0.12:
        return things
    return rng.choice(WITH_COLOUR).format(things=things, ground=word, colour=colours[0])


def _word(choices: tuple[str, ...], rng: random.Random) -> str:
    return choices[0] if rng.random() < 0.6 else rng.choice(choices)


def _interrupted(text: str, choices: tuple[str, ...], rng: random.Random) -> str:
    """Words that mean nothing here, so that the model learns to pass over them."""
    words = text.split()
    for _ in range(rng.randint(1, 2)):
        words.insert(rng.randint(0, len(words)), rng.choice(choices))
    return " ".join(words)
