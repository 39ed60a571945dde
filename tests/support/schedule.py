"""One random story of three people and a bad network, decided by a seed, and what must hold at its end.

Run one again: python -m tests.support.schedule SEED [one|all|restored] [--failing]

Without old backups each message is in the other's history once, in the order in which it was sent, and none
is missing. Who goes on from an old backup has forgotten what happened since. Then it holds that

- nothing is in a history twice, and nothing that was not sent;
- what is missing in a history was either sent by somebody who has forgotten it since, or stood there before
  its owner forgot it;
- a history is in order as long as not both of its people went on from backups; if both did, what was sent
  after the last time is in order (a forgotten message may come again, behind later ones);
- every queue becomes empty.

A cancelled message of somebody who went on from a backup may arrive: the cancelling may be forgotten, and so
may be that it had left.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import sys
import tempfile
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal, get_args

from tests.support.failing_disks import FailingDisks
from tests.support.restored_node import RestoredNode
from tests.support.seeded_rng import SeededRng
from tests.support.simulated_kem import SimulatedKem
from tests.support.simulated_network import SimulatedNetwork
from tests.support.simulated_node import SimulatedNode, until
from tests.support.troubles import Troubles
from tests.support.virtual_time import run_virtual
from tests.support.watched_vfs import watching
from tuichat.errors import StorageError, TuichatError, UsageError

REGRESSIONS = Path(__file__).parents[1] / "simulation" / "regressions.txt"
"""Stories that once found a mistake, planted or not, each in a line as the command takes it."""

STEPS = (6, 30)
"""A story has from so many to so many steps."""

PATIENCE_SECONDS = 3 * 86_400.0
"""Virtual time for everything to be delivered once the network is well: a request repeats daily."""

NAMES = ("alice", "bob", "小明")

Backups = Literal["none", "one", "all", "restored"]
"""Who goes on from old backups: nobody, one of the people, or any of them, from a copy of the database that
knows of nothing; "restored": any of them, by way of the product's own backup file."""

Direction = tuple[str, str]
"""From whom to whom, by name."""


@dataclass(frozen=True)
class Outcome:
    """What a schedule came to. `digest` is equal for equal runs."""

    seed: int
    backups: Backups
    failing: bool
    deliveries: int
    crashes: int
    restorations: int
    wrong: tuple[str, ...]
    digest: str

    @property
    def replay(self) -> str:
        """What was wrong, and the command that plays it again."""
        return f"python -m tests.support.schedule {self.words}  # {'; '.join(self.wrong)}"

    @property
    def words(self) -> str:
        """Which story it was, as the command takes it."""
        return f"{self.seed} {self.backups}{' --failing' if self.failing else ''}"


class Forgotten:
    """What people who went on from old backups do not know any more."""

    def __init__(self) -> None:
        self._backups: dict[str, dict[Direction, list[str]]] = {}
        self._excused: dict[Direction, set[str]] = {}
        self._in_order_from: dict[Direction, int] = {}

    def has_backup(self, person: SimulatedNode) -> bool:
        return person.name in self._backups

    def backed_up(self, person: SimulatedNode, known: dict[Direction, list[str]]) -> None:
        """`known`: what the person has sent and received."""
        self._backups[person.name] = known

    def restored(
        self, person: SimulatedNode, known: dict[Direction, list[str]], sent: dict[Direction, int]
    ) -> None:
        """`known`: as above, until just now. `sent`: how much was ever sent in each direction."""
        kept = self._backups[person.name]
        for direction, texts in known.items():
            self._excused.setdefault(direction, set()).update(set(texts) - set(kept[direction]))
            self._in_order_from[direction] = sent[direction]

    def excused(self, direction: Direction) -> set[str]:
        """What need not have arrived."""
        return self._excused.get(direction, set())

    def in_order_from(self, direction: Direction) -> int:
        """Behind how many sent messages order is promised, though both have forgotten something."""
        return self._in_order_from.get(direction, 0)


class Schedule:
    """A story in the making."""

    def __init__(
        self, seed: int, directory: Path, patience: float, backups: Backups, disks: FailingDisks | None = None
    ) -> None:
        self._seed = seed
        self._failing = disks is not None
        self._patience = patience
        self._backups = backups
        self._forgotten = Forgotten()
        self._rng = SeededRng(b"schedule %d" % seed)
        self.network = SimulatedNetwork(SeededRng(b"network %d" % seed))
        kind = RestoredNode if backups == "restored" else SimulatedNode
        self.people = [
            kind(name, directory, self.network, SeededRng(f"{name} {seed}".encode()))
            for name in NAMES[: 2 + self._pick(2)]
        ]
        for person in self.people:
            person.kem = SimulatedKem()
        self._troubles = Troubles(self.network, self.people, SeededRng(b"troubles %d" % seed), disks)
        self._cancelled: set[str] = set()
        self._cut_off: set[str] = set()
        self._count = 0

    async def play(self) -> Outcome:
        for person in self.people:
            await person.start()
        await self._meet()
        least, most = STEPS
        for _ in range(least + self._pick(most - least + 1)):
            with suppress(StorageError):  # a full disk: the person is told, and nothing was done
                await self._step()
            await asyncio.sleep(self._rng.uniform(0, 12) ** 2 / 4)
        wrong = await self._heal()
        if self._backups != "none" and not wrong:
            await self._say_last()
            wrong += await self._settle()
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
        action = self._pick(15 if self._backups == "none" else 21)
        person = self.people[self._pick(len(self.people))]
        if action >= 15:
            await self._back_up_or_restore(self.people[0] if self._backups == "one" else person)
        elif action < 7 and person.running:
            await self._say_some(person)
        elif action < 10:
            self._troubles.befall()
        elif action < 12:
            await (self._crash(person) if person.running else person.start())
        elif action == 12:
            await (person.stop() if person.running else person.start())
        elif action == 13 and person.running:
            await self._cancel_one(person)
        elif action == 14 and person.running and self._backups == "none":
            await self._block_or_unblock(person)

    async def _crash(self, person: SimulatedNode) -> None:
        """Sometimes in the middle of what was just begun."""
        if self._pick(2):
            await self._say_some(person)
        for _ in range(self._pick(40)):
            await asyncio.sleep(0)
        await person.crash()

    async def _block_or_unblock(self, person: SimulatedNode) -> None:
        """What has not left to somebody when they are blocked never will; what has left may have arrived."""
        other = self._other(person)
        for contact in await person.node.contact_list():
            if contact.address == other.address and contact.state == "blocked":
                await person.node.contact_unblock(contact.address)
            elif contact.address == other.address and contact.confirmed:
                for message in await person.node.messages(other.name, limit=5000):
                    if message.direction == "out" and message.state in ("queued", "sent"):
                        self._cut_off.add(message.text)
                await person.node.contact_block(contact.address)

    def _other(self, person: SimulatedNode) -> SimulatedNode:
        others = [other for other in self.people if other is not person]
        return others[self._pick(len(others))]

    async def _say_some(self, person: SimulatedNode) -> None:
        for _ in range(1 + self._pick(5)):
            with suppress(
                StorageError, UsageError
            ):  # the disk is full, or the other is blocked: said, not sent
                await self._say(person, self._other(person))

    async def _say(self, person: SimulatedNode, other: SimulatedNode) -> None:
        self._count += 1
        padding = "." * (self._pick(3) * 6000)
        await person.say(other, f"{person.name} {self._count} {padding}")

    async def _cancel_one(self, person: SimulatedNode) -> None:
        other = self._other(person)
        for message in await person.node.messages(other.name, limit=20):
            if message.direction == "out" and message.state == "queued":
                try:
                    await person.node.cancel(message.id)
                except TuichatError:
                    continue  # it may have left
                self._cancelled.add(message.text)
                return

    async def _back_up_or_restore(self, person: SimulatedNode) -> None:
        if not person.running:
            return
        if not self._forgotten.has_backup(person) or self._pick(3) == 0:
            await self._back_up(person)
            if self._pick(2):
                return
            await self._say_some(person)
            await asyncio.sleep(self._rng.uniform(0, 10))
        await self._restore(person)

    async def _back_up(self, person: SimulatedNode) -> None:
        if self._pick(2):
            await self._say_some(person)  # what is on its way at that moment will be sent twice
        self._forgotten.backed_up(person, await self._known(person))
        person.back_up()

    async def _restore(self, person: SimulatedNode) -> None:
        known = await self._known(person)
        sent = {direction: len(self._sent(*direction)) for direction in known}
        self._forgotten.restored(person, known, sent)
        await person.restore()
        if self._pick(2):
            await self._say_as_much_again(person, known)

    async def _say_as_much_again(self, person: SimulatedNode, known: dict[Direction, list[str]]) -> None:
        """Other words in the place of those forgotten: by their counts both sides look as if in agreement."""
        for other in self.people:
            if other is not person:
                said = len(known[person.name, other.name])
                for _ in range(said - len(await person.history(other, "out"))):
                    await self._say(person, other)

    async def _known(self, person: SimulatedNode) -> dict[Direction, list[str]]:
        """What the person's own history holds, by direction."""
        known = {}
        for other in self.people:
            if other is not person:
                known[person.name, other.name] = await person.history(other, "out")
                known[other.name, person.name] = await person.history(other)
        return known

    def _sent(self, sender: str, receiver: str) -> list[str]:
        person = next(person for person in self.people if person.name == sender)
        return person.sent.get(receiver, [])

    async def _say_last(self) -> None:
        """Everybody once more to everybody, now that all is well."""
        for person in self.people:
            for other in self.people:
                if other is not person:
                    await person.say(other, f"{person.name}, last")

    async def _heal(self) -> list[str]:
        self._troubles.heal()
        for person in self.people:
            if not person.running:
                await person.start()
            for contact in await person.node.contact_list():
                if contact.state == "blocked":
                    await person.node.contact_unblock(contact.address)
        return await self._settle()

    async def _settle(self) -> list[str]:
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
        restorations = sum(person.restorations for person in self.people)
        return Outcome(
            seed=self._seed,
            backups=self._backups,
            failing=self._failing,
            deliveries=deliveries,
            crashes=crashes,
            restorations=restorations,
            wrong=tuple(wrong),
            digest=digest.hexdigest(),
        )

    def _compare(self, sender: SimulatedNode, receiver: SimulatedNode, arrived: list[str]) -> list[str]:
        direction = sender.name, receiver.name
        said = self._sent(*direction)
        perhaps = self._cut_off | (self._cancelled if sender.restorations else set())
        never = self._cancelled - perhaps
        must = set(said) - self._cancelled - self._cut_off - self._forgotten.excused(direction)
        both = sender.restorations and receiver.restorations
        since = said[self._forgotten.in_order_from(direction) :] if both else said
        places = {text: place for place, text in enumerate(since) if text not in perhaps}
        kinds = {
            "lost": must - set(arrived),
            "invented": set(arrived) - set(said) | set(arrived) & never,
            "doubled": len(arrived) - len(set(arrived)),
            "out of order": _out_of_order([places[text] for text in arrived if text in places]),
        }
        told = ", ".join(kind for kind, found in kinds.items() if found)
        return [f"{sender.name} to {receiver.name}: {told}"] if told else []

    def _pick(self, count: int) -> int:
        return int(self._rng.uniform(0, count))


def _out_of_order(places: list[int]) -> bool:
    return any(one > other for one, other in pairwise(places))


async def _asked(one: SimulatedNode, other: SimulatedNode) -> bool:
    return any(contact.address == one.address for contact in await other.node.contact_list())


def play(
    seed: int, patience: float = PATIENCE_SECONDS, backups: Backups = "none", *, failing: bool = False
) -> Outcome:
    """Play the schedule of a seed in memory-backed files; with `failing`, disks do not fill, but fail."""
    fast = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=fast if fast.is_dir() else None) as directory:
        disks = FailingDisks() if failing else None
        with nullcontext() if disks is None else watching(disks):
            outcome: Outcome = run_virtual(Schedule(seed, Path(directory), patience, backups, disks).play())
    return outcome


def read_replay(line: str) -> tuple[int, Backups, bool]:
    """Seed, who goes on from backups and whether disks fail, from a command's words. Exits on a mistake."""
    chosen = argparse.ArgumentParser(prog="python -m tests.support.schedule")
    chosen.add_argument("seed", type=int)
    chosen.add_argument("backups", nargs="?", choices=get_args(Backups), default="none")
    chosen.add_argument("--failing", action="store_true")
    words = chosen.parse_args(line.split("#")[0].split())
    return words.seed, words.backups, words.failing


if __name__ == "__main__":
    seed, backups, failing = read_replay(" ".join(sys.argv[1:]))
    print(play(seed, backups=backups, failing=failing))
