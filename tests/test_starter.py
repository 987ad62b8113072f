"""The starter model: what it draws, what it draws again, and how it came about."""

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import AutoencoderTiny, StableDiffusionPipeline, UNet2DConditionModel
from PIL import Image
from transformers import CLIPTextModel

from inference.starter.captions import caption
from inference.starter.judge import judge
from inference.starter.scenes import FRAMES, PALETTE, Scene, draw, held_out, random_scene
from inference.starter.score import WEIGHTS, judge_on_drawn_scenes, load, paint, questions
from inference.starter.train import Plan, train
from inference.starter.vocabulary import COLOURS, SHAPES, unknown_words


@pytest.fixture(scope="module")
def pipeline() -> StableDiffusionPipeline:
    return load()


def same(one: Image.Image, other: Image.Image) -> bool:
    return bool(np.array_equal(np.asarray(one), np.asarray(other)))


def test_the_weights_are_stock_parts_in_a_stock_pipeline(pipeline):
    assert type(pipeline) is StableDiffusionPipeline
    assert type(pipeline.unet) is UNet2DConditionModel
    assert type(pipeline.text_encoder) is CLIPTextModel
    assert type(pipeline.vae) is AutoencoderTiny


def test_the_weights_fit_in_twenty_megabytes():
    assert sum(path.stat().st_size for path in WEIGHTS.rglob("*") if path.is_file()) <= 20_000_000


@pytest.mark.parametrize(
    ("prompt", "shape", "colour", "background"),
    [
        ("a yellow star on a black background", "star", "yellow", "black"),
        ("Please draw a RED circle on a white background!", "circle", "red", "white"),
        ("blue square, yellow background", "square", "blue", "yellow"),
        ("a picture of a pink heart on green", "heart", "pink", "green"),
    ],
)
def test_it_draws_the_object_and_colours_that_were_asked_for(pipeline, prompt, shape, colour, background):
    seen = judge(paint(pipeline, prompt, "square", seed=1))

    assert (seen.shape, seen.colour, seen.background) == (shape, colour, background)


def test_a_prompt_without_a_background_leaves_it_open(pipeline):
    seen = [judge(paint(pipeline, "a red circle", "square", seed)) for seed in range(4)]

    assert {one.colour for one in seen} == {"red"}
    assert len({one.background for one in seen}) > 1


def test_the_same_seed_draws_the_same_picture(pipeline):
    assert same(paint(pipeline, "a red ring", "square", 5), paint(pipeline, "a red ring", "square", 5))


def test_another_seed_draws_another_picture(pipeline):
    assert not same(paint(pipeline, "a red ring", "square", 5), paint(pipeline, "a red ring", "square", 6))


@pytest.mark.parametrize(("frame", "size"), [("square", (128, 128)), ("portrait", (96, 128)), ("landscape", (128, 96))])
def test_every_frame_has_its_size_and_its_picture(pipeline, frame, size):
    picture = paint(pipeline, "a white diamond on a blue background", frame, seed=3)

    seen = judge(picture)
    assert picture.size == size
    assert (seen.colour, seen.background) == ("white", "blue")


def test_words_it_never_learnt_do_not_keep_it_from_drawing(pipeline):
    assert judge(paint(pipeline, "a green fox jumps on a white background", "square", 2)).background == "white"


@pytest.mark.parametrize(
    ("prompt", "unknown"),
    [
        ("a yellow star on a black background", ()),
        ("Please, draw me a GREY Ring!", ()),
        ("a picture of one big violet box, thanks", ()),
        ("I'd like a disc", ()),
        ("", ()),
        ("... ?! 🦊", ()),
        ("a red fox", ("fox",)),
        ("a crimson Star over MOUNTAINS, crimson", ("crimson", "mountains")),
        ("2 red circles", ("2",)),
        ("ein roter Kreis für Zoë", ("ein", "roter", "kreis", "für", "zoë")),
        ("don't draw dogs, cats, birds, fish, cows or bees", ("don't", "dogs", "cats", "birds", "fish")),
    ],
)
def test_words_it_never_learnt_are_named_in_order(prompt, unknown):
    assert unknown_words(prompt) == unknown


def test_the_tokenizer_and_the_vocabulary_agree_on_what_is_unknown(pipeline):
    prompt = "Draw a Crimson star’s twin, don't 42 it's"
    tokens = pipeline.tokenizer.tokenize(prompt)

    assert tokens.count(pipeline.tokenizer.unk_token) == len(unknown_words(prompt))


def test_scenes_are_the_same_for_the_same_seed():
    one, again, other = (random_scene(random.Random(seed), "portrait") for seed in (4, 4, 5))

    assert one == again != other
    assert same(draw(one), draw(again))
    assert caption(one, random.Random(1)) == caption(again, random.Random(1))


def test_object_and_background_never_share_a_colour():
    rng = random.Random(0)
    scenes = [random_scene(rng, "square") for _ in range(500)]

    assert all(scene.colour != scene.background for scene in scenes)


def test_scoring_asks_only_for_combinations_that_training_never_shows():
    rng = random.Random(0)
    shown = [random_scene(rng, "square") for _ in range(500)]

    assert not any(held_out(scene.shape, scene.colour, scene.background) for scene in shown)
    assert all(held_out(one.shape, one.colour, one.background) for one in questions(seed=1, count=100))


def test_every_name_of_a_shape_or_colour_can_be_drawn():
    for shape in SHAPES:
        scene = Scene(shape, "red", "white", None, 64, 64, 40, 0, *FRAMES["square"])
        assert judge(draw(scene)).shape == shape
    assert set(COLOURS) == set(PALETTE)


def test_the_judge_is_right_about_pictures_our_own_code_drew():
    assert judge_on_drawn_scenes(seed=11, count=200) >= 0.98


def test_training_that_was_killed_goes_on_to_the_same_weights(tmp_path):
    plan = Plan(
        minutes=0,
        batch=2,
        words_batch=2,
        words_steps=3,
        autoencoder_batch=2,
        autoencoder_steps=3,
        steps=4,
        save_every_seconds=0,
    )

    def killed_in(stage: str):
        def watch(name: str, step: int, loss: float) -> None:
            if (name, step) == (stage, 2):
                raise KeyboardInterrupt

        return watch

    train(plan, tmp_path / "unbroken", lambda *_: None)
    for stage in ("words", "autoencoder", "painter"):
        with pytest.raises(KeyboardInterrupt):
            train(plan, tmp_path / "broken", killed_in(stage))
    train(plan, tmp_path / "broken", lambda *_: None)

    assert weights(tmp_path / "unbroken") == weights(tmp_path / "broken")


def weights(folder: Path) -> dict[str, bytes]:
    """Averages as well as the networks themselves, to the bit."""
    found = {}
    for name in ("words", "autoencoder", "painter"):
        state = torch.load(folder / f"{name}.pt", weights_only=True)
        for part in ("network", "average"):
            found |= {f"{name}/{part}/{key}": value.numpy().tobytes() for key, value in state[part].items()}
    return found
