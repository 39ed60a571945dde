"""The interface as a program in a real terminal, with a node in memory behind it."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping

from tests.support.homes import new_home
from tests.support.memory_node import MemoryNode
from tests.support.pty_terminal import PtyTerminal, pty_terminal
from tuichat.api.server import ApiServer

Around = Callable[[list[str]], list[str]]


@contextlib.asynccontextmanager
async def served(node: MemoryNode) -> AsyncIterator[tuple[list[str], dict[str, str]]]:
    """The command that opens the interface on `node`, and the environment that it needs."""
    async with new_home() as home:
        home.make_profile()
        server = ApiServer(node, home.socket)
        home.paths.run_directory(create=True)
        await server.start()
        kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "HOME") if name in os.environ}
        try:
            yield [sys.executable, "-m", "tuichat", "--home", str(home.paths.home)], kept
        finally:
            await server.close()


@contextlib.asynccontextmanager
async def drawn_interface(
    node: MemoryNode, size: tuple[int, int], environment: Mapping[str, str], around: Around = list
) -> AsyncIterator[PtyTerminal]:
    """`tuichat` as it is started by hand, in a terminal whose environment is as given.

    Args:
        around: gives the command of a program in the terminal that runs the command within it.
    """
    async with (
        served(node) as (command, kept),
        pty_terminal(around(command), {**kept, **environment}, size) as terminal,
    ):
        yield terminal
