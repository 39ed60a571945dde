"""Keeps a Python process on this machine: any socket that would leave loopback raises instead.

Python imports this module at start wherever its folder stands on PYTHONPATH, so nodes and commands that a
test starts are watched too; `tests/conftest.py` sees to both. It is also written down, in the file that
LOOPBACK_GUARD_RECORD names, because the code under test may survive the exception; a run with any such line
fails.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

_ADDRESS_EVENTS = frozenset({"socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg"})
_NAME_EVENTS = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"})
_AF_UNIX, _AF_INET, _AF_INET6 = 1, 2, 10


class EgressError(Exception):
    """A socket was about to leave this machine. Deliberately no OSError: no retry should swallow it."""


def is_loopback(host: object) -> bool:
    """Whether `host` is a numeric loopback address, or "localhost"."""
    text = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    return text in ("localhost", "::1") or (text.startswith("127.") and text.replace(".", "").isdigit())


def _allowed(event: str, arguments: tuple[Any, ...]) -> bool:
    if event in _ADDRESS_EVENTS:
        sock, address = arguments[0], arguments[-1]
        if sock.family == _AF_UNIX or (event == "socket.sendmsg" and address is None):
            return True
        return sock.family in (_AF_INET, _AF_INET6) and is_loopback(address[0])
    if event in _NAME_EVENTS:
        return arguments[0] is None or is_loopback(arguments[0])
    return True


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if not event.startswith("socket.") or _allowed(event, arguments):
        return
    message = f"{event} would leave this machine: {arguments[1:] if event in _ADDRESS_EVENTS else arguments}"
    record = os.environ.get("LOOPBACK_GUARD_RECORD")
    if record:
        with open(record, "a", encoding="utf-8") as file:  # noqa: PTH123 (pathlib would slow every start)
            file.write(message + "\n")
    raise EgressError(message)


def _watch_logs() -> None:
    """See `log_canary`; other processes do not load it."""
    record = os.environ.get("LOG_CANARY_RECORD")
    command = sys.orig_argv
    if record and ("node-process" in command or "daemon" in command):
        log_canary = importlib.import_module("log_canary")  # it stands beside this, where mypy does not look
        if log_canary.is_node(command):
            log_canary.watch_process(record)


sys.addaudithook(_watch)
_watch_logs()
