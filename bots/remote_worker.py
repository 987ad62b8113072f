"""A worker on a machine of its own: takes wishes from Redis and draws until it is asked to end.

It is given Redis' address, the wire key, its name, the models and where they lie, and nothing else: no database, no token.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from importlib.metadata import version
from types import FrameType

import structlog

from inference.stock import Stock

log = structlog.get_logger()

GRACE = 300.0  #: seconds a worker that was asked to end may go on drawing


def work(
    redis_url: str,
    wire_key: bytes,
    name: str,
    models: Sequence[str],
    stock: Stock,
    flat_delay: float,
    *,
    grace: float = GRACE,
) -> int:
    """Draw until SIGTERM or Ctrl-C, and then to the end of what was begun; the second one ends it at once, as does `grace`.

    Returns the exit status: 2, after a sentence on standard error, when this worker cannot draw for this bot. Raises
    ValueError for an address or a name nobody can have. Runs in the main thread only.
    """
    os.environ["HF_HUB_OFFLINE"] = "1"  # before anything imports the hub's client: weights are on disk or not at all
    from inference.fetched import Unusable
    from inference.models import engine
    from inference.worker import serve
    from storage.over_redis.end import RedisEnd
    from storage.over_redis.joining import Unwelcome

    threading.excepthook = _end_with_a_thread
    end = RedisEnd(redis_url, wire_key, name, models, version("darkroom"), _say)
    _end_on_signals(end.drain, grace)
    try:
        if end.join():
            serve(end, engine(models, stock, flat_delay))
    except (Unwelcome, Unusable) as trouble:
        _say(str(trouble))
        return 2
    finally:
        end.leave()
    return 0


def _end_on_signals(drain: Callable[[], None], grace: float) -> None:
    """An end that is not waited for leaves its dispatch behind, which is then given to somebody else."""
    asked = threading.Event()

    def hear(_number: int, _frame: FrameType | None) -> None:
        if asked.is_set():
            os._exit(1)
        asked.set()
        drain()
        late = threading.Timer(grace, os._exit, (1,))
        late.daemon = True
        late.start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, hear)


def _end_with_a_thread(_failure: threading.ExceptHookArgs) -> None:
    """Without its heartbeat or its voice a worker is none; whoever started it starts it again."""
    log.exception("worker.broken")
    os._exit(1)


def _say(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()
