"""Scores the starter model on combinations it never saw, from pixels alone.

`python -m inference.starter.score --seed 7 --prompts 200` draws with the stock pipeline; the judge is measured too.
"""

import argparse
import json
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline
from PIL import Image

from inference.starter import scenes
from inference.starter.judge import Seen, Verdict, judge
from inference.starter.scenes import FRAMES, Ground, Scene, held_out
from inference.starter.things import PALETTE
from inference.starter.vocabulary import NUMBERS, PLACES, RELATIONS, SIZES, THINGS, VIEWS

WEIGHTS = Path(__file__).parent / "weights"
STEPS = 16
GUIDANCE = 2.0

PHRASES = (
    "{things} {ground}",
    "{things}, {ground}",
    "Please draw {things} {ground}.",
    "a picture of {things} {ground}",
)
GROUNDS = ("on a {colour} background", "with a {colour} background", "on {colour}")
GRADIENTS = ("on a gradient from {one} to {two}", "on a {one} to {two} gradient")


@dataclass(frozen=True)
class Question:
    """A prompt and the scene it asks for; where exactly things stand in that scene is not asked."""

    prompt: str
    scene: Scene
    frame: str
    seed: int


@dataclass
class Tally:
    """How many were asked, how many came out right."""

    right: int = 0
    asked: int = 0

    def add(self, right: int, asked: int = 1) -> None:
        self.right, self.asked = self.right + right, self.asked + asked

    @property
    def share(self) -> float:
        return self.right / self.asked if self.asked else 0.0


@dataclass
class Marks:
    """What is judged: of every thing its kind and colour, of every picture its ground, and of those that say so how many there
    are, where the one stands, how two stand to each other, how large it is. `everything`: pictures without any fault.
    """

    things: Tally = field(default_factory=Tally)
    colours: Tally = field(default_factory=Tally)
    grounds: Tally = field(default_factory=Tally)
    counts: Tally = field(default_factory=Tally)
    places: Tally = field(default_factory=Tally)
    relations: Tally = field(default_factory=Tally)
    sizes: Tally = field(default_factory=Tally)
    everything: Tally = field(default_factory=Tally)

    def mark(self, wanted: Scene, found: Verdict) -> None:
        kinds = _in_common([one.kind for one in wanted.things], [one.kind for one in found.things])
        colours = _in_common([one.colour for one in wanted.things], [one.colour for one in found.things])
        self.things.add(kinds, len(wanted.things))
        self.colours.add(colours, len(wanted.things))
        verdicts = [
            kinds == colours == len(wanted.things) == len(found.things),
            self._note(self.grounds, found.ground == wanted.ground),
        ]
        alone = len(wanted.things) == 1
        if not alone and not wanted.relation:
            verdicts.append(self._note(self.counts, len(found.things) == len(wanted.things)))
        if wanted.relation:
            verdicts.append(self._note(self.relations, _stand_as(wanted, found.things)))
        if alone and wanted.place:
            verdicts.append(self._note(self.places, bool(found.things) and _stands_at(wanted.place, found.things[0])))
        if alone and wanted.size and not wanted.place:
            verdicts.append(self._note(self.sizes, bool(found.things) and _is_sized(wanted.size, found.things[0])))
        self.everything.add(all(verdicts))

    @staticmethod
    def _note(tally: Tally, right: bool) -> bool:
        tally.add(right)
        return right


@dataclass(frozen=True)
class Score:
    """Shares between 0 and 1, by the names of `Marks`."""

    reached: dict[str, float]
    judge_on_drawn_scenes: float
    seconds_per_picture: float
    prompts: int
    seed: int
    steps: int
    guidance: float


def questions(seed: int, count: int) -> Iterator[Question]:
    """In turn: one thing on a ground, several of it, two things, one thing at a place; in all frames."""
    rng = random.Random(seed)
    asking = (_ask_one, _ask_group, _ask_pair, _ask_place)
    for index in range(count):
        frame = list(FRAMES)[index % len(FRAMES)]
        scene, things = asking[index % len(asking)](rng, frame)
        prompt = rng.choice(PHRASES).format(things=things, ground=_ground(rng, scene.ground))
        yield Question(prompt, scene, frame, rng.randrange(2**31))


def load(weights: Path = WEIGHTS) -> StableDiffusionPipeline:
    pipeline = StableDiffusionPipeline.from_pretrained(weights)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def paint(
    pipeline: StableDiffusionPipeline,
    prompt: str,
    frame: str,
    seed: int,
    steps: int = STEPS,
    guidance: float = GUIDANCE,
) -> Image.Image:
    width, height = FRAMES[frame]
    return pipeline(
        prompt,
        width=width,
        height=height,
        num_inference_steps=steps,
        guidance_scale=guidance,
        generator=torch.Generator().manual_seed(seed),
    ).images[0]


def score(weights: Path, seed: int, prompts: int, steps: int, guidance: float, keep: Path | None) -> Score:
    pipeline = load(weights)
    asked = list(questions(seed, prompts))
    paint(pipeline, "warm up", "square", 0, steps, guidance)
    started = time.perf_counter()
    pictures = [paint(pipeline, one.prompt, one.frame, one.seed, steps, guidance) for one in asked]
    seconds = (time.perf_counter() - started) / prompts
    if keep:
        _keep(keep, asked, pictures)
    return Score(
        reached=marks_of([one.scene for one in asked], pictures),
        judge_on_drawn_scenes=judge_on_drawn_scenes(seed),
        seconds_per_picture=seconds,
        prompts=prompts,
        seed=seed,
        steps=steps,
        guidance=guidance,
    )


def marks_of(wanted: list[Scene], pictures: list[Image.Image]) -> dict[str, float]:
    marks = Marks()
    for scene, picture in zip(wanted, pictures, strict=True):
        marks.mark(scene, judge(picture))
    return {name: tally.share for name, tally in vars(marks).items()}


def judge_on_drawn_scenes(seed: int, count: int = 200) -> float:
    """How often the judge finds no fault with a scene that our own code drew."""
    asked = [one.scene for one in questions(seed, count)]
    return marks_of(asked, [scenes.draw(scene) for scene in asked])["everything"]


def _ask_one(rng: random.Random, frame: str) -> tuple[Scene, str]:
    ground, kind, colour = _unseen(rng)
    size = rng.choice(["small", None, None, "big"])
    scene = scenes.one(rng, frame, ground, kind, colour, size, None)
    return scene, f"a {SIZES[size][0] if size else ''} {colour} {THINGS[kind][0][0]}"


def _ask_place(rng: random.Random, frame: str) -> tuple[Scene, str]:
    ground, kind, colour = _unseen(rng)
    place = rng.choice(list(PLACES))
    scene = scenes.one(rng, frame, ground, kind, colour, None, place)
    return scene, f"a {colour} {THINGS[kind][0][0]} {PLACES[place][0]}"


def _ask_group(rng: random.Random, frame: str) -> tuple[Scene, str]:
    while True:
        ground, (kind, colour) = scenes.random_ground(rng), _looks(rng)
        count = rng.choice(list(NUMBERS))
        if not ground.swallows(colour) and held_out(str(count), kind, colour):
            scene = scenes.group(rng, frame, ground, kind, colour, count)
            return scene, f"{NUMBERS[count][0]} {colour} {THINGS[kind][1][0]}"


def _ask_pair(rng: random.Random, frame: str) -> tuple[Scene, str]:
    while True:
        ground, relation = scenes.random_ground(rng), rng.choice(list(RELATIONS))
        first, second = _looks(rng), _looks(rng)
        lost = ground.swallows(first[1]) or ground.swallows(second[1])
        if first[0] != second[0] and not lost and held_out(first[0], relation, second[0]):
            scene = scenes.pair(rng, frame, ground, first, second, relation)
            one, other = (f"a {colour} {THINGS[kind][0][0]}" for kind, colour in (first, second))
            return scene, f"{one} {RELATIONS[relation][0]} {other}"


def _unseen(rng: random.Random) -> tuple[Ground, str, str]:
    while True:
        ground, (kind, colour) = scenes.random_ground(rng), _looks(rng)
        if not ground.swallows(colour) and held_out(kind, colour, str(ground)):
            return ground, kind, colour


def _looks(rng: random.Random) -> tuple[str, str]:
    return rng.choice(list(THINGS)), rng.choice(list(PALETTE))


def _ground(rng: random.Random, ground: Ground) -> str:
    if ground.view:
        return VIEWS[ground.view][0]
    if len(ground.colours) == 2:
        return rng.choice(GRADIENTS).format(one=ground.colours[0], two=ground.colours[1])
    return rng.choice(GROUNDS).format(colour=ground.colours[0])


def _in_common(wanted: Sequence[str], found: Sequence[str | None]) -> int:
    return (Counter[str | None](wanted) & Counter(found)).total()


def _stand_as(wanted: Scene, found: tuple[Seen, ...]) -> bool:
    """Both kinds are there, and the way from the first to the second is mostly the one that was asked for."""
    if len(found) != 2:
        return False
    first = next((one for one in found if one.kind == wanted.things[0].kind), None)
    second = next((one for one in found if one.kind == wanted.things[1].kind), None)
    if first is None or second is None:
        return False
    across, down = second.x - first.x, second.y - first.y
    sideways = abs(across) > abs(down)
    return {
        "left of": sideways and across > 0,
        "right of": sideways and across < 0,
        "above": not sideways and down > 0,
        "below": not sideways and down < 0,
        "beside": sideways,
    }[wanted.relation or ""]


def _stands_at(place: str, seen: Seen) -> bool:
    """Within an eighth of the picture, across and down."""
    x, y = scenes.SPOTS[place]
    return abs(seen.x - x) < 0.125 and abs(seen.y - y) < 0.125


def _is_sized(size: str, seen: Seen) -> bool:
    return seen.size < 0.5 if size == "small" else seen.size > 0.7


def _keep(folder: Path, asked: list[Question], pictures: list[Image.Image]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for index, (one, picture) in enumerate(zip(asked, pictures, strict=True)):
        picture.save(folder / f"{index:03d} {one.prompt.strip('.')}.png")


def main() -> None:
    parser = argparse.ArgumentParser(description="Score the starter model on unseen combinations.")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--prompts", type=int, default=200)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--guidance", type=float, default=GUIDANCE)
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="a folder for the pictures")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    result = score(asked.weights, asked.seed, asked.prompts, asked.steps, asked.guidance, asked.keep)
    if asked.json:
        print(json.dumps(asdict(result)))
        return
    for name, share in {**result.reached, "judge on drawn scenes": result.judge_on_drawn_scenes}.items():
        print(f"{name:24} {100 * share:5.1f} %")
    print(f"{'seconds per picture':24} {result.seconds_per_picture:5.2f}")


if __name__ == "__main__":
    main()
