"""Many clients at once, slow ones, dead ones and hostile ones: each is bounded, and the others are served."""

from __future__ import annotations

import asyncio
import contextlib
import json
import resource
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import cast

import pytest

from tests.support.fixed_clock import FixedClock
from tests.support.memory_node import MemoryNode
from tests.support.raw_client import Raw
from tests.support.served import served
from tuichat.api.limits import (
    BOTS,
    CALLS_PER_SECOND,
    CHANGES_PER_SECOND,
    MAX_CLIENTS,
    MAX_PER_TOKEN,
    OWNER,
    RESERVED_FILES,
    SEARCHES_PER_SECOND,
    Limits,
    Pace,
    clients_within,
)
from tuichat.api.scoped import MOST_QUEUED
from tuichat.api.server import ApiServer
from tuichat.api.wire import MAX_REQUEST_LINE
from tuichat.bootstrap.open_files import allow_many_open_files
from tuichat.crypto.passphrase import Secret
from tuichat.model import MAX_TEXT_BYTES, Message
from tuichat.node.gate import Gate
from tuichat.node.node import Node
from tuichat.store.events import KEPT

CROWD = 1000


class Counting(MemoryNode):
    """Counts how often it is asked for messages, which are long."""

    asked = 0

    async def messages(
        self, ref: str, limit: int = 50, before: int | None = None, after: int | None = None
    ) -> list[Message]:
        self.asked += 1
        return await super().messages(ref, limit, before, after)


@pytest.fixture
def node() -> Counting:
    made = Counting(FixedClock())
    made.person("bob", stage="linked")
    made.fill("bob", 500)
    return made


@pytest.fixture
async def path(node: Counting) -> AsyncIterator[Path]:
    async with served(node) as (_server, path):
        yield path


@pytest.fixture
def many_files() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    allow_many_open_files()
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


async def is_served(path: Path) -> None:
    """Somebody else is answered, and soon."""
    client = await Raw.open(path)
    async with asyncio.timeout(2):
        assert (await client.ask("hello"))["result"]["api"] == 1
    await client.close()


def test_the_bounds_are_those_of_the_page() -> None:
    page = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    rows = {
        cells[0].split(" (")[0].strip(): [cell.strip() for cell in cells[1:]]
        for line in page.partition("## Bounds")[2].splitlines()
        if line.startswith("| ") and (cells := line.strip("| ").split(" | "))
    }
    assert rows["clients at once"] == [f"{MAX_CLIENTS:,}", f"{BOTS.clients}, and {MAX_PER_TOKEN} for a token"]
    assert rows["bytes of a line to the node"] == [f"{OWNER.line:,}", f"{BOTS.line:,}"]
    assert rows["calls of a client under way"] == [f"{OWNER.calls}", f"{BOTS.calls}"]
    numbers = [cells[-1].lstrip("| ") for cells in rows.values()][-5:]
    assert numbers == [
        f"{CALLS_PER_SECOND:g}",
        f"{CHANGES_PER_SECOND:g}",
        f"{SEARCHES_PER_SECOND:g}",
        f"{MOST_QUEUED:,}",
        f"{BOTS.stall:g}",
    ]
    words = " ".join(page.split())
    assert f"within {BOTS.greeting:g} seconds" in words
    assert f"{RESERVED_FILES} are kept free" in words
    assert f"The last {KEPT:,} events" in words


@pytest.mark.usefixtures("many_files")
async def test_a_thousand_attached_clients_are_all_served_and_told(node: Counting) -> None:
    async def opened(_secret: Secret) -> Node:
        return cast(Node, node)

    gate = Gate(opened, kind="daemon", clock=FixedClock())
    await gate.unlock("")
    async with served(gate) as (_server, path):
        await are_served_and_told(node, [await Raw.open(path) for _ in range(CROWD)])
    await gate.close("stop")


async def are_served_and_told(node: Counting, clients: list[Raw]) -> None:
    for client in clients:
        client.writer.write(
            b'{"jsonrpc":"2.0","id":1,"method":"subscribe"}\n{"jsonrpc":"2.0","id":2,"method":"clients"}\n'
        )
    for client in clients:
        assert (await client.read())["id"] == 1
        assert (await client.read())["id"] == 2
    assert (await clients[0].ask("clients"))["result"] == CROWD
    node.notice("to everybody")
    for client in clients:
        assert (await client.read())["params"]["text"] == "to everybody"
    for client in clients:
        client.writer.close()
    await asyncio.gather(*(client.writer.wait_closed() for client in clients))


def test_so_many_clients_as_there_may_be_open_files_and_never_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def within(soft: int) -> int:
        monkeypatch.setattr(resource, "getrlimit", lambda _what: (soft, soft))
        return clients_within(OWNER)

    assert within(8192) == within(resource.RLIM_INFINITY) == MAX_CLIENTS >= CROWD
    assert within(1024) == 1024 - RESERVED_FILES
    assert within(64) == 16
    assert BOTS.line > 6 * MAX_TEXT_BYTES


async def test_who_never_reads_is_not_worked_for_beyond_a_bound(node: Counting, path: Path) -> None:
    greedy = await asyncio.open_unix_connection(path, limit=1)
    for number in range(1000):
        greedy[1].write(b'{"jsonrpc":"2.0","id":%d,"method":"messages","params":["bob",500]}\n' % number)
    for _ in range(20):
        await is_served(path)
    assert 1 <= node.asked <= 2 * OWNER.calls  # some answers are in the system's own buffers
    greedy[1].transport.abort()
    await is_served(path)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"[" + b",".join([b'{"jsonrpc":"2.0","id":1,"method":"hello"}'] * 20_000) + b"]", -32600),
        (b"[" * 500_000, -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":"hello","params":' + b"[" * 500_000, -32700),
        (b'{"jsonrpc":"2.0","id":1,"method":"hello","params":' + b'{"a":' * 100_000, -32700),
        (b'{"jsonrpc":"1.0","id":1,"x":' + b"[" * 9_000 + b"]" * 9_000 + b"}", -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":"send","params":["bob","\xff\xfe"]}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"\xc0\x80"}', -32700),
        (b"\xff\xfe\x00\x00", -32700),
        (b'{"jsonrpc":"2.0","id":' + b"9" * 5000 + b',"method":"hello"}', -32600),
        (b'{"jsonrpc":"2.0","id":"' + b"i" * 65 + b'","method":"hello"}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":"' + b"m" * 900_000 + b'"}', -32601),
        (b'{"jsonrpc":"2.0","id":1,"method":"messages","params":["bob",1,1e400]}', -32602),
    ],
    ids=lambda value: value[:24].decode(errors="replace") if isinstance(value, bytes) else str(value),
)
async def test_bombs_are_answered_and_the_connection_goes_on(path: Path, line: bytes, code: int) -> None:
    client = await Raw.open(path)
    assert (await client.line(line))["error"]["code"] == code
    assert (await client.ask("hello"))["result"]["api"] == 1
    await client.close()


async def test_calls_with_the_same_id_are_each_answered(path: Path) -> None:
    client = await Raw.open(path)
    client.writer.write(b'{"jsonrpc":"2.0","id":1,"method":"hello"}\n' * 500)
    assert [(await client.read())["id"] for _ in range(500)] == [1] * 500
    await client.close()


async def test_half_lines_and_endless_ones_hold_nobody_up(path: Path) -> None:
    halves = [await Raw.open(path) for _ in range(50)]
    for half in halves:
        half.writer.write(b'{"jsonrpc":"2.0","id":1,"meth')
    endless = await Raw.open(path)

    async def pour() -> None:
        with contextlib.suppress(ConnectionError):
            for _ in range(64):
                endless.writer.write(b"x" * 65_536)
                await endless.writer.drain()

    pouring = asyncio.ensure_future(pour())
    await is_served(path)
    await pouring
    with contextlib.suppress(ConnectionError):  # its own words, unread, may end it before it reads ours
        assert (await endless.read())["error"]["code"] == -32600
        assert await endless.reader.read() == b""
    assert endless.writer.transport.is_closing()
    for half in halves:
        half.writer.write(b'od":"hello"}\n')
        assert (await half.read())["result"]["api"] == 1
        await half.close()
    endless.writer.transport.abort()
    await is_served(path)


async def test_a_line_is_as_long_as_its_socket_allows(node: Counting) -> None:
    async with served(node, limits=Limits(line=1000)) as (_server, path):
        client = await Raw.open(path)
        assert (await client.line(b"x" * 900))["error"]["code"] == -32700
        client.writer.write(b" " * 1001 + b"\n")
        assert (await client.read())["error"]["code"] == -32600
        await client.close()
    assert OWNER.line == MAX_REQUEST_LINE


async def test_who_takes_nothing_for_too_long_is_given_up_where_bots_are_served(node: Counting) -> None:
    async with served(node, limits=Limits(stall=0.1)) as (server, path):
        stalled = await asyncio.open_unix_connection(path, limit=1)
        for number in range(20):
            stalled[1].write(b'{"jsonrpc":"2.0","id":%d,"method":"messages","params":["bob",500]}\n' % number)
        await stalled[1].drain()
        await server.wait_for_client()
        async with asyncio.timeout(5):
            await server.wait_until_empty()
        stalled[1].transport.abort()


async def test_subscribing_over_and_over_leaves_one_stream(node: Counting, path: Path) -> None:
    client = await Raw.open(path)
    for number in range(300):
        client.writer.write(b'{"jsonrpc":"2.0","id":%d,"method":"subscribe","params":[0]}\n' % number)
    client.writer.write(b'{"jsonrpc":"2.0","id":"last","method":"hello"}\n')
    while (await client.read()).get("id") != "last":
        pass
    assert sum(not reader.closed for reader in node.readers) == 1
    await client.close()


async def test_a_pace_lets_a_burst_through_and_then_so_many_a_second() -> None:
    pace = Pace(50)
    begun = asyncio.get_running_loop().time()
    for _ in range(150):
        await pace.turn()
    assert asyncio.get_running_loop().time() - begun < 0.5
    for _ in range(25):
        await pace.turn()
    assert asyncio.get_running_loop().time() - begun > 0.3


async def test_the_refusal_of_one_client_too_many_says_what_to_do(node: Counting) -> None:
    async with served(node, limits=Limits(clients=16)) as (server, path):
        assert isinstance(server, ApiServer)
        clients = [await Raw.open(path) for _ in range(16)]
        for client in clients:
            await client.ask("hello")
        late = await Raw.open(path)
        error = json.loads(await late.reader.readline())["error"]
        assert error["data"]["hint"] == "Close one of them."
        for client in (*clients, late):
            await client.close()
