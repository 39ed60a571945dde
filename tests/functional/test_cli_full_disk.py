"""A disk that takes nothing more: what cannot be kept is said to have failed, and is nowhere afterwards.

The disk is full for one process: the kernel lets it write no file any further.
"""

from __future__ import annotations

import asyncio
import resource
from collections.abc import AsyncIterator

import pytest

from tests.support.homes import Home, new_home
from tests.support.memory_node import address_of

NOTHING = (0, resource.RLIM_INFINITY)
EVERYTHING = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


@pytest.fixture
async def home() -> AsyncIterator[Home]:
    async with new_home() as made:
        yield made


async def tuichat(home: Home, *words: str) -> tuple[int | None, str, str]:
    """A command: its exit code, what it printed, what it said on stderr."""
    process = await home.command(*words)
    async with asyncio.timeout(60):
        output, errors = await process.communicate()
    assert b"Traceback" not in errors
    return process.returncode, output.decode(), errors.decode()


async def daemon(home: Home) -> asyncio.subprocess.Process:
    """A daemon that serves."""
    process = await home.daemon()
    async with await home.reattach():
        return process


async def test_a_send_on_a_full_disk_fails_and_its_message_is_nowhere_after_a_restart(home: Home) -> None:
    home.make_profile()
    node = await daemon(home)
    await tuichat(home, "contact", "add", address_of("carol"), "--name", "carol")
    assert await tuichat(home, "send", "carol", "kept") == (0, "1  queued\n", "")
    resource.prlimit(node.pid, resource.RLIMIT_FSIZE, NOTHING)
    code, output, errors = await tuichat(home, "send", "carol", "lost")
    assert (code, output) == (1, "")
    assert "The disk could not be read or written" in errors
    assert "Check the disk and its free space, then try again." in errors
    node.kill()
    await node.wait()
    node = await daemon(home)
    _code, history, _errors = await tuichat(home, "messages", "carol")
    assert [line.rpartition("  ")[2] for line in history.splitlines()] == ["kept"]


async def test_a_node_goes_on_once_its_disk_has_room_again(home: Home) -> None:
    home.make_profile()
    node = await daemon(home)
    resource.prlimit(node.pid, resource.RLIMIT_FSIZE, NOTHING)
    assert (await tuichat(home, "contact", "add", address_of("carol"), "--name", "carol"))[0] == 1
    assert (await tuichat(home, "contact", "list"))[:2] == (0, "")
    resource.prlimit(node.pid, resource.RLIMIT_FSIZE, EVERYTHING)
    assert (await tuichat(home, "contact", "add", address_of("carol"), "--name", "carol"))[0] == 0
    assert await tuichat(home, "send", "carol", "kept") == (0, "1  queued\n", "")
