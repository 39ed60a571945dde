"""What a stranger's tor sees of a service that admits contacts only, and of one that admits everybody."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from onion.address import OnionAddress
from onion.child import ChildOptions, ChildTor
from onion.errors import DialError
from onion.keys import ClientKey
from onion.tor import ServiceOptions
from tests.support.descriptors import Onlooker, SeenDescriptor
from tests.support.handshakes import person
from tests.support.network_thread import NetworkThread
from tests.support.stores import add_contact, open_store
from tests.support.tor_contract import GONE_SECONDS, SECONDS, ends, published, refused, stream_somehow
from tuichat.clock import SystemClock, SystemRng
from tuichat.crypto.kem import MlKem768
from tuichat.network.doorkeeper import NOT_FOUND
from tuichat.network.tor_transport import TorTransport
from tuichat.node.file_places import FileRules
from tuichat.node.node import Node
from tuichat.node.parts import NodeParts
from tuichat.node.reach import key_for
from tuichat.store.store import Store

pytestmark = [pytest.mark.tor, pytest.mark.asyncio(loop_scope="module")]

ME = person("me")
ADDRESS = OnionAddress.from_public_key(ME.onion)


@dataclass(frozen=True, slots=True)
class Place:
    """The tor that services are on, and a stranger's."""

    mine: ChildTor
    stranger: Onlooker
    directory: Path


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(tor_network: NetworkThread) -> AsyncIterator[Place]:
    with tempfile.TemporaryDirectory(prefix="tor-") as name:
        directory = Path(name)
        mine = ChildTor(ChildOptions(directory / "a", directory / "a-run", extra_torrc=tor_network.torrc))
        stranger = Onlooker(directory / "b", tor_network.torrc)
        try:
            await asyncio.gather(mine.start(), stranger.tor.start())
            await asyncio.gather(mine.wait_ready(SECONDS), stranger.tor.wait_ready(SECONDS))
            yield Place(mine, stranger, directory)
        finally:
            await asyncio.gather(mine.stop(), stranger.tor.stop())


@dataclass(frozen=True, slots=True)
class Hidden:
    """A node with `visibility = contacts` on a tor of its own."""

    node: Node
    store: Store
    transport: TorTransport

    async def reached(self) -> None:
        """Wait until it has reached itself."""
        async with asyncio.timeout(2 * SECONDS):
            while not self.transport.state.service.reachable:  # noqa: ASYNC110 - tor brings it about
                await asyncio.sleep(0.05)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hidden(tor_network: NetworkThread) -> AsyncIterator[Hidden]:
    with tempfile.TemporaryDirectory(prefix="tc") as name:
        directory, clock, rng = Path(name), SystemClock(), SystemRng()
        tor = ChildTor(ChildOptions(directory / "t", directory / "r", extra_torrc=tor_network.torrc))
        transport = TorTransport(tor, ME.onion_seed, directory / "onion.sock", clock, rng)
        store = open_store(directory)
        rules = FileRules.inside(directory)
        node = Node(NodeParts(store, ME, "", transport, clock, rng, MlKem768(), rules, "contacts"))
        await node.start()
        try:
            await node.go_online()
            found = Hidden(node, store, transport)
            await found.reached()
            yield found
        finally:
            await node.close()


async def answer_to_get(tor: ChildTor, address: OnionAddress, token: str = "") -> bytes:
    """What the service answers to a GET over the circuit of `token`, by default over one or another."""
    if token:
        reader, writer = await tor.open_stream(address.hostname, 80, token, SECONDS)
    else:
        _, (reader, writer) = await stream_somehow(tor, address)
    writer.write(f"GET / HTTP/1.1\r\nHost: {address.hostname}\r\n\r\n".encode())
    try:
        async with asyncio.timeout(SECONDS):
            return await reader.read()
    finally:
        writer.transport.abort()


async def seen(place: Place, keys: int) -> SeenDescriptor:
    """What a stranger sees of a new service that was given so many keys."""
    public = [ClientKey.generate().public for _ in range(keys)]
    options = ServiceOptions(client_keys=public or None, pow_defence=True)
    async with published(place.mine, options) as service:
        return await place.stranger.fetch(service.address, SECONDS)


async def test_without_a_key_nobody_connects_and_with_one_a_contact_does(
    place: Place, hidden: Hidden
) -> None:
    tor = place.stranger.tor
    assert await refused(tor, ADDRESS, "client_key")
    stranger_sees = await place.stranger.fetch(ADDRESS, SECONDS)
    assert stranger_sees.inner is None
    await tor.add_client_key(ADDRESS, ClientKey.generate().private)
    assert await refused(tor, ADDRESS, "client_key")

    given = hidden.store.reach_keys.spare()[0]
    contact_sees = await place.stranger.fetch(ADDRESS, SECONDS, given)
    assert contact_sees.inner is not None
    assert contact_sees.inner.count("introduction-point ") >= 1
    assert "\npow-params v1 " in contact_sees.inner
    await tor.add_client_key(ADDRESS, given)
    assert await answer_to_get(tor, ADDRESS) == NOT_FOUND
    await tor.remove_client_key(ADDRESS)
    assert await hidden.node.contact_list() == []


async def test_removed_contact_keeps_no_key_no_introduction_point_and_no_circuit(
    place: Place, hidden: Hidden
) -> None:
    tor, store = place.stranger.tor, hidden.store
    friend = add_contact(store, "friend", person("friend").onion)
    key, other = key_for(store, SystemRng(), friend.id), store.reach_keys.spare()[0]
    before = await place.stranger.fetch(ADDRESS, SECONDS, key)
    await tor.add_client_key(ADDRESS, key)
    kept, (_, writer) = await stream_somehow(tor, ADDRESS)
    writer.transport.abort()
    assert await answer_to_get(tor, ADDRESS, kept) == NOT_FOUND

    told: list[bool] = []
    hidden.transport.watch(lambda state: told.append(state.service.reachable))
    await hidden.node.contact_remove("friend")
    with pytest.raises(DialError):
        await tor.open_stream(ADDRESS.hostname, 80, kept, GONE_SECONDS)
    async with asyncio.timeout(SECONDS):
        while told[-1:] != [True] or False not in told:  # noqa: ASYNC110 - tor brings it about
            await asyncio.sleep(0.05)
    await tor.remove_client_key(ADDRESS)  # tor does not tell that a descriptor came which it cannot read
    after = before
    async with asyncio.timeout(SECONDS):
        while after.revision == before.revision:  # until the directories have the new one
            after = await place.stranger.fetch(ADDRESS, SECONDS, other)
    assert before.introduction_keys
    assert after.introduction_keys
    assert not before.introduction_keys & after.introduction_keys
    assert (await place.stranger.fetch(ADDRESS, SECONDS, key)).inner is None
    await tor.add_client_key(ADDRESS, key)
    assert await refused(tor, ADDRESS, "client_key")
    await tor.remove_client_key(ADDRESS)


async def test_circuit_that_opens_too_many_streams_is_closed_and_no_other(place: Place) -> None:
    async with published(place.mine, ServiceOptions(max_streams=3)) as service:
        host, tor = service.address.hostname, place.stranger.tor
        _, (other_reader, other_writer) = await stream_somehow(tor, service.address)
        token, first = await stream_somehow(tor, service.address)
        streams = [first, *[await tor.open_stream(host, 80, token, SECONDS) for _ in range(2)]]
        for reader, writer in streams:
            writer.write(b"still here\n")
            assert await reader.readline() == b"still here\n"
        with pytest.raises(DialError):
            await tor.open_stream(host, 80, token, SECONDS)
        for reader, writer in streams:
            async with asyncio.timeout(SECONDS):
                assert await ends(reader)
            writer.transport.abort()
        other_writer.write(b"still here\n")
        assert await other_reader.readline() == b"still here\n"
        other_writer.transport.abort()


async def test_keys_are_seen_in_steps_of_sixteen_and_sizes_in_steps_of_ten_thousand_bytes(
    place: Place,
) -> None:
    found = {keys: await seen(place, keys) for keys in (0, 1, 15, 16, 80)}
    # our own probe needs a key as well: sixteen contacts' are seventeen
    assert [found[keys].entries for keys in (0, 1, 15, 16, 80)] == [16, 16, 16, 32, 96]
    assert found[0].outer_size == found[1].outer_size == found[15].outer_size < found[16].outer_size
    assert found[0].size == found[1].size == found[15].size == found[16].size < found[80].size
    assert found[0].inner is not None
    assert all(found[keys].inner is None for keys in (1, 15, 16, 80))


async def test_anybody_sees_that_a_public_service_asks_for_proof_of_work(place: Place) -> None:
    inner = (await seen(place, 0)).inner
    assert inner is not None
    (line,) = [each for each in inner.splitlines() if each.startswith("pow-params ")]
    _, scheme, puzzle_seed, effort, _expires = line.split(" ")
    assert scheme == "v1"
    assert len(puzzle_seed) > 40
    assert effort == "0"  # nobody floods it


@dataclass(frozen=True, slots=True)
class Life:
    """A service's first and second descriptor, and the one that is there when it has ended."""

    first: SeenDescriptor
    second: SeenDescriptor
    after: SeenDescriptor

    @property
    def comparable(self) -> bool:
        """Whether all are of one time period: revisions of two cannot be compared."""
        return len({each.period for each in (self.first, self.second, self.after)}) == 1


async def life(place: Place) -> Life:
    """Publish, publish again, end; the stranger's dials are refused alike before and after the end."""
    tor, options = place.stranger.tor, ServiceOptions(client_keys=(ClientKey.generate().public,))
    async with published(place.mine, options) as service:
        first = second = await place.stranger.fetch(service.address, SECONDS)
        await service.republish()
        await service.wait_published(SECONDS)
        async with asyncio.timeout(2 * SECONDS):
            while second.revision == first.revision:  # until the directories have the new one
                second = await place.stranger.fetch(service.address, SECONDS)
        assert await refused(tor, service.address, "client_key")
    after = await place.stranger.fetch(service.address, SECONDS)
    assert await refused(tor, service.address, "client_key")
    return Life(first, second, after)


async def test_who_has_no_key_sees_each_publication_but_not_the_end(place: Place) -> None:
    for _period in range(3):
        found = await life(place)
        if found.comparable:
            break
    assert found.comparable
    assert found.second.revision > found.first.revision
    assert found.after.revision in (found.first.revision, found.second.revision)
    assert found.after.lifetime == 180


async def test_an_address_that_nobody_publishes_is_told_from_one_that_needs_a_key(place: Place) -> None:
    nobody = OnionAddress.from_public_key(person("nobody at all").onion)
    assert await refused(place.stranger.tor, nobody, "descriptor")
    with pytest.raises(LookupError):
        await place.stranger.fetch(nobody, SECONDS)
