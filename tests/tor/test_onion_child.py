"""A tor of our own: its life, its privacy, and what happens when it is killed."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from onion import controlled
from onion.binary import find_tor
from onion.child import ChildOptions, ChildTor, verify_config
from onion.errors import TorError
from onion.events import Event
from onion.system import SystemTor
from onion.tor import OnionService, ServiceOptions, Tor, TorStatus
from tests.support.network_thread import NetworkThread
from tests.support.tor_contract import SECONDS, echo, echo_somehow, published, reached, stream_somehow

pytestmark = [pytest.mark.tor, pytest.mark.asyncio(loop_scope="module")]

Pair = tuple[ChildTor, ChildTor]

OWNER = """
import asyncio, sys
from pathlib import Path
from onion.child import ChildOptions, ChildTor

async def main():
    home = Path(sys.argv[1])
    tor = ChildTor(ChildOptions(home / "data", home / "run"))
    await tor.start()
    print(tor.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@asynccontextmanager
async def running(home: Path, network: NetworkThread | None = None) -> AsyncIterator[ChildTor]:
    """A started tor: a member of `network`, or of none."""
    home.mkdir(exist_ok=True)
    torrc = home / "extra"
    torrc.write_text("DisableNetwork 1\n")
    extra = network.torrc if network else torrc
    tor = ChildTor(ChildOptions(home / "data", home / "run", extra_torrc=extra))
    await tor.start()
    try:
        yield tor
    finally:
        await tor.stop()


async def until(tor: Tor, wanted: str) -> TorStatus:
    """The first status with the problem `wanted`."""
    seen: asyncio.Queue[TorStatus] = asyncio.Queue()
    unsubscribe = tor.watch(seen.put_nowait)
    status = tor.status
    async with asyncio.timeout(SECONDS):
        while status.problem != wanted:
            status = await seen.get()
    unsubscribe()
    return status


async def ended(pid: int) -> None:
    """Wait for the end of a process that is nobody's child here."""
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    loop.add_reader(descriptor, over.set)
    await over.wait()
    loop.remove_reader(descriptor)
    os.close(descriptor)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pair(tor_network: NetworkThread) -> AsyncIterator[Pair]:
    """Two that are ready. Whoever hurts one mends it."""
    with tempfile.TemporaryDirectory(prefix="tor-") as name:
        async with (
            running(Path(name) / "a", tor_network) as alice,
            running(Path(name) / "b", tor_network) as bob,
        ):
            await asyncio.gather(alice.wait_ready(SECONDS), bob.wait_ready(SECONDS))
            yield alice, bob


async def test_a_killed_tor_comes_back_with_its_service(pair: Pair) -> None:
    alice, bob = pair
    async with published(alice) as service:
        killed = alice.pid
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        status = await until(alice, "died")
        assert not status.alive
        assert not service.published
        await alice.wait_ready(SECONDS)
        await service.wait_published(SECONDS)
        assert alice.pid not in (killed, None)
        assert await echo_somehow(bob, service) == b"hello\n"
        assert await reached(service)


async def test_each_token_has_its_own_rendezvous_circuit(pair: Pair) -> None:
    alice, bob = pair
    # One circuit may carry two streams, and the third closes it: a defence that tor was told of.
    async with published(alice, ServiceOptions(pow_defence=True, max_streams=2)) as service:
        one, (_, writer) = await stream_somehow(bob, service.address)
        writer.transport.abort()
        other, (_, writer) = await stream_somehow(bob, service.address)
        writer.transport.abort()
        first, second = [await rendezvous_circuits(bob, service, token) for token in (one, other)]
        assert first
        assert second
        assert not first & second
        assert await echo(bob, service, one) == b"hello\n"
        assert await rendezvous_circuits(bob, service, one) <= first  # where tor began a second, it may end
        await bob.close_circuits(one)
        assert not await rendezvous_circuits(bob, service, one)
        assert await rendezvous_circuits(bob, service, other)


async def rendezvous_circuits(tor: ChildTor, service: OnionService, token: str) -> set[str]:
    """The ids of the circuits to `service` that `token` opened, as tor's own control port tells them."""
    assert tor._controller is not None
    circuits = [Event.parse(line) for line in (await tor._controller.get_info("circuit-status")).splitlines()]
    return {
        circuit.word(0)
        for circuit in circuits
        if circuit.fields.get("SOCKS_USERNAME") == token
        and circuit.fields.get("PURPOSE") == "HS_CLIENT_REND"
        and circuit.fields.get("REND_QUERY") == str(service.address)
    }


async def test_a_running_tor_can_be_attached_to_and_is_left_running(pair: Pair) -> None:
    host, _ = pair
    guest = SystemTor(str(host._control))
    await guest.start()
    await guest.wait_ready(SECONDS)
    async with published(guest) as service:
        assert await echo_somehow(guest, service) == b"hello\n"
    await guest.stop()
    assert host.status.alive
    assert host.pid is not None


async def test_nobody_else_can_use_its_sockets_and_no_port_is_open(short_directory: Path) -> None:
    async with running(short_directory) as tor:
        for name in ("data", "run"):
            assert stat.S_IMODE((short_directory / name).stat().st_mode) == 0o700
        assert tor._controller is not None
        for kind in ("control", "socks", "or", "dir", "dns", "trans", "natd"):
            listeners = await tor._controller.get_info(f"net/listeners/{kind}")
            assert all(listener.startswith('"unix:') for listener in listeners.split())
        command = Path(f"/proc/{tor.pid}/cmdline").read_bytes()
        assert str(short_directory).encode() not in command


async def test_tor_ends_when_its_owner_is_killed(short_directory: Path) -> None:
    owner = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OWNER, str(short_directory), stdout=asyncio.subprocess.PIPE, cwd=Path.cwd()
    )
    assert owner.stdout is not None
    async with asyncio.timeout(SECONDS):
        pid = int(await owner.stdout.readline())
        owner.kill()
        await owner.wait()
        await ended(pid)


async def test_a_stopped_tor_leaves_no_process(short_directory: Path) -> None:
    async with running(short_directory) as tor:
        pid = tor.pid
    assert pid is not None
    assert not Path(f"/proc/{pid}").exists()
    assert tor.pid is None


async def test_tor_itself_judges_the_configuration_and_nothing_is_made_or_started(
    short_directory: Path,
) -> None:
    torrc = short_directory / "torrc"
    tor = ChildTor(ChildOptions(short_directory / "data", short_directory / "run", extra_torrc=torrc))
    torrc.write_text("DisableNetwork 1\n")
    await verify_config(tor, find_tor())
    torrc.write_text("DisableNetwork 1\nNoSuchOption 1\n")
    with pytest.raises(TorError) as caught:
        await verify_config(tor, find_tor())
    assert "NoSuchOption" in caught.value.message
    assert [path.name for path in short_directory.iterdir()] == ["torrc"]


async def test_configuration_can_be_judged_while_a_tor_runs_with_it(short_directory: Path) -> None:
    async with running(short_directory) as tor:
        await verify_config(tor, find_tor())
        assert tor.status.alive


async def test_tor_that_is_stopped_and_never_continued_is_ended_and_another_one_started(
    short_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(controlled, "_LOOK_SECONDS", 0.1)
    monkeypatch.setattr(controlled, "_ANSWER_SECONDS", 1.0)
    async with running(short_directory) as tor:
        stopped = tor.pid
        assert stopped is not None
        os.kill(stopped, signal.SIGSTOP)
        await until(tor, "died")
        async with asyncio.timeout(SECONDS):
            while not tor.status.alive:  # noqa: ASYNC110 - the supervisor starts it again
                await asyncio.sleep(0.05)
        assert tor.pid not in (stopped, None)
        assert not Path(f"/proc/{stopped}").exists()


async def test_how_a_tor_was_ended_is_told_until_it_is_back(short_directory: Path) -> None:
    async with running(short_directory) as tor:
        told: list[str] = []
        tor.watch(lambda status: told.append(status.detail))
        assert tor.pid is not None
        os.kill(tor.pid, signal.SIGKILL)
        await until(tor, "died")
        async with asyncio.timeout(SECONDS):
            while not tor.status.alive:  # noqa: ASYNC110 - the supervisor starts it again
                await asyncio.sleep(0.05)
        assert any(detail.startswith("ended by signal 9") for detail in told)
        assert tor.status.detail == ""


async def test_a_mistake_in_the_extra_torrc_is_told_and_a_corrected_one_starts(short_directory: Path) -> None:
    torrc = short_directory / "torrc"
    torrc.write_text("DisableNetwork 1\nNoSuchOption 1\n")
    tor = ChildTor(ChildOptions(short_directory / "data", short_directory / "run", extra_torrc=torrc))
    with pytest.raises(TorError) as caught:
        await tor.start()
    assert caught.value.code == "start"
    assert "NoSuchOption" in caught.value.message
    assert (tor.status.alive, tor.status.problem, tor.pid) == (False, "died", None)
    torrc.write_text("DisableNetwork 1\n")
    await tor.start()
    assert tor.status.alive
    await tor.stop()


async def test_a_control_port_that_nobody_serves_is_told(short_directory: Path) -> None:
    tor = SystemTor(str(short_directory / "control"), "127.0.0.1:9050")
    with pytest.raises(TorError) as caught:
        await tor.start()
    assert caught.value.code == "control"
    assert tor.status.problem == "control"
    await tor.stop()


async def test_without_its_relays_tor_says_that_it_is_blocked_and_messages_can_wait(
    tor_network: NetworkThread, short_directory: Path
) -> None:
    tor_network.stop_relays()
    try:
        async with running(short_directory, tor_network) as tor:
            assert (await until(tor, "blocked")).bootstrap < 100
            with pytest.raises(TorError) as caught:
                await tor.wait_ready(0)
            assert caught.value.code == "not_ready"
            tor_network.start_relays()
            await tor.wait_ready(2 * SECONDS)
            assert tor.status.problem == ""
    finally:
        tor_network.start_relays()
