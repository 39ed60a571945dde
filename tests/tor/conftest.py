"""One private Tor network for all tests with real tor."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.network_thread import NetworkThread


@pytest.fixture(scope="session")
def tor_network() -> Iterator[NetworkThread]:
    """A private network, shared by the whole run: a test that hurts it must mend it."""
    with NetworkThread() as network:
        yield network


@pytest.fixture
def short_directory() -> Iterator[Path]:
    """A directory whose path is short enough for sockets; pytest's own are not."""
    with tempfile.TemporaryDirectory(prefix="tor-") as directory:
        yield Path(directory)
