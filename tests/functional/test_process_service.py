"""A daemon as a service manager runs it: what it is told, when settings are read again, how it ends."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import pytest

from tests.support.homes import PASSPHRASE, Home, new_home
from tests.support.notify_socket import NotifySocket
from tuichat.errors import LockedError, UsageError
from tuichat.model import Reread


@pytest.fixture
async def home() -> AsyncIterator[Home]:
    async with new_home() as made:
        yield made.make_profile(PASSPHRASE)


class Service:
    """A daemon under a service manager that waits half a second for a sign of life."""

    def __init__(self, home: Home, manager: NotifySocket) -> None:
        self.home = home
        self.manager = manager
        self.errors: list[str] = []
        self._reading: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self.process = await self.home.daemon()
        self._reading = asyncio.ensure_future(self._read())

    async def _read(self) -> None:
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            self.errors.append(line.decode().rstrip("\n"))

    @property
    def of_settings(self) -> list[str]:
        """What was said of the settings: of tor, and of a lock by time, it may speak at any moment."""
        return [line for line in self.errors if " tuichat.settings: " in line]

    async def says(self, *parts: str) -> None:
        """Wait for a line on stderr with all of `parts`."""
        await self.manager.until(lambda: any(all(part in line for part in parts) for line in self.errors))

    async def reloads(self, settings: str) -> None:
        """Write the settings, have them read again, and wait for what the manager is told of that."""
        self.home.paths.config.write_text(settings)
        before = self.manager.count("READY")
        self.process.send_signal(signal.SIGHUP)
        await self.manager.until(lambda: self.manager.count("READY") == before + 1)
        reloading = [fields for fields in self.manager.told if "RELOADING" in fields]
        assert len(reloading) == before
        assert int(reloading[-1]["MONOTONIC_USEC"]) > 0

    async def ended(self) -> int | None:
        async with asyncio.timeout(60):
            assert self._reading is not None
            await self._reading
            return await self.process.wait()


@pytest.fixture
async def service(home: Home, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Service]:
    with NotifySocket(f"@tuichat-service-{os.getpid()}") as manager:
        monkeypatch.setenv("NOTIFY_SOCKET", manager.address)
        monkeypatch.setenv("WATCHDOG_USEC", "500000")
        made = Service(home, manager)
        yield made
        if made.process.returncode is None:  # the test failed
            made.process.kill()
            await made.ended()


async def test_a_service_is_ready_while_locked_reads_its_settings_again_and_ends_in_order(
    service: Service,
) -> None:
    manager, home = service.manager, service.home
    home.paths.config.write_text('[files]\nquota = "1GiB"\n')
    await service.start()
    await manager.until(lambda: manager.count("READY") == 1)
    await manager.until(lambda: manager.status == "Locked; it waits for: tuichat unlock")
    await manager.until(lambda: manager.count("WATCHDOG") >= 2)

    # A second one is refused, and says whom the profile belongs to.
    second = await home.daemon()
    _output, refused = await second.communicate()
    assert second.returncode == 1
    assert f"with pid {service.process.pid}, since 20" in refused.decode()

    # Settings, locked: what a node goes by holds for the one that is opened later.
    hook = '[[hooks]]\nevent = "*"\nexec = ["true"]\n'
    await service.reloads(f'[files]\nquota = "2GiB"\n[tor]\nmode = "system"\n[ui]\ntheme = "light"\n{hook}')
    await service.says("info: tuichat.settings: Changed: files.quota.")
    await service.says("warning: tuichat.settings: Takes effect at the next start: tor.mode, hooks.")
    await service.reloads('[files]\nquota = "much"\n')
    await service.says("error: tuichat.settings: Line 2 of the settings is wrong, so they stay as they were.")
    assert not any("much" in line or str(home.paths.config) in line for line in service.errors)
    async with await home.reattach() as client:
        with pytest.raises(UsageError, match="line 2"):
            await client.reload()
        home.paths.config.write_text('[files]\nquota = "2GiB"\n[tor]\nmode = "system"\n')
        assert await client.reload() == Reread(later=("tor.mode",))

    # Open: the node goes by what was read, and goes on.
    async with await home.reattach() as client:
        await client.unlock(PASSPHRASE)
        await manager.until(lambda: manager.status == "Tor is not installed.")
        told = len(service.of_settings)
        await service.reloads('[privacy]\nreceipts = true\nauto_lock = "1s"\n[files]\nquota = "2GiB"\n')
        await service.says("Changed: privacy.receipts, privacy.auto_lock.")
        assert len(service.of_settings) == told + 1
        await manager.until(lambda: manager.status.startswith("Locked"))  # by the new auto_lock
        with pytest.raises(LockedError):
            await client.contact_list()

    # It ends locked as well, and says so first.
    service.process.send_signal(signal.SIGTERM)
    assert await service.ended() == 0
    assert manager.count("STOPPING") == 1
    assert "READY" not in manager.told[-1]
    assert home.node_pid() is None
    assert not home.socket.exists()
    assert not any("Traceback" in line for line in service.errors)


async def test_a_signal_while_the_profile_is_being_opened_ends_it_without_ready(service: Service) -> None:
    passphrase = service.home.paths.home / "passphrase"
    passphrase.touch(0o600)
    passphrase.write_text(PASSPHRASE)
    os.environ["TUICHAT_PASSPHRASE_FILE"] = str(passphrase)
    try:
        await service.start()
    finally:
        del os.environ["TUICHAT_PASSPHRASE_FILE"]
    await service.home.wait_until(lambda: service.home.node_pid() is not None)
    service.process.send_signal(signal.SIGTERM)
    assert await service.ended() == 0
    assert service.manager.count("STOPPING") == 1
    assert service.home.node_pid() is None
    assert not service.home.paths.database.with_name("tuichat.db-wal").exists()
