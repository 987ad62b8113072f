"""How much of a prompt a model reads, told by its own tokenizer files. Knows neither weights nor torch."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog

from inference.families import Family
from inference.prompting import weigh

if TYPE_CHECKING:
    from tokenizers import Tokenizer

log = structlog.get_logger()

LAST_WORDS: Final = 4  #: how many words tell somebody where a model stops reading
_END: Final = "<|endoftext|>"
_CLIP_WORDS: Final = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


def last_words(family: Family, folder: Path, tokens: int, prompt: str) -> str | None:
    """The last words that are read of a prompt that is too long; None when all of it is, or nobody can tell.

    `tokens` is how many the model takes, 0 what its tokenizer says.
    """
    text = weigh(prompt).text if family.weighting else prompt
    try:
        count, limit = _tokenizer(folder / family.reading.tokenizer)
    except Exception as error:  # noqa: BLE001 - the weights may lie elsewhere, and tokenizers raises nothing narrower
        log.warning("tokenizer.unreadable", error=type(error).__name__)
        return None
    room = (tokens or limit) - family.reading.special - len(count(family.reading.before))
    ends = count(text)
    if len(ends) <= room:
        return None
    read = text[: ends[room - 1]] if room > 0 else ""
    if not text[len(read) :][:1].isspace():  # in the middle of a word, which nobody would recognise
        read = re.sub(r"\S+$", "", read)
    return " ".join(read.split()[-LAST_WORDS:])


Count = Callable[[str], list[int]]  #: where each token of a text ends in it


@lru_cache(maxsize=8)
def _tokenizer(folder: Path) -> tuple[Count, int]:
    from tokenizers import Tokenizer

    whole = folder / "tokenizer.json"
    if whole.is_file():
        tokenizer = Tokenizer.from_str(whole.read_text("utf-8"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
    else:
        tokenizer = _clip(folder)
    settings = json.loads((folder / "tokenizer_config.json").read_text("utf-8"))

    def count(text: str) -> list[int]:
        return [end for _, end in tokenizer.encode(text, add_special_tokens=False).offsets]

    return count, min(int(settings.get("model_max_length", 77)), 100_000)


def _clip(folder: Path) -> Tokenizer:
    """CLIP's, which older repositories hold as a vocabulary and a list of merges."""
    from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers
    from tokenizers.models import BPE

    tokenizer = Tokenizer(
        BPE.from_file(str(folder / "vocab.json"), str(folder / "merges.txt"), unk_token=_END, end_of_word_suffix="</w>")
    )
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_CLIP_WORDS), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    return tokenizer
