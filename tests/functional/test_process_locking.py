"""Passphrases, locks and wipes of a node that is a process of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.support.backups import CHEAP
from tests.support.fixed_clock import FixedClock
from tests.support.homes import PASSPHRASE, Home, new_home
from tests.support.memory_node import address_of
from tests.support.seeded_rng import SeededRng
from tuichat.errors import LockedError, TuichatError
from tuichat.model import ClosingEvent
from tuichat.store.backup_restore import restore_backup
from tuichat.store.wipe import WipeOrder, begin_wipe


@pytest.fixture
async def home() -> AsyncIterator[Home]:
    async with new_home() as made:
        yield made.make_profile(PASSPHRASE)


async def test_new_passphrase_holds_at_once_and_in_backups_and_locking_ends_what_is_in_memory(
    home: Home,
) -> None:
    backup = home.paths.home.parent / "backup"
    async with await home.attach() as client, new_home() as other:
        with pytest.raises(LockedError):
            await client.passphrase("wrong", "second")
        await client.passphrase(PASSPHRASE, "second")
        with pytest.raises(LockedError):
            await client.unlock(PASSPHRASE)
        await client.unlock("second")
        await client.contact_add(address_of("bob"), "bob")
        await client.passphrase("second", "third")
        assert [contact.name for contact in await client.contact_list()] == ["bob"]
        await client.backup(str(backup))
        made = restore_backup(other.paths, backup, "third", SeededRng(), FixedClock(), CHEAP)
        assert made.found.queued == 0
        await client.send("bob", "lasting")
        await client.conversation_memory("bob", True)
        await client.send("bob", "in memory only")
        assert (await client.status()).in_memory == 1
        await client.lock()
        await client.unlock("third")
        assert (await client.status()).in_memory == 0
        assert [message.text for message in await client.messages("bob")] == ["lasting"]
        await client.stop()
    await home.wait_ended()


async def test_a_daemon_locks_itself_when_nobody_is_at_work_and_waits_to_be_unlocked(home: Home) -> None:
    secret = home.paths.home.parent / "secret"
    secret.write_text(PASSPHRASE)
    home.paths.config.write_text('[privacy]\nauto_lock = "1s"\n')
    daemon = await home.daemon("--passphrase-file", str(secret))
    async with await home.reattach() as client:
        async with asyncio.timeout(60):
            while not (await client.hello()).locked:  # noqa: ASYNC110 - another process does it
                await asyncio.sleep(0.05)
        await client.unlock(PASSPHRASE)
        await client.stop()
    assert await daemon.wait() == 0


async def test_nobody_is_asked_for_a_passphrase_that_the_profile_does_not_have() -> None:
    async with new_home() as home:
        home.make_profile()
        async with await home.attach() as client:
            refused = await home.command("lock")
            _output, errors = await refused.communicate()
            assert (refused.returncode, b"would keep nobody out" in errors) == (1, True)
            assert not (await client.hello()).locked
            await client.lock()
            opened = await home.command("contact", "list")
            output, errors = await opened.communicate()
            assert (opened.returncode, output, b"No contacts yet" in errors) == (0, b"", True)
            assert not (await client.hello()).locked
            await client.stop()
        await home.wait_ended()


@pytest.mark.parametrize("locked", [False, True])
async def test_a_node_that_runs_wipes_itself_and_ends(home: Home, locked: bool) -> None:
    async with await home.attach() as client:
        if not locked:
            await client.unlock(PASSPHRASE)
            await client.contact_add(address_of("bob"), "bob")
        events = client.subscribe()
        await client.hello()
        process = await home.command("wipe", "--yes")
        told = [event async for event in events if isinstance(event, ClosingEvent)]
        assert [event.reason for event in told] == ["wipe"]
        _output, errors = await process.communicate()
        assert (process.returncode, b"Not reached" in errors) == (0, True)
    await home.wait_ended()
    assert {path.name for path in home.paths.home.rglob("*")} <= {"lock", "run"}


async def test_a_wipe_that_was_broken_off_is_finished_and_told_by_the_next_command(home: Home) -> None:
    begin_wipe(home.paths, WipeOrder(str(home.paths.inbox)), SeededRng())
    home.paths.database.write_bytes(b"what was left")
    with pytest.raises(TuichatError, match="had been broken off"):
        await home.attach()
    assert not home.paths.database.exists()
    begin_wipe(home.paths, WipeOrder(str(home.paths.inbox)), SeededRng())
    process = await home.command("init", "--no-passphrase")
    output, errors = await process.communicate()
    assert (process.returncode, len(output.strip()), b"had been broken off" in errors) == (0, 56, True)
