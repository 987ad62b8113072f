"""How long the bot takes to answer its first line and to have its first picture, and what parent and worker weigh at rest.

`python -m benchmarks.start_up [MODEL]`; Linux only, since it reads /proc.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = 5


def main(model: str = "starter") -> None:
    print(f"start-up with the model {model}, median of {RUNS} runs (min - max)")
    with tempfile.TemporaryDirectory() as folder:
        once(Path(folder), model)  # makes keys, schema and account; not counted
        runs = [once(Path(folder), model) for _ in range(RUNS)]
    for name in runs[0]:
        values = [run[name] for run in runs]
        print(f"  {name:34} {statistics.median(values):8.2f}   ({min(values):.2f} - {max(values):.2f})")


def once(folder: Path, model: str) -> dict[str, float]:
    """One life of `darkroom talk`: seconds to the first reply and the first picture, resident MB of both processes."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DARKROOM_")}
    settings = {"DARKROOM_DATA": str(folder / "data"), "DARKROOM_MODEL": model, "DARKROOM_WELCOME_CREDITS": "1000"}
    began = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-c", "from bots.cli import main; main()", "talk", "--json", "--out", str(folder / "pics")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
        env=kept | settings,
    ) as talking:
        assert talking.stdin is not None
        assert talking.stdout is not None

        def say(line: str) -> dict[str, object]:
            talking.stdin.write(line + "\n")  # type: ignore[union-attr]
            talking.stdin.flush()  # type: ignore[union-attr]
            answer: dict[str, object] = json.loads(talking.stdout.readline())  # type: ignore[union-attr]
            return answer

        say("/start")
        first_reply = time.monotonic() - began
        say("press I am 16 or older")
        say("/imagine a yellow star on a black background")
        json.loads(talking.stdout.readline())
        first_picture = time.monotonic() - began
        asked = time.monotonic()
        say("/imagine a red heart on a white background")
        json.loads(talking.stdout.readline())
        next_picture = time.monotonic() - asked
        worker = children(talking.pid)[0]
        weights = {"parent at rest, MB": resident(talking.pid), "worker at rest, MB": resident(worker)}
        talking.stdin.close()
        talking.wait()
    return {
        "first reply, s": first_reply,
        "first picture, model load included, s": first_picture,
        "next picture, s": next_picture,
        **weights,
    }


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def resident(pid: int) -> float:
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
