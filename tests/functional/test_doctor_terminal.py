"""The doctor at a real terminal: it asks the terminal itself, and what it prints can be shown to others."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.support.fixed_clock import FixedClock
from tests.support.homes import new_home
from tests.support.memory_node import MemoryNode
from tests.support.tmux_terminal import tmux_terminal
from tuichat import bootstrap
from tuichat.api.server import ApiServer

ROOT = Path(__file__).parents[2]


async def test_the_doctor_asks_the_terminal_and_tells_nobodys_name() -> None:
    async with new_home() as home, tmux_terminal() as terminal:
        home.paths.home.mkdir(mode=0o700)
        node = MemoryNode.sample(FixedClock())
        server = ApiServer(node, bootstrap.socket_path(home.paths, create=True))
        await server.start()
        try:
            command = [sys.executable, "-m", "tuichat", "--home", str(home.paths.home), "doctor"]
            environment = {"PYTHONPATH": str(ROOT), "LANG": "C.UTF-8", "HOME": str(home.paths.home.parent)}
            terminal.start(command, environment, (130, 60))
            screen = await terminal.until("exit code")
            contacts = await node.contact_list()
            address = (await node.status()).address
        finally:
            await server.close()
    for told in (
        "wide characters take two cells",
        "tmux has what is copied",
        "extended-keys is off",
        "This holds no address, contact or text",
        "in ~/home",
    ):
        assert told in screen, screen
    assert address is not None
    for hidden in (
        address,
        *(contact.address for contact in contacts),
        *(contact.name for contact in contacts),
    ):
        assert hidden not in screen
    assert str(home.paths.home) not in screen
