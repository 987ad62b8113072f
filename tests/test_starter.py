"""The starter model: what it draws, what it draws again, and how it came about."""

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import AutoencoderTiny, StableDiffusionImg2ImgPipeline, StableDiffusionPipeline, UNet2DConditionModel
from PIL import Image
from transformers import CLIPTextModel

from inference.models import catalogue
from inference.starter import scenes
from inference.starter.captions import caption
from inference.starter.judge import judge
from inference.starter.network import TEXT_LENGTH, WORDS_LENGTH
from inference.starter.scenes import FRAMES, Ground, Scene, Thing, draw, held_out, random_scene
from inference.starter.score import WEIGHTS, judge_on_drawn_scenes, load, marks_of, paint, questions
from inference.starter.things import NATURAL, PALETTE, PARTS
from inference.starter.train import Plan, train
from inference.starter.vocabulary import COLOURS, PLACES, RELATIONS, THINGS, VIEWS, unknown_words


@pytest.fixture(scope="module")
def pipeline() -> StableDiffusionPipeline:
    return load()


def same(one: Image.Image, other: Image.Image) -> bool:
    return bool(np.array_equal(np.asarray(one), np.asarray(other)))


def looks(picture: Image.Image) -> list[tuple[str | None, str]]:
    """Kind and colour of what stands in it, from left to right."""
    return [(seen.kind, seen.colour) for seen in sorted(judge(picture).things, key=lambda seen: seen.x)]


def test_the_weights_are_stock_parts_in_a_stock_pipeline(pipeline):
    assert type(pipeline) is StableDiffusionPipeline
    assert type(pipeline.unet) is UNet2DConditionModel
    assert type(pipeline.text_encoder) is CLIPTextModel
    assert type(pipeline.vae) is AutoencoderTiny


def test_the_weights_fit_in_twenty_megabytes():
    assert sum(path.stat().st_size for path in WEIGHTS.rglob("*") if path.is_file()) <= 20_000_000


@pytest.mark.parametrize(
    ("prompt", "things", "ground"),
    [
        ("a yellow star on a black background", [("star", "yellow")], Ground(("black",))),
        ("Please draw a RED circle on a white background!", [("circle", "red")], Ground(("white",))),
        ("a red house on a meadow", [("house", "red")], Ground(view="meadow")),
        ("an orange cat at night", [("cat", "orange")], Ground(view="night")),
        ("two purple umbrellas on a white background", [("umbrella", "purple")] * 2, Ground(("white",))),
        (
            "a red heart left of a green tree, white background",
            [("heart", "red"), ("tree", "green")],
            Ground(("white",)),
        ),
    ],
)
def test_it_draws_what_was_asked_for(pipeline, prompt, things, ground):
    picture = paint(pipeline, prompt, "square", seed=1)

    assert looks(picture) == things
    assert judge(picture).ground == ground


def test_a_thing_without_a_colour_has_its_own(pipeline):
    assert looks(paint(pipeline, "a sun in the sky", "square", 1)) == [("sun", NATURAL["sun"])]


def test_a_prompt_without_a_background_leaves_it_open(pipeline):
    seen = [judge(paint(pipeline, "a red circle", "square", seed)) for seed in range(4)]

    assert {thing.colour for one in seen for thing in one.things} == {"red"}
    assert len({one.ground for one in seen}) > 1


def test_the_same_seed_draws_the_same_picture(pipeline):
    assert same(paint(pipeline, "a red ring", "square", 5), paint(pipeline, "a red ring", "square", 5))


def test_another_seed_draws_another_picture(pipeline):
    assert not same(paint(pipeline, "a red ring", "square", 5), paint(pipeline, "a red ring", "square", 6))


@pytest.mark.parametrize(("frame", "size"), FRAMES.items())
def test_every_frame_has_its_size_and_its_picture(pipeline, frame, size):
    picture = paint(pipeline, "a white diamond on a blue background", frame, seed=3)

    assert picture.size == size
    assert looks(picture) == [("diamond", "white")]
    assert judge(picture).ground == Ground(("blue",))


def test_it_starts_from_a_picture_and_keeps_what_the_strength_leaves(pipeline):
    start = draw(scenes.one(random.Random(1), "square", Ground(("white",)), "circle", "blue", "big", None))
    from_picture = StableDiffusionImg2ImgPipeline.from_pipe(pipeline, vae=pipeline.vae)
    from_picture.set_progress_bar_config(disable=True)

    def painted(strength: float) -> Image.Image:
        prompt, noise = "a big blue circle on a white background", torch.Generator().manual_seed(1)
        return from_picture(prompt, image=start, strength=strength, num_inference_steps=12, generator=noise).images[0]

    def apart(picture: Image.Image) -> float:
        return float(np.abs(np.asarray(picture, float) - np.asarray(start, float)).mean())

    assert looks(painted(0.4)) == [("circle", "blue")]
    assert apart(painted(0.2)) < apart(painted(1.0))


def test_words_it_never_learnt_do_not_keep_it_from_drawing(pipeline):
    picture = paint(pipeline, "a green fox jumps on a white background", "square", 2)

    assert judge(picture).ground == Ground(("white",))


def test_words_beyond_its_length_are_left_unread(pipeline):
    tokens = pipeline.tokenizer("star " * 60, truncation=True).input_ids

    assert len(tokens) == TEXT_LENGTH == pipeline.tokenizer.model_max_length
    assert tokens.count(pipeline.tokenizer.convert_tokens_to_ids("star")) == WORDS_LENGTH


@pytest.mark.parametrize(
    ("prompt", "unknown"),
    [
        ("a yellow star on a black background", ()),
        ("Please, draw me a GREY Ring!", ()),
        ("a picture of one big violet box, thanks", ()),
        ("three snowmen in the snow, next to nothing", ("nothing",)),
        ("I'd like a disc", ()),
        ("", ()),
        ("... ?! 🦊", ()),
        ("a red fox", ("fox",)),
        ("a crimson Star over MOUNTAINS, crimson", ("crimson", "mountains")),
        ("7 red circles", ("7",)),
        ("ein roter Kreis für Zoë", ("ein", "roter", "kreis", "für", "zoë")),
        ("don't draw dogs, hats, birds, frogs, cows or bees", ("don't", "dogs", "hats", "birds", "frogs")),
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


def test_nothing_has_the_colour_of_what_is_behind_it():
    rng = random.Random(0)
    shown = [random_scene(rng, "square") for _ in range(300)]

    assert not any(scene.ground.swallows(thing.colour) for scene in shown for thing in scene.things)


def test_captions_use_no_word_that_the_model_does_not_know():
    rng = random.Random(0)
    said = {word for _ in range(500) for word in unknown_words(caption(random_scene(rng, "square"), rng))}

    assert said <= {"qqq"}, "the stand-in for words it never learnt is the only one"


def test_scoring_asks_only_for_combinations_that_training_never_shows():
    rng = random.Random(0)
    shown = [random_scene(rng, "square") for _ in range(500)]

    assert not any(unseen(scene) for scene in shown)
    assert all(unseen(one.scene) for one in questions(seed=1, count=100))


def unseen(scene: Scene) -> bool:
    first, *others = scene.things
    if scene.relation:
        return held_out(first.kind, scene.relation, others[0].kind)
    if others:
        return held_out(str(len(scene.things)), first.kind, first.colour)
    return held_out(first.kind, first.colour, str(scene.ground))


def test_everything_that_has_a_word_can_be_drawn_and_told_apart():
    assert set(PARTS) == set(THINGS)
    assert set(COLOURS) == set(PALETTE)
    assert set(scenes.PAIRS) == set(RELATIONS)
    assert set(scenes.LOST_IN) == set(VIEWS)
    assert set(PLACES) <= set(scenes.SPOTS)
    for kind in THINGS:
        scene = Scene((Thing(kind, "purple", 64, 64, 40),), Ground(("white",)), *FRAMES["square"])
        assert looks(draw(scene)) == [(kind, "purple")]


def test_the_catalogue_names_everything_that_it_knows():
    known = catalogue("starter").default.knows

    assert [name for name in (*THINGS, *COLOURS, *VIEWS) if name not in known] == []


def test_the_judge_finds_no_fault_with_pictures_our_own_code_drew():
    assert judge_on_drawn_scenes(seed=11, count=32) >= 0.96


def test_the_judge_finds_fault_with_another_picture_than_was_asked_for():
    wanted = next(questions(seed=3, count=1)).scene
    other = scenes.group(random.Random(1), "square", Ground(("blue",)), "cat", "yellow", 3)

    assert not any(name for name, share in marks_of([wanted], [draw(other)]).items() if share)


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
