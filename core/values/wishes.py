"""What travels between us and a worker, as values. Knows neither the pipe nor the key that seals it."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.values import JobId, Settings


@dataclass(frozen=True)
class Pixels:
    """Raw 8-bit RGB, row by row from the top: len(data) = width * height * 3. Nothing to decode, so nothing to exploit."""

    width: int
    height: int
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class Wish:
    """One picture to draw. Everything a worker ever learns; it holds no person."""

    job: JobId
    index: int
    fence: int
    seed: int
    prompt: str = field(repr=False)
    negative: str = field(repr=False)
    settings: Settings
    expires_at: int  #: ms; a worker that reads it later leaves it alone
    reference: Pixels | None = None  #: the picture to start from, brought to the size that is drawn


@dataclass(frozen=True)
class Cancel:
    """Stop drawing this job within one step."""

    job: JobId
    fence: int


@dataclass(frozen=True)
class Ready:
    """The worker has its model and takes wishes."""


@dataclass(frozen=True)
class Started:
    job: JobId
    fence: int


@dataclass(frozen=True)
class Progress:
    """A finished denoising step, and so a heartbeat: a worker that hangs does not send it."""

    job: JobId
    index: int
    fence: int
    step: int
    steps: int
    preview: Pixels | None = None  #: what the picture looks like so far; nobody has looked at it yet


@dataclass(frozen=True)
class Drawn:
    job: JobId
    index: int
    fence: int
    pixels: Pixels
    expires_at: int  #: ms


@dataclass(frozen=True)
class Finished:
    """The worker is through with every wish of this dispatch, whether it could draw them or not."""

    job: JobId
    fence: int


@dataclass(frozen=True)
class Lost:
    """The worker is gone, and with it these dispatches (job, fence)."""

    dispatches: tuple[tuple[JobId, int], ...]


@dataclass(frozen=True)
class Stirred:
    """Another serving process queued something, or owes something to somebody: look at once."""


News = Ready | Started | Drawn | Finished | Lost  #: for the one process that leads; each is heard at least once
Passing = Progress | Stirred  #: for every serving process; what is missed costs nothing
