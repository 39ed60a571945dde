"""Two people talk over real tor while their nodes are killed, and both must have the same history.

    tests/functional/two_people [--messages 200] [--latency 25] [--torrc FILE] [--timeout 300]

A private Tor network is brought up on loopback, or the one that FILE describes is used. One person asks, the
other accepts; then both write at once while SIGKILL ends one node, the other, and both at the same time. At
the end each history must have every message of both, once and in the order in which it was written.

Exit code: 0 the histories are equal, ordered and complete; 1 they are not, or it took too long; 130
interrupted. Nothing is left behind.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from onion.errors import OnionError
from onion.private_network import NetworkOptions, PrivateNetwork
from tests.support.people import Person, befriend, delivered
from tuichat.errors import UnreachableError

MARK: Final = "TWO_PEOPLE_RUN"
UNDER_WAY: Final = 16
"""A speaker pauses while so many of their messages wait, as a person would; kills then hit a conversation."""

_GRACE: Final = 20.0
_LOOK_AGAIN: Final = 0.1
_TEXTS: Final = (
    "number {n}",
    "你好,第 {n} 条消息",
    "{n} 👩‍👩‍👧‍👦 🏴󠁧󠁢󠁳󠁣󠁴󠁿 à la fin",
    "line one of {n}\nline two\n\n  and the last",
    "a longer one, {n}: " + "the quick brown fox. " * 300,
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for on the command line."""

    messages: int
    latency: float
    torrc: Path | None
    timeout: float


class Story:
    """Prints what happens, with the seconds since the beginning."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def tell(self, line: str) -> None:
        print(f"{time.monotonic() - self._began:6.1f} s  {line}", flush=True)


class Speaker:
    """One side of the conversation. Attributes: `said`, the texts that were stored, in order."""

    def __init__(self, person: Person, other: Person, count: int) -> None:
        self.person = person
        self.other = other
        self.said: list[str] = []
        self._count = count

    async def speak(self) -> None:
        """Say everything, never too much at once."""
        for number in range(1, self._count + 1):
            text = f"{self.person.name} " + _TEXTS[number % len(_TEXTS)].format(n=number)
            await self.person.say(self.other, text)
            self.said.append(text)
            if number % 4 == 0:
                await self._have_heard()

    async def _have_heard(self) -> None:
        """Wait until most of it has arrived."""
        while await self._waiting() > UNDER_WAY:  # noqa: ASYNC110 - other processes bring it about
            await asyncio.sleep(_LOOK_AGAIN)

    async def _waiting(self) -> int:
        try:
            return await self.person.queued()
        except UnreachableError:
            return UNDER_WAY + 1

    async def has_said(self, share: float) -> None:
        """Wait until so much of it is said, 0 to 1."""
        while len(self.said) < share * self._count:  # noqa: ASYNC110 - another process takes part in it
            await asyncio.sleep(_LOOK_AGAIN / 4)


async def kill(story: Story, *victims: Person) -> None:
    """SIGKILL these nodes at the same time and start them again."""
    names = " and ".join(victim.name for victim in victims)
    await asyncio.gather(*(victim.kill() for victim in victims))
    story.tell(f"SIGKILL: {names}'s node, in the middle of the conversation")
    await asyncio.gather(*(victim.start() for victim in victims))
    story.tell(f"{names} started again")


async def disturb(story: Story, alice: Speaker, bob: Speaker) -> None:
    """The kills, at the same places of every conversation."""
    await alice.has_said(0.25)
    await kill(story, alice.person)
    await bob.has_said(0.5)
    await kill(story, bob.person)
    await alice.has_said(0.75)
    await kill(story, alice.person, bob.person)


async def talk(story: Story, wanted: Wanted, alice: Person, bob: Person) -> list[str]:
    """The whole conversation; gives what is wrong with the histories."""
    await asyncio.gather(alice.create(), bob.create())
    await asyncio.gather(alice.start(), bob.start())
    story.tell("two profiles, two nodes")
    await asyncio.gather(alice.reachable(), bob.reachable())
    story.tell("both are reachable through tor")
    await befriend(alice, bob, "May I talk to you?")
    story.tell("alice asked, bob accepted, they are linked")
    speakers = Speaker(alice, bob, wanted.messages), Speaker(bob, alice, wanted.messages)
    async with asyncio.TaskGroup() as group:
        for speaker in speakers:
            group.create_task(speaker.speak())
        group.create_task(disturb(story, *speakers))
    story.tell(f"each has written {wanted.messages} messages")
    await delivered(alice, bob)
    story.tell("everything is acknowledged")
    most = 10 * wanted.messages + 10
    histories = await alice.printed(bob, most), await bob.printed(alice, most)
    complaints = compare(speakers, histories)
    if not complaints:
        story.tell(f"both histories are equal, ordered and complete: {len(histories[0])} messages each")
    return complaints


def compare(
    speakers: tuple[Speaker, Speaker], histories: tuple[list[dict[str, Any]], list[dict[str, Any]]]
) -> list[str]:
    """What is wrong with the histories of the two, given as the command line prints them."""
    complaints = []
    for speaker, own, others in zip(speakers, histories, reversed(histories), strict=True):
        name, other = speaker.person.name, speaker.other.name
        sent = [message["text"] for message in own if message["direction"] == "out"]
        received = [message["text"] for message in others if message["direction"] == "in"]
        if sent != speaker.said:
            complaints.append(
                f"{name}'s own history is not what was written: {difference(speaker.said, sent)}"
            )
        if received != speaker.said:
            complaints.append(f"{other} did not get what {name} wrote: {difference(speaker.said, received)}")
        if any(message["state"] != "delivered" for message in own):
            complaints.append(f"{name}'s history shows messages that are not delivered")
    return complaints


def difference(written: list[str], found: list[str]) -> str:
    """How a list of distinct texts differs from the one that it should be."""
    lost = [text for text in written if text not in found]
    doubled = {text for text in found if found.count(text) > 1}
    strange = [text for text in found if text not in written]
    if lost or doubled or strange:
        return f"{len(lost)} lost, {len(doubled)} doubled, {len(strange)} never written"
    return "the order is wrong"


@contextlib.asynccontextmanager
async def network(story: Story, wanted: Wanted, directory: Path) -> AsyncIterator[Path]:
    """A network's torrc fragment: the one given, or that of a new network."""
    if wanted.torrc is not None:
        yield wanted.torrc
        return
    options = NetworkOptions(
        latency_ms=wanted.latency, directory=directory, progress=lambda step: story.tell(step.value)
    )
    async with PrivateNetwork(options) as made:
        yield made.torrc


async def run(wanted: Wanted) -> int:
    """Everything, from the network to the cleaning up; gives the exit code."""
    story, run_mark = Story(), os.urandom(8).hex()
    this = asyncio.current_task()
    assert this is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, this.cancel)
    complaints: list[str] = []
    left: list[str] = []
    with tempfile.TemporaryDirectory(prefix="two-people-") as directory:
        try:
            async with asyncio.timeout(wanted.timeout):
                complaints += await meet(story, wanted, Path(directory), run_mark)
        except* TimeoutError:
            complaints.append("something that was waited for did not come in time")
        except* AssertionError as failures:
            complaints += [str(failure) for failure in failures.exceptions]
        except* OnionError as failures:
            complaints += [str(failure) for failure in failures.exceptions]
        finally:
            left += await left_behind(run_mark)
    complaints += [f"left behind: {command}" for command in left]
    if not left:
        story.tell("no process and no file is left")
    for complaint in complaints:
        story.tell(f"WRONG: {complaint}")
    return 1 if complaints else 0


async def meet(story: Story, wanted: Wanted, directory: Path, run_mark: str) -> list[str]:
    """Bring both together in `directory`, and end everything after their talk; gives what is wrong."""
    async with network(story, wanted, directory) as torrc:
        alice, bob = (Person(name, directory, torrc, {MARK: run_mark}) for name in ("alice", "bob"))
        try:
            return await talk(story, wanted, alice, bob)
        finally:
            await asyncio.gather(alice.stop(), bob.stop())


async def left_behind(run_mark: str) -> list[str]:
    """The processes of this run that do not end by themselves; they are killed."""
    deadline = time.monotonic() + _GRACE
    while (left := _marked(run_mark)) and time.monotonic() < deadline:  # noqa: ASYNC110 - they end elsewhere
        await asyncio.sleep(_LOOK_AGAIN)
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return list(left.values())


def _marked(run_mark: str) -> dict[int, str]:
    found = {}
    mark = f"{MARK}={run_mark}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark in (process / "environ").read_bytes().split(b"\0"):
                found[int(process.name)] = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="two_people",
        description="Two people talk over real tor, are killed meanwhile, and compare their histories.",
    )
    parser.add_argument("--messages", type=int, default=200, metavar="N", help="from each (default 200)")
    parser.add_argument(
        "--latency", type=float, default=25.0, metavar="MS", help="added per link (default 25)"
    )
    parser.add_argument("--torrc", type=Path, metavar="FILE", help="a private network that is up already")
    parser.add_argument("--timeout", type=float, default=300.0, metavar="S", help="for all (default 300)")
    chosen = parser.parse_args(arguments)
    wanted = Wanted(max(1, chosen.messages), max(0.0, chosen.latency), chosen.torrc, chosen.timeout)
    try:
        return asyncio.run(run(wanted))
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 130


if __name__ == "__main__":
    sys.exit(main())
