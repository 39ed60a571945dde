"""What a node and its commands take on a machine without a screen, beside other programs, in one run.

Claims:
  - `tuichat send` to a running node ends at most 0.1 s later than a Python that imports the same libraries;
    it is shown beside `toxic --help`, `profanity --version` and `python -c pass`;
  - a call of the local API takes at most 1.5 times as long as a bare asyncio echo of JSON over such a socket;
  - a node with 100 contacts, none of whom is there, computes at most 0.5% of the time, and has at most 15
    MB more than a Python that imported its libraries (tor is a process of its own and not counted);
  - 1,000 durable events a second reach a subscriber, all of them.

toxic and profanity are Debian's packages: sudo apt-get install toxic profanity. Without them the rest is
shown.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from benchmarks import options, report
from benchmarks.command import imports_of, timed
from benchmarks.homes import NO_TOR, PEER, ROOT, Home, new_home
from benchmarks.interface import SILENT_TOR, bare_import
from benchmarks.processes import processor_seconds, resident_mb
from tuichat.api import AsyncClient
from tuichat.model import MessageEvent, MissedEvent

AT_MOST_MORE_SECONDS = 0.1
AT_MOST_ROUND_TRIP = 1.5
AT_MOST_IDLE = 0.5
AT_MOST_MORE_MB = 15.0
EVENTS_A_SECOND = 1000

CONTACTS = 100
_CALLED_EVERY = 450.0
"""Seconds between two calls of one who stays away: half to all of the longest pause, 600 s."""

_OTHERS = (("toxic", "--help"), ("profanity", "--version"))
_IMPORTING = """
for name in {}:
    try:
        __import__(name)
    except ImportError:
        pass
"""
_OUR_PACKAGES = frozenset({"tuichat", "onion", "sitecustomize", "__main__"})


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    made = options.parser("benchmarks.headless", __doc__, rounds=15)
    made.add_argument("--settle", type=float, default=60.0, metavar="SECONDS", help="that a node rests")
    made.add_argument("--calls", type=options.at_least_one, default=500, metavar="N", help="in a round")
    made.add_argument("--seconds", type=options.at_least_one, default=10, metavar="N", help="of events")
    made.add_argument("--quick", action="store_true", help="a little of everything, to see that it works")
    chosen = options.parse(made, arguments)
    if chosen.quick:
        chosen.rounds, chosen.settle, chosen.calls, chosen.seconds = 1, 1.0, 20, 1
    with new_home(NO_TOR) as home:
        home.make_profile()
        home.fill(100)
        home.start()
        _commands(home, chosen.rounds)
        asyncio.run(_round_trips(home.socket, chosen.rounds, chosen.calls))
    _idle(chosen.settle)
    asyncio.run(_events(chosen.seconds))
    return 0


def _commands(home: Home, rounds: int) -> None:
    """From the start of a command to its end."""
    send = home.command("send", PEER, "hello")
    libraries = [name for name in imports_of(send) if name.partition(".")[0] not in _OUR_PACKAGES]
    sides = {
        "tuichat send": send,
        "python, its libraries imported": [sys.executable, "-c", _IMPORTING.format(libraries)],
        "python -c pass": [sys.executable, "-c", "pass"],
        **{" ".join(other): list(other) for other in _OTHERS if shutil.which(other[0])},
    }
    took: dict[str, list[tuple[float, float]]] = {name: [] for name in sides}
    with tempfile.TemporaryDirectory(prefix="tcb") as elsewhere:
        for _ in range(rounds):
            for name, command in sides.items():
                ours = command[0] == sys.executable
                took[name].append(timed(command, home=None if ours else elsewhere))
    report.heading(f"A command, from its start to its end ({rounds} rounds)")
    for number, what in enumerate(("to its end", "computed")):
        series = [
            report.Series(f"{name}, {what}", [each[number] for each in took[name]], "ms") for name in sides
        ]
        report.difference(series[0], series[1], at_most=AT_MOST_MORE_SECONDS)
        for another in series[2:]:
            report.beside(series[0], another)
    for other in _OTHERS:
        if " ".join(other) not in sides:
            print(f"  {other[0]} is not installed: sudo apt-get install {other[0]}")


async def _round_trips(path: Path, rounds: int, calls: int) -> None:
    """Calls one after the other, and the same number of lines to the echo."""
    ours, whole, other = [], [], []
    async with AsyncClient.connect(path) as node, _echo() as (reader, writer):
        line = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "hello", "params": {}}).encode() + b"\n"
        for _ in range(rounds):
            began = time.perf_counter()
            for _ in range(calls):
                await node.hello()
            ours.append((time.perf_counter() - began) / calls)
            began = time.perf_counter()
            for _ in range(calls):
                writer.write(line)
                json.loads(await reader.readline())
            other.append((time.perf_counter() - began) / calls)
            began = time.perf_counter()
            for _ in range(calls):
                await node.status()
            whole.append((time.perf_counter() - began) / calls)
    report.heading(f"A call of the local API ({rounds} rounds of {calls})")
    echo = report.Series("bare asyncio echo of JSON", other, "µs")
    report.compare(report.Series("hello, with AsyncClient", ours, "µs"), echo, at_most=AT_MOST_ROUND_TRIP)
    report.Series("status, which asks the database", whole, "µs").show()


@contextlib.asynccontextmanager
async def _echo() -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection with the bare echo, in a process of its own as a node is."""
    with tempfile.TemporaryDirectory(prefix="tcb") as directory:
        path = str(Path(directory) / "echo.sock")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "benchmarks.json_echo", path),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        assert process.stdout is not None
        await process.stdout.readline()
        reader, writer = await asyncio.open_unix_connection(path)
        try:
            yield reader, writer
        finally:
            writer.close()
            await process.communicate(b"")  # nothing closes it otherwise


def _idle(settle: float) -> None:
    """A node that rests: with a tor that has no network, and calling people who are away.

    It calls less and less often, each of them about every 450 s in the end: what a call costs is taken from
    its first minute.
    """
    report.heading(f"A node with {CONTACTS} contacts at rest, for {settle:g} s")
    with tempfile.TemporaryDirectory(prefix="tcb") as directory:
        torrc = Path(directory) / "torrc"
        torrc.write_text("DisableNetwork 1\n", encoding="utf-8")
        with _node_with_contacts(SILENT_TOR.format(torrc=torrc), "tuichat") as home:
            offline = _share(home.node_pid, settle)
            node = report.Series("node", [resident_mb(home.node_pid)], "MB")
        counted = Path(directory) / "calls"
        os.environ["HEADLESS_CALLS"] = str(counted)
        with _node_with_contacts(NO_TOR, "benchmarks.headless_node", rest=0.0) as home:
            online = _share(home.node_pid, settle)
            home.stop()
        del os.environ["HEADLESS_CALLS"]
        calls = int(counted.read_text(encoding="ascii"))
    later = offline + online * settle / calls * CONTACTS / _CALLED_EVERY
    report.limit(report.Series("computed while tor has no network", [offline], "%"), at_most=AT_MOST_IDLE)
    report.Series(f"computed at first, with {calls} calls in vain", [online], "%").show()
    report.limit(report.Series("the same, called as later", [later], "%"), at_most=AT_MOST_IDLE)
    bare = report.Series("its libraries, imported", [bare_import()], "MB")
    report.difference(node, bare, at_most=AT_MOST_MORE_MB)


@contextlib.contextmanager
def _node_with_contacts(settings: str, module: str, *, rest: float = 2.0) -> Iterator[Home]:
    """Its start is not counted: so long it may go on."""
    with new_home(settings, module) as home:
        home.make_profile()
        home.add_contacts(CONTACTS)
        home.start()
        time.sleep(rest)
        yield home


def _share(pid: int, seconds: float) -> float:
    """What a process computes, in hundredths of the time."""
    before, began = processor_seconds(pid), time.perf_counter()
    time.sleep(seconds)
    return (processor_seconds(pid) - before) / (time.perf_counter() - began) * 100


async def _events(seconds: int) -> None:
    """Durable events at a pace, as a subscriber has them: gaps, and how late each is."""
    os.environ["HEADLESS_EVENTS"] = f"{EVENTS_A_SECOND} {seconds}"
    late: list[float] = []
    numbers: list[int] = []
    missed = 0
    with new_home(NO_TOR, "benchmarks.headless_node") as home:
        home.make_profile()
        home.fill(200)
        await asyncio.to_thread(home.start)
        async with AsyncClient.connect(home.socket) as node:
            began = 0.0
            async for event in node.subscribe():
                if isinstance(event, MissedEvent):
                    missed += event.last - event.first + 1
                elif isinstance(event, MessageEvent) and event.seq is not None:
                    began = began or time.perf_counter()
                    late.append(max(time.time() - event.at.timestamp(), 0.0))
                    numbers.append(event.seq)
                if len(numbers) + missed >= EVENTS_A_SECOND * seconds:
                    break
            rate = len(numbers) / (time.perf_counter() - began)
    report.heading(f"{EVENTS_A_SECOND:,} durable events a second for {seconds} s, to a subscriber")
    report.Series("from the event to its reader", late, "ms").show_spread()
    gaps = missed + sum(after != before + 1 for before, after in pairwise(numbers))
    report.reached("events a second", rate, at_least=EVENTS_A_SECOND * 0.99)
    report.reached("without a gap", len(numbers) if not gaps else 0, at_least=EVENTS_A_SECOND * seconds)


if __name__ == "__main__":
    sys.exit(main())
