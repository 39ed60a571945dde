"""One random story of three people and a bad network, decided by a seed, and what must hold at its end.

Run one again: python -m tests.support.schedule SEED
"""

from __future__ import annotations

import asyncio
import hashlib
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.support.seeded_rng import SeededRng
from tests.support.simulated_network import Faults, SimulatedNetwork
from tests.support.simulated_node import SimulatedNode, until
from tests.support.virtual_time import run_virtual
from tuichat.errors import TuichatError

STEPS = 30
PATIENCE_SECONDS = 3 * 86_400.0
"""Virtual time for everything to be delivered once the network is well: a request repeats daily."""

NAMES = ("alice", "bob", "小明")


@dataclass(frozen=True)
class Outcome:
    """What a schedule came to. `digest` is equal for equal runs."""

    seed: int
    deliveries: int
    crashes: int
    wrong: tuple[str, ...]
    digest: str


class Schedule:
    """A story in the making."""

    def __init__(self, seed: int, directory: Path, patience: float) -> None:
        self._seed = seed
        self._patience = patience
        self._rng = SeededRng(b"schedule %d" % seed)
        self.network = SimulatedNetwork(SeededRng(b"network %d" % seed))
        self.people = [
            SimulatedNode(name, directory, self.network, SeededRng(f"{name} {seed}".encode()))
            for name in NAMES[: 2 + self._pick(2)]
        ]
        self._cancelled: set[str] = set()
        self._count = 0

    async def play(self) -> Outcome:
        for person in self.people:
            await person.start()
        await self._meet()
        for _ in range(STEPS):
            await self._step()
            await asyncio.sleep(self._rng.uniform(0, 12) ** 2 / 4)
        wrong = await self._heal()
        outcome = await self._judge(wrong)
        for person in self.people:
            await person.stop()
        return outcome

    async def _meet(self) -> None:
        """Everybody makes everybody a contact, sometimes both ways at once, sometimes asked and accepted."""
        for i, one in enumerate(self.people):
            for other in self.people[i + 1 :]:
                await one.node.contact_add(other.address, other.name, "hello")
                if self._pick(2):
                    await other.node.contact_add(one.address, one.name, "hello")
                else:
                    await until(lambda one=one, other=other: _asked(one, other), self._patience)
                    await other.node.contact_add(one.address, one.name)

    async def _step(self) -> None:
        action = self._pick(14)
        person = self.people[self._pick(len(self.people))]
        if action < 7 and person.running:
            await self._say_some(person)
        elif action < 9:
            self._trouble()
        elif action == 9:
            self.network.cut_all()
        elif action < 12:
            await (person.crash() if person.running else person.start())
        elif action == 12:
            await (person.stop() if person.running else person.start())
        elif person.running:
            await self._cancel_one(person)

    async def _say_some(self, person: SimulatedNode) -> None:
        others = [other for other in self.people if other is not person]
        for _ in range(1 + self._pick(5)):
            other = others[self._pick(len(others))]
            self._count += 1
            padding = "." * (self._pick(3) * 6000)
            await person.say(other, f"{person.name} {self._count} {padding}")

    async def _cancel_one(self, person: SimulatedNode) -> None:
        other = next(other for other in self.people if other is not person)
        for message in await person.node.messages(other.name, limit=20):
            if message.direction == "out" and message.state == "queued":
                try:
                    await person.node.cancel(message.id)
                except TuichatError:
                    continue  # it may have left
                self._cancelled.add(message.text)
                return

    def _trouble(self) -> None:
        ease = Faults(unreachable=0.1)
        storm = Faults(lose=0.08, duplicate=0.08, reorder=0.08, cut=0.04, unreachable=0.4, longest=8.0)
        away = Faults(unreachable=1.0, lose=1.0)
        self.network.faults = (ease, storm, away)[self._pick(3)]

    async def _heal(self) -> list[str]:
        self.network.faults = Faults()
        for person in self.people:
            if not person.running:
                await person.start()
        done = await until(self._all_settled, self._patience)
        return [] if done else ["something is still queued"]

    async def _all_settled(self) -> bool:
        return all([await person.settled() for person in self.people])

    async def _judge(self, wrong: list[str]) -> Outcome:
        digest, deliveries = hashlib.blake2b(digest_size=16), 0
        for person in self.people:
            wrong += [f"{person.name}: {type(failure).__name__}" for failure in person.failures]
            for other in self.people:
                if other is not person:
                    arrived = await other.history(person)
                    wrong += self._compare(person, other, arrived)
                    deliveries += len(arrived)
                    digest.update("\0".join([*arrived, str(asyncio.get_running_loop().time())]).encode())
        crashes = sum(person.crashes for person in self.people)
        return Outcome(self._seed, deliveries, crashes, tuple(wrong), digest.hexdigest())

    def _compare(self, sender: SimulatedNode, receiver: SimulatedNode, arrived: list[str]) -> list[str]:
        said = [text for text in sender.sent.get(receiver.name, []) if text not in self._cancelled]
        if arrived == said:
            return []
        kinds = {
            "lost": set(said) - set(arrived),
            "invented": set(arrived) - set(said),
            "doubled": len(arrived) - len(set(arrived)),
        }
        told = ", ".join(kind for kind, found in kinds.items() if found) or "out of order"
        return [f"{sender.name} to {receiver.name}: {told}"]

    def _pick(self, count: int) -> int:
        return int(self._rng.uniform(0, count))


async def _asked(one: SimulatedNode, other: SimulatedNode) -> bool:
    return any(contact.address == one.address for contact in await other.node.contact_list())


def play(seed: int, patience: float = PATIENCE_SECONDS) -> Outcome:
    """Play the schedule of a seed in memory-backed files."""
    fast = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=fast if fast.is_dir() else None) as directory:
        outcome: Outcome = run_virtual(Schedule(seed, Path(directory), patience).play())
    return outcome


if __name__ == "__main__":
    print(play(int(sys.argv[1])))
