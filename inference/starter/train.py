"""Trains the starter model from nothing: its words, an autoencoder, then the painter.

`python -m inference.starter.train --minutes 120 --out build/starter` may be killed at any moment; the same command
goes on from the last checkpoint. The pipeline folder in the output is renewed on the way.
"""

import argparse
import copy
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import AutoencoderTiny
from torch import nn
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel
from transformers import CLIPTextModel

from inference.starter import lessons
from inference.starter.network import (
    END_TOKEN,
    PLAN_CELLS,
    TEXT_WIDTH,
    make_autoencoder,
    make_text_encoder,
    make_tokenizer,
    make_unet,
    save_pipeline,
)
from inference.starter.stage import Length, Stage, Watch

AUTOENCODER_SHARE = 0.15
EXPORT_EVERY_STEPS = 500

# The painter's latents are a little off; the decoder is taught to forgive as much.
LATENT_NOISE = 0.12


@dataclass(frozen=True)
class Plan:
    """The painter takes the time that the autoencoder leaves; steps, when given, count instead of minutes."""

    minutes: float
    seed: int = 1
    batch: int = 32
    words_batch: int = 128
    words_steps: int = 1200
    autoencoder_batch: int = 8
    autoencoder_steps: int | None = None
    steps: int | None = None
    save_every_seconds: float = 60.0


def train(plan: Plan, out: Path, watch: Watch) -> None:
    """Leaves the finished pipeline in `out/pipeline`."""
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(plan.seed)
    words = train_words(plan, out, watch)
    autoencoder = train_autoencoder(plan, out, watch)
    train_painter(plan, out, words, autoencoder, watch)


def train_words(plan: Plan, out: Path, watch: Watch) -> CLIPTextModel:
    """Learning what captions say and where it will stand, so that the painter need not find it out by painting."""
    heads = nn.ModuleDict({name: nn.Linear(TEXT_WIDTH, many) for name, many in lessons.ANSWERS.items()})
    network = nn.ModuleDict({"words": make_text_encoder(), "heads": heads})
    stage = Stage("words", network, copy.deepcopy(network), 1e-3, 0.99, out / "words.pt")
    tokenizer = make_tokenizer()

    def loss(step: int) -> torch.Tensor:
        texts, answers, latents = lessons.planned(plan.seed, step, plan.words_batch)
        tokens = tokenizer(texts, padding="max_length", truncation=True, return_tensors="pt").input_ids
        return words_loss(network, tokens, answers, latents)

    stage.run(Length(0, plan.words_steps), loss, watch, plan.save_every_seconds)
    return stage.average["words"]


def train_autoencoder(plan: Plan, out: Path, watch: Watch) -> AutoencoderTiny:
    network = make_autoencoder()
    stage = Stage("autoencoder", network, copy.deepcopy(network), 1.5e-3, 0.995, out / "autoencoder.pt")

    def loss(step: int) -> torch.Tensor:
        pictures = lessons.pictures(plan.seed, step, plan.autoencoder_batch)
        return autoencoder_loss(network, pictures, _noise(plan.seed, step))

    length = Length(plan.minutes * AUTOENCODER_SHARE, plan.autoencoder_steps)
    stage.run(length, loss, watch, plan.save_every_seconds)
    return stage.average


def train_painter(plan: Plan, out: Path, words: CLIPTextModel, autoencoder: AutoencoderTiny, watch: Watch) -> None:
    """The words stay as they are: they were taught what the painter needs of them."""
    network = make_unet()
    stage = Stage("painter", network, copy.deepcopy(network), 8e-4, 0.998, out / "painter.pt")
    tokenizer = make_tokenizer()

    def loss(step: int) -> torch.Tensor:
        clean, texts = lessons.captioned(plan.seed, step, plan.batch)
        tokens = tokenizer(texts, padding="max_length", truncation=True, return_tensors="pt").input_ids
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            said = words(tokens).last_hidden_state
        return painter_loss(network, clean, said, _noise(plan.seed, step))

    def export() -> None:
        save_pipeline(out / "pipeline", autoencoder, words, stage.average)

    def watch_and_export(name: str, step: int, value: float) -> None:
        watch(name, step, value)
        if step % EXPORT_EVERY_STEPS == 0:
            export()

    length = Length(plan.minutes * (1 - AUTOENCODER_SHARE), plan.steps)
    stage.run(length, loss, watch_and_export, plan.save_every_seconds)
    export()


def words_loss(
    network: nn.ModuleDict, tokens: torch.Tensor, answers: dict[str, torch.Tensor], latents: torch.Tensor
) -> torch.Tensor:
    """Every cell of the plan must know what stands there and about how it looks."""
    with torch.autocast("cpu", torch.bfloat16), sdpa_kernel(SDPBackend.MATH):
        states = network["words"](tokens).last_hidden_state.float()
    ends = (tokens == END_TOKEN).int().argmax(1)
    places = ends[:, None] + 1 + torch.arange(PLAN_CELLS)[None]
    cells = states[torch.arange(len(tokens))[:, None], places]
    looks = functional.pixel_unshuffle(latents, 2).flatten(2).transpose(1, 2)
    total = 4 * functional.mse_loss(network["heads"]["looks"](cells), looks)
    for name, answer in answers.items():
        total = total + functional.cross_entropy(network["heads"][name](cells).flatten(0, 1), answer.flatten())
    return total


def autoencoder_loss(network: nn.Module, pictures: torch.Tensor, noise: torch.Generator) -> torch.Tensor:
    """Edges count most: flat ground is easy and covers nearly everything."""
    latents = lessons.latents_of(pictures)
    with torch.autocast("cpu", torch.bfloat16):
        shrunk = network.encoder(pictures).float()
        drawn = network.decoder(latents + LATENT_NOISE * torch.randn(latents.shape, generator=noise)).float()
    highest, lowest = (functional.max_pool2d(sign * pictures, 5, stride=1, padding=2) for sign in (1, -1))
    edges = ((highest + lowest).amax(1, keepdim=True) > 0.05).float()
    return ((drawn - pictures).abs() * (1 + 6 * edges)).mean() + functional.mse_loss(shrunk, latents)


def painter_loss(network: nn.Module, clean: torch.Tensor, said: torch.Tensor, noise: torch.Generator) -> torch.Tensor:
    """Flow matching: the way from the picture to the noise, mostly at the noisy times where outlines are settled.

    What stands where counts more than its edges, which are three channels in four.
    """
    chaos = torch.randn(clean.shape, generator=noise)
    noisy = torch.sigmoid(1 + torch.randn(len(clean), generator=noise))
    anywhere = torch.rand(len(clean), generator=noise)
    time = torch.where(torch.rand(len(clean), generator=noise) < 0.2, anywhere, noisy)
    share = time[:, None, None, None]
    # The fused attention for processors is slower backwards than the plain one: a fifth of the whole step.
    with torch.autocast("cpu", torch.bfloat16), sdpa_kernel(SDPBackend.MATH):
        flow = network((1 - share) * clean + share * chaos, (1000 * time).long(), said).sample
    missed = functional.mse_loss(flow.float(), chaos - clean, reduction="none").mean((0, 2, 3))
    return (2 * missed[:3].mean() + missed[3:].mean()) / 3


def _noise(seed: int, step: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed * 1_000_003 + step)


def _report(started: float) -> Watch:
    def report(name: str, step: int, value: float) -> None:
        if step % 50 == 0:
            print(f"{(time.monotonic() - started) / 60:6.1f} min  {name} step {step}  loss {value:.4f}", flush=True)

    return report


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the starter model.")
    parser.add_argument("--minutes", type=float, default=120)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    train(Plan(minutes=asked.minutes, seed=asked.seed), asked.out, _report(time.monotonic()))


if __name__ == "__main__":
    main()
