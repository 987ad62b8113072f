"""The `darkroom` command as people and scripts type it: as a process of its own, or quicker, in the process of the test."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from bots.cli import app
from tests.cast import AGREE

BEGIN = ("/start", f"press {AGREE}")
DARKROOM = (sys.executable, "-c", "from bots.cli import main; main()")


def settings_of(folder: Path, **more: str) -> dict[str, str]:
    """Those of a quick bot under `folder`."""
    return {"DARKROOM_DATA": str(folder / "data"), "DARKROOM_MODEL": "flat", "DARKROOM_FLAT_DELAY": "0.01", **more}


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """What a process of a quick bot under `folder` is started with."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DARKROOM_")}
    return kept | settings_of(folder, **settings)


def darkroom(folder: Path, *arguments: str, said: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
    """The real command, to its end."""
    return subprocess.run(
        [*DARKROOM, *arguments],
        input=said,
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment(folder, **settings),
        timeout=120,
    )


def talk(folder: Path, *lines: str, person: str = "ana", **settings: str) -> list[dict[str, Any]]:
    """What the bot answers, one object a reply."""
    said = "\n".join(lines) + "\n"
    done = darkroom(folder, "talk", "--as", person, "--json", "--out", "pics", said=said, **settings)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def typed(settings: Mapping[str, str], *arguments: object) -> subprocess.CompletedProcess[str]:
    """An operator's command in this process, which spares its start. Raises what would have been a traceback."""
    ours = {name: None for name in os.environ if name.startswith("DARKROOM_")}
    before = signal.getsignal(signal.SIGTERM)
    spelt = [str(one) for one in arguments]
    try:
        said = CliRunner().invoke(app, spelt, env={**ours, **settings})
    finally:
        signal.signal(signal.SIGTERM, before)
    if said.exception is not None and not isinstance(said.exception, SystemExit):
        raise said.exception
    return subprocess.CompletedProcess(spelt, said.exit_code, said.stdout, said.stderr)
