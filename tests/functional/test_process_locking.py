"""The passphrase of a node that is a process of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.backups import CHEAP
from tests.support.fixed_clock import FixedClock
from tests.support.homes import PASSPHRASE, Home, new_home
from tests.support.memory_node import address_of
from tests.support.seeded_rng import SeededRng
from tuichat.bootstrap import attach
from tuichat.errors import LockedError
from tuichat.store.backup_restore import restore_backup


@pytest.fixture
async def home() -> AsyncIterator[Home]:
    async with new_home() as made:
        yield made.make_profile(PASSPHRASE)


async def test_a_node_that_runs_has_the_new_passphrase_at_once_and_so_have_its_backups(home: Home) -> None:
    backup = home.paths.home.parent / "backup"
    async with await attach(home.paths) as client, new_home() as other:
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
        await client.lock()
        await client.unlock("third")
        await client.stop()
    await home.wait_ended()
