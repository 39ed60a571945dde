"""Invariants of whole nodes: becoming contacts whatever is cut, and strangers who send anything at all."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final

from tests.support.handshakes import LOW_ORDER_U, Meeting
from tests.support.invariants import ACCIDENTS, holds, scratch
from tests.support.seeded_rng import SeededRng
from tests.support.simulated_network import SimulatedNetwork
from tests.support.simulated_node import SimulatedNode, until
from tests.support.virtual_time import run_virtual
from tuichat.network.transport import ConnectionLostError
from tuichat.protocol.link import MESSAGE3_OVERHEAD

HOUR: Final = 3600.0
TWO_DAYS: Final = 2 * 86_400.0
CUTS: Final = range(1, 21)
"""More messages than it takes to become contacts and to say something each way."""


BAD_MESSAGES_3: Final = (b"", bytes(MESSAGE3_OVERHEAD - 1), bytes(MESSAGE3_OVERHEAD), bytes(70_000))

BAD_FIRST_FRAMES: Final = (
    b"\xff",
    b"\x01",
    b"\x01" + bytes(32) + b"\0\0\0\x01\xff\0\0",  # a name that is not UTF-8
    b"\x01" + bytes(32) + b"\0\0\0\0\xff\xff",  # a length beyond the end
    b"\x12" + bytes(20),
    b"\x11",  # a proper frame that is not a stranger's to send
)


class Pair:
    """Two people who do not know each other yet."""

    def __init__(self, directory: Path, seed: str = "") -> None:
        self.network = SimulatedNetwork(SeededRng(b"network" + seed.encode()))
        self.alice = SimulatedNode("alice", directory, self.network, SeededRng(b"alice" + seed.encode()))
        self.bob = SimulatedNode("bob", directory, self.network, SeededRng(b"bob" + seed.encode()))

    async def __aenter__(self) -> Pair:
        await self.alice.start()
        await self.bob.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.alice.stop()
        await self.bob.stop()
        assert not self.alice.failures + self.bob.failures

    async def states(self) -> tuple[str, str]:
        return await state(self.alice), await state(self.bob)

    async def both_linked(self) -> bool:
        return all([await linked(person) for person in (self.alice, self.bob)])

    async def bob_knows(self) -> bool:
        return await state(self.bob) != "none"

    async def bob_is_asked(self) -> bool:
        return await state(self.bob) == "pending"

    async def talk(self) -> None:
        """A message each way arrives."""
        await self.alice.say(self.bob, "from alice")
        await self.bob.say(self.alice, "from bob")

        async def arrived() -> bool:
            return await self.alice.settled() and await self.bob.settled()

        holds("nothing arrives", await until(arrived, TWO_DAYS))
        holds("bob has other words", await self.bob.history(self.alice) == ["from alice"])
        holds("alice has other words", await self.alice.history(self.bob) == ["from bob"])


async def state(person: SimulatedNode) -> str:
    """What the person's one contact is to them."""
    contacts = await person.node.contact_list()
    return contacts[0].state if contacts else "none"


async def linked(person: SimulatedNode) -> bool:
    """Whether the person is linked with a contact."""
    contacts = await person.node.contact_list()
    return bool(contacts) and contacts[0].online and contacts[0].state == "accepted"


def a_request_survives_a_cut_at_any_message() -> None:
    """Asked and accepted: neither is a contact before, and in the end both are."""
    for cut_at in CUTS:
        a_request_survives_a_cut_at(cut_at)


def crossing_requests_survive_a_cut_at_any_message() -> None:
    """Both ask, and both become contacts."""
    for cut_at in CUTS:
        crossing_requests_survive_a_cut_at(cut_at)


def a_request_survives_a_cut_at(cut_at: int) -> None:
    """Every connection is lost with the message of this number."""

    async def story(pair: Pair) -> None:
        pair.network.cut_at = cut_at
        await pair.alice.node.contact_add(pair.bob.address, "bob", "it is me")
        holds("bob hears nothing", await until(pair.bob_knows, TWO_DAYS))
        holds("one is a contact", await pair.states() == ("requested", "pending"))
        await pair.bob.node.contact_add(pair.alice.address, "alice")
        holds(f"not both are contacts, cut at {cut_at}", await until(pair.both_linked, TWO_DAYS))
        await pair.talk()

    _play(story)


def crossing_requests_survive_a_cut_at(cut_at: int) -> None:
    """As above."""

    async def story(pair: Pair) -> None:
        pair.network.cut_at = cut_at
        await pair.alice.node.contact_add(pair.bob.address, "bob", "it is me")
        await pair.bob.node.contact_add(pair.alice.address, "alice", "and me")
        holds(f"not both are contacts, cut at {cut_at}", await until(pair.both_linked, HOUR))
        await pair.talk()

    _play(story, str(cut_at))


def a_stranger_who_sends_anything_is_dropped() -> None:
    """And nothing else happens: no task of the node fails, and the next one can call."""

    async def story(pair: Pair) -> None:
        answerer = pair.bob.transport.answerer
        assert answerer is not None
        for message1 in _bad_calls(pair):
            try:
                answer = answerer(message1)
            except ACCIDENTS as accident:
                raise AssertionError(f"{type(accident).__name__} came through") from accident
            holds("a bad call was answered", answer is None)
        for message3 in BAD_MESSAGES_3:
            await _call_and_say(pair, lambda _, bad=message3: bad)
        for frame in BAD_FIRST_FRAMES:
            await _call_and_say(pair, lambda answered, bad=frame: answered.finish([bad])[0])
        holds("a task has failed", not pair.bob.transport.failures)
        await pair.alice.node.contact_add(pair.bob.address, "bob")
        holds("nobody can call any more", await until(pair.bob_is_asked, TWO_DAYS))

    _play(story)


def _bad_calls(pair: Pair) -> list[bytes]:
    good = _stranger(pair).dial().message1
    calls = [b"", good[:21], good[:-1], good + b"\0", bytes(len(good)), good[:22].ljust(len(good), b"\xff")]
    return calls + [good[:22] + point + good[54:] for point in LOW_ORDER_U]


async def _call_and_say(pair: Pair, say: Callable[..., bytes]) -> None:
    """A call that is answered, and then goes wrong in message 3."""
    dialling = _stranger(pair).dial()
    message2, connection = await pair.network.connect(pair.bob.identity.onion, dialling.message1)
    await connection.send(say(dialling.read_message2(message2)))
    try:
        await connection.receive()
    except ConnectionLostError:
        return
    raise AssertionError("a bad message 3 was answered")


def _stranger(pair: Pair) -> Meeting:
    return Meeting(callee=pair.bob.identity, now=pair.bob.clock.now())


def _play(story: Callable[[Pair], Coroutine[Any, Any, None]], seed: str = "") -> None:
    async def whole(directory: Path) -> None:
        async with Pair(directory, seed) as pair:
            await story(pair)

    with scratch() as directory:
        run_virtual(whole(directory))
