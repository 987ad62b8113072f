"""From a folder of weights to a stock pipeline, ready to draw. Nothing in it is fetched, unpickled or run as code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers.utils import logging as transformers_logging

# Both libraries print by handlers of their own, and what they print quotes prompts: hand it to the log's sieve instead.
transformers_logging.disable_default_handler()
transformers_logging.enable_propagation()
transformers_logging.disable_progress_bar()

import diffusers  # noqa: E402 - it speaks through transformers while it is imported
from diffusers.utils import logging as diffusers_logging  # noqa: E402

diffusers_logging.disable_default_handler()
diffusers_logging.enable_propagation()
diffusers_logging.disable_progress_bar()

from inference.entries import Entry  # noqa: E402
from inference.fetched import Altered, examine, verify  # noqa: E402
from inference.memory import Machine, Place  # noqa: E402


def load(entry: Entry, folder: Path, machine: Machine, place: Place) -> Any:
    """The pipeline that draws from words. Raises Unusable with a sentence for the operator."""
    examine(entry, folder)
    verify(entry, folder)
    pipeline = getattr(diffusers, entry.kind.pipeline)
    left_out = {name: None for name in entry.kind.without if name in pipeline._optional_components}
    try:
        pipe = pipeline.from_pretrained(
            folder,
            dtype=getattr(torch, machine.dtype),
            local_files_only=True,
            use_safetensors=True,
            low_cpu_mem_usage=True,
            trust_remote_code=False,
            **left_out,
            **({"requires_safety_checker": False} if "safety_checker" in left_out else {}),
        )
    except (OSError, ValueError, KeyError) as error:
        raise Altered(
            f"{entry.name} in {folder} cannot be loaded ({type(error).__name__}): {_first_line(error)}"
        ) from error
    pipe.set_progress_bar_config(disable=True)
    if getattr(pipe.vae.config, "force_upcast", False):  # only float16 overflows, and float32 takes twice the time
        pipe.vae.register_to_config(force_upcast=False)
    if place.whole:
        return pipe.to(machine.device)
    pipe.enable_model_cpu_offload(device=machine.device)
    return pipe


def starting_from_pictures(pipe: Any, entry: Entry) -> Any:
    """The same parts in the family's pipeline that starts from a picture."""
    pipeline = getattr(diffusers, entry.kind.image_to_image)
    expected, _ = pipeline._get_signature_keys(pipeline)
    # Named one by one, for by itself it leaves out parts that are not of the usual class.
    parts = {name: part for name, part in pipe.components.items() if name in expected}
    made = pipeline.from_pipe(pipe, **parts, dtype=pipe.dtype)
    made.set_progress_bar_config(disable=True)
    return made


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
