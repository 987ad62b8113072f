"""Tells the service manager how this process is: ready, alive, about to end. Without a manager that listens, nothing happens.

The protocol is one datagram for each word, to the socket that systemd names in NOTIFY_SOCKET (sd_notify(3)).
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from typing import Final

READY: Final = "READY=1"
ALIVE: Final = "WATCHDOG=1"
STOPPING: Final = "STOPPING=1"


def notify(word: str) -> None:
    """Never raises and never waits: a manager that does not listen is no reason to do anything else."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    if address.startswith("@"):
        address = "\0" + address[1:]  # a name that is in no folder
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as manager:
        manager.setblocking(False)
        manager.sendto(word.encode(), address)
