"""A tor of our own, and one that runs already, keep the promises of `onion.tor.Tor`."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from itertools import count, cycle
from pathlib import Path

import pytest
import pytest_asyncio

from onion.child import ChildOptions, ChildTor
from onion.system import SystemTor
from onion.tor import Tor
from tests.support.network_thread import NetworkThread
from tests.support.running_tor import running_tor
from tests.support.tor_contract import SECONDS, Pair, TorContract

pytestmark = [pytest.mark.tor, pytest.mark.asyncio(loop_scope="module")]

Maker = Callable[[], Tor]
Makers = Callable[[NetworkThread, Path], AbstractAsyncContextManager[Maker]]


@asynccontextmanager
async def child_tors(network: NetworkThread, directory: Path) -> AsyncIterator[Maker]:
    """Each one a process of its own."""
    numbers = count()

    def make() -> Tor:
        name = str(next(numbers))
        options = ChildOptions(directory / name, directory / f"{name}-run", extra_torrc=network.torrc)
        return ChildTor(options)

    yield make


@asynccontextmanager
async def system_tors(network: NetworkThread, directory: Path) -> AsyncIterator[Maker]:
    """Two that run already, attached to in turn: two people seldom have the same.

    Their SOCKS ports tell why a dial failed, as our own tor's does.
    """
    places = directory / "one", directory / "other"
    for place in places:
        place.mkdir(mode=0o700)
    one_running, other_running = (running_tor(place, network, "ExtendedErrors") for place in places)
    async with one_running as one, other_running as other:
        controls = cycle((one.control, other.control))
        yield lambda: SystemTor(str(next(controls)))
        assert one.runs
        assert other.runs


@pytest.fixture(scope="module")
def directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="tor-") as name:
        yield Path(name)


@pytest_asyncio.fixture(
    scope="module", loop_scope="module", params=[child_tors, system_tors], ids=["child", "system"]
)
async def make_tor(
    request: pytest.FixtureRequest, tor_network: NetworkThread, directory: Path
) -> AsyncIterator[Maker]:
    makers: Makers = request.param
    async with makers(tor_network, directory) as make:
        yield make


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pair(make_tor: Maker) -> AsyncIterator[Pair]:
    alice, bob = make_tor(), make_tor()
    try:
        await asyncio.gather(alice.start(), bob.start())
        await asyncio.gather(alice.wait_ready(SECONDS), bob.wait_ready(SECONDS))
        yield alice, bob
    finally:
        await asyncio.gather(alice.stop(), bob.stop())


class TestRealTor(TorContract):
    pass
