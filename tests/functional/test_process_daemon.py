"""A daemon in its own process: it takes over from a detached node, and gives way to no second one."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator

import pytest

from tests.support.homes import PASSPHRASE, Home, new_home
from tests.support.memory_node import address_of
from tuichat.model import ClosingEvent


@pytest.fixture
async def home() -> AsyncIterator[Home]:
    async with new_home() as made:
        made.make_profile()
        yield made


async def ended(process: asyncio.subprocess.Process) -> tuple[int | None, str, str]:
    """How it ended: its exit code, what it printed, what it said on stderr."""
    async with asyncio.timeout(60):
        output, errors = await process.communicate()
    return process.returncode, output.decode(), errors.decode()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
async def test_a_daemon_serves_until_a_signal_and_leaves_nothing_behind(
    home: Home, number: signal.Signals, code: int
) -> None:
    daemon = await home.daemon()
    async with await home.reattach() as client:
        assert ((await client.hello()).node, (await client.hello()).pid) == ("daemon", daemon.pid)
        daemon.send_signal(signal.SIGHUP)
        assert (await client.hello()).node == "daemon"
        daemon.send_signal(number)
        assert await ended(daemon) == (code, "", "")
    assert home.node_pid() is None
    assert not home.socket.exists()


async def test_a_signal_before_it_serves_ends_it_as_well(home: Home) -> None:
    daemon = await home.daemon()
    await home.wait_until(lambda: home.node_pid() is not None)
    daemon.send_signal(signal.SIGTERM)
    code, _output, errors = await ended(daemon)
    assert (code, errors) == (0, "")
    assert home.node_pid() is None
    assert not home.socket.exists()


async def test_a_detached_node_hands_over_to_a_daemon_and_its_clients_follow(home: Home) -> None:
    async with await home.attach() as before:
        await before.contact_add(address_of("bob"), "bob")
        events = before.subscribe()
        await before.hello()
        daemon = await home.daemon()
        kinds = [type(event) async for event in events]
        assert kinds[-1:] == [ClosingEvent]
        assert before.closing == "handover"
    async with await home.reattach() as after:
        assert (await after.hello()).pid == daemon.pid
        assert [contact.name for contact in await after.contact_list()] == ["bob"]
        await after.stop()
    assert (await ended(daemon))[0] == 0


async def test_a_second_daemon_is_refused_with_the_pid_of_the_first(home: Home) -> None:
    daemon = await home.daemon()
    async with await home.reattach() as client:
        code, output, errors = await ended(await home.daemon())
        assert (code, output) == (1, "")
        assert str(daemon.pid) in errors
        assert "Traceback" not in errors
        await client.stop()
    assert (await ended(daemon))[0] == 0


async def test_of_two_daemons_at_once_one_runs_and_the_other_is_refused(home: Home) -> None:
    both = [await home.daemon(), await home.daemon()]
    tasks = [asyncio.ensure_future(ended(daemon)) for daemon in both]
    done, _running = await asyncio.wait(tasks, timeout=60, return_when=asyncio.FIRST_COMPLETED)
    assert [task.result()[0] for task in done] == [1]
    async with await home.reattach() as client:
        await client.stop()
    codes = [(await task)[0] for task in tasks]
    assert codes in ([0, 1], [1, 0])


async def test_a_daemon_opens_itself_with_a_passphrase_file(home: Home) -> None:
    async with new_home() as sealed:
        sealed.make_profile(PASSPHRASE)
        file = sealed.paths.home / "passphrase"
        file.touch(0o600)
        file.write_text(PASSPHRASE + "\n")
        daemon = await sealed.daemon("--passphrase-file", str(file))
        async with await sealed.reattach() as client:
            assert not (await client.hello()).locked
            await client.stop()
        assert (await ended(daemon))[0] == 0
        file.write_text("wrong")
        code, output, errors = await ended(await sealed.daemon("--passphrase-file", str(file)))
        assert (code, output) == (6, "")
        assert "wrong" not in errors.replace("passphrase is wrong", "")
        assert sealed.node_pid() is None
