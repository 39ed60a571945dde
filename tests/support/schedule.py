"""One random story of three people and a bad network, decided by a seed. `judge` has what must hold then.

Run one again: python -m tests.support.schedule SEED [one|all|restored] [--failing] [--bursts] [--real-kem]

Beside that, every queue becomes empty once all is well: soon between those who were in touch before, and
within days where somebody has to ask first. No envelope's number is ever used for another one, nobody calls
again and again without a pause, nothing fails in a way that nobody foresaw, and nobody is told that a disk
failed which was well.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from tests.support.deterministic_kem import DeterministicMlKem768
from tests.support.failing_disks import FailingDisks
from tests.support.judge import Judge, Way
from tests.support.logged_failures import listening
from tests.support.outcome import Complaint, Outcome, Story
from tests.support.random_deeds import RandomDeeds
from tests.support.restored_node import RestoredNode, quick_passphrases
from tests.support.sealed_once import SealedOnce, watching_envelopes
from tests.support.seeded_rng import SeededRng
from tests.support.simulated_kem import SimulatedKem
from tests.support.simulated_network import SimulatedNetwork
from tests.support.simulated_node import SimulatedNode, until
from tests.support.troubles import Troubles
from tests.support.virtual_time import VirtualLoop, run_virtual
from tests.support.watched_vfs import watching
from tuichat.errors import StorageError, TuichatError, UsageError
from tuichat.supervisor import place_of

STEPS = (6, 26)
"""A story has from so many to so many steps."""

PATIENCE_SECONDS = 1800.0
"""Virtual time for everything to be delivered between people in touch, once the network is well."""

ASKING_SECONDS = 3 * 86_400.0
"""The same where one has to ask, or to ask again: a request repeats daily."""

HOT = (30, 120.0)
"""More connections than that of two people in so many seconds are too many: they rest between failures."""

BURST = (100, 500)
"""How many messages are said at once, if many are."""

NAMES = ("alice", "bob", "小明")


class Schedule:
    """A story in the making."""

    def __init__(
        self, story: Story, directory: Path, seen: SealedOnce, failures: list[str], disks: FailingDisks
    ) -> None:
        self._story = story
        self._seen = seen
        self._logged = failures
        self._judge = Judge()
        self._rng = SeededRng(b"schedule %d" % story.seed)
        self._deeds = RandomDeeds(self._judge, SeededRng(b"deeds %d" % story.seed))
        self.network = SimulatedNetwork(SeededRng(b"network %d" % story.seed))
        kind = RestoredNode if story.backups == "restored" else SimulatedNode
        self.people = [
            kind(name, directory, self.network, SeededRng(f"{name} {story.seed}".encode()))
            for name in NAMES[: 2 + self._pick(2)]
        ]
        for person in self.people:
            person.kem = DeterministicMlKem768() if story.real_kem else SimulatedKem()
        troubles = SeededRng(b"troubles %d" % story.seed)
        self._disks = disks if story.failing else None
        self._troubles = Troubles(self.network, self.people, troubles, self._disks)
        self._count = 0
        self._drained = 0.0

    async def play(self) -> Outcome:
        for person in self.people:
            await person.start()
        await self._meet()
        least, most = STEPS
        for _ in range(least + self._pick(most - least + 1)):
            person = self.people[self._pick(len(self.people))]
            with self._refusing(person):
                await self._step(person)
            await self._do_something()
            await asyncio.sleep(self._rng.uniform(0, 12) ** 2 / 4)
        wrong = await self._heal()
        if self._story.backups != "none" and not wrong:
            await self._say_last()
            wrong += await self._settle(await self._in_touch())
        wrong += await self._compared()
        histories = [await person.history(other) for person, other in self._pairs()]
        for person in self.people:
            await person.stop()
        return self._outcome([*wrong, *self._failed()], histories)

    async def _meet(self) -> None:
        """Everybody makes everybody a contact, sometimes both ways at once, sometimes asked and accepted."""
        for i, one in enumerate(self.people):
            for other in self.people[i + 1 :]:
                await one.node.contact_add(other.address, other.name, "hello")
                if self._pick(2):
                    await other.node.contact_add(one.address, one.name, "hello")
                else:
                    await until(lambda one=one, other=other: _asked(one, other), ASKING_SECONDS)
                    await other.node.contact_add(one.address, one.name)

    async def _do_something(self) -> None:
        """Somebody may do something to a message."""
        for person in self._deeds.who(self.people):
            with self._refusing(person):
                await self._deeds.do(person, self._deeds.one_of([p for p in self.people if p is not person]))

    @contextmanager
    def _refusing(self, person: SimulatedNode) -> Iterator[None]:
        """A step may be refused, so that nothing was done: but only if this person's disk is in trouble.

        If they die in the middle of it, nobody is there to be answered.
        """
        troubled = self._troubles.on_disk(person)
        try:
            yield
        except StorageError:
            if not troubled and person.running:
                raise

    async def _step(self, person: SimulatedNode) -> None:
        action = self._pick(15 if self._story.backups == "none" else 21)
        if action >= 15:
            await self._back_up_or_restore(self.people[0] if self._story.backups == "one" else person)
        elif 7 <= action < 10:
            self._troubles.befall()
        elif not person.running:
            if self._pick(2):
                await person.start()
        elif action < 7:
            await self._say_some(person)
        elif action < 12:
            await self._crash(person)
        elif action == 12:
            await person.stop()
        elif action == 13:
            await self._cancel_one(person)
        else:
            await self._block_or_unblock(person)

    async def _crash(self, person: SimulatedNode) -> None:
        """Soon, between any two steps of the loop; whoever is connected is told, or is not."""
        told = self._pick(2) == 0
        loop, die = _loop(), lambda: person.die(told=told)
        if self._pick(2):
            await self._say_some(person)
            loop.after_steps(int(2 ** self._rng.uniform(0, 9)), die)
            return
        steps, other = self._pick(8), self._other(person)
        if other.running:  # while what comes next is taken in
            await self._say_some(other, person)
        self.network.on_arrival[person.onion] = lambda: loop.after_steps(steps, die)

    async def _block_or_unblock(self, person: SimulatedNode) -> None:
        """What has not left to somebody when they are blocked never will; what has left may have arrived."""
        other = self._other(person)
        contact = await person.contact(other)
        if contact.state == "blocked":
            await person.node.contact_unblock(contact.address)
        elif contact.confirmed:
            for message in await person.node.messages(other.name, limit=5000):
                if message.direction == "out" and message.state in ("queued", "sent"):
                    self._judge.cut_off.add(person.first_text(message))
            await person.node.contact_block(contact.address)

    def _other(self, person: SimulatedNode) -> SimulatedNode:
        others = [other for other in self.people if other is not person]
        return others[self._pick(len(others))]

    async def _say_some(self, person: SimulatedNode, to: SimulatedNode | None = None) -> None:
        if self._story.bursts and not self._pick(4):
            other, (least, most) = to or self._other(person), BURST
            for _ in range(least + self._pick(most - least + 1)):
                await self._say(person, other)
        else:
            for _ in range(1 + self._pick(5)):
                await self._say(person, to or self._other(person), "." * (max(self._pick(8) - 5, 0) * 6000))

    async def _say(self, person: SimulatedNode, other: SimulatedNode, padding: str = "") -> None:
        """Unless the disk is full, or the other is blocked: then it is not sent, and the person knows."""
        self._count += 1
        with self._refusing(person), suppress(UsageError):
            await person.say(other, f"{person.name} {self._count} {padding}")

    async def _cancel_one(self, person: SimulatedNode) -> None:
        other = self._other(person)
        for message in await person.node.messages(other.name, limit=20):
            if message.direction == "out" and message.state == "queued":
                try:
                    await person.node.cancel(message.id)
                except TuichatError:
                    continue  # it may have left
                self._judge.cancelled.add(person.first_text(message))
                return

    async def _back_up_or_restore(self, person: SimulatedNode) -> None:
        if not person.running:
            return
        if not self._judge.forgotten.has_backup(person) or self._pick(3) == 0:
            await self._back_up(person)
            if self._pick(2):
                return
            await self._say_some(person)
            await asyncio.sleep(self._rng.uniform(0, 10))
        if person.running:  # it may have crashed meanwhile
            await self._restore(person)

    async def _back_up(self, person: SimulatedNode) -> None:
        if self._pick(2):
            await self._say_some(person)  # what is on its way at that moment will be sent twice
        known = await self._known(person)
        person.back_up()
        self._judge.forgotten.backed_up(person, known)

    async def _restore(self, person: SimulatedNode) -> None:
        known = await self._known(person)
        sent = {(sender, receiver): len(self._sent(sender, receiver)) for sender, receiver in known}
        self._judge.forgotten.restored(person, known, sent)
        await person.restore()
        if self._pick(2):
            await self._say_as_much_again(person, known)

    async def _say_as_much_again(self, person: SimulatedNode, known: dict[Way, list[str]]) -> None:
        """Other words in the place of those forgotten: by their counts both sides look as if in agreement."""
        for other in self.people:
            if other is not person:
                said = len(known[person.name, other.name])
                for _ in range(said - len(await person.history(other, "out"))):
                    await self._say(person, other)

    async def _known(self, person: SimulatedNode) -> dict[Way, list[str]]:
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
        for person, other in self._pairs():
            await person.say(other, f"{person.name}, last")

    # -- the end --

    async def _heal(self) -> list[Complaint]:
        self.network.on_arrival.clear()
        _loop().forget_events()
        self._troubles.heal()
        for person in self.people:
            if not person.running:
                await person.start()
        in_touch = await self._in_touch()
        for person, other in self._pairs():
            if (await person.contact(other)).state == "blocked":
                await person.node.contact_unblock(other.address)
        return await self._settle(in_touch)

    async def _in_touch(self) -> list[tuple[SimulatedNode, SimulatedNode]]:
        """Everybody with everybody to whom they need not ask first, nor the other way round."""
        known = {}
        for person, other in self._pairs():
            contact = await person.contact(other)
            known[person, other] = contact.state == "accepted" and contact.confirmed
        return [(person, other) for person, other in known if known[person, other] and known[other, person]]

    async def _settle(self, in_touch: list[tuple[SimulatedNode, SimulatedNode]]) -> list[Complaint]:
        began = _loop().time()
        if not await until(lambda: _nothing_queued(in_touch), PATIENCE_SECONDS, longest_pause=10.0):
            return [Complaint("stuck", 1, "somebody in touch")]
        self._drained = max(self._drained, _loop().time() - began)
        done = await until(lambda: _nothing_queued(self._pairs()), ASKING_SECONDS)
        return [] if done else [Complaint("stuck", 1, "somebody who asked")]

    def _pairs(self) -> list[tuple[SimulatedNode, SimulatedNode]]:
        return [(one, other) for one in self.people for other in self.people if one is not other]

    async def _compared(self) -> list[Complaint]:
        wrong = []
        for person, other in self._pairs():
            wrong += self._judge.compare(person, other, await other.history(person))
            wrong += self._judge.converged(person, other) if person.name < other.name else []
        return wrong

    def _failed(self) -> list[Complaint]:
        failures = [*self._logged]
        wrong = []
        for person in self.people:
            failures += [f"{person.name}, {type(failure).__name__}" for failure in person.failures]
            forgets = person.restorations and self._story.backups != "restored"
            if not forgets and (again := self._seen.again(person.onion)):
                wrong.append(Complaint("resealed", again, person.name))
        wrong += [Complaint("hot", 1, "two people") for times in self.network.calls.values() if _hot(times)]
        return wrong + [Complaint("failed", 1, failure) for failure in failures]

    def _outcome(self, wrong: list[Complaint], histories: list[list[str]]) -> Outcome:
        told = "\0".join([str(_loop().time()), *(text for history in histories for text in history)])
        self.network.heard.update(told.encode())
        return Outcome(
            self._story,
            deliveries=sum(map(len, histories)),
            crashes=sum(person.crashes for person in self.people),
            restorations=sum(person.restorations for person in self.people),
            struck=0 if self._disks is None else self._disks.struck,
            drained=self._drained,
            wrong=tuple(wrong),
            digest=self.network.heard.hexdigest(),
        )

    def _pick(self, count: int) -> int:
        return int(self._rng.uniform(0, count))


def _loop() -> VirtualLoop:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return loop


def _hot(times: list[float]) -> bool:
    most, seconds = HOT
    return any(last - first <= seconds for first, last in zip(times, times[most:], strict=False))


async def _asked(one: SimulatedNode, other: SimulatedNode) -> bool:
    return any(contact.address == one.address for contact in await other.node.contact_list())


async def _nothing_queued(pairs: list[tuple[SimulatedNode, SimulatedNode]]) -> bool:
    return not any([(await person.contact(other)).queued for person, other in pairs])


def play(story: Story) -> Outcome:
    """Play a story in memory-backed files."""
    fast = Path("/dev/shm")
    disks = FailingDisks()
    with ExitStack() as held:
        directory = held.enter_context(tempfile.TemporaryDirectory(dir=fast if fast.is_dir() else None))
        seen, failures = held.enter_context(watching_envelopes()), held.enter_context(listening())
        if story.backups == "restored":
            held.enter_context(quick_passphrases())
        if story.failing:
            held.enter_context(watching(disks))
        schedule = Schedule(story, Path(directory), seen, failures, disks)
        try:
            outcome: Outcome = run_virtual(schedule.play())
        except Exception as failure:  # noqa: BLE001 whatever it is, the story must be told so that it can be repeated
            where = f"{type(failure).__name__} at {place_of(failure)}"
            outcome = Outcome(story, wrong=(Complaint("failed", 1, where),))
    return outcome


if __name__ == "__main__":
    print(play(Story.read(" ".join(sys.argv[1:]))))
