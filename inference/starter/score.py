"""Scores the starter model on combinations it never saw, from pixels alone.

`python -m inference.starter.score --seed 7 --prompts 200` draws with the stock pipeline; the judge is measured too.
"""

import argparse
import json
import random
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline
from PIL import Image

from inference.starter.judge import Verdict, judge
from inference.starter.scenes import FRAMES, PALETTE, draw, held_out, random_scene
from inference.starter.vocabulary import SHAPES

WEIGHTS = Path(__file__).parent / "weights"
STEPS = 12
GUIDANCE = 3.0

PHRASES = (
    "a {colour} {shape} on a {background} background",
    "{colour} {shape}, {background} background",
    "Please draw a {colour} {shape} on a {background} background.",
    "a picture of a {colour} {shape} on {background}",
    "{colour} {shape} with a {background} background",
)


@dataclass(frozen=True)
class Question:
    prompt: str
    shape: str
    colour: str
    background: str
    frame: str
    seed: int


@dataclass(frozen=True)
class Score:
    """Shares between 0 and 1."""

    shape: float
    colour: float
    background: float
    all_three: float
    judge_on_drawn_scenes: float
    seconds_per_picture: float
    prompts: int
    seed: int
    steps: int
    guidance: float


def questions(seed: int, count: int) -> Iterator[Question]:
    rng = random.Random(seed)
    unseen = [
        (shape, colour, background)
        for shape in SHAPES
        for colour in PALETTE
        for background in PALETTE
        if colour != background and held_out(shape, colour, background)
    ]
    for index in range(count):
        shape, colour, background = rng.choice(unseen)
        prompt = rng.choice(PHRASES).format(shape=shape, colour=colour, background=background)
        yield Question(prompt, shape, colour, background, list(FRAMES)[index % 3], rng.randrange(2**31))


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
    verdicts = [judge(picture) for picture in pictures]
    pairs = list(zip(asked, verdicts, strict=True))
    return Score(
        shape=sum(one.shape == found.shape for one, found in pairs) / prompts,
        colour=sum(one.colour == found.colour for one, found in pairs) / prompts,
        background=sum(one.background == found.background for one, found in pairs) / prompts,
        all_three=sum(_right(one, found) for one, found in pairs) / prompts,
        judge_on_drawn_scenes=judge_on_drawn_scenes(seed),
        seconds_per_picture=seconds,
        prompts=prompts,
        seed=seed,
        steps=steps,
        guidance=guidance,
    )


def judge_on_drawn_scenes(seed: int, count: int = 600) -> float:
    """How often the judge names all three of a scene that our own code drew."""
    rng = random.Random(seed)
    scenes = [random_scene(rng, list(FRAMES)[index % 3]) for index in range(count)]
    return sum(_right(scene, judge(draw(scene))) for scene in scenes) / count


def _right(wanted: object, found: Verdict) -> bool:
    return all(getattr(wanted, name) == getattr(found, name) for name in ("shape", "colour", "background"))


def _keep(folder: Path, asked: list[Question], pictures: list[Image.Image]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for index, (one, picture) in enumerate(zip(asked, pictures, strict=True)):
        picture.save(folder / f"{index:03d} {one.colour} {one.shape} on {one.background}.png")


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
    for name in ("shape", "colour", "background", "all_three", "judge_on_drawn_scenes"):
        print(f"{name.replace('_', ' '):24} {100 * getattr(result, name):5.1f} %")
    print(f"{'seconds per picture':24} {result.seconds_per_picture:5.2f}")


if __name__ == "__main__":
    main()
