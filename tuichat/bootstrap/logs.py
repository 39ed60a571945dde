"""What a node may log: our own sentences, which hold no names, texts or keys, and of others only the kind.

Libraries put addresses and values into their messages and into the texts of exceptions. Of their records only
the logger, the level and, for an exception, its type and place are kept, at every level.

    2026-11-26T22:05:23Z error: tuichat.supervisor: house failed    for people
    <3>error: tuichat.supervisor: house failed                      for the journal, which has its own clock
    {"time": "2026-11-26T22:05:23Z", "level": "error", ...}         for programs, with `log.format = "json"`
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, Literal

from tuichat.daemon_config import LogConfig

_OURS: Final = ("tuichat", "onion")

_PRIORITIES: Final = {
    logging.DEBUG: 7,
    logging.INFO: 6,
    logging.WARNING: 4,
    logging.ERROR: 3,
    logging.CRITICAL: 2,
}
"""By level, as sd-daemon(3) numbers them."""

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")

SETTINGS_LOG = "tuichat.settings"
"""Who tells what came of settings that were read again; a person asked for that, so it is always told."""


class CarefulFormatter(logging.Formatter):
    """One line a record.

    Args:
        form: a line to read, or a JSON object.
        journal: systemd's journal reads it: the priority stands before it.
    """

    def __init__(self, form: Literal["text", "json"] = "text", *, journal: bool = False) -> None:
        super().__init__()
        self._form = form
        self._journal = journal

    def format(self, record: logging.LogRecord) -> str:
        kept = _kept(record)
        if self._form == "json":
            line = json.dumps({"time": _time(record), **kept}, ensure_ascii=False)
        else:
            line = ": ".join(kept.values())
            line = line if self._journal else f"{_time(record)} {line}"
        return f"<{_priority(record.levelno)}>{line}" if self._journal else line


def set_up_logs(config: LogConfig, environment: Mapping[str, str] | None = None) -> None:
    """Send what is at least of the level asked for to stderr, one careful line each."""
    handler = logging.StreamHandler(sys.stderr)
    journal = leads_to_journal(os.environ if environment is None else environment, 2)
    handler.setFormatter(CarefulFormatter(config.format, journal=journal))
    logging.basicConfig(level=config.level.upper(), handlers=[handler], force=True)
    logging.getLogger(SETTINGS_LOG).setLevel(min(logging.INFO, logging.root.level))


def leads_to_journal(environment: Mapping[str, str], descriptor: int) -> bool:
    """Whether systemd has connected this descriptor with its journal, and nobody has led it elsewhere since.

    `JOURNAL_STREAM` has device and inode of the stream, see systemd.exec(5).
    """
    try:
        found = os.fstat(descriptor)
    except OSError:
        return False
    return environment.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"


def _kept(record: logging.LogRecord) -> dict[str, str]:
    kept = {"level": record.levelname.lower(), "logger": record.name}
    if record.name.split(".")[0] in _OURS:
        kept["message"] = _CONTROL.sub(" ", record.getMessage())
    if record.exc_info and record.exc_info[1] is not None:  # some loggers set it to False
        kept["error"] = _kind_and_place(record.exc_info[1])
    return kept


def _kind_and_place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"


def _priority(level: int) -> int:
    return next((number for least, number in reversed(_PRIORITIES.items()) if level >= least), 7)


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
