"""The catalogue as it is written: what is shipped is whole, and a mistake in an operator's own file is one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.credits import Milli
from core.ports import Range
from inference.entries import BadCatalogue, read_models, read_styles
from inference.families import FAMILIES
from inference.models import UnknownModel, catalogue
from inference.stock import Stock

MINE = """
[mine]
title = "My own"
family = "sdxl"
repo = "me/mine"
licence = "MIT"
commercial_use = "yes"
sizes = { square = [512, 512], portrait = [512, 768], landscape = [768, 512] }
steps = { low = 10, high = 40, default = 20 }
guidance = { low = 1, high = 9, default = 5.5 }
memory = 10
price = 2.5
"""


def own(folder: Path, text: str) -> Path:
    file = folder / "mine.toml"
    file.write_text(text)
    return file


def test_a_model_of_ones_own_joins_those_that_are_shipped(tmp_path: Path) -> None:
    models = read_models(own(tmp_path, MINE))
    mine = models["mine"].listed()

    assert "sdxl" in models
    assert (mine.name, mine.title, mine.family) == ("mine", "My own", "sdxl")
    assert (mine.steps, mine.guidance, mine.price) == (Range(10, 40, 20), Range(1, 9, 5.5), Milli(2500))
    assert mine.sizes["portrait"] == (512, 768)
    assert (mine.negative, mine.weighting, mine.references) == (True, True, True)


def test_a_table_of_a_known_name_changes_what_it_names(tmp_path: Path) -> None:
    before, after = read_models()["sdxl"], read_models(own(tmp_path, "[sdxl]\nprice = 9\n"))["sdxl"]

    assert after == before.model_copy(update={"price": 9})


def test_weights_of_another_origin_are_not_held_to_the_old_commit(tmp_path: Path) -> None:
    by_repo = read_models(own(tmp_path, '[sdxl]\nrepo = "me/finetuned"\n'))["sdxl"]
    by_folder = read_models(own(tmp_path, '[sdxl]\nfolder = "weights/xl"\n'))["sdxl"]

    assert (by_repo.repo, by_repo.revision) == ("me/finetuned", "")
    assert (by_folder.repo, by_folder.folder) == ("", tmp_path / "weights" / "xl")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(MINE.replace("price", "prize"), "mine: price: field required", id="missing"),
        pytest.param(MINE + 'colour = "red"\n', "mine: colour: no such key", id="unknown key"),
        pytest.param(MINE + "name = 'x'\n", "mine: name: no such key", id="name is the table's"),
        pytest.param(MINE.replace('"sdxl"', '"sdxxl"'), "mine: family: must be one of starter, sd1", id="no family"),
        pytest.param(
            MINE.replace("default = 20", "default = 50"),
            "mine: steps: default must be from 10 to 40, not 50",
            id="default out of range",
        ),
        pytest.param(
            MINE.replace("low = 10, high = 40", "low = 50, high = 40"),
            "mine: steps: low is 50, more than high",
            id="range",
        ),
        pytest.param(MINE.replace("low = 10", "low = 0.5"), "mine: steps: must be whole numbers", id="half a step"),
        pytest.param(MINE.replace("{ low = 1,", "{ low = -1,"), "mine: guidance: low must be 0 or more", id="negative"),
        pytest.param(
            MINE.replace("[512, 768]", "[512, 770]"), "mine: sizes.portrait must be multiples of 8", id="not a multiple"
        ),
        pytest.param(MINE.replace("portrait", "tall"), "mine: sizes: must have square, portrait", id="another shape"),
        pytest.param(MINE.replace("2.5", "2.55"), "mine: price: must be a multiple of 0.1", id="price"),
        pytest.param(MINE.replace("memory = 10", "memory = 0"), "mine: memory: input should be greater", id="memory"),
        pytest.param(MINE.replace('"me/mine"', '"mine"'), "mine: repo: string should match", id="no repo"),
        pytest.param(MINE + 'revision = "main"\n', "mine: revision: string should match", id="a branch is no commit"),
        pytest.param(MINE + 'folder = "x"\n', "mine: must have a repo or a folder, and not both", id="two origins"),
        pytest.param(
            MINE.replace("My own", "SDXL-Turbo"), "title “SDXL-Turbo” is that of sdxl-turbo", id="title twice"
        ),
        pytest.param(MINE + MINE, "not valid TOML: Cannot declare ('mine',) twice", id="table twice"),
        pytest.param(
            MINE.replace('"sdxl"', '"chroma"').replace("512", "528").replace("768", "784"),
            "mine: tokens is missing",
            id="tokens",
        ),
        pytest.param("[My Model]\n", "not valid TOML", id="not TOML"),
        pytest.param('["My Model"]\n', "My Model: name: string should match", id="a name nobody can type"),
        pytest.param("memory = 3\n", "memory: must be a table of its own", id="no table"),
    ],
)
def test_a_mistake_is_one_sentence_naming_file_model_and_key(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadCatalogue) as refused:
        read_models(own(tmp_path, text))

    assert str(refused.value).startswith(f"{tmp_path / 'mine.toml'}: ")
    assert said in str(refused.value)
    assert str(refused.value).endswith(".")
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadCatalogue, match=r"nowhere\.toml: the file cannot be read"):
        read_models(tmp_path / "nowhere.toml")


def test_every_shipped_model_says_under_what_terms_it_comes() -> None:
    models = read_models()

    assert all(entry.licence and entry.commercial_use for entry in models.values())
    assert not any(
        models[name].restricted for name in ("starter", "flux-schnell", "z-image-turbo", "qwen-image", "chroma")
    )
    assert all(
        models[name].restricted for name in ("sd-turbo", "sdxl-turbo", "sdxl", "sd35-medium", "flux-dev", "sana-sprint")
    )
    assert models["flux-dev"].commercial_use == "no"


def test_distilled_models_leave_nothing_out_and_others_do() -> None:
    models = {name: entry.listed() for name, entry in read_models().items()}

    assert [name for name, model in models.items() if not model.negative] == [
        "sd-turbo",
        "sdxl-turbo",
        "sd35-large-turbo",
        "flux-schnell",
        "flux-dev",
        "flux2-klein",
        "z-image-turbo",
        "sana-sprint",
    ]
    assert {name for name, model in models.items() if model.weighting} == {
        "sd15",
        "sd-turbo",
        "sdxl",
        "sdxl-turbo",
    }


def test_people_choose_from_what_is_served_the_default_first() -> None:
    served = catalogue("sdxl", "starter", "flux-dev", "starter")

    assert [model.name for model in served.models] == ["sdxl", "starter", "flux-dev"]
    assert served.default.name == "sdxl"
    assert served.model("flux-dev") is served.models[2]
    assert served.model("sd15") is None


@pytest.mark.parametrize("names", [("sdxxl",), ("starter", "nothing"), ("starter", "flat"), ("flat", "starter")])
def test_a_model_of_no_catalogue_is_refused(names: tuple[str, ...]) -> None:
    with pytest.raises(UnknownModel):
        catalogue(*names)


def test_styles_are_offered_where_a_model_reads_them() -> None:
    sdxl, starter = catalogue("sdxl"), catalogue("starter")

    assert {style.name for style in sdxl.styles} >= {"photographic", "anime", "noir"}
    assert all("{prompt}" in style.prompt and style.about for style in sdxl.styles)
    assert starter.styles == ()
    assert all(style.suits(sdxl.default) and not style.suits(starter.default) for style in sdxl.styles)


def test_a_style_of_ones_own_joins_and_changes(tmp_path: Path) -> None:
    text = '[clay]\nabout = "Of clay"\nprompt = "{prompt}, in clay"\nfamilies = ["flux1"]\n[noir]\nnegative = "sun"\n'
    styles = {style.name: style for style in read_styles(own(tmp_path, text))}
    offered = catalogue("sdxl", stock=Stock(own_styles=tmp_path / "mine.toml")).styles

    assert styles["clay"].families == ("flux1",)
    assert styles["noir"].negative == "sun"
    assert styles["noir"].prompt == next(style for style in read_styles() if style.name == "noir").prompt
    assert "clay" not in {style.name for style in offered}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[clay]\nabout = "x"\nprompt = "in clay"\n', "clay: prompt: must hold {prompt} once"),
        ('[clay]\nabout = "x"\nprompt = "{prompt} {seed}"\n', "clay: prompt: must hold {prompt} once"),
        ('[clay]\nabout = "x"\nprompt = "{prompt}"\nfamilies = ["sd9"]\n', "clay: families: sd9 is no family"),
        ('[clay]\nprompt = "{prompt}"\n', "clay: about: field required"),
    ],
)
def test_a_mistake_in_a_style_is_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadCatalogue, match=r"mine\.toml: clay: ") as refused:
        read_styles(own(tmp_path, text))

    assert said in str(refused.value)


def test_every_family_can_be_read() -> None:
    assert all(family.name == name for name, family in FAMILIES.items())
    assert [name for name, family in FAMILIES.items() if family.taught_words] == ["starter"]
