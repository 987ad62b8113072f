"""Drawing with stock diffusers pipelines: from wishes to pixels, step by step. Knows torch, not queues."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from inspect import signature
from math import ceil
from typing import Any

import structlog
import torch

from core.values import Settings
from core.values.wishes import Pixels, Wish
from inference.adapters import find
from inference.entries import Entry
from inference.families import Preview
from inference.loading import load, starting_from_pictures
from inference.memory import Machine, Place, free, place, survey
from inference.pictures import image_of
from inference.previews import Decoded, Mapped, fitted, pixels_of
from inference.prompting import weigh
from inference.residents import Residents
from inference.stock import Stock
from inference.weighting import embedded
from inference.worker import Stepped

log = structlog.get_logger()


class BadAdapter(Exception):
    """A LoRA that cannot be used with a model; the message is one sentence."""


class Pipelines:
    """`inference.worker.Engine` over the models that are served. Raises Unusable when one of them cannot be loaded here."""

    def __init__(self, entries: Mapping[str, Entry], stock: Stock) -> None:
        """All are looked at now; the first is loaded now, the others when they are first asked for."""
        self._entries, self._stock = entries, stock
        self._machine = survey(stock)
        self._places = {entry.name: self._place(entry) for entry in entries.values()}
        self.residents: Residents[Loaded] = Residents(
            self._machine.room, lambda name: self._places[name].size, self._load, free
        )
        self.residents.get(next(iter(entries)))

    def batch(self, settings: Settings) -> int:
        entry = self._entries.get(settings.model)  # a request may be older than what is served now
        return entry.batch if entry is not None else 1

    def draw(self, wishes: Sequence[Wish], stepped: Stepped) -> list[Pixels]:
        """Pictures of one request, which differ in their seeds alone."""
        try:
            return self.residents.get(wishes[0].settings.model).draw(wishes, stepped)
        except torch.OutOfMemoryError:
            free()
            raise

    def _place(self, entry: Entry) -> Place:
        return place(entry, self._stock.folder(entry), self._machine)

    def _load(self, name: str) -> Loaded:
        return Loaded(self._entries[name], self._stock, self._machine, self._places[name])


class Loaded:
    """One model in memory, and what was last done to it."""

    def __init__(self, entry: Entry, stock: Stock, machine: Machine, placed: Place) -> None:
        self.entry, self._stock, self._machine, self._placed = entry, stock, machine, placed
        self.pipe = load(entry, stock.folder(entry), machine, placed)
        self._from_picture: Any = None
        self._adapter = ""
        self._preview = self._previewer()

    def draw(self, wishes: Sequence[Wish], stepped: Stepped) -> list[Pixels]:
        wish = wishes[0]
        settings, count = wish.settings, len(wishes)
        pipe = self._pipeline(wish)
        self._adapt(settings.lora, settings.lora_strength)
        if not self._placed.whole:
            pipe.enable_model_cpu_offload(device=self._machine.device)
        generators = [torch.Generator("cpu").manual_seed(one.seed) for one in wishes]
        try:
            images = pipe(
                **self._words(pipe, wish, count),
                **self._start(pipe, wish, count),
                **{self.entry.kind.guidance: settings.guidance},
                **self.entry.kind.options(settings.steps),
                generator=generators if count > 1 else generators[0],
                output_type="pt",
                callback_on_step_end=partial(self._step_ended, settings, stepped),
            ).images
        finally:
            pipe.maybe_free_model_hooks()  # a drawing that was left in mid-step leaves its parts on the device
        assert images.shape == (count, 3, settings.height, settings.width), images.shape
        return [pixels_of(image.permute(1, 2, 0).float().cpu()) for image in images]

    def _step_ended(
        self, settings: Settings, stepped: Stepped, pipe: Any, step: int, _time: Any, kept: dict[str, Any]
    ) -> dict[str, Any]:
        looks = [partial(self._look, latents, settings) for latents in kept["latents"]]
        stepped(step + 1, pipe.num_timesteps, looks)
        return kept

    def _words(self, pipe: Any, wish: Wish, count: int) -> dict[str, Any]:
        """What the pipeline is told in words: as they are, or as embeddings where some weigh more than others."""
        family, reading = self.entry.kind, self.entry.kind.reading
        limit = {reading.limit: self.entry.tokens} if reading.limit else {}
        guided = family.guided_above is not None and wish.settings.guidance > family.guided_above
        if family.weighting:
            prompt, negative = weigh(wish.prompt), weigh(wish.negative) if guided and wish.negative else None
            if not prompt.plain or (negative and not negative.plain):
                return {name: torch.cat([row] * count) for name, row in embedded(pipe, prompt, negative).items()}
            said, left_out = prompt.text, negative.text if negative else None
        else:
            said, left_out = wish.prompt, wish.negative or family.empty_negative if guided else None
        words = {"prompt": said} if left_out is None else {"prompt": said, "negative_prompt": left_out}
        return {name: [text] * count if count > 1 else text for name, text in words.items()} | limit

    def _start(self, pipe: Any, wish: Wish, count: int) -> dict[str, Any]:
        """Size and steps; from a picture only the last of the steps are taken, and at least one."""
        settings = wish.settings
        size = {"width": settings.width, "height": settings.height}
        if wish.reference is None:
            return {**size, "num_inference_steps": settings.steps}
        assert (wish.reference.width, wish.reference.height) == (settings.width, settings.height)
        assert 0 < settings.strength <= 1, settings.strength
        image = image_of(wish.reference)
        return {
            **(size if "width" in signature(pipe.__call__).parameters else {}),  # the others take the picture's
            "image": [image] * count if count > 1 else image,
            "strength": settings.strength,
            "num_inference_steps": max(settings.steps, ceil(1 / settings.strength)),
        }

    def _pipeline(self, wish: Wish) -> Any:
        if wish.reference is None:
            return self.pipe
        if self._from_picture is None:
            self._from_picture = starting_from_pictures(self.pipe, self.entry)
        return self._from_picture

    def _adapt(self, name: str, strength: float) -> None:
        """Have exactly this LoRA at work, or none. Raises BadAdapter."""
        if self._adapter and self._adapter != name:
            self.pipe.unload_lora_weights()
            self._adapter = ""
        if name and not self._adapter:
            self._load_adapter(name)
            self._adapter = name
        if name:
            self.pipe.set_adapters([_SLOT], [strength])

    def _load_adapter(self, name: str) -> None:
        found = next((one for one in find(self._stock.loras) if one.name == name), None)
        if found is None or found.family != self.entry.family:
            raise BadAdapter(
                f"The LoRA {name} is not made for {self.entry.family} models, of which {self.entry.name} is one."
            )
        try:
            self.pipe.load_lora_weights(
                found.file.parent,
                weight_name=found.file.name,
                adapter_name=_SLOT,
                use_safetensors=True,
                local_files_only=True,
            )
            fits = bool(self.pipe.get_list_adapters())
        except Exception as error:  # noqa: BLE001 - whatever an odd file makes the library stumble over
            log.warning("adapter.unloadable", error=type(error).__name__)
            fits = False
        if not fits:
            self.pipe.unload_lora_weights()
            raise BadAdapter(f"The LoRA {name} does not fit {self.entry.name}: its parts are not those of the model.")

    def _previewer(self) -> Decoded | Mapped | None:
        if self.entry.kind.preview is Preview.DECODED:
            return Decoded(self.pipe)
        try:
            return fitted(self.pipe)
        except (RuntimeError, ValueError, AttributeError, TypeError) as error:  # it draws all the same
            log.warning("preview.unfitted", model=self.entry.name, error=type(error).__name__)
            return None

    def _look(self, latents: torch.Tensor, settings: Settings) -> Pixels | None:
        return self._preview.look(latents, settings.width, settings.height) if self._preview else None


_SLOT = "wished"  #: the one name all LoRAs have inside a pipeline, where dots and the like are not allowed
