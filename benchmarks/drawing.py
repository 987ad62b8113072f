"""What drawing costs beside what it must: the whole bot beside a bare pipeline, loading, batches, steps, taking back.

    python -m benchmarks.drawing [--parts bot load engine] [--pictures N] [--rounds N] [--quick]

Everything is beside something else of the same run that took turns with it. `--quick` shows in seconds that all of it runs.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from rich.console import Console

from benchmarks import engine, keeping, load_time, whole_bot
from benchmarks.models import a_shelf
from bots import logs

PARTS = ("bot", "load", "engine")


def main(arguments: Sequence[str] | None = None) -> None:
    options = argparse.ArgumentParser(prog="python -m benchmarks.drawing", description=__doc__.split("\n")[0])
    options.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    options.add_argument("--pictures", type=int, default=20, help="that the bot and the bare loop draw in each round")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--quick", action="store_true", help="next to nothing of everything; its figures say nothing")
    chosen = options.parse_args(arguments)
    rounds, pictures = (1, 1) if chosen.quick else (chosen.rounds, chosen.pictures)
    models = ("tiny",) if chosen.quick else ("tiny", "starter")
    logs.set_up("error")
    console = Console(width=120)
    with a_shelf() as shelf:
        if "bot" in chosen.parts:
            turns = {model: whole_bot.measure(shelf, model, pictures, rounds) for model in models}
            console.print(whole_bot.table(turns))
            console.print(keeping.table(keeping.measure(shelf, rounds)))
        if "load" in chosen.parts:
            console.print(load_time.table(load_time.measure(shelf, rounds, quick=chosen.quick)))
        if "engine" in chosen.parts:
            for table in engine.tables(shelf, models, rounds):
                console.print(table)


if __name__ == "__main__":
    main()
