"""`python -m tests.chaos --kills 100 --db postgres --seed 1`: kill, pause, wipe and disconnect everything Darkroom consists of,
while people of the loopback Telegram ask for pictures; then look at what got lost, doubled, or paid for nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import shutil
import sys
from collections import Counter
from pathlib import Path

from tests.chaos.many_machines import many_machines
from tests.chaos.one_machine import one_machine
from tests.chaos.siege import PACES, Result, Siege
from tests.telegram import TelegramServer

FORMS = {"postgres": many_machines, "sqlite": one_machine}


async def besiege(
    db: str, model: str, kills: int, seed: int, network: float, *, talk: bool = False, logs: Path | None = None
) -> tuple[Result, Counter[str]]:
    """One run. With it, what the processes noted meanwhile; `logs` is a folder for all that they said."""
    rng = random.Random(seed)
    telegram = TelegramServer(seed=seed)
    async with telegram, FORMS[db](telegram, rng, model, network) as stand:
        siege = Siege(stand, telegram, PACES[db, model], rng)
        result = await siege.run(kills, lambda said: print(said, file=sys.stderr, flush=True) if talk else None)
        if logs is not None:
            logs.mkdir(parents=True, exist_ok=True)
            for path in siege.logs():
                shutil.copy2(path, logs)
        return result, siege.events()


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--kills", type=int, default=100)
    options.add_argument("--db", choices=FORMS, default="postgres")
    options.add_argument("--model", choices=("flat", "starter"), default="flat")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--network", type=float, default=0.15, help="share of faults that only the network has")
    options.add_argument("--json", action="store_true")
    options.add_argument("--events", action="store_true", help="also what the processes noted, and how often")
    options.add_argument("--logs", type=Path, help="a folder for what the processes said")
    given = options.parse_args()
    run = besiege(given.db, given.model, given.kills, given.seed, given.network, talk=True, logs=given.logs)
    result, events = asyncio.run(run)
    if given.json:
        print(json.dumps({"figures": result.figures, "wrong": result.wrong}))
    else:
        print("\n".join(f"{name:<36}  {figure:>10,.10g}" for name, figure in result.figures.items()))
        if given.events:
            print("\n".join(f"{many:>8}  {event}" for event, many in events.most_common(40)))
        print("\n".join(result.wrong) or "Nothing was lost, doubled, paid for in vain or left behind.")
    return 1 if result.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
