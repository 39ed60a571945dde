"""The fake tor keeps the promises that the real ones keep."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable

import pytest

from onion.errors import DialError, TorError
from onion.isolation import fresh_token
from onion.tor import Tor
from tests.support.fake_tor import FakeNetwork, FakeTor
from tests.support.tor_contract import Pair, TorContract, echo, listening, published


@pytest.fixture
def make_tor() -> Callable[[], Tor]:
    return FakeTor


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    network = FakeNetwork()
    alice, bob = FakeTor(network), FakeTor(network)
    await alice.start()
    await bob.start()
    yield alice, bob
    await alice.stop()
    await bob.stop()


class TestFakeTor(TorContract):
    pass


async def test_its_death_takes_services_down_and_its_return_brings_them_back() -> None:
    network = FakeNetwork()
    alice, bob = FakeTor(network), FakeTor(network)
    await alice.start()
    await bob.start()
    async with published(alice) as service:
        await alice.die()
        assert (alice.status.alive, alice.status.problem) == (False, "died")
        assert not service.published
        with pytest.raises(DialError):
            await echo(bob, service, fresh_token())
        alice.come_back()
        assert await echo(bob, service, fresh_token()) == b"hello\n"
    await alice.stop()
    await bob.stop()


async def test_it_refuses_and_fails_when_told_to() -> None:
    tor = FakeTor()
    tor.failure = TorError("missing", "tor is not installed.")
    with pytest.raises(TorError):
        await tor.start()
    await tor.start()
    tor.show(bootstrap=40, problem="blocked")
    assert (tor.status.ready, tor.status.problem) == (False, "blocked")
    tor.show(bootstrap=100, problem="")
    tor.refuse = True
    async with listening() as target:
        service = await tor.publish(os.urandom(32), target)
        with pytest.raises(DialError):
            await echo(tor, service, fresh_token())
    await tor.stop()
