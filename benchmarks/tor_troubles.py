"""What can happen to two people who talk over tor, each trouble as something done to one of them.

A trouble is over when `do` returns; then messages must come through. What it leaves behind, such as a clock
that is wrong, `mend` takes away afterwards.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

from benchmarks.tor_clock import TorClock, forget
from benchmarks.troubled_node import CLOCK, CONTROL, UNPUBLISH
from onion.controller import Controller
from onion.endpoint import Endpoint
from onion.errors import TorError
from tests.support.people import PATIENCE, ROOT, Person

LONG_STALL_SECONDS: Final = 120.0
DAY: Final = 86_400
NEARLY: Final = 60.0


class Links(Protocol):
    """What a private network's links can suffer."""

    def cut(self) -> int: ...

    def stall(self, seconds: float) -> None: ...


class Victim(Person):
    """A person whose node can be troubled from outside. Attributes: `clock`, which their tor reads."""

    def __init__(self, name: str, directory: Path, torrc: Path) -> None:
        super().__init__(name, directory, torrc)
        self.clock = TorClock(directory / f"{name}.clock")
        self._environment |= self.clock.environment

    async def _spawn(self, *words: str, output: int = asyncio.subprocess.PIPE) -> asyncio.subprocess.Process:
        if words[0] != "daemon":
            return await super()._spawn(*words, output=output)
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "benchmarks.troubled_node", "--home", str(self.paths.home), *words),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=self._environment,
            cwd=ROOT,
        )

    async def living_tor(self) -> int:
        """The process of their tor, as soon as there is one."""
        while (pid := self.tor_pid()) is None:  # noqa: ASYNC110 - their node starts it
            await asyncio.sleep(0.05)
        return pid

    @contextlib.asynccontextmanager
    async def control(self) -> AsyncIterator[Controller]:
        """A control connection to their tor beside their node's, as soon as it takes one."""
        endpoint = Endpoint(path=self.paths.run_directory() / "control")
        cookie = self.paths.tor / "control_auth_cookie"
        while True:
            try:
                controller = await Controller.connect(endpoint, lambda _event: None, cookie)
                break
            except TorError:
                await asyncio.sleep(0.1)
        try:
            yield controller
        finally:
            await controller.close()


@dataclass(frozen=True, slots=True)
class Scene:
    """Who suffers, on what network, and for how many seconds if it lasts."""

    victim: Victim
    links: Links
    seconds: float


Deed = Callable[[Scene], Awaitable[None]]


async def _kill_tor(scene: Scene) -> None:
    pid = await scene.victim.living_tor()
    os.kill(pid, signal.SIGKILL)
    forget(pid)


async def _stop_tor(scene: Scene) -> None:
    pid = await scene.victim.living_tor()
    os.kill(pid, signal.SIGSTOP)
    try:
        await asyncio.sleep(scene.seconds)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


async def _stop_tor_for_good(scene: Scene) -> None:
    """It is still there, with its sockets: their node has to find out, end it and start another."""
    os.kill(await scene.victim.living_tor(), signal.SIGSTOP)


async def _one_tor_is_left(scene: Scene) -> None:
    """Raises TimeoutError if the one that stood still is not ended."""
    async with asyncio.timeout(PATIENCE):
        while len(scene.victim.tor_pids()) != 1:  # noqa: ASYNC110 - their node ends it
            await asyncio.sleep(0.1)


async def _lose_control(scene: Scene) -> None:
    os.kill(scene.victim.pid, CONTROL)


async def _close_circuits(scene: Scene) -> None:
    async with scene.victim.control() as controller:
        for line in (await controller.get_info("circuit-status")).splitlines():
            with contextlib.suppress(TorError):  # it may have closed by itself since
                await controller.call(f"CLOSECIRCUIT {line.split()[0]}")


async def _cut(scene: Scene) -> None:
    scene.links.cut()


async def _stall(scene: Scene) -> None:
    scene.links.stall(scene.seconds)
    await asyncio.sleep(scene.seconds)


async def _stall_long(scene: Scene) -> None:
    """Longer than links stay that bring nothing."""
    scene.links.stall(LONG_STALL_SECONDS)
    await asyncio.sleep(LONG_STALL_SECONDS)


async def _unpublish(scene: Scene) -> None:
    """And close what stands: an open link would not need the service."""
    os.kill(scene.victim.pid, UNPUBLISH)
    await _close_circuits(scene)


async def _disable_network(scene: Scene) -> None:
    async with scene.victim.control() as controller:
        await controller.call("SETCONF DisableNetwork=1")
        await asyncio.sleep(scene.seconds)
        await controller.call("SETCONF DisableNetwork=0")


async def _kill_node(scene: Scene) -> None:
    await scene.victim.kill()
    await scene.victim.start()


async def _set_clock_ahead(scene: Scene) -> None:
    """And close what stands: a new link is to be made by the wrong clock."""
    os.kill(scene.victim.pid, CLOCK)
    await _close_circuits(scene)


async def _set_clock_right(scene: Scene) -> None:
    os.kill(scene.victim.pid, CLOCK)


async def _ahead(controller: Controller) -> float:
    """By how many seconds a tor's clock is ahead of the system's."""
    told = datetime.fromisoformat(await controller.get_info("current-time/utc")).replace(tzinfo=UTC)
    return told.timestamp() - time.time()


def _set_tor_clock(seconds: int) -> Deed:
    """Set it, and close what stands once tor says that time: new circuits are to be made by this clock."""

    async def set_it(scene: Scene) -> None:
        scene.victim.clock.set_ahead(seconds)
        async with asyncio.timeout(PATIENCE), scene.victim.control() as controller:
            while abs(await _ahead(controller) - seconds) > NEARLY:  # noqa: ASYNC110 - it looks once a second
                await asyncio.sleep(0.1)
        await _close_circuits(scene)

    return set_it


def _set_tor_clock_for_a_while(seconds: int) -> Deed:
    async def set_and_mend(scene: Scene) -> None:
        await _set_tor_clock(seconds)(scene)
        await asyncio.sleep(scene.seconds)
        await _set_tor_clock(0)(scene)

    return set_and_mend


async def _nothing(_scene: Scene) -> None:
    return


@dataclass(frozen=True, slots=True)
class Trouble:
    """Attributes: `name`, for people; `do`, which ends with the trouble; `mend`, for later; `comes_last`,
    because of what it leaves behind that nothing can mend.
    """

    name: str
    do: Deed
    mend: Deed = _nothing
    comes_last: bool = False


TROUBLES: Final = (
    Trouble("tor killed", _kill_tor),
    Trouble("tor stopped for a while", _stop_tor),
    Trouble("tor stopped for good", _stop_tor_for_good, _one_tor_is_left),
    Trouble("control connection lost", _lose_control),
    Trouble("all circuits closed", _close_circuits),
    Trouble("links cut", _cut),
    Trouble("links stalled for a while", _stall),
    Trouble("links stalled for two minutes", _stall_long),
    Trouble("service unpublished", _unpublish),
    Trouble("DisableNetwork for a while", _disable_network),
    Trouble("node killed", _kill_node),
    Trouble("node's clock a day ahead", _set_clock_ahead, _set_clock_right),
    Trouble("tor's clock a day ahead", _set_tor_clock(DAY), _set_tor_clock(0), comes_last=True),
    Trouble("tor's clock a day behind", _set_tor_clock(-DAY), _set_tor_clock(0)),
    Trouble("tor's clock ahead for a while", _set_tor_clock_for_a_while(DAY), comes_last=True),
    Trouble("tor's clock behind for a while", _set_tor_clock_for_a_while(-DAY)),
)


def some_seconds(rng: random.Random) -> float:
    """How long a trouble lasts that lasts."""
    return rng.uniform(1.0, 4.0)
