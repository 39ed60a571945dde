"""A tor that somebody else started carries two people, and runs on when they leave."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from onion.address import OnionAddress
from onion.errors import DialError, TorError
from onion.isolation import fresh_token
from onion.keys import ClientKey, public_key
from onion.system import SystemTor
from tests.support.network_thread import NetworkThread
from tests.support.people import PATIENCE, Person, befriend, delivered, until
from tests.support.running_tor import RunningTor, running_tor

pytestmark = [pytest.mark.tor, pytest.mark.asyncio(loop_scope="module")]


class Guest(Person):
    """Somebody without a tor of their own, whose settings' file names the one that runs."""

    async def create_on(self, tor: RunningTor) -> None:
        """Make the profile and its settings."""
        del self._environment["TUICHAT_TOR__EXTRA_TORRC"]
        await self.create()
        await self.must("config", "set", "tor.mode", "system")
        await self.must("config", "set", "tor.control", str(tor.control))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def tor(tor_network: NetworkThread) -> AsyncIterator[RunningTor]:
    """Whoever uses it leaves it as it was."""
    with tempfile.TemporaryDirectory(prefix="tor-") as directory:
        async with running_tor(Path(directory), tor_network) as running:
            yield running


async def test_two_people_talk_over_a_tor_that_runs_and_leave_it_as_it_was(tor: RunningTor) -> None:
    with tempfile.TemporaryDirectory(prefix="tc-") as directory:
        alice, bob = (Guest(name, Path(directory), Path()) for name in ("alice", "bob"))
        try:
            for person in (alice, bob):
                await person.create_on(tor)
                await person.start()
            await asyncio.gather(alice.reachable(), bob.reachable())
            assert [alice.tor_pid(), bob.tor_pid()] == [None, None]
            await befriend(alice, bob, "over the tor that was here")
            await asyncio.gather(alice.say(bob, "hello"), bob.say(alice, "hello yourself"))
            await delivered(alice, bob)
            assert await bob.texts(alice, "in") == ["hello"]
            assert await alice.texts(bob, "in") == ["hello yourself"]

            watcher = await tor.guest()
            try:
                assert await has_service(watcher, alice)
                await alice.must("daemon", "stop")
                await lost_service(watcher, alice)
                assert await has_service(watcher, bob)
                await bob.must("daemon", "stop")
                await lost_service(watcher, bob)
                assert watcher.status.ready
            finally:
                await watcher.stop()
            assert tor.runs
            assert [await alice.complaints(), await bob.complaints()] == [[], []]
        finally:
            await asyncio.gather(alice.stop(), bob.stop())


async def has_service(watcher: SystemTor, person: Person) -> bool:
    """Whether the tor carries their onion service: then it takes no second one with the same key."""
    with tempfile.TemporaryDirectory(prefix="svc-") as directory:
        try:
            service = await watcher.publish(person.identity.onion_seed, Path(directory) / "nobody.sock")
        except TorError as error:
            if "collision" not in error.message:
                raise
            return True
        await service.remove()
        return False


async def lost_service(watcher: SystemTor, person: Person) -> None:
    """Wait until the tor has taken note that they left."""

    async def lost() -> bool:
        return not await has_service(watcher, person)

    await until(lost)


async def test_keys_for_contacts_leave_a_tor_that_runs_on(tor: RunningTor) -> None:
    watcher, guest = await tor.guest(), await tor.guest()
    key = ClientKey.generate()
    service = await guest.publish(os.urandom(32), tor.control)
    assert watcher._controller is not None
    try:
        await guest.add_client_key(service.address, key.private)
        assert str(service.address) in "\n".join(await watcher._controller.call("ONION_CLIENT_AUTH_VIEW"))
        await guest.stop()
        shown = await watcher._controller.call("ONION_CLIENT_AUTH_VIEW")
        assert not any(str(service.address) in line for line in shown)
    finally:
        await guest.stop()
        await watcher.stop()


async def test_usual_socks_port_tells_only_that_a_service_was_not_reached(tor: RunningTor) -> None:
    guest = await tor.guest()
    nobody = OnionAddress.from_public_key(public_key(os.urandom(32)))
    try:
        with pytest.raises(DialError) as caught:
            await guest.open_stream(nobody.hostname, 80, fresh_token(), PATIENCE)
        assert caught.value.code == "unreachable"
    finally:
        await guest.stop()


async def test_a_tor_that_is_restarted_gets_the_service_again(
    tor_network: NetworkThread, short_directory: Path
) -> None:
    async with running_tor(short_directory, tor_network) as first:
        guest = await first.guest()
        service = await guest.publish(os.urandom(32), short_directory / "nobody.sock")
        await service.wait_published(PATIENCE)
    try:
        async with running_tor(short_directory, tor_network):
            await guest.wait_ready(PATIENCE)
            await service.wait_published(PATIENCE)
    finally:
        await guest.stop()
