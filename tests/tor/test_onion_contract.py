"""A tor of our own, and one that runs already, keep the promises of `onion.tor.Tor`."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from itertools import count, cycle
from pathlib import Path

import pytest
import pytest_asyncio

from onion.child import ChildOptions, ChildTor
from onion.system import SystemTor
from onion.tor import Tor
from tests.support.network_thread import NetworkThread
from tests.support.tor_contract import SECONDS, Pair, TorContract

pytestmark = [pytest.mark.tor, pytest.mark.asyncio(loop_scope="module")]

Maker = Callable[[], Tor]


@pytest.fixture(scope="module")
def make_child(tor_network: NetworkThread) -> Iterator[Callable[[], ChildTor]]:
    """Each one a process of its own."""
    numbers = count()
    with tempfile.TemporaryDirectory(prefix="tor-") as name:

        def make() -> ChildTor:
            place = Path(name) / str(next(numbers))
            return ChildTor(ChildOptions(place / "data", place / "run", extra_torrc=tor_network.torrc))

        yield make


@asynccontextmanager
async def ready(make: Maker) -> AsyncIterator[Pair]:
    """Two of them, started."""
    alice, bob = make(), make()
    try:
        await asyncio.gather(alice.start(), bob.start())
        await asyncio.gather(alice.wait_ready(SECONDS), bob.wait_ready(SECONDS))
        yield alice, bob
    finally:
        await asyncio.gather(alice.stop(), bob.stop())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def children(make_child: Callable[[], ChildTor]) -> AsyncIterator[Pair]:
    async with ready(make_child) as pair:
        yield pair


@pytest.fixture(scope="module", params=["child", "system"])
def make_tor(request: pytest.FixtureRequest, make_child: Callable[[], ChildTor], children: Pair) -> Maker:
    """Makes tors of our own, or attaches to two that run, in turn: two people seldom have the same.

    The two are children here, since a contract test knows them by their control ports only; what an
    administrator would run is in test_system_tor.py. Their SOCKS ports tell why a dial failed.
    """
    if request.param == "child":
        return make_child
    controls = cycle([child._control for child in children if isinstance(child, ChildTor)])
    return lambda: SystemTor(str(next(controls)))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pair(make_tor: Maker, make_child: Maker, children: Pair) -> AsyncIterator[Pair]:
    if make_tor is make_child:
        yield children
        return
    async with ready(make_tor) as pair:
        yield pair
    assert all(child.status.alive for child in children)


class TestRealTor(TorContract):
    pass
