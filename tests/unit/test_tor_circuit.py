"""A circuit of its own through tor: what it asks, what it takes, and that no service can make it do more."""

from __future__ import annotations

import asyncio
import gzip
import tempfile
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from onion.address import OnionAddress
from onion.errors import DialError, TorError
from onion.keys import ClientKey, public_key
from onion.tor import ServiceOptions
from tests.support.circuit_contract import fetch
from tests.support.fake_tor import FakeNetwork, FakeTor
from tests.support.raw_callers import PATIENCE, file_line
from tuichat.clock import SystemClock, SystemRng
from tuichat.network import tor_circuit
from tuichat.network.tor_circuit import TorCircuit
from tuichat.network.tor_transport import TorTransport
from tuichat.network.transport import ConnectionLostError, RefusedError

PATH = bytes(range(200, 232))
SEED, MY_SEED = bytes([7] * 32), bytes([8] * 32)
ADDRESS = OnionAddress.from_public_key(public_key(SEED))
BODY = b"0123456789"
GOOD_HEAD = b"HTTP/1.1 206 X\r\nContent-Length: 10\r\nContent-Range: bytes 20-29/100\r\n\r\n"

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Scene:
    """A tor of mine, and a service that somebody plays byte by byte.

    Attributes:
        serve: what it does on each stream, after whose end the stream is closed.
        heads: every request that reached it.
        streams: how many streams did.
    """

    tor: FakeTor
    serve: Serve
    heads: list[bytes] = field(default_factory=list)
    streams: int = 0
    made: list[TorCircuit] = field(default_factory=list)
    _answer: bytes = b""

    def circuit(self, token: str = "a-token") -> TorCircuit:
        """A circuit that is closed at the end of the test."""
        self.made.append(TorCircuit(self.tor, ADDRESS, token))
        return self.made[-1]

    def answers(self, answer: bytes) -> None:
        """Give this to every request from now on, and keep the streams open."""
        self._answer = answer
        self.serve = self._give_answers

    async def _give_answers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await self.head(reader):
            writer.write(self._answer)
            await writer.drain()

    async def head(self, reader: asyncio.StreamReader) -> bytes:
        """The next request, or "" after the last."""
        try:
            self.heads.append(await reader.readuntil(b"\r\n\r\n"))
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""
        return self.heads[-1]

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.streams += 1
        try:
            await self.serve(reader, writer)
        except ConnectionError:
            pass  # the other side has left
        finally:
            writer.close()


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async def silence(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        raise AssertionError("nobody was to call")

    with tempfile.TemporaryDirectory(prefix="tc") as name:
        target = Path(name) / "onion.sock"
        made = Scene(FakeTor(FakeNetwork()), silence)
        server = await asyncio.start_unix_server(made.accept, target)
        await made.tor.start()
        await made.tor.publish(SEED, target)
        yield made
        for circuit in made.made:
            await circuit.close()
        await made.tor.stop()
        server.close()
        await server.wait_closed()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - the other ends of sockets bring it about
            await asyncio.sleep(0.001)


# -- what is asked --


async def test_request_has_its_two_headers_and_nothing_that_tells_our_software(scene: Scene) -> None:
    scene.answers(GOOD_HEAD + BODY)
    circuit = scene.circuit()
    assert await fetch(circuit, PATH, 20, 10) == BODY
    host = ADDRESS.hostname
    assert scene.heads == [f"{file_line(PATH)}\r\nHost: {host}\r\nRange: bytes=20-29\r\n\r\n".encode()]


async def test_stream_that_has_ended_its_answer_serves_the_next_and_only_busy_ones_multiply(
    scene: Scene,
) -> None:
    scene.answers(GOOD_HEAD + BODY)
    circuit = scene.circuit()
    for _ in range(3):
        assert await fetch(circuit, PATH, 20, 10) == BODY
    assert scene.streams == 1
    both = asyncio.Event()

    async def together(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await scene.head(reader):
            if len(scene.heads) == 5:
                both.set()
            await both.wait()
            writer.write(GOOD_HEAD + BODY)

    await scene.tor.close_circuits("a-token")
    scene.serve = together
    assert await asyncio.gather(*(fetch(circuit, PATH, 20, 10) for _ in range(2))) == [BODY, BODY]
    assert scene.streams == 3
    assert list(scene.tor._streams) == ["a-token"]


async def test_stream_that_the_service_has_ended_meanwhile_costs_no_fetch(scene: Scene) -> None:
    async def one_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await scene.head(reader):
            writer.write(GOOD_HEAD + BODY)

    scene.serve = one_answer
    circuit = scene.circuit()
    for _ in range(3):
        assert await fetch(circuit, PATH, 20, 10) == BODY


# -- what is taken --


async def test_body_comes_as_it_comes(scene: Scene) -> None:
    gate = asyncio.Event()

    async def slowly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await scene.head(reader)
        writer.write(GOOD_HEAD + BODY[:3])
        await gate.wait()
        writer.write(BODY[3:])

    scene.serve = slowly
    circuit = scene.circuit()
    async with aclosing(circuit.fetch(PATH, 20, 10)) as pieces:
        assert await anext(pieces) == BODY[:3]
        gate.set()
        assert b"".join([piece async for piece in pieces]) == BODY[3:]


def _headed(*lines: str, status: str = "206 X", length: bool = True, content_range: bool = True) -> bytes:
    """An answer that is good but for what is said."""
    all_lines = [f"HTTP/1.1 {status}", *lines]
    all_lines += ["Content-Length: 10"] if length else []
    all_lines += ["Content-Range: bytes 20-29/100"] if content_range else []
    return "\r\n".join([*all_lines, "", ""]).encode() + BODY


HOSTILE = {
    "all of it": _headed(status="200 OK"),
    "all of it without a range": _headed(status="200 OK", content_range=False),
    "nothing": b"HTTP/1.1 204 X\r\n\r\n",
    "not modified": b"HTTP/1.1 304 X\r\n\r\n",
    "a range that cannot be had": b"HTTP/1.1 416 X\r\nContent-Length: 0\r\n\r\n",
    "a door that is closed": b"HTTP/1.1 403 X\r\nContent-Length: 0\r\n\r\n",
    "a server in trouble": b"HTTP/1.1 503 X\r\nContent-Length: 0\r\nRetry-After: 1\r\n\r\n",
    "another protocol": b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
    "no range": _headed(content_range=False),
    "another range": _headed("Content-Range: bytes 10-19/100", content_range=False),
    "a longer range": _headed("Content-Range: bytes 20-30/100", content_range=False),
    "a range of nothing": _headed("Content-Range: bytes 20-29/29", content_range=False),
    "a range that is no range": _headed("Content-Range: \u00b2\u00b0", content_range=False),
    "two ranges": _headed("Content-Range: bytes 20-29/100"),
    "several parts": b"HTTP/1.1 206 X\r\nContent-Type: multipart/byteranges; boundary=a\r\n\r\n--a\r\n",
    "no length": _headed(length=False),
    "a shorter length": _headed("Content-Length: 9", length=False),
    "a longer length": _headed("Content-Length: 11", length=False),
    "a huge length": _headed(f"Content-Length: {1 << 62}", length=False),
    "an impossible length": _headed(f"Content-Length: {1 << 70}", length=False),
    "a negative length": _headed("Content-Length: -10", length=False),
    "a length with a plus": _headed("Content-Length: +10", length=False),
    "two lengths": _headed("Content-Length: 10"),
    "two lengths that differ": _headed("Content-Length: 11"),
    "chunks": _headed("Transfer-Encoding: chunked", length=False)[:-10] + b"a\r\n" + BODY + b"\r\n0\r\n\r\n",
    "chunks and a length": _headed("Transfer-Encoding: chunked")[:-10] + b"a\r\n" + BODY + b"\r\n0\r\n\r\n",
    "compressed chunks": _headed("Transfer-Encoding: gzip, chunked", length=False),
    "an endless line": b"HTTP/1.1 206 " + b"x" * 100_000,
    "an endless header": b"HTTP/1.1 206 X\r\nA: " + b"x" * 100_000,
    "an endless name": b"HTTP/1.1 206 X\r\n" + b"x" * 100_000,
    "endless headers": b"HTTP/1.1 206 X\r\n" + b"A: b\r\n" * 100_000,
    "no http": b"SSH-2.0-OpenSSH\r\n" * 100,
    "other bytes": bytes(range(256)) * 100,
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_answer_that_was_not_asked_for_loses_that_fetch_only(scene: Scene, name: str) -> None:
    scene.answers(HOSTILE[name])
    circuit = scene.circuit()
    with pytest.raises(ConnectionLostError) as caught:
        await fetch(circuit, PATH, 20, 10)
    assert not isinstance(caught.value, RefusedError)
    assert len(scene.heads) == 1
    scene.answers(GOOD_HEAD + BODY)
    assert await fetch(circuit, PATH, 20, 10) == BODY


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        b"HTTP/1.1 404 X\r\nContent-Length: 1000000000\r\n\r\nx",
        b"HTTP/1.1 404 X\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
async def test_answer_that_strangers_get_is_a_refusal_whatever_follows(scene: Scene, answer: bytes) -> None:
    scene.answers(answer)
    circuit = scene.circuit()
    with pytest.raises(RefusedError):
        await fetch(circuit, PATH, 20, 10)


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 206", GOOD_HEAD, GOOD_HEAD + BODY[:9]])
async def test_answer_that_ends_early_is_lost(scene: Scene, sent: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await scene.head(reader)
        writer.write(sent)

    scene.serve = serve
    circuit = scene.circuit()
    with pytest.raises(ConnectionLostError) as caught:
        await fetch(circuit, PATH, 20, 10)
    assert not isinstance(caught.value, RefusedError)


async def test_more_than_was_asked_for_is_never_taken(scene: Scene) -> None:
    scene.answers(GOOD_HEAD + BODY + b"and more" * 1000)
    circuit, taken = scene.circuit(), list[bytes]()
    with pytest.raises(ConnectionLostError):
        await _take(circuit, taken)
    assert BODY.startswith(b"".join(taken))
    scene.answers(GOOD_HEAD + BODY)
    assert await fetch(circuit, PATH, 20, 10) == BODY
    assert scene.streams == 2


async def _take(circuit: TorCircuit, taken: list[bytes]) -> None:
    async for piece in circuit.fetch(PATH, 20, 10):
        taken.append(piece)


async def test_nothing_is_unpacked(scene: Scene) -> None:
    packed = gzip.compress(bytes(100_000))
    head = f"HTTP/1.1 206 X\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n"
    scene.answers(head.encode() + f"Content-Range: bytes 0-{len(packed) - 1}/9000\r\n\r\n".encode() + packed)
    circuit = scene.circuit()
    assert await fetch(circuit, PATH, 0, len(packed)) == packed


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "place", ["/elsewhere", "http://{host}/x", "http://127.0.0.1/x", "file:///etc/hostname"]
)
async def test_no_redirect_is_followed_and_no_cookie_kept(scene: Scene, status: int, place: str) -> None:
    location = f"Location: {place.format(host=ADDRESS.hostname)}\r\nSet-Cookie: a=b"
    scene.answers(f"HTTP/1.1 {status} X\r\n{location}\r\nContent-Length: 0\r\n\r\n".encode())
    circuit = scene.circuit()
    with pytest.raises(ConnectionLostError):
        await fetch(circuit, PATH, 20, 10)
    scene.answers(GOOD_HEAD.replace(b"\r\n\r\n", b"\r\nSet-Cookie: c=d; Path=/\r\n\r\n") + BODY)
    for _ in range(2):
        assert await fetch(circuit, PATH, 20, 10) == BODY
    assert len(set(scene.heads)) == 1


async def test_answers_that_nobody_asked_for_take_little_memory_and_end_the_stream(scene: Scene) -> None:
    fetched, flooded = asyncio.Event(), asyncio.Event()

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await scene.head(reader)
        writer.write(GOOD_HEAD + BODY)
        await fetched.wait()  # now the stream waits for the next request
        try:
            for _ in range(500):
                writer.write(b"HTTP/1.1 200 X\r\nContent-Length: 0\r\n\r\n" * 1000)
                await writer.drain()
        finally:
            flooded.set()

    scene.serve = flood
    circuit = scene.circuit()
    tracemalloc.start()
    try:
        assert await fetch(circuit, PATH, 20, 10) == BODY
        fetched.set()
        async with asyncio.timeout(PATIENCE):
            await flooded.wait()
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 24 << 20
    await until(lambda: not scene.tor._streams["a-token"])


async def test_endless_body_waits_at_the_service_while_nobody_takes_it(scene: Scene) -> None:
    sent = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await scene.head(reader)
        writer.write(f"HTTP/1.1 206 X\r\nContent-Length: {1 << 30}\r\n".encode())
        writer.write(f"Content-Range: bytes 0-{(1 << 30) - 1}/{1 << 30}\r\n\r\n".encode())
        while True:
            writer.write(bytes(65536))
            await writer.drain()
            sent += 65536

    scene.serve = serve
    circuit = scene.circuit()
    async with aclosing(circuit.fetch(PATH, 0, 1 << 30)) as pieces:
        await anext(pieces)
        before = -1
        while sent != before:
            before = sent
            await asyncio.sleep(0.05)
        assert sent < 4 << 20


async def test_silence_is_a_loss_in_the_end(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tor_circuit, "SILENCE_SECONDS", 0.05)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await scene.head(reader)
        if len(scene.heads) == 2:
            writer.write(GOOD_HEAD + BODY[:5])
        await scene.head(reader)

    scene.serve = serve
    circuit = scene.circuit()
    for _ in range(2):
        with pytest.raises(ConnectionLostError):
            await fetch(circuit, PATH, 20, 10)


# -- tor --


async def test_dial_that_tor_refuses_is_a_loss(scene: Scene) -> None:
    scene.tor.refuse = True
    circuit = scene.circuit()
    with pytest.raises(ConnectionLostError) as caught:
        await fetch(circuit, PATH, 20, 10)
    assert isinstance(caught.value.__cause__, DialError)
    await scene.tor.die()
    with pytest.raises(ConnectionLostError):
        await fetch(circuit, PATH, 20, 10)


async def test_closing_ends_a_dial_that_hangs_and_the_circuit_in_tor(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = list[str]()
    monkeypatch.setattr(scene.tor, "close_circuits", _noting(closed))
    scene.tor.delay = 10 * PATIENCE
    circuit = scene.circuit("one")
    fetching = asyncio.ensure_future(fetch(circuit, PATH, 20, 10))
    await until(lambda: bool(scene.tor._streams.get("one")))
    async with asyncio.timeout(PATIENCE):
        await circuit.close()
    with pytest.raises(ConnectionLostError):
        await fetching
    await circuit.close()
    assert closed == ["one"]


def _noting(closed: list[str]) -> Callable[[str], Awaitable[None]]:
    async def close_circuits(token: str) -> None:
        closed.append(token)
        raise TorError("closed", "Tor is not running.")  # which is nothing to whoever wants them closed

    return close_circuits


async def test_closing_ends_a_fetch_whose_body_has_stopped(scene: Scene) -> None:
    scene.answers(GOOD_HEAD + BODY[:5])
    circuit = scene.circuit()
    begun = circuit.fetch(PATH, 20, 10)
    assert await anext(begun) == BODY[:5]
    rest = asyncio.ensure_future(anext(begun))
    await asyncio.sleep(0)
    async with asyncio.timeout(PATIENCE):
        await circuit.close()
        with pytest.raises(ConnectionLostError):
            await rest


async def test_death_of_tor_loses_what_is_fetched(scene: Scene) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await scene.head(reader)
        writer.write(GOOD_HEAD + BODY[:5])
        await scene.head(reader)

    scene.serve = serve
    circuit = scene.circuit()
    begun = circuit.fetch(PATH, 20, 10)
    assert await anext(begun) == BODY[:5]
    await scene.tor.die()
    with pytest.raises(ConnectionLostError):
        await anext(begun)


# -- the transport --


async def test_transport_gives_each_circuit_a_token_of_its_own_and_shows_the_key(scene: Scene) -> None:
    key = ClientKey.generate()
    scene.answers(GOOD_HEAD + BODY)
    theirs = FakeTor(scene.tor.network)
    await theirs.start()
    target = scene.tor.services[ADDRESS].target
    await scene.tor.services[ADDRESS].remove()
    await theirs.publish(SEED, target, options=ServiceOptions(client_keys=(key.public,)))
    transport = TorTransport(scene.tor, MY_SEED, target.parent / "mine.sock", SystemClock(), SystemRng())
    without = await transport.circuit(ADDRESS.public_key)
    with pytest.raises(ConnectionLostError):
        await fetch(without, PATH, 20, 10)
    circuits = [await transport.circuit(ADDRESS.public_key, key.private) for _ in range(3)]
    for circuit in circuits:
        assert await fetch(circuit, PATH, 20, 10) == BODY
    tokens = [token for token, streams in scene.tor._streams.items() if streams]
    assert len(tokens) == 3
    await circuits[0].close()
    assert len([token for token in tokens if scene.tor._streams.get(token)]) == 2
    for circuit in (without, *circuits):
        await circuit.close()
    await theirs.stop()


async def test_transport_without_a_tor_gives_no_circuit(scene: Scene) -> None:
    await scene.tor.die()
    transport = TorTransport(scene.tor, MY_SEED, Path("unused.sock"), SystemClock(), SystemRng())
    with pytest.raises(ConnectionLostError):
        await transport.circuit(ADDRESS.public_key)
