"""Log lines: an event's name and fields from an allow-list, as JSON on standard error. No sentence of a person ever enters.

Records of other libraries lose their message, which may quote anything; their place in the code stays.
"""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict

from core.datamap import Category, Datum, Entry, Meaning, NotPersonal, OnErase, OnExport, Purpose, Until

_pseudonym = Datum(
    Category.LOGS,
    (Purpose.KEEP_SAFE,),
    Until.PROCESS_ENDS,
    OnErase.DELETE,
    OnExport.WITHHELD,
    withheld_because="a random number in the operator's log, joined to nobody once the job is gone",
)

#: Every field a log line may have. What is not here is dropped before it is written.
FIELDS: dict[str, Meaning] = {
    "event": NotPersonal("a name given in the code"),
    "level": NotPersonal("how bad it is"),
    "timestamp": NotPersonal("when it happened, on this machine"),
    "logger": NotPersonal("a name given in the code"),
    "where": NotPersonal("a place in the code"),
    "error": NotPersonal("the name of an exception, never its message, or a code that Redis answered"),
    "frames": NotPersonal("places in the code"),
    "job": _pseudonym,
    "index": NotPersonal("which picture of a request, 0 to 3"),
    "command": NotPersonal("the name of a declared command"),
    "door": NotPersonal("terminal, page, telegram or discord"),
    "task": NotPersonal("a name given in the code"),
    "ready": NotPersonal("whether the worker was ready"),
    "failed_starts": NotPersonal("how often the worker did not come up"),
    "model": NotPersonal("a name from the catalogue"),
    "worker": NotPersonal("the name an operator gave a machine"),
    "count": NotPersonal("how many of something were due"),
}


def entries() -> tuple[Entry, ...]:
    return tuple(
        Entry("log", name, "job>job.person_id" if isinstance(meaning, Datum) else "", meaning)
        for name, meaning in FIELDS.items()
    )


def set_up(level: str, stream: TextIO = sys.stderr) -> None:
    """Send our own events and every other library's records through the same sieve to `stream`."""
    threshold = getattr(logging, level.upper())
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _place_of_exception,
            _allowed_only,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[_Sieve()], level=threshold, force=True)
    logging.captureWarnings(True)


def is_discreet() -> bool:
    """Whether what is written now holds declared fields alone, and nothing that is for debugging."""
    only_declared = _allowed_only in structlog.get_config()["processors"]
    return only_declared and not structlog.get_logger().is_enabled_for(logging.DEBUG)


class _Sieve(logging.Handler):
    """Passes on where a record came from and how bad it is, without its message.

    Without its message a library's warning helps nobody who did not ask for more than warnings.
    """

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno == logging.WARNING and not structlog.get_logger().is_enabled_for(logging.INFO):
            return
        log = structlog.get_logger()
        where = f"{record.module}:{record.lineno}"
        error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        log.log(record.levelno, "library", logger=record.name, where=where, **({"error": error} if error else {}))


def _place_of_exception(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """An exception's type and frames; its message and its variables may hold what people wrote."""
    if event.pop("exc_info", None) and (error := sys.exc_info()[1]):
        event["error"] = type(error).__name__
        frames = traceback.extract_tb(error.__traceback__)
        event["frames"] = [f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}:{frame.name}" for frame in frames[-8:]]
    return event


def _allowed_only(_logger: Any, _method: str, event: EventDict) -> EventDict:
    return {name: value for name, value in event.items() if name in FIELDS}
