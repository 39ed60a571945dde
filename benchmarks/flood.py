"""What a flood of strangers costs a node: its memory, and its contacts' patience.

Claims, for 100,000 calls of strangers while a contact converses:
  - the node's resident memory stays within 64 MiB of what it was before;
  - a contact's message is delivered at most twice as late as without them.

The node is a daemon as anybody runs it, without a tor: strangers and the contact come straight to the UNIX
socket behind its onion service. That is worse than the real thing, where every stranger needs a circuit, and
tor asks for a proof of work. Strangers call as fast as they are answered, so many at once; a tenth says
nonsense, the others knock rightly and, if they are let in, ask to be a contact or keep silent. The contact is
a node in this process, so that only the daemon's memory counts. A message counts from `send` to "delivered":
both sides' commits to disk, the envelope, the acknowledgement and the event.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import options, report
from benchmarks.homes import ROOT, Home, new_home
from benchmarks.processes import processor_seconds, resident_mb
from benchmarks.socket_transport import SocketTransport
from tuichat import bootstrap
from tuichat.api.client import AsyncClient
from tuichat.clock import SystemClock, SystemRng
from tuichat.crypto.kem import MlKem768
from tuichat.model import MessageEvent
from tuichat.network.addresses import address_of, onion_of
from tuichat.node.file_places import FileRules
from tuichat.node.node import Node
from tuichat.node.parts import NodeParts
from tuichat.store.profile import create_profile, open_profile
from tuichat.store.store import Store

AT_MOST_MB = 64.0
AT_MOST_RATIO = 2.0

_BETWEEN_MESSAGES = 0.1
_LOOK_SECONDS = 0.1
_AFTER_SECONDS = 5.0
_PATIENCE = 60.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    made = options.parser("benchmarks.flood", __doc__, rounds=4)
    made.add_argument(
        "--calls", type=options.at_least_one, default=100_000, metavar="N", help="in each round"
    )
    made.add_argument(
        "--seconds", type=options.at_least_one, default=400, metavar="N", help="of all floods at most"
    )
    made.add_argument("--at-once", type=options.at_least_one, default=64, metavar="N")
    made.add_argument(
        "--messages", type=options.at_least_one, default=50, metavar="N", help="without the flood, a round"
    )
    return asyncio.run(_measure(options.parse(made, arguments)))


@dataclass(slots=True)
class _Measured:
    """All that was seen. Seconds and megabytes."""

    quiet: list[float] = field(default_factory=list)
    flooded: list[float] = field(default_factory=list)
    during: list[float] = field(default_factory=list)
    ends: dict[str, int] = field(default_factory=dict)
    heard: int = 0
    seconds: float = 0.0
    computed: float = 0.0


async def _measure(chosen: argparse.Namespace) -> int:
    seen = _Measured()
    with new_home() as home:
        address = home.make_profile()
        home.start()
        async with _contact(home, address) as contact:
            await contact.converse(20)
            idle = resident_mb(home.node_pid)
            for _ in range(chosen.rounds):
                seen.quiet += await contact.converse(chosen.messages)
                await _flood(chosen, home, onion_of(address), contact, seen)
            await asyncio.sleep(_AFTER_SECONDS)
            after = resident_mb(home.node_pid)
    _say(chosen, seen, idle, after)
    return 0


def _say(chosen: argparse.Namespace, seen: _Measured, idle: float, after: float) -> None:
    report.heading(
        f"{sum(seen.ends.values())} calls of strangers, {chosen.at_once} at once, "
        f"in {seen.seconds:.0f} s, of which the node computed {seen.computed:.0f} s"
    )
    for how, times in sorted(seen.ends.items()):
        print(f"  {how:46} {times:>7}")
    print(f"  {'of those who asked, heard and answered':46} {seen.heard:>7}")
    report.heading("Resident memory of the node")
    for label, values in (("before", [idle]), ("during the flood", seen.during), ("5 s after it", [after])):
        report.Series(label, values, "MB").show()
    grown = report.Series("more than before", [max(*seen.during, after) - idle], "MB")
    report.limit(grown, at_most=AT_MOST_MB)
    report.heading("A contact's message, send to delivered")
    flooded, quiet = (
        report.Series("during the flood", seen.flooded, "ms"),
        report.Series("without it", seen.quiet, "ms"),
    )
    report.compare(flooded, quiet, at_most=AT_MOST_RATIO)
    report.compare_spread(flooded, quiet)


class _Contact:
    """Somebody in this process whom the node knows, and who writes to it."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._delivered: dict[int, float] = {}
        self._more = asyncio.Condition()
        self._reading = asyncio.create_task(self._read())

    async def converse(self, messages: int) -> list[float]:
        """Seconds until each was delivered, one after another with small pauses."""
        return [await self.send() for _ in range(messages)]

    async def send(self) -> float:
        """Seconds until a message was delivered, and then a small pause."""
        began = time.perf_counter()
        message = await self._node.send("me", "are you there?")
        async with asyncio.timeout(_PATIENCE), self._more:
            while message.id not in self._delivered:
                await self._more.wait()
        await asyncio.sleep(_BETWEEN_MESSAGES)
        return self._delivered.pop(message.id) - began

    async def close(self) -> None:
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)

    async def _read(self) -> None:
        async for event in self._node.subscribe():
            if isinstance(event, MessageEvent) and event.message.state == "delivered":
                self._delivered[event.message.id] = time.perf_counter()
                async with self._more:
                    self._more.notify_all()


@contextlib.asynccontextmanager
async def _contact(home: Home, address: str) -> AsyncIterator[_Contact]:
    """A contact of the daemon at `home`, linked with it."""
    paths = bootstrap.profile_paths(home.paths.home / "contact", "default", None)
    create_profile(paths, "", None, SystemRng(), SystemClock())
    profile = open_profile(paths, "")
    parts = NodeParts(
        store=Store.open(paths.database, profile.database_key),
        identity=profile.identity,
        name="",
        transport=SocketTransport(_onion_socket(home)),
        clock=SystemClock(),
        rng=SystemRng(),
        kem=MlKem768(),
        files=FileRules.inside(paths.home),
    )
    client = await AsyncClient.open(home.socket)
    await client.contact_add(address_of(profile.identity.onion), "contact")
    await client.close()
    node = Node(parts)
    await node.start()
    contact = _Contact(node)
    try:
        await node.contact_add(address, "me")
        await contact.converse(1)
        yield contact
    finally:
        await contact.close()
        await node.close()


async def _flood(
    chosen: argparse.Namespace, home: Home, onion: bytes, contact: _Contact, seen: _Measured
) -> None:
    """Let the strangers come, and meanwhile converse and look at the node's memory."""
    computed, began = processor_seconds(home.node_pid), time.perf_counter()
    crowd = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.strangers", str(_onion_socket(home)), onion.hex()),
        *(str(-(-chosen.calls // chosen.rounds)), str(chosen.at_once), str(chosen.seconds / chosen.rounds)),
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    try:
        ended = asyncio.create_task(crowd.communicate())
        watching = asyncio.create_task(_watch(home.node_pid, ended, seen.during))
        while not ended.done():
            seen.flooded.append(await contact.send())
        await watching
        told = json.loads((await ended)[0])
        seen.heard += told["heard"]
        for how, times in told["ends"].items():
            seen.ends[how] = seen.ends.get(how, 0) + times
    finally:
        with contextlib.suppress(ProcessLookupError):
            crowd.kill()
        await crowd.wait()
    seen.seconds += time.perf_counter() - began
    seen.computed += processor_seconds(home.node_pid) - computed


async def _watch(pid: int, ended: asyncio.Task[tuple[bytes, bytes]], found: list[float]) -> None:
    while not ended.done():
        found.append(resident_mb(pid))
        await asyncio.sleep(_LOOK_SECONDS)


def _onion_socket(home: Home) -> Path:
    return home.paths.run_directory() / "onion.sock"


if __name__ == "__main__":
    sys.exit(main())
