"""What one node takes in and gives out over a link, beside what the same bytes cost without tuichat.

The node is a daemon; its friend is a node in this process, who comes straight to the UNIX socket behind the
node's onion service. Messages wait on one side until the two are linked. Time counts from there until the
last one is acknowledged: envelopes, acknowledgements, and on each side a commit to disk for each message.
Beside it, on the same machine: a bare WebSocket between two processes that carries as many bytes and answers
each message with 32, with as many in flight; and messages sealed, opened and committed to a history one after
another, and no more.

`python -m benchmarks.throughput serve SOCKET` is the other end of the bare WebSocket.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import aiohttp
from aiohttp import web

from benchmarks import report
from benchmarks.crowded import Person, befriend
from benchmarks.homes import PEER, ROOT, Home, new_home
from benchmarks.processes import processor_seconds
from benchmarks.socket_transport import SocketTransport
from tuichat.api.client import AsyncClient
from tuichat.clock import SystemRng
from tuichat.crypto.kem import MlKem768
from tuichat.crypto.ratchet import Ratchet, fresh_keys
from tuichat.crypto.ratchet_header import Parties
from tuichat.node.delivery import IN_FLIGHT
from tuichat.node.node import Node
from tuichat.store.store import Store

_SHORT, _LONG = 60, 16_384
_LONG_SHARE = 4

_ME: Final = "me"
_ACKNOWLEDGEMENT: Final = bytes(32)
_LOOK_SECONDS: Final = 0.002
_PATIENCE: Final = 120.0
_RNG, _KEM = SystemRng(), MlKem768()


@dataclass(slots=True)
class _Seen:
    """Seconds a message, and what the node computed for one."""

    inbound: list[float] = field(default_factory=list)
    outbound: list[float] = field(default_factory=list)
    raw: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    computed_in: list[float] = field(default_factory=list)
    computed_out: list[float] = field(default_factory=list)


def measure_throughput(rounds: int, short: int) -> None:
    """Measure and print, with so many short messages, and a quarter of them long."""
    for count, size in ((short, _SHORT), (max(1, short // _LONG_SHARE), _LONG)):
        seen = asyncio.run(_measure(rounds, count, size))
        report.heading(f"One node's link: {count} messages of {size:,} bytes ({rounds} rounds)")
        _show("a bare WebSocket", seen.raw, size)
        _show("seal, open and commit, and nothing else", seen.bare, size)
        for label, ours, computed in (
            ("the node takes in", seen.inbound, seen.computed_in),
            ("the node gives out", seen.outbound, seen.computed_out),
        ):
            _show(label, ours, size)
            middle = report.Series(label, ours).median
            for other, values in (("the bare WebSocket", seen.raw), ("seal, open and commit", seen.bare)):
                ratio = middle / report.Series(other, values).median
                print(f"    {'x the time of ' + other:44} {ratio:>10.2f}")
            print(
                f"    {'of which it computes':44} {report.Series('', computed).median * 1000:>10.2f} ms each"
            )


def _show(label: str, seconds: Sequence[float], size: int) -> None:
    rate = 1 / report.Series(label, seconds).median
    print(f"  {label:46} {rate:>10,.0f} a second   {rate * size / 2**20:.2f} MB/s")


async def _measure(rounds: int, count: int, size: int) -> _Seen:
    seen, texts = _Seen(), ["x" * size] * count
    with new_home() as home:
        me, friend = Person(home.paths.home), Person(home.paths.home / "friend")
        await befriend(me, friend)
        home.start()
        for _ in range(rounds):
            await _inbound(home, friend, texts, seen)
            await _outbound(home, friend, texts, seen)
            seen.raw.append(await _raw(home.paths.home / "raw.sock", count, size))
            seen.bare.append(_bare(home.paths.home / "bare.db", texts))
    return seen


async def _inbound(home: Home, friend: Person, texts: list[str], seen: _Seen) -> None:
    store = friend.store()
    friend.queue(store, _contact(store), texts)
    async with _linked(home, friend, store) as node:
        computed, began = processor_seconds(home.node_pid), time.perf_counter()
        await _until(lambda: node.queued_count() == 0)
        seen.inbound.append((time.perf_counter() - began) / len(texts))
        seen.computed_in.append((processor_seconds(home.node_pid) - computed) / len(texts))


async def _outbound(home: Home, friend: Person, texts: list[str], seen: _Seen) -> None:
    async with AsyncClient.connect(home.socket) as client:
        while (await client.status()).contacts.online:  # noqa: ASYNC110 - another process brings it about
            await asyncio.sleep(0.05)
        for text in texts:
            await client.send(PEER, text)
    store = friend.store()
    contact, before = _contact(store), store.messages.unread(_contact(store))
    async with _linked(home, friend, store):
        computed, began = processor_seconds(home.node_pid), time.perf_counter()
        await _until(lambda: store.messages.unread(contact) - before == len(texts))
        seen.outbound.append((time.perf_counter() - began) / len(texts))
        seen.computed_out.append((processor_seconds(home.node_pid) - computed) / len(texts))


def _contact(store: Store) -> int:
    row = store.contacts.by_petname(_ME)
    assert row is not None
    return row.id


@asynccontextmanager
async def _linked(home: Home, friend: Person, store: Store) -> AsyncIterator[Node]:
    """The friend's node, from the moment on in which it is linked with the daemon."""
    node = friend.node(store, SocketTransport(home.paths.run_directory() / "onion.sock"))
    try:
        await node.start()
        await node.go_online()
        async with asyncio.timeout(_PATIENCE):
            while not (await node.status()).contacts.online:  # noqa: ASYNC110 - its tasks bring it about
                await asyncio.sleep(_LOOK_SECONDS)
        yield node
    finally:
        await node.close()


async def _until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(_PATIENCE):
        while not reached():  # noqa: ASYNC110 - what is looked at tells nobody
            await asyncio.sleep(_LOOK_SECONDS)


async def _raw(path: Path, count: int, size: int) -> float:
    """Seconds a message over a bare WebSocket."""
    server = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.throughput", "serve", str(path)),
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    assert server.stdout is not None
    try:
        await server.stdout.readline()
        async with (
            aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(path))) as session,
            session.ws_connect("http://raw/", compress=0) as socket,
        ):
            began = time.perf_counter()
            for number in range(count + IN_FLIGHT):
                if number < count:
                    await socket.send_bytes(bytes(size))
                if number >= IN_FLIGHT:
                    await socket.receive_bytes()
            return (time.perf_counter() - began) / count
    finally:
        server.terminate()
        await server.wait()
        path.unlink(missing_ok=True)


async def _serve(path: str) -> None:
    async def answer(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        async for _message in socket:
            await socket.send_bytes(_ACKNOWLEDGEMENT)
        return socket

    application = web.Application()
    application.router.add_get("/", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.UnixSite(runner, path).start()
    print("ready", flush=True)
    await asyncio.Event().wait()


def _bare(path: Path, texts: list[str]) -> float:
    """Seconds a message that is sealed, opened, put into a history and committed."""
    here, there = _RNG.bytes(32), _RNG.bytes(32)
    exporter, sid, keys = _RNG.bytes(32), _RNG.bytes(16), fresh_keys(_RNG, _KEM)
    mine = Ratchet.as_dialler(exporter, 1, sid, keys.dh_public, keys.ek_public, _KEM)
    theirs = Ratchet.as_answerer(exporter, 1, sid, keys)
    path.unlink(missing_ok=True)
    store = Store.open(path, bytes(32))
    try:
        contact = store.contacts.add(here, "accepted", PEER, created_at=0).id
        began = time.perf_counter()
        for number, text in enumerate(texts):
            envelope = mine.seal(number + 1, text.encode(), Parties(here, there), _RNG, _KEM)
            _seq, body = theirs.open(envelope, Parties(here, there), 0.0, _KEM)
            store.messages.add(
                contact,
                "in",
                number.to_bytes(16, "big"),
                "text",
                body.decode(),
                sent_at=number,
                received_at=number,
                state="read",
            )
        return (time.perf_counter() - began) / len(texts)
    finally:
        store.close()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[2]))
