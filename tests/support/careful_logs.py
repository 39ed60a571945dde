"""A fixture of every test: what it logs is looked at, from every logger and at every level."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from tests.support.guard.log_canary import Watcher, leak_in
from tuichat.bootstrap.logs import CarefulFormatter

_FORMATTER = CarefulFormatter()


@pytest.fixture(autouse=True)
def careful_logs() -> Iterator[None]:
    """Fails a test in which anything was logged that a node's log must not say."""
    leaks: list[str] = []
    watcher = Watcher(lambda line: leaks.append(line) if leak_in(line) else None, _FORMATTER)
    level = logging.root.level
    logging.root.addHandler(watcher)
    logging.root.setLevel(logging.DEBUG)
    yield
    logging.root.removeHandler(watcher)
    logging.root.setLevel(level)
    assert not leaks, "logged, and must not be: " + "\n".join(leaks)
