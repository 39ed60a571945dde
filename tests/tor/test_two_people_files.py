"""A file over real tor: equal at the end whatever is killed and cut, and nothing of it is seen on the way."""

from __future__ import annotations

import asyncio
import contextlib
import random
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from onion.controller import Controller
from onion.endpoint import Endpoint
from onion.errors import TorError
from tests.support.network_thread import NetworkThread
from tests.support.people import Person, befriend, delivered
from tuichat.errors import UnreachableError
from tuichat.model import File

pytestmark = [pytest.mark.tor, pytest.mark.asyncio(loop_scope="module")]

MIB = 1 << 20
CUTS = 100
SECONDS = 180.0
WORDS = b"words that stand in the file and nowhere else, again and again; "


@dataclass
class Pair:
    """Alice, who offers, and bob, who fetches; every byte that passed a relay."""

    alice: Person
    bob: Person
    directory: Path
    at_relays: bytearray

    def write(self, name: str, size: int) -> Path:
        """A file in which the same words stand over and over."""
        path = self.directory / name
        path.write_bytes((WORDS * (size // len(WORDS) + 1))[:size])
        return path

    async def offer(self, path: Path) -> File:
        """Alice offers it; the offer as bob sees it."""
        await (await self.alice.node()).file_send(self.bob.address, [str(path)])
        await delivered(self.alice, self.bob)
        return (await (await self.bob.node()).file_list())[-1]

    async def file(self, number: int) -> File:
        """Bob's view of a file, as soon as his node answers."""
        while True:
            try:
                return await (await self.bob.node()).file_get(number)
            except UnreachableError:
                await asyncio.sleep(0.05)

    async def until_bytes(self, number: int, count: int) -> File:
        """Wait until so much of it is here."""
        async with asyncio.timeout(SECONDS):
            while (found := await self.file(number)).bytes_done < count:  # noqa: ASYNC110 - its process
                await asyncio.sleep(0.05)
        return found

    async def until_complete(self, number: int) -> File:
        """Wait until all of it is here."""
        async with asyncio.timeout(SECONDS):
            while (found := await self.file(number)).state != "complete":
                assert found.state in ("waiting", "active"), found.state
                await asyncio.sleep(0.1)
        return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pair(tor_network: NetworkThread) -> AsyncIterator[Pair]:
    with tempfile.TemporaryDirectory(prefix="tc-") as name:
        directory = Path(name)
        alice, bob = (Person(person, directory, tor_network.torrc) for person in ("alice", "bob"))
        at_relays = bytearray()
        end = tor_network.capture(lambda _name, _direction, data: at_relays.extend(data))
        try:
            await asyncio.gather(alice.create(), bob.create())
            await asyncio.gather(alice.start(), bob.start())
            await asyncio.gather(alice.reachable(), bob.reachable())
            await befriend(alice, bob, "hello")
            yield Pair(alice, bob, directory, at_relays)
        finally:
            end()
            await asyncio.gather(alice.stop(), bob.stop())


async def test_file_arrives_equal_and_relays_saw_nothing_of_it(pair: Pair) -> None:
    source = pair.write("journal of march.txt", 3 * MIB)
    offer = await pair.offer(source)
    await (await pair.bob.node()).file_accept(offer.id)
    received = await pair.until_complete(offer.id)
    assert Path(received.path).read_bytes() == source.read_bytes()
    assert received.sniffed_type == "text/plain"
    assert len(pair.at_relays) > 3 * MIB
    for secret in (WORDS, b"journal of march"):
        assert secret not in pair.at_relays


async def test_file_goes_on_after_kills_of_both_nodes_and_of_tor(pair: Pair) -> None:
    source = pair.write("large", 12 * MIB)
    offer = await pair.offer(source)
    await (await pair.bob.node()).file_accept(offer.id)
    done = 0
    for count, what in [(2, pair.bob.kill), (5, pair.alice.kill), (8, pair.bob.kill_tor)]:
        found = await pair.until_bytes(offer.id, count * MIB)
        assert found.bytes_done >= done, "what was checked is not fetched again"
        if what == pair.bob.kill_tor:
            pair.bob.kill_tor()
            continue
        person = pair.bob if what == pair.bob.kill else pair.alice
        await person.kill()
        await person.start()
        done = (await pair.file(offer.id)).bytes_done
    received = await pair.until_complete(offer.id)
    assert Path(received.path).read_bytes() == source.read_bytes()


async def _cut_one(person: Person, chance: random.Random) -> bool:
    """Close one of the circuits that a node's tor has to services; whether there was one."""
    control = await Controller.connect(
        Endpoint(path=person.paths.run_directory() / "control"),
        lambda _event: None,
        person.paths.tor / "control_auth_cookie",
    )
    try:
        lines = (await control.get_info("circuit-status")).splitlines()
        circuits = [
            line.split()[0] for line in lines if "PURPOSE=HS_CLIENT_REND" in line and " BUILT " in line
        ]
        if circuits:
            with contextlib.suppress(TorError):  # it went by itself
                await control.call(f"CLOSECIRCUIT {chance.choice(circuits)}")
        return bool(circuits)
    finally:
        await control.close()


async def test_a_hundred_cut_circuits_end_in_an_equal_file(pair: Pair) -> None:
    source = pair.write("cut", 16 * MIB)
    chance, cuts = random.Random(7), 0
    async with asyncio.timeout(SECONDS):
        while cuts < CUTS:  # where cutting is slower than fetching, one more is offered
            offer = await pair.offer(source)
            await (await pair.bob.node()).file_accept(offer.id)
            while cuts < CUTS and (await pair.file(offer.id)).state != "complete":
                cuts += await _cut_one(pair.bob, chance)
                await asyncio.sleep(0.02)
            received = await pair.until_complete(offer.id)
            assert Path(received.path).read_bytes() == source.read_bytes()
