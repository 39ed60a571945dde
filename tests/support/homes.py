"""Profiles in short-lived homes, whose nodes are real processes that never reach a tor."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from tuichat import bootstrap
from tuichat.api.client import AsyncClient
from tuichat.clock import SystemClock, SystemRng
from tuichat.crypto.passphrase import FLOOR
from tuichat.store.profile import create_profile
from tuichat.store.profile_lock import lock_holder

PASSPHRASE = "correct horse"
_PATIENCE = 60.0


class Home:
    """One profile's home. `close` ends its node, whichever it is by then."""

    def __init__(self, directory: Path) -> None:
        self._processes: list[asyncio.subprocess.Process] = []
        self.paths = bootstrap.profile_paths(directory / "home", "default", None)

    @property
    def socket(self) -> Path:
        """Where its node listens."""
        return bootstrap.socket_path(self.paths)

    def make_profile(self, passphrase: str | None = None) -> Home:
        """A profile in it, at the least cost that a passphrase may have."""
        create_profile(self.paths, "", passphrase, SystemRng(), SystemClock(), cost=FLOOR)
        return self

    def node_pid(self) -> int | None:
        """The process that holds the profile, None if none does."""
        holder = lock_holder(self.paths.lock)
        return None if holder is None else holder.pid

    async def wait_until(self, condition: Callable[[], bool]) -> None:
        """Look again until `condition` holds; fails after a while that is long for any machine."""
        async with asyncio.timeout(_PATIENCE):
            while not condition():  # noqa: ASYNC110 - another process brings it about
                await asyncio.sleep(0.02)

    async def wait_ended(self) -> None:
        """Wait until no node holds the profile."""
        await self.wait_until(lambda: lock_holder(self.paths.lock) is None)

    async def attach(self) -> AsyncClient:
        """A client of its node, which is started if none runs."""
        return await bootstrap.attach(self.paths, timeout=_PATIENCE)

    async def reattach(self) -> AsyncClient:
        """A client of the node that runs, or is on its way."""
        return await bootstrap.reattach(self.paths, timeout=_PATIENCE)

    async def daemon(self, *options: str) -> asyncio.subprocess.Process:
        """A daemon in the foreground; it need not be serving yet."""
        return await self.command("daemon", "run", options=options)

    async def command(self, *words: str, options: tuple[str, ...] = ()) -> asyncio.subprocess.Process:
        """`tuichat --home ... words`, its output in pipes."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tuichat", "--home", str(self.paths.home), *options, *words),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        self._processes.append(process)
        return process

    async def close(self) -> None:
        """Kill what a failed test has left running."""
        for process in self._processes:
            if process.returncode is None:
                process.kill()
                await process.communicate()
        pid = self.node_pid()
        if pid is not None and pid != os.getpid():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            await self.wait_ended()


@contextlib.asynccontextmanager
async def new_home() -> AsyncIterator[Home]:
    """A home in a directory of its own, without a profile yet; its nodes find no tor."""
    with tempfile.TemporaryDirectory(prefix="tc") as directory:
        home = Home(Path(directory))
        try:
            yield home
        finally:
            await home.close()
