"""A tor of our own, and one that runs already, keep the promises of `onion.tor.Tor`."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
import pytest_asyncio

from onion.child import ChildOptions, ChildTor
from onion.tor import Tor
from tests.support.network_thread import NetworkThread
from tests.support.tor_contract import SECONDS, Pair, TorContract

pytestmark = [pytest.mark.tor, pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture(scope="module")
def directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="tor-") as name:
        yield Path(name)


@pytest.fixture(scope="module")
def make_tor(tor_network: NetworkThread, directory: Path) -> Callable[[], Tor]:
    numbers = count()

    def make() -> Tor:
        name = str(next(numbers))
        options = ChildOptions(directory / name, directory / f"{name}-run", extra_torrc=tor_network.torrc)
        return ChildTor(options)

    return make


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pair(make_tor: Callable[[], Tor]) -> AsyncIterator[Pair]:
    alice, bob = make_tor(), make_tor()
    try:
        await asyncio.gather(alice.start(), bob.start())
        await asyncio.gather(alice.wait_ready(SECONDS), bob.wait_ready(SECONDS))
        yield alice, bob
    finally:
        await asyncio.gather(alice.stop(), bob.stop())


class TestChildTor(TorContract):
    pass
