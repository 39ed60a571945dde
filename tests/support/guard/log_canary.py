"""Whether a line of a log says what none may: a name, a text, an address or a key, as tests have them.

In a node's process that a test starts (`sitecustomize` sees to that) everything that it would log at the most
talkative level is looked at, whatever its own settings are, and so is all that goes to its stderr. What must
not be there is written into the file that LOG_CANARY_RECORD names; a run with any such line fails.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from typing import Any

_NAMES = "alice|bob|carol|dave|erin|robert|grace|ada|mallory|xiao ming|小明"
_TEXTS = (
    "hello there|still there|still here|never mind|wait for me|we know each other|it is me|correct horse|"
    "battery staple|canary"
)
_WORDS = re.compile(rf"(?<!\w)(?:{_NAMES}|{_TEXTS})(?!\w)", re.IGNORECASE)
_ADDRESS = re.compile(r"(?<![a-z2-7])[a-z2-7]{51,}(?![a-z2-7])", re.IGNORECASE)
"""An onion address has 56 of these characters, a key in base32 has 52."""

_HEX = re.compile(r"(?<![0-9a-z])[0-9a-f]{32,}(?![0-9a-z])", re.IGNORECASE)
_BASE64 = re.compile(r"[A-Za-z0-9+_-]{40,}={0,2}")


def leak_in(line: str) -> str:
    """What the line should not say, "" if there is nothing."""
    for pattern in (_WORDS, _ADDRESS, _HEX):
        if found := pattern.search(line):
            return found[0]
    return next(filter(_looks_random, _BASE64.findall(line)), "")


def _looks_random(word: str) -> bool:
    """Whether it is no name of a function or a file: those have no digits among letters of both cases."""
    kinds = (str.isupper, str.islower, str.isdigit)
    return all(sum(map(kind, word)) >= 3 for kind in kinds)


def is_node(command: list[str]) -> bool:
    """Whether this is the command line of a node's process."""
    return "node-process" in command or ("daemon" in command and "run" in command)


def watch_process(record: str) -> None:
    """Write down what this process, a node's, says and should not."""
    test = os.environ.get("PYTEST_CURRENT_TEST", "a test")

    def look(line: str) -> None:
        if leak := leak_in(line):
            with open(record, "a", encoding="utf-8") as file:  # noqa: PTH123 (as its neighbour does)
                file.write(f"{test}: a node said {leak!r} in: {line.strip()}\n")

    _watch_stderr(look)
    _watch_logs(look)


def _watch_stderr(look: Any) -> None:
    if sys.stderr is None:
        return
    write = sys.stderr.write

    def watched(text: str) -> int:
        look(text)
        return write(text)

    sys.stderr.write = watched  # type: ignore[method-assign]


def _watch_logs(look: Any) -> None:
    set_up = logging.basicConfig

    def watched(**settings: Any) -> None:
        set_up(**settings)
        level = logging.root.level
        for handler in list(logging.root.handlers):
            handler.addFilter(lambda record: record.levelno >= _own_level(record.name, level))
            logging.root.addHandler(Watcher(look, handler.formatter))
        logging.root.setLevel(logging.DEBUG)

    logging.basicConfig = watched


def _own_level(name: str, root: int) -> int:
    """From which level on a logger would have told, had the root's level stayed."""
    logger = logging.getLogger(name)
    while logger.parent is not None and not logger.level:
        logger = logger.parent
    return root if logger is logging.root else logger.level


class Watcher(logging.Handler):
    """Looks at every record as `formatter` writes it."""

    def __init__(self, look: Any, formatter: logging.Formatter | None) -> None:
        super().__init__(logging.NOTSET)
        self._look = look
        self.setFormatter(formatter)

    def emit(self, record: logging.LogRecord) -> None:
        self._look(self.format(record))
