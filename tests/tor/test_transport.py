"""The transport over real tor: one answer for wrong callers, a circuit for each contact, no name resolved."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from onion.address import OnionAddress
from onion.child import ChildOptions, ChildTor
from onion.errors import DialError
from onion.events import Event
from tests.support.descriptors import Onlooker, SeenDescriptor
from tests.support.handshakes import flip, person
from tests.support.house import House, house_on
from tests.support.network_thread import NetworkThread
from tests.support.raw_callers import (
    BINARY,
    PING,
    TEXT,
    Stranger,
    head,
    headers,
    opened,
    request,
    web_frame,
    web_frames,
)
from tests.support.stores import add_contact
from tests.support.tor_contract import ATTEMPTS, SECONDS, stream_somehow
from tuichat.clock import SystemClock, SystemRng
from tuichat.crypto.identity import Identity
from tuichat.crypto.kem import MlKem768
from tuichat.network.addresses import address_of
from tuichat.network.doorkeeper import NOT_FOUND
from tuichat.network.onion_server import OnionServer
from tuichat.network.tor_transport import MAX_STREAMS, TorTransport
from tuichat.network.transport import Answer, Answerer, Connection, ConnectionLostError, RefusedError
from tuichat.node import callers
from tuichat.protocol.frames import Received, Request
from tuichat.protocol.knock import answered_knocks, public_psk
from tuichat.protocol.link import Answering, Dialling

pytestmark = [pytest.mark.tor, pytest.mark.asyncio(loop_scope="module")]

ME, STRANGER, OTHER = person("me"), person("stranger"), person("other")
ADDRESS = OnionAddress.from_public_key(ME.onion)
HOST = ADDRESS.hostname
REQUEST = Request(bytes(range(32)), b"", "A. Stranger", "let me in")


@dataclass(frozen=True, slots=True)
class Place:
    """My node on one tor, and a caller's tor and transport."""

    home: House[ChildTor]
    caller: Onlooker
    transport: TorTransport

    @property
    def tor(self) -> ChildTor:
        """The caller's."""
        return self.caller.tor


@pytest.fixture(scope="module")
def names() -> Iterator[list[object]]:
    """Every name that a resolver was asked for while these tests ran."""
    asked: list[object] = []
    with pytest.MonkeyPatch.context() as patch:
        for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
            patch.setattr(socket, name, lambda host, *_, **__: asked.append(host))
        yield asked


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(tor_network: NetworkThread, names: list[object]) -> AsyncIterator[Place]:
    with tempfile.TemporaryDirectory(prefix="tor-") as name:
        directory = Path(name)
        mine = ChildTor(ChildOptions(directory / "a", directory / "a-run", extra_torrc=tor_network.torrc))
        caller = Onlooker(directory / "b", tor_network.torrc)
        transport = TorTransport(
            caller.tor, STRANGER.onion_seed, directory / "onion.sock", SystemClock(), SystemRng()
        )
        try:
            async with house_on(mine, ME) as home:
                await transport.start(lambda _message1: None, lambda: None, lambda _path: None)
                await transport.wait_ready()
                made = Place(home, caller, transport)
                await _reached(made)
                yield made
        finally:
            await transport.stop()
    assert names == []


async def _reached(place: Place) -> None:
    """Wait until my service has reached itself."""
    async with asyncio.timeout(2 * SECONDS):
        while not place.home.transport.state.service.reachable:  # noqa: ASYNC110 - tor brings it about
            await asyncio.sleep(0.05)


async def ask(place: Place, data: bytes) -> bytes:
    """The whole answer of my onion service to these bytes."""
    _, (reader, writer) = await stream_somehow(place.tor, ADDRESS, "stranger")
    try:
        writer.write(data)
        return await _rest(reader)
    finally:
        writer.transport.abort()


async def _rest(reader: asyncio.StreamReader) -> bytes:
    answer = b""
    async with asyncio.timeout(SECONDS):
        try:
            while data := await reader.read(65536):
                answer += data
        except ConnectionError:
            pass  # a stream that tor resets is a closed one
    return answer


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /link HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
        b"HEAD /link HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01 no http\r\n\r\n",
        request(bytes(1270)),
        request(b"too short"),
    ],
    ids=["path", "POST", "HEAD", "no http", "unknown knock", "short"],
)
async def test_wrong_requests_get_the_bare_404(place: Place, data: bytes) -> None:
    assert await ask(place, data) == NOT_FOUND


async def test_flipped_message_1_and_offered_compression_get_the_bare_404(place: Place) -> None:
    message1 = Stranger(STRANGER, ME.onion).message1
    for position in (0, 6, 30, 700, 1269):
        assert await ask(place, request(flip(message1, position))) == NOT_FOUND
    assert (
        await ask(place, head({**headers(message1), "Sec-WebSocket-Extensions": "permessage-deflate"}))
        == NOT_FOUND
    )


async def test_circuit_with_a_stream_too_many_is_closed_with_all_of_them_and_others_go_on(
    place: Place,
) -> None:
    _, (other_reader, other_writer) = await stream_somehow(place.tor, ADDRESS)
    token, first = await stream_somehow(place.tor, ADDRESS)
    more = [await place.tor.open_stream(HOST, 80, token, SECONDS) for _ in range(MAX_STREAMS - 1)]
    streams = [first, *more]
    with pytest.raises(DialError):
        await place.tor.open_stream(HOST, 80, token, SECONDS)
    for reader, writer in streams:
        assert await _rest(reader) == b""
        writer.transport.abort()
    other_writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert await _rest(other_reader) == NOT_FOUND
    other_writer.transport.abort()


async def test_endless_head_gets_the_bare_404_or_an_end(place: Place) -> None:
    assert await ask(place, b"x" * (1 << 20)) in (NOT_FOUND, b"")


@asynccontextmanager
async def knocked(place: Place) -> AsyncIterator[tuple[Stranger, asyncio.StreamReader, asyncio.StreamWriter]]:
    """A stranger's connection after a right message 1 and its answer."""
    stranger = Stranger(STRANGER, ME.onion)
    _, (reader, writer) = await stream_somehow(place.tor, ADDRESS, "stranger")
    try:
        writer.write(request(stranger.message1))
        async with asyncio.timeout(SECONDS):
            stranger.upgrade = await reader.readuntil(b"\r\n\r\n")
        yield stranger, reader, writer
    finally:
        writer.transport.abort()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes(range(256)),
        web_frame(TEXT, b"hello"),
        web_frame(PING, b"") * 10_000,
        web_frame(BINARY, b"x" * 300),
        web_frame(BINARY, b"x" * 65_000, length=1 << 62),
    ],
    ids=["nothing", "noise", "text", "pings", "random", "huge"],
)
async def test_wrong_message_3_ends_in_silence(
    place: Place, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callers, "MESSAGE3_SECONDS", 0.5)
    async with knocked(place) as (stranger, reader, writer):
        writer.write(data)
        assert await _rest(reader) == b""
    names = {line.partition(b":")[0].lower() for line in stranger.upgrade.split(b"\r\n")[1:] if line}
    assert names == {b"connection", b"sec-websocket-accept", b"tuichat-link", b"upgrade"}
    assert await place.home.node.contact_list() == []


async def test_new_rejected_and_blocked_callers_see_the_same(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callers, "FAREWELL_SECONDS", 0.2)
    node, seen = place.home.node, []
    for then in (node.contact_reject, node.contact_block, None):
        async with knocked(place) as (stranger, reader, writer):
            message3, link = stranger.message3(REQUEST)
            writer.write(web_frame(BINARY, message3))
            answer = await _rest(reader)
        assert opened(link, answer) == [Received()]
        seen.append(
            (len(stranger.upgrade), [(frame.bits, len(frame.payload)) for frame in web_frames(answer)])
        )
        if then is not None:
            await then(address_of(STRANGER.onion))
    assert seen[0] == seen[1] == seen[2]
    await node.contact_remove(address_of(STRANGER.onion))


@pytest.mark.parametrize("way", ["block", "remove"])
async def test_who_is_blocked_or_removed_knows_no_introduction_point_of_a_public_service(
    place: Place, way: str
) -> None:
    for _period in range(3):
        before, after = await _cut_off(place, way)
        if before.period == after.period:  # else each has points of its own in any case
            break
    assert before.period == after.period
    assert before.introduction_keys
    assert after.introduction_keys
    assert not before.introduction_keys & after.introduction_keys


async def _cut_off(place: Place, way: str) -> tuple[SeenDescriptor, SeenDescriptor]:
    """My service as a stranger sees it before and after a contact was cut off."""
    node = place.home.node
    add_contact(node._store, "friend", person("friend").onion)
    before = after = await _settled(place)
    await (node.contact_block("friend") if way == "block" else node.contact_remove("friend"))
    async with asyncio.timeout(SECONDS):
        while after.revision == before.revision:  # until the directories have the new one
            after = await place.caller.fetch(ADDRESS, SECONDS)
    if way == "block":
        await node.contact_remove("friend")
    await _reached(place)
    return before, after


async def _settled(place: Place) -> SeenDescriptor:
    """What all directories have: several that are asked agree."""
    seen: list[SeenDescriptor] = []
    async with asyncio.timeout(SECONDS):
        while len(seen) < 4 or len({each.revision for each in seen[-4:]}) > 1:
            seen.append(await place.caller.fetch(ADDRESS, SECONDS))
    return seen[-1]


async def _dial(place: Place, onion: bytes, psk: bytes | None = None) -> Connection:
    """A connection, over one circuit or another: a few of a hundred hang until a timeout."""
    for seconds in ATTEMPTS:
        dialling = Dialling(
            STRANGER, onion, psk or public_psk(onion), SystemClock().now(), SystemRng(), MlKem768()
        )
        try:
            async with asyncio.timeout(seconds):
                dialled = await place.transport.dial(onion, dialling.message1, lambda _stage: None)
        except RefusedError:
            raise
        except (ConnectionLostError, TimeoutError) as error:
            if seconds == ATTEMPTS[-1]:
                raise ConnectionLostError from error
            await place.transport.hang_up(onion)
            continue
        dialling.read_message2(dialled.message2)
        return dialled.connection
    raise AssertionError("the last attempt returns or raises")


async def test_unknown_knock_is_refused_and_an_absent_service_is_lost(place: Place) -> None:
    with pytest.raises(RefusedError):
        await _dial(place, ME.onion, psk=bytes(32))
    with pytest.raises(ConnectionLostError) as caught:
        await _dial(place, person("nobody").onion)
    assert not isinstance(caught.value, RefusedError)


async def test_distinct_contacts_are_called_over_distinct_circuits(place: Place) -> None:
    with tempfile.TemporaryDirectory(prefix="tor-") as directory:
        path = Path(directory) / "onion.sock"
        server = OnionServer(path, _answering(OTHER), lambda _path: None)
        await server.start()
        service = await place.home.tor.publish(OTHER.onion_seed, path)
        try:
            await service.wait_published(SECONDS)
            connections = [await _dial(place, onion) for onion in (ME.onion, OTHER.onion, ME.onion)]
            circuits = await _circuits(place)
            mine, theirs = (circuits[address_of(person.onion)] for person in (ME, OTHER))
            assert len(theirs) == 1
            assert not mine & theirs
            assert not {token for _, token in mine} & {token for _, token in theirs}
            await place.transport.hang_up(OTHER.onion)
            assert address_of(OTHER.onion) not in await _circuits(place)
            for connection in connections:
                await connection.close()
        finally:
            await service.remove()
            await server.stop()


def _answering(identity: Identity) -> Answerer:
    """Answers every right message 1 and then waits for the end."""

    def answer(message1: bytes) -> Answer | None:
        psk = public_psk(identity.onion)
        psks = dict.fromkeys(answered_knocks(psk, identity.onion, SystemClock().now()), psk)
        message2 = Answering.read_message1(identity, message1, psks, SystemRng(), MlKem768()).message2
        return Answer(message2, _listen)

    return answer


async def _listen(connection: Connection) -> None:
    with contextlib.suppress(ConnectionLostError):
        await connection.receive()


async def _circuits(place: Place) -> dict[str, set[tuple[str, str]]]:
    """The caller's rendezvous circuits by the address they lead to: id and SOCKS user name, as tor tells.

    Only those that were used: a spare one that tor sometimes builds has no user name until it gets a stream.
    """
    assert place.tor._controller is not None
    found: dict[str, set[tuple[str, str]]] = {}
    for line in (await place.tor._controller.get_info("circuit-status")).splitlines():
        circuit = Event.parse(line)
        token = circuit.fields.get("SOCKS_USERNAME")
        if token and circuit.fields.get("PURPOSE") == "HS_CLIENT_REND" and circuit.word(1) == "BUILT":
            found.setdefault(circuit.fields["REND_QUERY"], set()).add((circuit.word(0), token))
    return found


async def test_a_killed_tor_is_noticed_and_its_service_is_back(place: Place) -> None:
    home = place.home
    told: list[bool] = []
    home.transport.watch(lambda state: told.append(state.service.reachable))
    assert home.tor.pid is not None
    os.kill(home.tor.pid, signal.SIGKILL)
    async with asyncio.timeout(2 * SECONDS):
        while told[-1:] != [True] or False not in told:  # noqa: ASYNC110 - tor brings it about
            await asyncio.sleep(0.05)
    await (await _dial(place, ME.onion)).close()
