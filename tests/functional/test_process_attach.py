"""Real node processes: started when needed, found by everybody, ended when nobody needs them."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import stat
import sys
from collections.abc import AsyncIterator

import pytest

from tests.support.homes import PASSPHRASE, Home, new_home
from tests.support.memory_node import address_of
from tuichat.bootstrap import attach, reattach
from tuichat.errors import DamagedError, LockedError, TuichatError, UnreachableError
from tuichat.model import ClosingEvent, LockedEvent
from tuichat.store.profile_lock import NodeLock


@pytest.fixture
async def home() -> AsyncIterator[Home]:
    async with new_home() as made:
        yield made


async def test_a_node_is_started_once_and_found_by_the_next(home: Home) -> None:
    home.make_profile()
    async with await home.attach() as one, await attach(home.paths, start=False) as two:
        first, second = await one.hello(), await two.hello()
        assert first == second
        assert (first.node, first.locked, first.pid) == ("detached", False, home.node_pid())
        assert await one.client_count() == 2
        changed = await home.command("config", "set", "privacy.receipts", "true")
        assert (await changed.communicate())[1] == b"The node goes by it now: privacy.receipts.\n"
        changed = await home.command("config", "set", "tor.mode", "system")
        assert b"at the node's next start: tor.mode." in (await changed.communicate())[1]
        home.paths.config.write_text('[files]\ncircuits = 3\n[tor]\nmode = "system"\n')
        edited = await home.command("config", "reload", "--json")
        said = json.loads((await edited.communicate())[0])
        assert said == {"schema": 1, "now": ["privacy.receipts", "files.circuits"], "later": ["tor.mode"]}


async def test_racing_starters_end_at_the_same_node(home: Home) -> None:
    home.make_profile()
    clients = await asyncio.gather(*(home.attach() for _ in range(4)))
    try:
        assert {(await client.hello()).pid for client in clients} == {home.node_pid()}
    finally:
        for client in clients:
            await client.close()


async def test_what_one_node_kept_the_next_one_has(home: Home) -> None:
    home.make_profile()
    async with await home.attach() as client:
        contact = await client.contact_add(address_of("bob"), "bob", "it is me")
        await client.stop()
    await home.wait_ended()
    assert not home.socket.exists()
    async with await home.attach() as client:
        found = (await client.contact_list())[0]
        assert (found.address, found.name) == (contact.address, "bob")


async def test_a_killed_node_is_replaced_and_has_lost_nothing(home: Home) -> None:
    home.make_profile()
    async with await home.attach() as client:
        await client.contact_add(address_of("bob"), "bob")
        pid = (await client.hello()).pid
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(UnreachableError):
            _told = [event async for event in client.subscribe()]
    await home.wait_ended()
    assert home.socket.exists()
    async with await home.attach() as client:
        assert (await client.hello()).pid != pid
        assert [contact.name for contact in await client.contact_list()] == ["bob"]


async def test_a_terminated_node_says_goodbye_and_leaves_nothing_behind(home: Home) -> None:
    home.make_profile()
    async with await home.attach() as client:
        events = client.subscribe()
        os.kill((await client.hello()).pid, signal.SIGTERM)
        told = [type(event) async for event in events]  # among it perhaps what became of tor
        assert [told.count(ClosingEvent), told[-1]] == [1, ClosingEvent]
        assert client.closing == "stop"
    await home.wait_ended()
    assert not home.socket.exists()
    assert not home.paths.database.with_name("tuichat.db-wal").exists()


async def test_a_node_without_clients_ends_unless_it_is_to_deliver_first(home: Home) -> None:
    async with new_home() as other:
        home.make_profile()
        other.make_profile()
        async with await home.attach(), await other.attach() as keeping:
            await keeping.contact_add(address_of("bob"), "bob")
            await keeping.send("bob", "when you are there")
            await keeping.keep_until_delivered()
        await home.wait_ended()
        assert not home.socket.exists()
        async with await attach(other.paths, start=False) as client:
            assert (await client.status()).outbox.queued == 1
            await client.stop()
        await other.wait_ended()


async def test_without_starting_no_node_is_told_at_once(home: Home) -> None:
    home.make_profile()
    with pytest.raises(UnreachableError):
        await attach(home.paths, start=False)
    assert home.node_pid() is None


async def test_a_lock_without_a_socket_is_waited_for(home: Home) -> None:
    home.make_profile()
    lock = NodeLock.acquire(home.paths.lock, "detached")
    assert lock is not None
    with pytest.raises(UnreachableError):
        await attach(home.paths, timeout=0.3)
    waiting = asyncio.ensure_future(home.attach())
    await asyncio.sleep(0)
    lock.release()
    async with await waiting as client:
        assert not (await client.hello()).locked


async def test_no_profile_is_said_and_nothing_is_made(home: Home) -> None:
    with pytest.raises(TuichatError) as caught:
        await home.attach()
    assert "tuichat init" in caught.value.hint
    assert not home.paths.home.exists()


async def test_what_keeps_a_node_from_running_is_told_to_who_started_it(home: Home) -> None:
    home.make_profile()
    home.paths.unlocked_key.unlink()
    with pytest.raises(DamagedError) as caught:
        await home.attach()
    assert "unlocked.key" in caught.value.message
    assert caught.value.hint
    log = home.paths.home / "node.log"
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert "Traceback" not in log.read_text()


async def test_a_passphrase_opens_the_node_for_everybody_and_a_wrong_one_does_not(home: Home) -> None:
    home.make_profile(PASSPHRASE)
    async with await home.attach() as one, await home.attach() as two:
        events = two.subscribe()
        assert (await one.hello()).locked
        with pytest.raises(LockedError):
            await one.contact_list()
        for wrong in ("", "wrong", PASSPHRASE + "\n"):
            with pytest.raises(LockedError):
                await one.unlock(wrong)
        await one.unlock(PASSPHRASE)
        assert await two.contact_list() == []
        assert (await two.status()).address is not None
        await two.lock()
        told: list[bool] = []
        async for event in events:
            if isinstance(event, LockedEvent):  # others tell what became of tor
                told.append(event.locked)
                if event.locked:
                    break
        assert told == [False, True]
        with pytest.raises(LockedError):
            await one.contact_list()


async def test_no_secret_is_in_the_arguments_or_environment_of_a_node(home: Home) -> None:
    home.make_profile(PASSPHRASE)
    async with await home.attach() as client:
        await client.unlock(PASSPHRASE)
        process = f"/proc/{(await client.hello()).pid}"
        with open(f"{process}/cmdline", "rb") as file:  # noqa: ASYNC230, PTH123
            assert PASSPHRASE.encode() not in file.read()
        if os.getuid() == 0:
            with open(f"{process}/environ", "rb") as file:  # noqa: ASYNC230, PTH123
                assert PASSPHRASE.encode() not in file.read()


async def test_a_process_with_keys_gives_up_core_dumps_and_loose_modes() -> None:
    script = (
        "import ctypes, os, resource; from tuichat.bootstrap.hardening import harden; harden();"
        "print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3), oct(os.umask(0)))"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE
    )
    output, _none = await process.communicate()
    assert output.decode().strip() == "(0, 0) 0 0o77"


@pytest.mark.parametrize(
    ("soft", "hard", "then"), [(1024, 20_000, 8192), (1024, 4096, 4096), (9000, 9000, 9000)]
)
async def test_a_node_may_open_as_many_files_as_a_flood_needs_if_the_system_lets_it(
    soft: int, hard: int, then: int
) -> None:
    script = (
        f"import resource; resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}));"
        "from tuichat.bootstrap.open_files import allow_many_open_files; allow_many_open_files();"
        "print(resource.getrlimit(resource.RLIMIT_NOFILE))"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE
    )
    output, _none = await process.communicate()
    assert output.decode().strip() == f"({then}, {hard})"


async def test_reattaching_gives_up_after_its_time(home: Home) -> None:
    home.make_profile()
    with pytest.raises(UnreachableError):
        await reattach(home.paths, timeout=0.2)
