"""Weighted words for models that read with CLIP: the words' embeddings, moved away from those of no words at all.

A weight w moves a token from its embedding z to z + (w - 1)(z - z0), where z0 is what an empty prompt has in its place.
So 1 changes nothing, to the last bit, and 0 would say nothing.
"""

from __future__ import annotations

from typing import Any

import torch

from inference.prompting import Weighted

_POSITIVE = ("prompt_embeds", "pooled_prompt_embeds")


def embedded(pipe: Any, prompt: Weighted, negative: Weighted | None) -> dict[str, torch.Tensor]:
    """Embeddings that a pipeline takes instead of a prompt; those to leave out only when there are any."""
    options = dict(zip(_POSITIVE, _embed(pipe, prompt), strict=False))
    if negative is not None:
        options |= {f"negative_{name}": embeds for name, embeds in zip(_POSITIVE, _embed(pipe, negative), strict=False)}
    return options


@torch.no_grad()
def _embed(pipe: Any, prompt: Weighted) -> tuple[torch.Tensor, ...]:
    """What a pipeline makes of a prompt, one row a token; where it sums the prompt up too, that sum as it is."""
    embeds, *pooled = _encode(pipe, prompt.text)
    empty, *_ = _encode(pipe, "")
    weights = torch.tensor(_weights(pipe.tokenizer, prompt), dtype=embeds.dtype, device=embeds.device)
    return (embeds + (weights[None, :, None] - 1) * (embeds - empty), *pooled)


def _encode(pipe: Any, text: str) -> tuple[torch.Tensor, ...]:
    encoded = pipe.encode_prompt(
        prompt=text, device=pipe._execution_device, num_images_per_prompt=1, do_classifier_free_guidance=False
    )
    return tuple(encoded[::2])  # without those to leave out, of which there are none


def _weights(tokenizer: Any, prompt: Weighted) -> list[float]:
    """The weight of each token a model reads, which is that of its first character; start, end and padding weigh 1."""
    read = tokenizer(
        prompt.text,
        padding="max_length",
        max_length=tokenizer.model_max_length,
        truncation=True,
        return_offsets_mapping=True,
        return_special_tokens_mask=True,
    )
    pairs = zip(read["offset_mapping"], read["special_tokens_mask"], strict=True)
    return [prompt.at(start) if end > start and not special else 1.0 for (start, end), special in pairs]
