"""Where models, adapters and styles come from and what a machine may spend on them: all that a worker is told of settings."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inference.entries import Entry


@dataclass(frozen=True)
class Stock:
    """`memory` is GB for models that stay loaded, 0 what the device has; empty paths mean there is none."""

    models: Path = Path("data/models")
    loras: Path | None = None
    own_models: Path | None = None
    own_styles: Path | None = None
    memory: float = 0.0
    device: str = "auto"

    def folder(self, entry: Entry) -> Path:
        """Where a model's weights lie, or will lie once they are fetched."""
        return entry.folder if entry.folder is not None else self.models / entry.name

    def as_argument(self) -> str:
        """For a worker's command line."""
        return json.dumps(
            {name: str(value) if isinstance(value, Path) else value for name, value in vars(self).items()}
        )

    @staticmethod
    def from_argument(text: str) -> Stock:
        given: dict[str, Any] = json.loads(text)
        paths = {name: Path(value) for name, value in given.items() if isinstance(value, str) and name != "device"}
        return Stock(**{**given, **paths})
