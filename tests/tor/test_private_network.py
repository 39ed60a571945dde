"""The private network: its links can be hurt and looked at, and nothing of it is left behind."""

from __future__ import annotations

import asyncio
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from onion.child import ChildOptions, ChildTor
from tests.support.network_thread import NetworkThread
from tests.support.tor_contract import SECONDS, echo_somehow, published, stream_somehow

pytestmark = [pytest.mark.tor, pytest.mark.asyncio(loop_scope="module")]

Pair = tuple[ChildTor, ChildTor]


@pytest.fixture(scope="module")
def directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="tor-") as name:
        yield Path(name)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pair(tor_network: NetworkThread, directory: Path) -> AsyncIterator[Pair]:
    alice, bob = (
        ChildTor(ChildOptions(directory / name, directory / f"{name}-run", extra_torrc=tor_network.torrc))
        for name in ("a", "b")
    )
    try:
        await asyncio.gather(alice.start(), bob.start())
        await asyncio.gather(alice.wait_ready(SECONDS), bob.wait_ready(SECONDS))
        yield alice, bob
    finally:
        await asyncio.gather(alice.stop(), bob.stop())


async def test_relays_see_bytes_but_neither_text_nor_address(pair: Pair, tor_network: NetworkThread) -> None:
    alice, bob = pair
    seen: list[bytes] = []
    end = tor_network.capture(lambda _name, _direction, data: seen.append(data))
    async with published(alice) as service:
        text = b"a line that nobody on the way may read\n"
        _, (reader, writer) = await stream_somehow(bob, service.address)
        writer.write(text)
        async with asyncio.timeout(SECONDS):
            assert await reader.readline() == text
        writer.transport.abort()
        end()
        captured = b"".join(seen)
        assert len(captured) > len(text)
        for secret in (text.strip(), str(service.address).encode(), service.address.public_key):
            assert secret not in captured


async def test_a_cut_ends_the_stream_and_a_new_one_gets_through(
    pair: Pair, tor_network: NetworkThread
) -> None:
    alice, bob = pair
    async with published(alice) as service:
        _, (reader, writer) = await stream_somehow(bob, service.address)
        assert tor_network.cut() > 0
        async with asyncio.timeout(SECONDS):
            assert await reader.read(1) == b""
        writer.transport.abort()
        await asyncio.gather(alice.wait_ready(SECONDS), bob.wait_ready(SECONDS))
        await service.republish()
        await service.wait_published(SECONDS)
        assert await echo_somehow(bob, service) == b"hello\n"


async def test_a_stall_loses_nothing(pair: Pair, tor_network: NetworkThread) -> None:
    alice, bob = pair
    async with published(alice) as service:
        _, (reader, writer) = await stream_somehow(bob, service.address)
        tor_network.stall(0.5)
        for number in range(20):
            writer.write(b"line %d\n" % number)
        async with asyncio.timeout(SECONDS):
            lines = [await reader.readline() for _ in range(20)]
        assert lines == [b"line %d\n" % number for number in range(20)]
        writer.transport.abort()


async def test_a_half_close_ends_the_connections_and_tor_makes_new_ones(
    pair: Pair, tor_network: NetworkThread
) -> None:
    alice, bob = pair
    async with published(alice) as service:
        assert tor_network.half_close() > 0
        await service.republish()
        await service.wait_published(SECONDS)
        assert await echo_somehow(bob, service) == b"hello\n"


async def test_stopped_relays_carry_nothing_and_started_ones_do_again(
    pair: Pair, tor_network: NetworkThread
) -> None:
    alice, bob = pair
    async with published(alice) as service:
        _, (reader, writer) = await stream_somehow(bob, service.address)
        tor_network.stop_relays()
        try:
            async with asyncio.timeout(SECONDS):
                assert await reader.read(1) == b""
            writer.transport.abort()
        finally:
            tor_network.start_relays()
        await service.republish()
        await service.wait_published(2 * SECONDS)  # tor knows them as down for a while
        assert await echo_somehow(bob, service) == b"hello\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_the_command_leaves_nothing_behind_even_when_ended_early(
    number: signal.Signals, tmp_path: Path
) -> None:
    command = await asyncio.create_subprocess_exec(
        *(sys.executable, "-u", "-m", "onion.private_network", "--directory", str(tmp_path)),
        stdout=asyncio.subprocess.PIPE,
        cwd=Path.cwd(),
    )
    assert command.stdout is not None
    try:
        async with asyncio.timeout(SECONDS):
            while b"consensus" not in (line := await command.stdout.readline()):
                assert line, "it ended"
            children = _children(command.pid)
            command.send_signal(number)
            assert await command.wait() == 0
    finally:
        if command.returncode is None:
            command.kill()
            await command.wait()
    assert len(children) == 6
    assert list(tmp_path.iterdir()) == []
    assert not any(Path(f"/proc/{pid}").exists() for pid in children)


def _children(pid: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[1] == str(pid):
                found.append(int(entry.name))
    return found
