"""A bot under another user, at a real daemon: what its token allows, over a restart, and no more."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.support.homes import Home, new_home
from tests.support.memory_node import address_of
from tests.support.raw_client import Raw

NOBODY = 65534


@contextlib.contextmanager
def as_another_user() -> Iterator[None]:
    """What is opened inside is opened by nobody, if this is root; else by ourselves."""
    if os.getuid() != 0:
        yield
        return
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


@pytest.fixture
async def home() -> AsyncIterator[Home]:
    async with new_home() as made:
        made.paths.home.parent.chmod(0o711)
        made.make_profile()
        yield made


async def knock(path: Path) -> Raw:
    own = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with as_another_user():
            own.connect(os.fspath(path))
    except OSError:
        own.close()
        raise
    own.setblocking(False)
    return Raw(*await asyncio.open_unix_connection(sock=own, limit=2**20))


async def test_a_bot_of_another_user_comes_as_far_as_its_token_and_goes_on_after_a_restart(
    home: Home,
) -> None:
    bots = home.paths.home.parent / "bots"
    bots.mkdir(mode=0o755)
    sock = bots / "bots.sock"
    group = "nogroup" if os.getuid() == 0 else ""
    home.paths.config.write_text(f'[api]\nbot_socket = "{sock}"\nbot_group = "{group}"\n')
    daemon = await home.daemon()
    async with await home.reattach() as owner:
        await owner.contact_add(address_of("bob"), "bob")
        await owner.contact_add(address_of("eve"), "eve")
        made = await home.command("token", "create", "echo", "--contacts", "bob", "--methods", "read")
        output, errors = await made.communicate()
        token = output.decode().strip()
        assert (made.returncode, token[:15]) == (0, "tuichat-token1:"), errors
        if os.getuid() == 0:
            with pytest.raises(PermissionError):
                await knock(home.socket)
        bot = await knock(sock)
        assert "result" in await bot.ask("hello", {"token": token})
        assert [each["name"] for each in (await bot.ask("contact.list"))["result"]] == ["bob"]
        position = (await bot.ask("subscribe", {"since": 0}))["result"]
        event = (await bot.read())["params"]
        assert (event["type"], event["contact"]["name"]) == ("contact", "bob")
        await owner.stop()
        assert (await bot.read())["params"]["type"] == "closing"
        await bot.close()
    assert await daemon.wait() == 0
    assert not sock.exists()

    daemon = await home.daemon()
    async with await home.reattach() as owner:
        await owner.contact_rename("eve", "mallory")
        await owner.contact_rename("bob", "robert")
        bot = await knock(sock)
        assert "result" in await bot.ask("hello", {"token": token})
        again = (await bot.ask("subscribe", {"since": position["last"], "log": position["log"]}))["result"]
        event = (await bot.read())["params"]
        assert (event["type"], event["contact"]["name"]) == ("contact", "robert")
        assert (again["log"], event["seq"]) == (position["log"], again["last"])
        await owner.token_revoke("echo")
        assert (await bot.ask("status"))["error"]["data"]["code"] == "denied"
        assert await bot.reader.read() == b""
        await bot.close()
        await owner.stop()
    assert await daemon.wait() == 0
