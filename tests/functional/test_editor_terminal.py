"""Alt+E in a real terminal: the editor has it alone, and afterwards the interface has it back."""

from __future__ import annotations

import asyncio
import os
import sys

from tests.support.fixed_clock import FixedClock
from tests.support.homes import new_home
from tests.support.memory_node import MemoryNode
from tests.support.tmux_terminal import tmux_terminal
from tuichat.api.server import ApiServer
from tuichat.clock import Clock
from tuichat.model import Contact, NodeKind

SECONDS = 60.0

EDITOR = """\
#!/bin/sh
printf 'the editor says: %s\\n' "$(cat "$1")"
read -r line
printf '%s, %s\\n' "$(cat "$1")" "$line" >"$1"
"""


class CountedNode(MemoryNode):
    """Says when it was asked for everybody's counts."""

    def __init__(self, clock: Clock, *, node: NodeKind = "daemon") -> None:
        super().__init__(clock, node=node)
        self.asked = asyncio.Event()

    async def contact_list(self) -> list[Contact]:
        self.asked.set()
        return await super().contact_list()

    async def conversation_timer(self, ref: str, seconds: int | None = None) -> Contact:
        self.asked.set()  # one contact is asked for so
        return await super().conversation_timer(ref, seconds)


async def was_sent(node: MemoryNode) -> bool:
    return (await node.messages("bob"))[-1].text == "dear bob, how are you"


async def test_the_editor_has_the_terminal_alone_and_what_came_meanwhile_is_seen_afterwards() -> None:
    node = CountedNode.sample(FixedClock())
    assert isinstance(node, CountedNode)
    async with new_home() as home, tmux_terminal() as terminal:
        home.make_profile()
        editor = home.paths.home.parent / "editor"
        editor.write_text(EDITOR, encoding="utf-8")
        editor.chmod(0o700)
        server = ApiServer(node, home.socket)
        home.paths.run_directory(create=True)
        await server.start()
        environment = {"LANG": "C.UTF-8", "VISUAL": str(editor), "PYTHONPATH": os.environ["PYTHONPATH"]}
        command = [sys.executable, "-m", "tuichat", "--home", str(home.paths.home)]
        try:
            terminal.start(command, environment, (80, 24))
            await terminal.until("did the draft reach you?")
            terminal.type("dear bob")
            await terminal.until("dear bob")
            terminal.press("M-e")
            seen = await terminal.until("the editor says: dear bob", "exit code")
            assert "did the draft reach you?" not in seen
            for number in range(60):
                node.notice(f"number {number}")
                await asyncio.sleep(0.02)  # a picture for each, were any drawn
            node.asked.clear()
            node.incoming("bob", "are you there?")
            node.incoming("alice", "I am back")
            async with asyncio.timeout(SECONDS):
                await node.asked.wait()  # the interface goes on hearing of what happens
            terminal.type("how are you")
            assert "are you there?" not in await terminal.until("how are you")
            terminal.press("Enter")
            await terminal.until_all("dear bob, how are you", "are you there?")
            assert "the editor says" not in terminal.screen()
            terminal.press("Enter")
            async with asyncio.timeout(SECONDS):
                while not await was_sent(node):  # noqa: ASYNC110 - another process brings it about
                    await asyncio.sleep(0.02)
            terminal.press("C-q")
            assert "exit code 0" in await terminal.until("exit code")
        finally:
            await server.close()
