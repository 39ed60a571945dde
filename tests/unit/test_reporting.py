"""What the service manager hears: who is alive says so in time, who is not says nothing."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.support.fixed_clock import FixedClock
from tests.support.notify_socket import NotifySocket
from tuichat.bootstrap import reporting
from tuichat.bootstrap.reporting import Report
from tuichat.bootstrap.service_manager import ServiceManager
from tuichat.bootstrap.service_words import standing
from tuichat.clock import SystemClock
from tuichat.errors import StorageError
from tuichat.model import ServiceState, Status, TorState
from tuichat.network.service_light import lit

LOCKED = Status(address=None, node="daemon", locked=True)


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[NotifySocket]:
    with NotifySocket(f"{os.path.relpath(tmp_path)}/notify") as listening:
        yield listening


def told_by(environment: dict[str, str]) -> ServiceManager:
    return ServiceManager.taken_from(environment)


@pytest.mark.parametrize("form", ["path", "abstract"])
def test_the_socket_is_reached_by_path_and_by_abstract_name(form: str, tmp_path: Path) -> None:
    name = str(tmp_path / "notify")
    address = name if form == "path" and len(name) < 100 else f"@tuichat-test-{os.getpid()}"
    with NotifySocket(address) as listening:
        told_by({"NOTIFY_SOCKET": address}).tell(READY=1, STATUS="one\nline")
        assert listening.read() == [{"READY": "1", "STATUS": "one line"}]


def test_the_variables_are_taken_so_that_no_other_process_speaks() -> None:
    environment = {
        "NOTIFY_SOCKET": "@x",
        "WATCHDOG_USEC": "2000000",
        "WATCHDOG_PID": str(os.getpid()),
        "A": "b",
    }
    assert told_by(environment).watchdog_seconds == 2.0
    assert environment == {"A": "b"}


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"NOTIFY_SOCKET": "vsock:2:1"},
        {"NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "0"},
        {"NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "often"},
        {"NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "5000000", "WATCHDOG_PID": "1"},
        {"WATCHDOG_USEC": "5000000"},
    ],
)
def test_no_sign_of_life_is_given_that_nobody_waits_for(environment: dict[str, str]) -> None:
    assert told_by(environment).watchdog_seconds is None


def test_a_manager_that_is_gone_hinders_nothing(tmp_path: Path) -> None:
    ServiceManager(f"{tmp_path}/nobody").tell(READY=1)
    ServiceManager().tell(READY=1)


class Asked:
    """A node that can be asked how it stands, unless its database fails or it hangs."""

    def __init__(self) -> None:
        self.status = LOCKED
        self.fails = False
        self.hangs = False

    async def __call__(self) -> Status:
        if self.hangs:
            await asyncio.Event().wait()
        if self.fails:
            raise StorageError("The disk failed.")
        return self.status


@pytest.mark.parametrize("ailment", ["fails", "hangs"])
async def test_a_node_that_cannot_say_how_it_stands_gives_no_sign_of_life(
    manager: NotifySocket, ailment: str
) -> None:
    asked = Asked()
    report = Report(ServiceManager(manager.address, 0.04), asked, SystemClock())
    await report.ready()
    assert manager.read() == [{"READY": "1"}, {"STATUS": standing(LOCKED)}]
    keeping = asyncio.ensure_future(report.keep())
    await manager.until(lambda: manager.count("WATCHDOG") >= 3)
    setattr(asked, ailment, True)
    await asyncio.sleep(0.03)
    before = manager.count("WATCHDOG")
    await asyncio.sleep(0.2)
    assert manager.count("WATCHDOG") == before
    assert manager.status == ("The disk failed." if ailment == "fails" else standing(LOCKED))
    keeping.cancel()
    await asyncio.wait({keeping})


async def test_signs_of_life_come_at_half_the_time_that_they_are_waited_for(manager: NotifySocket) -> None:
    report = Report(ServiceManager(manager.address, 0.4), Asked(), SystemClock())
    keeping = asyncio.ensure_future(report.keep())
    began = asyncio.get_running_loop().time()
    await manager.until(lambda: manager.count("WATCHDOG") >= 4)
    assert asyncio.get_running_loop().time() - began >= 3 * 0.2
    keeping.cancel()
    await asyncio.wait({keeping})


async def test_work_that_keeps_the_loop_gives_signs_of_life_itself_and_no_more_than_are_due(
    manager: NotifySocket,
) -> None:
    clock = FixedClock()
    report = Report(ServiceManager(manager.address, 60.0), Asked(), clock)
    for _second in range(100):
        report.still_works()
        clock.advance(1.0)
    await manager.until(lambda: manager.count("WATCHDOG") >= 4)
    assert manager.count("WATCHDOG") == 4
    quiet = Report(ServiceManager(manager.address), Asked(), clock)
    quiet.still_works()
    assert manager.count("WATCHDOG") == 4


async def test_a_slow_start_asks_for_time_and_a_reload_is_told_once_it_was_ready(
    manager: NotifySocket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "EXTENSION_SECONDS", 0.012)
    report = Report(ServiceManager(manager.address), Asked(), SystemClock())
    report.reloading()
    report.reloaded()
    async with report.patience():
        await manager.until(lambda: manager.count("EXTEND_TIMEOUT_USEC") >= 2)
    assert all(fields == {"EXTEND_TIMEOUT_USEC": "12000"} for fields in manager.read())
    await report.ready()
    asked = SystemClock().monotonic()
    report.reloading()
    report.reloaded()
    report.stopping()
    *_before, reloading, ready, stopping = manager.read()
    assert reloading["RELOADING"] == "1"
    assert asked * 1e6 - 1 <= int(reloading["MONOTONIC_USEC"]) <= SystemClock().monotonic() * 1e6
    assert ready == {"READY": "1", "STATUS": standing(LOCKED)}
    assert stopping == {"STOPPING": "1"}


def stands(tor: TorState, service: ServiceState | None = None) -> str:
    found = Status(address="a" * 56, node="daemon", locked=False, tor=tor, name="Alice")
    return standing(msgspec.structs.replace(found, service=lit(tor, service or ServiceState())))


def test_how_a_node_stands_is_said_in_words_without_addresses_and_files() -> None:
    connecting = TorState(running=True, bootstrap=45, summary="Asking for relay descriptors")
    ready = TorState(running=True, bootstrap=100, version="0.4.9.11")
    said = {
        "offline": stands(TorState()),
        "tor": stands(connecting),
        "publishing": stands(ready),
        "unpublished": stands(ready, ServiceState(detail="Tor refused: /home/you")),
        "checking": stands(ready, ServiceState(published=True)),
        "reachable": stands(ready, ServiceState(published=True, reachable=True)),
        "no_answer": stands(ready, ServiceState(published=True, missed=3)),
        "problem": stands(TorState(problem="died", detail="/home/you/tor is gone")),
    }
    assert said["tor"] == "Tor connects: 45%, Asking for relay descriptors"
    assert said["problem"] == "Tor has ended and is started again."
    assert said["reachable"] == "Others can reach you."
    assert len(set(said.values())) == len(said)
    assert not any(word in text for text in said.values() for word in ("aaaa", "Alice", "/home"))
