"""Two people talk over real tor while one trouble after the other befalls one of them.

Claims, with 25 ms on each link of the Tor network:
  - whatever happens to tor, the network or a node, delivery resumes by itself: no message is lost, doubled or
    out of order;
  - somebody who comes back has the messages that waited within two raw SOCKS connects to an onion service,
    from the moment at which their tor is ready.

The people are two nodes with a tor each. A trouble comes as soon as all is delivered after the one before,
so that some meet a tor that still gathers itself. Each writes a message when the trouble begins and another
when it is over; the time back is from its end until all four are acknowledged.
The same seed gives the same troubles in the same order. Among them are a tor that stands still for good,
which its node ends and replaces when a control call is not answered in time; links that carry nothing for two
minutes; and a clock that is wrong by a day: the node's, or its tor's alone, set by libfaketime (Debian's
package `faketime`) while tor runs, ahead or behind, and set right again.

Those in which tor's clock runs ahead come at the very end: once it is right again directories refuse what it
publishes, as older than what they have, and nobody could tell that from what another trouble does.

Exit code 1 if anything was lost, doubled or out of order, or did not come through within five minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from benchmarks import options, report
from benchmarks.raw_pair import RawPair, raw_pair
from benchmarks.tor_clock import MISSING
from benchmarks.tor_troubles import TROUBLES, Scene, Trouble, Victim, some_seconds
from onion.private_network import NetworkOptions, PrivateNetwork
from tests.support.people import befriend, until
from tuichat.api.client import AsyncClient
from tuichat.model import MessageEvent, TorEvent

CYCLES = 100
AT_MOST_CONNECTS = 2.0
LATENCY_MS = 25.0

_BACK_SECONDS = 300.0
_AWAY_SECONDS = 3.0
_LABEL = 30


def main(arguments: Sequence[str] | None = None) -> int:
    """Trouble, measure and print."""
    made = argparse.ArgumentParser(prog="python -m benchmarks.tor_soak", description=__doc__)
    made.formatter_class = argparse.RawDescriptionHelpFormatter
    made.add_argument(
        "--cycles", type=options.at_least_one, default=CYCLES, metavar="N", help=f"at most (default {CYCLES})"
    )
    made.add_argument("--minutes", type=float, default=35.0, metavar="M", help="at most (default 35)")
    made.add_argument(
        "--arrivals", type=int, default=5, metavar="N", help="times somebody comes back (default 5)"
    )
    made.add_argument(
        "--only", choices=[trouble.name for trouble in TROUBLES], metavar="NAME", help="of the troubles, one"
    )
    made.add_argument("--seed", type=int, default=1, metavar="N", help="of the troubles (default 1)")
    made.add_argument("--latency", type=float, default=LATENCY_MS, metavar="MS", help="added per link")
    chosen = options.parse(made, arguments)
    if shutil.which("faketime") is None:
        print(MISSING, file=sys.stderr)
        return 1
    return asyncio.run(_run(chosen))


async def _run(chosen: argparse.Namespace) -> int:
    troubles = tuple(trouble for trouble in TROUBLES if chosen.only in (None, trouble.name))
    last = tuple(trouble for trouble in troubles if trouble.comes_last and not chosen.only)
    mixed = tuple(trouble for trouble in troubles if trouble not in last)
    soak = Soak(random.Random(chosen.seed), mixed)
    with tempfile.TemporaryDirectory(prefix="tcb") as name:
        directory = Path(name)
        async with (
            PrivateNetwork(NetworkOptions(latency_ms=chosen.latency, directory=directory)) as network,
            _two(directory, network.torrc) as (alice, bob),
        ):
            soak.meet(alice, bob, network)
            try:
                await soak.go_on(max(chosen.cycles - len(last), 0), 60 * chosen.minutes)
                if chosen.arrivals:
                    async with raw_pair(directory, network.torrc) as raw:
                        await soak.come_back(raw, chosen.arrivals)
                await soak.end_with(last)
            except TimeoutError:
                soak.wrong.append(f"something did not come through within {_BACK_SECONDS:g} s")
            await soak.compare()
    soak.show(chosen.cycles)
    return 1 if soak.wrong else 0


@contextlib.asynccontextmanager
async def _two(directory: Path, torrc: Path) -> AsyncIterator[tuple[Victim, Victim]]:
    """Two people who are linked."""
    alice, bob = (Victim(name, directory, torrc) for name in ("alice", "bob"))
    try:
        await asyncio.gather(alice.create(), bob.create())
        await asyncio.gather(alice.start(), bob.start())
        await asyncio.gather(alice.reachable(), bob.reachable())
        await befriend(alice, bob, "May I talk to you?")
        yield alice, bob
    finally:
        await asyncio.gather(alice.stop(), bob.stop())


@dataclass
class Soak:
    """A conversation under troubles, and what it came to.

    Attributes:
        wrong: sentences; none if all is well.
    """

    rng: random.Random
    troubles: tuple[Trouble, ...] = TROUBLES
    said: dict[str, list[str]] = field(default_factory=lambda: {"alice": [], "bob": []})
    back: dict[str, list[float]] = field(default_factory=dict)
    arrivals: list[float] = field(default_factory=list)
    connects: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def meet(self, alice: Victim, bob: Victim, network: PrivateNetwork) -> None:
        """Who talks, and over what."""
        self._alice, self._bob, self._network = alice, bob, network

    # -- troubles --

    async def go_on(self, cycles: int, seconds: float) -> None:
        """One trouble after the other, until there were so many or the time is over."""
        deadline = time.perf_counter() + seconds
        for number, trouble in zip(range(1, cycles + 1), self._troubles(), strict=False):
            if time.perf_counter() > deadline:
                return
            await self._meet(number, trouble)

    async def end_with(self, troubles: tuple[Trouble, ...]) -> None:
        """These once each, when nothing else comes."""
        done = sum(map(len, self.back.values()))
        for number, trouble in enumerate(troubles, done + 1):
            await self._meet(number, trouble)

    async def _meet(self, number: int, trouble: Trouble) -> None:
        self.back.setdefault(trouble.name, []).append(await self._cycle(number, trouble))

    def _troubles(self) -> Iterator[Trouble]:
        while True:
            yield from self.rng.sample(self.troubles, len(self.troubles))

    async def _cycle(self, number: int, trouble: Trouble) -> float:
        victim = self.rng.choice((self._alice, self._bob))
        scene = Scene(victim, self._network, some_seconds(self.rng))
        doing = asyncio.ensure_future(trouble.do(scene))
        await asyncio.sleep(0)
        meanwhile = asyncio.ensure_future(self._both_say(f"{number}, meanwhile"))
        await doing
        over = time.perf_counter()
        await meanwhile
        await self._both_say(f"{number}, afterwards")
        await self._through()
        took = time.perf_counter() - over
        await trouble.mend(scene)
        print(f"  {number:4}  {trouble.name:{_LABEL}} {victim.name:6} {took:6.2f} s", flush=True)
        return took

    async def _both_say(self, words: str) -> None:
        await asyncio.gather(*(self._say(person, f"{words}, {person.name}") for person in self._people))

    async def _say(self, person: Victim, text: str) -> None:
        await person.say(self._bob if person is self._alice else self._alice, text)
        self.said[person.name].append(text)

    @property
    def _people(self) -> tuple[Victim, Victim]:
        return self._alice, self._bob

    async def _through(self) -> None:
        """Wait until all that was said is acknowledged."""

        async def none_waits() -> bool:
            return not any([await person.queued() for person in self._people])

        await until(none_waits, _BACK_SECONDS)

    # -- coming back --

    async def come_back(self, raw: RawPair, times: int) -> None:
        """One goes away, the other writes, the first comes back; a raw connect in between."""
        for number in range(times):
            self.connects.append(await _connect(raw))
            self.arrivals.append(await self._come_back(f"{number}, while you were away"))
            self.connects.append(await _connect(raw))

    async def _come_back(self, text: str) -> float:
        """From the moment at which the tor of who comes back is ready until it has the message."""
        await self._bob.stop()
        await self._say(self._alice, text)
        await asyncio.sleep(self.rng.uniform(1, 2) * _AWAY_SECONDS)
        await self._bob.start()
        async with asyncio.timeout(_BACK_SECONDS):
            took = await _ready_to_received(await self._bob.node(), text)
        await self._through()
        return took

    # -- the end --

    async def compare(self) -> None:
        """Both histories must have all that was said, once and in order."""
        for person, other in ((self._alice, self._bob), (self._bob, self._alice)):
            said = self.said[person.name]
            self.wrong += differences(f"{person.name}'s own history", said, await person.texts(other, "out"))
            heard = await other.texts(person, "in")
            self.wrong += differences(f"{person.name} in {other.name}'s history", said, heard)

    def show(self, cycles: int) -> None:
        """Print the figures."""
        report.heading("Time back after each trouble, seconds")
        print(f"  {'':{_LABEL}} {'median':>8} {'worst':>8} {'n':>4}")
        for trouble in TROUBLES:
            if found := self.back.get(trouble.name):
                series = report.Series(trouble.name, found)
                print(f"  {trouble.name:{_LABEL}} {series.median:8.2f} {max(found):8.2f} {len(found):4}")
        every = [took for found in self.back.values() for took in found]
        if every:
            series = report.Series("all", every)
            print(f"  {'all':{_LABEL}} {series.median:8.2f} {max(every):8.2f} {len(every):4} of {cycles}")
        if self.arrivals:
            report.heading("Somebody for whom a message waits comes back")
            ours = report.Series("tuichat, tor ready to received", self.arrivals)
            report.compare(ours, report.Series("raw SOCKS connect", self.connects), at_most=AT_MOST_CONNECTS)
        messages = sum(len(said) for said in self.said.values())
        report.heading(f"{messages} messages: {'; '.join(self.wrong) or '0 lost, doubled, out of order'}")


async def _connect(raw: RawPair) -> float:
    await raw.fresh_circuit()
    began = time.perf_counter()
    await raw.connect_and_echo(b"", 0)
    return time.perf_counter() - began


async def _ready_to_received(node: AsyncClient, text: str) -> float:
    events = node.subscribe()
    ready = time.perf_counter() if (await node.status()).tor.bootstrap == 100 else 0.0
    async for event in events:
        now = time.perf_counter()
        if isinstance(event, TorEvent) and event.tor.bootstrap == 100 and not ready:
            ready = now
        if isinstance(event, MessageEvent) and event.message.text == text:
            return now - ready
    raise RuntimeError("the node ended")


def differences(where: str, said: Sequence[str], found: Sequence[str]) -> list[str]:
    """How what stands in a history differs from what was said, in words."""
    place = {text: number for number, text in enumerate(said)}
    order = [place[text] for text in dict.fromkeys(found) if text in place]
    counts = {
        "lost": sum(text not in found for text in said),
        "doubled": len(found) - len(set(found)),
        "out of order": sum(first > second for first, second in pairwise(order)),
        "never said": sum(text not in place for text in set(found)),
    }
    return [f"{where}: {count} {kind}" for kind, count in counts.items() if count]


if __name__ == "__main__":
    sys.exit(main())
