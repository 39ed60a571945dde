"""The interface as a program in a real terminal, with a node in memory behind it."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import AsyncIterator, Mapping

from tests.support.homes import new_home
from tests.support.memory_node import MemoryNode
from tests.support.pty_terminal import PtyTerminal, pty_terminal
from tuichat.api.server import ApiServer


@contextlib.asynccontextmanager
async def drawn_interface(
    node: MemoryNode, size: tuple[int, int], environment: Mapping[str, str]
) -> AsyncIterator[PtyTerminal]:
    """`tuichat` as it is started by hand, in a terminal whose environment is as given."""
    async with new_home() as home:
        home.make_profile()
        server = ApiServer(node, home.socket)
        home.paths.run_directory(create=True)
        await server.start()
        kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "HOME") if name in os.environ}
        command = [sys.executable, "-m", "tuichat", "--home", str(home.paths.home)]
        try:
            async with pty_terminal(command, {**kept, **environment}, size) as terminal:
                yield terminal
        finally:
            await server.close()
