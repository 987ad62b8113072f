"""The worker process: `python -m bots.worker MODELS FLAT_DELAY LOG_LEVEL [STOCK]`.

storage/over_pipe/dispatch.py starts it.

It is given the wire key, the models' names and where they lie, and nothing else: no setting, no database, no token. A model
that cannot be loaded ends it with one sentence and exit status 2.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

os.environ["HF_HUB_OFFLINE"] = "1"  # before anything imports the hub's client: weights are on disk or not at all


PR_SET_PDEATHSIG = 1  #: Linux, prctl(2)


def main() -> None:
    _end_with_the_bot()
    models, flat_delay, log_level, *stock = sys.argv[1:]
    going = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not end up between two frames
    from bots import logs
    from inference.fetched import Unusable
    from inference.models import engine
    from inference.stock import Stock
    from inference.worker import serve
    from storage.over_pipe.end import PipeEnd

    logs.set_up(log_level)
    pipe = PipeEnd(sys.stdin.buffer, going)
    try:
        drawing = engine(models.split(","), Stock.from_argument(*stock) if stock else Stock(), float(flat_delay))
    except Unusable as trouble:
        print(trouble, file=sys.stderr, flush=True)
        os._exit(2)  # the thread that listens to the pipe would otherwise keep it
    serve(pipe, drawing)


def _end_with_the_bot() -> None:
    """Linux kills the worker with its bot, also while it is frozen or loads; elsewhere it ends when it next uses the pipe."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    main()
