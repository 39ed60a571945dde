"""What a node may log: our own sentences, which hold no names, texts or keys, and of others only the kind.

Libraries put addresses and values into their messages and into the texts of exceptions. Of their records only
the logger, the level and, for an exception, its type and place are kept.
"""

from __future__ import annotations

import logging
import sys
import traceback

_OURS = ("tuichat", "onion")

SETTINGS_LOG = "tuichat.settings"
"""Who tells what came of settings that were read again; a person asked for that, so it is always told."""


class CarefulFormatter(logging.Formatter):
    """One line a record: level, logger, our own message, and an exception's type and place."""

    def format(self, record: logging.LogRecord) -> str:
        ours = record.name.split(".")[0] in _OURS
        parts = [record.levelname.lower(), record.name]
        if ours:
            parts.append(record.getMessage())
        if record.exc_info and record.exc_info[1] is not None:  # some loggers set it to False
            parts.append(_kind_and_place(record.exc_info[1]))
        return ": ".join(parts)


def set_up_logs() -> None:
    """Warnings and errors go to stderr, one careful line each."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(CarefulFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger(SETTINGS_LOG).setLevel(logging.INFO)


def _kind_and_place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"
