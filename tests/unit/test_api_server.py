"""The server of the local API against clients of every kind, over its real socket."""

from __future__ import annotations

import asyncio
import json
import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.fixed_clock import FixedClock
from tests.support.memory_node import MemoryNode
from tests.support.raw_client import Raw
from tests.support.served import served
from tuichat.api import connection
from tuichat.api.limits import Limits
from tuichat.api.peer import refusal_for
from tuichat.api.server import ApiServer
from tuichat.api.wire import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    MAX_REQUEST_LINE,
    METHOD_NOT_FOUND,
)
from tuichat.errors import StorageError, UsageError
from tuichat.event_buffer import EventBuffer
from tuichat.model import Status


@pytest.fixture
def node() -> MemoryNode:
    return MemoryNode.sample(FixedClock())


@pytest.fixture
async def server(node: MemoryNode) -> AsyncIterator[tuple[ApiServer, Path]]:
    async with served(node) as pair:
        yield pair


@pytest.fixture
async def raw(server: tuple[ApiServer, Path]) -> AsyncIterator[Raw]:
    client = await Raw.open(server[1])
    yield client
    await client.close()


async def test_the_socket_is_for_its_owner_alone(server: tuple[ApiServer, Path]) -> None:
    path = server[1]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_records_have_the_fields_that_the_command_line_shows(raw: Raw) -> None:
    status = (await raw.ask("status"))["result"]
    assert status["node"] == "daemon"
    assert status["service"]["reachable"] is True
    assert status["service"]["checked_at"] == "2026-11-21T14:00:00Z"
    contact = (await raw.ask("contact.list"))["result"][1]
    assert contact["name"] == "bob"
    assert {"id", "address", "suggested_name", "state", "verified", "online", "last_message_at"} <= set(
        contact
    )


async def test_a_refusal_carries_code_hint_exit_code_and_candidates(raw: Raw) -> None:
    error = (await raw.ask("send", {"ref": "nobody", "text": "hi"}))["error"]
    assert error["code"] == -32000
    assert error["data"]["code"] == "not_found"
    assert error["data"]["exit_code"] == 7
    assert "bob" in error["data"]["candidates"]


async def test_unknown_methods_and_parameters_are_refused_by_their_json_rpc_codes(raw: Raw) -> None:
    assert (await raw.ask("contact_add"))["error"]["code"] == METHOD_NOT_FOUND
    assert (await raw.ask("now", request_id="a"))["id"] == "a"
    assert (await raw.ask("__init__"))["error"]["code"] == METHOD_NOT_FOUND
    assert (await raw.ask("messages", {"ref": "bob", "limit": -1}))["error"]["code"] == INVALID_PARAMS


async def test_garbage_and_batches_are_answered_and_the_connection_goes_on(raw: Raw) -> None:
    assert (await raw.line(b"{"))["error"]["code"] == -32700
    assert (await raw.line(b'[{"jsonrpc":"2.0","id":1,"method":"hello"}]'))["error"][
        "code"
    ] == INVALID_REQUEST
    raw.writer.write(b"\n  \n")
    assert (await raw.ask("hello"))["result"]["api"] == 1


async def test_a_notification_is_done_and_not_answered(raw: Raw, node: MemoryNode) -> None:
    raw.writer.write(b'{"jsonrpc":"2.0","method":"go_online"}\n{"jsonrpc":"2.0","method":"no_such"}\n')
    first = await raw.read()
    assert first["error"]["code"] == METHOD_NOT_FOUND
    assert (await raw.ask("hello"))["id"] == 1
    assert node.online_asked


async def test_the_longest_line_is_read_and_a_longer_one_ends_the_connection(raw: Raw) -> None:
    head, tail = b'{"jsonrpc":"2.0","id":1,"method":"hello","x":"', b'"}'
    fitting = head + b"x" * (MAX_REQUEST_LINE - 1 - len(head) - len(tail)) + tail
    assert (await raw.line(fitting))["result"]["api"] == 1
    assert (await raw.line(b" " + fitting))["error"]["code"] == INVALID_REQUEST
    assert await raw.reader.read() == b""


async def test_calls_go_on_beside_the_stream_of_events(raw: Raw, node: MemoryNode) -> None:
    assert (await raw.ask("subscribe"))["result"]["log"]
    lines = [await raw.ask("send", {"ref": "bob", "text": "你好"}, request_id=2), await raw.read()]
    lines.append(await raw.read())
    (answer,) = (line for line in lines if "method" not in line)
    told = [line["params"] for line in lines if line.get("method") == "event"]
    assert answer["id"] == 2
    assert [event["type"] for event in told] == ["message", "contact"]
    assert told[0]["message"] == answer["result"]
    node.set_stage("bob", "offline")
    link = (await raw.read())["params"]
    assert (link["type"], link["stage"], link["contact"]) == ("link", "offline", 1)
    assert (link["at"], link["seq"], link["retry_at"]) == ("2026-11-21T14:00:00Z", None, None)


async def test_a_second_subscription_takes_the_stream_over(raw: Raw, node: MemoryNode) -> None:
    await raw.ask("subscribe")
    assert (await raw.ask("subscribe", {"since": 5}))["result"]["first"] == 1
    assert (await raw.read())["params"]["seq"] == 6
    node.notice("only once")
    seen: list[Any] = []
    while not seen or seen[-1]["type"] != "notice":
        seen.append((await raw.read())["params"])
    assert (await raw.ask("hello"))["id"] == 1


async def test_a_reader_that_stalls_is_told_what_it_missed(
    server: tuple[ApiServer, Path], node: MemoryNode
) -> None:
    reader, writer = await asyncio.open_unix_connection(server[1], limit=2**16)
    writer.write(b'{"jsonrpc":"2.0","id":1,"method":"subscribe"}\n')
    await reader.readline()
    for number in range(3000):
        node.incoming("bob", f"{number} " + "x" * 500)
        if number % 50 == 0:
            await asyncio.sleep(0)
    node.notice("the last one")
    types: list[str] = []
    while not types or types[-1] != "notice":
        types.append(json.loads(await reader.readline())["params"]["type"])
    assert "missed" in types
    assert len(types) < 4000
    writer.close()
    await writer.wait_closed()


async def test_clients_are_counted_and_a_dead_one_is_noticed(server: tuple[ApiServer, Path]) -> None:
    api, path = server
    await api.wait_until_empty()
    one, two = await Raw.open(path), await Raw.open(path)
    await two.ask("subscribe")
    assert (await one.ask("clients"))["result"] == 2
    await one.close()
    two.writer.transport.abort()
    await api.wait_until_empty()
    assert api.client_count == 0


async def test_a_client_that_closes_its_half_still_gets_its_answers(server: tuple[ApiServer, Path]) -> None:
    client = await Raw.open(server[1])
    client.writer.write(
        b'{"jsonrpc":"2.0","id":1,"method":"hello"}\n{"jsonrpc":"2.0","id":2,"method":"status"}'
    )
    client.writer.write_eof()
    lines = (await client.reader.read()).splitlines()
    assert {json.loads(line)["id"] for line in lines} == {1, 2}
    await client.close()


async def test_more_clients_than_the_limit_are_told_so(node: MemoryNode) -> None:
    async with served(node, limits=Limits(clients=20)) as (_server, path):
        clients = [await Raw.open(path) for _ in range(20)]
        for client in clients:
            await client.ask("hello")
        late = await Raw.open(path)
        assert (await late.read())["error"]["data"]["code"] == "unreachable"
        assert await late.reader.read() == b""
        for client in [*clients, late]:
            await client.close()


async def test_another_user_is_refused_before_any_call(node: MemoryNode) -> None:
    async with served(node, owner=os.getuid() + 1) as (_server, path):
        client = await Raw.open(path)
        refusal = await client.read()
        assert refusal["id"] is None
        assert "another user" in refusal["error"]["message"]
        assert await client.reader.read() == b""
        await client.close()


def test_root_is_told_how_to_become_the_owner() -> None:
    for_root, for_others = refusal_for(0, 65534), refusal_for(1000, 65534)
    assert for_root is not None
    assert "sudo -u" in for_root.hint
    assert for_others is not None
    assert for_others.hint == ""
    assert refusal_for(1000, 1000) is None


class Broken(MemoryNode):
    """A node with a mistake in it."""

    async def status(self) -> Status:
        raise KeyError("secret words")


async def test_a_mistake_in_the_node_is_answered_and_its_words_stay_out_of_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with served(Broken(FixedClock())) as (_server, path):
        client = await Raw.open(path)
        assert (await client.ask("status"))["error"]["code"] == INTERNAL_ERROR
        assert (await client.ask("hello"))["result"]["api"] == 1
        await client.close()
    assert "KeyError" in caplog.text
    assert "secret" not in caplog.text


async def test_closing_gives_every_client_what_is_on_its_way(node: MemoryNode) -> None:
    async with served(node) as (server, path):
        client = await Raw.open(path)
        await client.ask("subscribe")
        node.break_off("handover")
        await server.close()
        assert not path.exists()
        assert (await client.read())["params"]["reason"] == "handover"
        assert await client.reader.read() == b""
        await client.close()


async def test_a_left_over_socket_is_replaced_but_nothing_else_is(tmp_path: Path, node: MemoryNode) -> None:
    async with served(node) as (_server, path):
        again = ApiServer(node, path)
        await again.start()
        await again.close()
        path.write_text("mine")
        with pytest.raises(StorageError):
            await ApiServer(node, path).start()
        assert path.read_text() == "mine"
        path.unlink()
        path.symlink_to("elsewhere")
        with pytest.raises(StorageError):
            await ApiServer(node, path).start()


async def test_a_directory_open_to_others_and_a_path_too_long_are_refused(node: MemoryNode) -> None:
    async with served(node) as (_server, path):
        shared = path.parent / "shared"
        shared.mkdir(mode=0o755)
        with pytest.raises(StorageError):
            await ApiServer(node, shared / "api.sock").start()
        with pytest.raises(StorageError):
            await ApiServer(node, path.parent / "missing" / "api.sock").start()
        with pytest.raises(UsageError):
            await ApiServer(node, path.parent / ("x" * 108)).start()


class Endless(MemoryNode):
    """A node whose calls wait until the test lets them go."""

    def __init__(self) -> None:
        super().__init__(FixedClock())
        self.gate = asyncio.Event()
        self.running = 0

    async def go_online(self) -> None:
        self.running += 1
        await self.gate.wait()

    def subscribe(self, since: int | None = None, log: str | None = None) -> EventBuffer:
        raise UsageError("not here")


async def test_calls_under_way_are_limited_and_the_rest_wait_their_turn() -> None:
    node = Endless()
    async with served(node) as (_server, path):
        client, other = await Raw.open(path), await Raw.open(path)
        for number in range(40):
            client.writer.write(b'{"jsonrpc":"2.0","id":%d,"method":"go_online"}\n' % number)
        while node.running < 16:
            await other.ask("hello")
        await other.ask("hello")
        assert node.running == 16
        node.gate.set()
        assert {(await client.read())["id"] for _ in range(40)} == set(range(40))
        assert (await client.ask("subscribe"))["error"]["data"]["code"] == "usage"
        await client.close()
        await other.close()


async def test_long_call_is_answered_to_a_client_that_asks_no_more_and_dropped_for_one_that_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection, "PATIENCE", 0)
    node = Endless()
    async with served(node) as (server, path):
        listening, leaving, other = [await Raw.open(path) for _ in range(3)]
        for number, client in enumerate((listening, leaving), 1):
            client.writer.write(b'{"jsonrpc":"2.0","id":7,"method":"go_online"}\n')
            while node.running < number:
                await other.ask("hello")
        listening.writer.write_eof()
        await leaving.close()
        while server.client_count > 2:
            await other.ask("hello")
        node.gate.set()
        assert (await listening.read())["id"] == 7
        assert await listening.reader.read() == b""
        await listening.close()
        await other.close()
