"""A tor that somebody else started carries two people, and runs on when they leave."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from onion.binary import find_tor
from onion.errors import TorError
from onion.keys import ClientKey
from onion.system import SystemTor
from tests.support.network_thread import NetworkThread
from tests.support.people import PATIENCE, Person, befriend, delivered, until

pytestmark = pytest.mark.tor

TORRC = """\
DataDirectory {0}/data
ControlSocket {0}/control
CookieAuthentication 1
CookieAuthFile {0}/cookie
SocksPort auto
SocksPort unix:{0}/socks
RunAsDaemon 0
Log notice stdout
"""


@dataclass
class RunningTor:
    """A tor as an administrator would run it.

    Attributes:
        control: the path of its control socket.
        process: what is not ours to end.
    """

    control: Path
    process: asyncio.subprocess.Process

    @property
    def runs(self) -> bool:
        """Whether it still does."""
        return self.process.returncode is None

    async def guest(self) -> SystemTor:
        """One more who uses it, attached."""
        tor = SystemTor(str(self.control))
        await tor.start()
        await tor.wait_ready(PATIENCE)
        return tor


class Guest(Person):
    """Somebody without a tor of their own, whose settings' file names the one that runs."""

    async def create_on(self, tor: RunningTor) -> None:
        """Make the profile and its settings."""
        del self._environment["TUICHAT_TOR__EXTRA_TORRC"]
        await self.create()
        await self.must("config", "set", "tor.mode", "system")
        await self.must("config", "set", "tor.control", str(tor.control))


@asynccontextmanager
async def running_tor(directory: Path, network: NetworkThread) -> AsyncIterator[RunningTor]:
    """A tor with its own torrc, a member of `network`; ended afterwards."""
    torrc = directory / "torrc"
    torrc.write_text(TORRC.format(directory) + network.torrc.read_text())
    process = await asyncio.create_subprocess_exec(
        *(find_tor(), "--defaults-torrc", os.devnull, "-f", torrc),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE):
            while b"Bootstrapped 100%" not in (line := await process.stdout.readline()):
                assert line, "tor ended"
        yield RunningTor(directory / "control", process)
    finally:
        process.terminate()
        await process.communicate()


@pytest.fixture
async def tor(tor_network: NetworkThread, short_directory: Path) -> AsyncIterator[RunningTor]:
    async with running_tor(short_directory, tor_network) as running:
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
            assert [alice.log.read_bytes(), bob.log.read_bytes()] == [b"", b""]
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
