"""A prompt that is too long: people are told where the model stops reading, by its own tokenizer and without torch."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer

from inference.families import FAMILIES
from inference.models import Catalogue
from inference.reading import last_words
from tests.models.conftest import entry

WORDS = "one two three four five six seven eight nine ten "
Weights = Callable[[str], Path]


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_a_short_prompt_is_read_to_its_end(weights: Weights, family: str) -> None:
    assert last_words(FAMILIES[family], weights(family), 400, "a red fox in the snow") is None


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_of_a_long_one_the_last_words_that_are_read_are_told(weights: Weights, family: str) -> None:
    told = last_words(FAMILIES[family], weights(family), 250, WORDS * 40)

    assert told is not None
    assert told.split() == [word for word in told.split() if word in WORDS.split()]
    assert len(told.split()) == 4
    assert told in WORDS * 40


@pytest.mark.parametrize("family", ["sd1", "flux1", "qwen", "sana"])
def test_it_stops_at_the_last_word_that_is_read_whole(weights: Weights, family: str) -> None:
    reading, room = FAMILIES[family].reading, 60
    tokenizer: Any = Tokenizer.from_file(str(weights(family) / reading.tokenizer / "tokenizer.json"))
    offsets = tokenizer.encode(WORDS * 10, add_special_tokens=False).offsets
    read = (WORDS * 10)[: offsets[room - reading.special - 1][1] + 1]  # one more tells whether the word goes on

    assert last_words(FAMILIES[family], weights(family), room, WORDS * 10) == " ".join(
        read.rpartition(" ")[0].split()[-4:]
    )


def test_brackets_that_weigh_take_no_room(weights: Weights) -> None:
    prompt = " ".join(["(a:1.2)"] * 70)

    assert last_words(FAMILIES["sd1"], weights("sd1"), 77, prompt) is None
    assert last_words(FAMILIES["flux1"], weights("flux1"), 77, prompt) is not None


def test_without_a_number_in_the_catalogue_the_tokenizer_decides(weights: Weights) -> None:
    assert last_words(FAMILIES["sd1"], weights("sd1"), 0, "a " * 75) is None
    assert last_words(FAMILIES["sd1"], weights("sd1"), 0, "a " * 76) == "a a a a"


def test_clip_is_read_the_same_from_a_vocabulary_and_merges(weights: Weights, tmp_path: Path) -> None:
    whole: Any = Tokenizer.from_file(str(weights("sd1") / "tokenizer" / "tokenizer.json"))
    folder = tmp_path / "tokenizer"
    folder.mkdir()
    whole.model.save(str(folder))
    (folder / "tokenizer_config.json").write_text('{"model_max_length": 77}')
    prompt = "The fox's den, at 3 o'clock; Ünïcode & ¿signs?  " * 4

    assert last_words(FAMILIES["sd1"], tmp_path, 77, prompt) == last_words(FAMILIES["sd1"], weights("sd1"), 77, prompt)


def test_where_the_weights_are_elsewhere_nothing_is_told(tmp_path: Path) -> None:
    assert last_words(FAMILIES["sdxl"], tmp_path, 77, "a " * 500) is None


def test_the_catalogue_tells_it_of_what_it_serves(weights: Weights) -> None:
    model = entry("sd1", folder=weights("sd1"))
    served = Catalogue((model.listed(),), entries={model.name: model})

    assert served.read_until(served.default, "a " * 100) == "a a a a"
    assert served.read_until(served.default, "a fox") is None
    assert served.unread(served.default, "flibbertigibbet") == ()


def test_the_serving_process_stays_without_torch(weights: Weights) -> None:
    program = (
        "import sys; from inference.models import catalogue; from inference.reading import last_words\n"
        "from inference.families import FAMILIES; from pathlib import Path\n"
        "served = catalogue('starter', 'sdxl'); served.read_until(served.default, 'a red circle ' * 50)\n"
        f"last_words(FAMILIES['sd1'], Path({str(weights('sd1'))!r}), 77, 'a ' * 100)\n"
        "print([name for name in ('torch', 'transformers', 'diffusers', 'huggingface_hub') if name in sys.modules])"
    )

    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "[]\n"
