"""What supervised tasks, and the loop itself, log of failures that nobody foresaw."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

_LOGS = ("tuichat.supervisor", "asyncio")


class _Listener(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        failure = record.exc_info[1] if record.exc_info else None
        self.told.append(record.getMessage() + (f" ({type(failure).__name__})" if failure else ""))


@contextmanager
def listening() -> Iterator[list[str]]:
    """The list grows with each failure that is logged meanwhile."""
    listener = _Listener()
    for name in _LOGS:
        logging.getLogger(name).addHandler(listener)
    try:
        yield listener.told
    finally:
        for name in _LOGS:
            logging.getLogger(name).removeHandler(listener)
