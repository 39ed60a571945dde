"""A profile that lasts for one demonstration: its home, its node, and the sure end of both."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
from pathlib import Path

from tuichat.api.client import AsyncClient
from tuichat.bootstrap.attaching import attach
from tuichat.bootstrap.profiles import create_profile, profile_paths
from tuichat.errors import StorageError, TuichatError
from tuichat.store.profile_lock import lock_holder

START_SECONDS = 30.0
STOP_SECONDS = 10.0
"""How long a node may take to end by itself; then it is ended."""

_TORRC = "network.torrc"


class DemoProfile:
    """One made-up person without a passphrase, on a Tor network of our own."""

    def __init__(self, home: Path, name: str) -> None:
        self.name = name
        self.paths = profile_paths(home, "default", None)

    def create(self, torrc: Path) -> str:
        """Make the profile; `torrc` names the network it is on. Gives its address."""
        address = create_profile(self.paths, None, self.name)
        shutil.copyfile(torrc, self.paths.home / _TORRC)
        self.paths.config.write_text(f'[tor]\nextra_torrc = "{_TORRC}"\n', encoding="utf-8")
        return address

    async def attach(self) -> AsyncClient:
        """A client of its node, which is started if it does not run, and is told to go online.

        Raises:
            TuichatError: it does not start.
        """
        # A node that is half started can neither be found nor ended: it is waited for, even when cancelled.
        attaching = asyncio.ensure_future(attach(self.paths, timeout=START_SECONDS))
        try:
            node = await asyncio.shield(attaching)
        except asyncio.CancelledError:
            await asyncio.wait({attaching})
            if attaching.exception() is None:
                await attaching.result().close()
            raise
        try:
            await node.go_online()
        except BaseException:
            await node.close()
            raise
        return node

    async def end(self) -> None:
        """End the node, if one runs, and wait until its process is gone."""
        holder = lock_holder(self.paths.lock)
        if holder is not None and holder.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                await self._end_process(os.pidfd_open(holder.pid))
        with contextlib.suppress(StorageError):
            # It lies outside the home when the home's path is long.
            shutil.rmtree(self.paths.run_directory(), ignore_errors=True)

    async def _end_process(self, process: int) -> None:
        try:
            await self._ask_to_stop()
            for number in (signal.SIGTERM, signal.SIGKILL):
                if await _ended(process, STOP_SECONDS):
                    return
                signal.pidfd_send_signal(process, number)
            await _ended(process, STOP_SECONDS)
        finally:
            os.close(process)

    async def _ask_to_stop(self) -> None:
        with contextlib.suppress(TuichatError, TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                async with await attach(self.paths, start=False) as node:
                    await node.stop()


async def _ended(process: int, seconds: float) -> bool:
    """Whether the process of this descriptor ends within `seconds`."""
    loop, gone = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(process, gone.set)
    try:
        async with asyncio.timeout(seconds):
            await gone.wait()
    except TimeoutError:
        return False
    finally:
        loop.remove_reader(process)
    return True
