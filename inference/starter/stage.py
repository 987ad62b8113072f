"""One stage of training that can be killed at any moment and goes on exactly where its last checkpoint stood.

Knows steps, rates, averages and checkpoints; what is learnt is the caller's loss, a function of the step alone.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

Loss = Callable[[int], torch.Tensor]
Watch = Callable[[str, int, float], None]

WARM_UP_STEPS = 100
COOL_DOWN_SHARE = 0.25


@dataclass(frozen=True)
class Length:
    """How long a stage runs: a number of minutes, or of steps when the steps are given."""

    minutes: float
    steps: int | None = None


@dataclass
class Progress:
    """Where a stage stands. The rate depends on steps alone, so that a resumed run repeats an unbroken one."""

    step: int = 0
    seconds: float = 0.0
    cools_from: int | None = None
    ends_at: int | None = None

    def done(self) -> bool:
        return self.ends_at is not None and self.step >= self.ends_at

    def plan_the_end(self, length: Length) -> None:
        """The cool-down begins at four fifths of the time and takes a quarter of the steps made until then."""
        if length.steps is not None:
            self.cools_from, self.ends_at = round(length.steps / (1 + COOL_DOWN_SHARE)), length.steps
        elif self.cools_from is None and self.seconds >= 60 * length.minutes / (1 + COOL_DOWN_SHARE):
            self.cools_from = self.step
            self.ends_at = self.step + max(1, round(COOL_DOWN_SHARE * self.step))

    def rate(self) -> float:
        """Share of the full learning rate."""
        warm = min(1.0, (self.step + 1) / WARM_UP_STEPS)
        if self.cools_from is None or self.ends_at is None or self.step < self.cools_from:
            return warm
        return warm * (1 - (self.step - self.cools_from) / (self.ends_at - self.cools_from)) + 0.01


@dataclass
class Stage:
    name: str
    network: nn.Module
    average: nn.Module
    learning_rate: float
    average_decay: float
    checkpoint: Path
    progress: Progress = field(default_factory=Progress)

    def __post_init__(self) -> None:
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), lr=self.learning_rate, betas=(0.9, 0.98), weight_decay=0.01, fused=True
        )
        self.average.requires_grad_(False)
        if self.checkpoint.exists():
            self._load(torch.load(self.checkpoint, weights_only=True))

    def run(self, length: Length, loss: Loss, watch: Watch, every_seconds: float = 60.0) -> None:
        saved_at = self.progress.seconds
        while not self.progress.done():
            started = time.monotonic()
            self.progress.plan_the_end(length)
            value = self._learn(loss)
            self.progress.seconds += time.monotonic() - started
            if self.progress.done() or self.progress.seconds - saved_at >= every_seconds:
                self.save()
                saved_at = self.progress.seconds
            watch(self.name, self.progress.step, value)

    def save(self) -> None:
        """Written beside and moved into place, so that a kill leaves the old checkpoint or the new one."""
        state = {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "progress": vars(self.progress),
        }
        fresh = self.checkpoint.with_suffix(".part")
        torch.save(state, fresh)
        os.replace(fresh, self.checkpoint)

    def _learn(self, loss: Loss) -> float:
        for group in self.optimiser.param_groups:
            group["lr"] = self.learning_rate * self.progress.rate()
        value = loss(self.progress.step)
        self.optimiser.zero_grad()
        value.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        self.progress.step += 1
        self._follow()
        return value.item()

    @torch.no_grad()
    def _follow(self) -> None:
        step = self.progress.step
        decay = min(self.average_decay, (1 + step) / (10 + step))
        for slow, fast in zip(self.average.parameters(), self.network.parameters(), strict=True):
            slow.lerp_(fast, 1 - decay)

    def _load(self, state: dict[str, Any]) -> None:
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.progress = Progress(**state["progress"])
