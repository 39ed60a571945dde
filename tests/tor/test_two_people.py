"""Two people talk over real tor: whatever happens to them, no message is lost, doubled or out of order."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support.network_thread import NetworkThread
from tests.support.people import Person, befriend, delivered, until
from tests.support.raw_callers import BINARY, RawCaller, request, web_frame
from tests.support.socket_tap import SocketTap, forms, secrets_of

pytestmark = [pytest.mark.tor, pytest.mark.asyncio(loop_scope="module")]

ASKING = "a question that only bob may read"
TEXT = "an answer that only alice may read"


@dataclass
class Meeting:
    """Two contacts, and what was seen of them since before they met.

    Attributes:
        said: for each of the two, everything they have said, in order.
        at_relays: every byte that passed a relay, until `stop_capture`.
    """

    alice: Person
    bob: Person
    network: NetworkThread
    taps: dict[str, SocketTap]
    at_relays: bytearray
    stop_capture: Callable[[], None]
    said: dict[str, list[str]] = field(default_factory=lambda: {"alice": [], "bob": []})

    async def say(self, person: Person, text: str) -> None:
        other = self.bob if person is self.alice else self.alice
        await person.say(other, text)
        self.said[person.name].append(text)

    async def talk(self, topic: str, count: int = 8) -> None:
        """Both write `count` messages at the same time."""

        async def speak(person: Person) -> None:
            for number in range(count):
                await self.say(person, f"{topic} {person.name} {number}")

        await asyncio.gather(speak(self.alice), speak(self.bob))

    async def agree(self) -> None:
        """Wait until all is delivered; then each history has everything once, in order, on both sides."""
        await delivered(self.alice, self.bob)
        for person, other in ((self.alice, self.bob), (self.bob, self.alice)):
            assert await person.texts(other, "out") == self.said[person.name]
            assert await other.texts(person, "in") == self.said[person.name]
            assert {message.state for message in await person.messages(other)} == {"delivered"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def meeting(tor_network: NetworkThread) -> AsyncIterator[Meeting]:
    with tempfile.TemporaryDirectory(prefix="tc-") as directory:
        alice, bob = (Person(name, Path(directory), tor_network.torrc) for name in ("alice", "bob"))
        taps: dict[str, SocketTap] = {}
        at_relays = bytearray()
        ends = [tor_network.capture(lambda _name, _direction, data: at_relays.extend(data))]

        def end() -> None:
            while ends:
                ends.pop()()

        try:
            await asyncio.gather(alice.create(), bob.create())
            await asyncio.gather(alice.start(), bob.start())
            await asyncio.gather(alice.reachable(), bob.reachable())
            for person in (alice, bob):
                taps[person.name] = SocketTap(person.paths.run_directory() / "onion.sock")
                await taps[person.name].start()
            await befriend(alice, bob, ASKING)
            yield Meeting(alice, bob, tor_network, taps, at_relays, end)
        finally:
            end()
            for tap in taps.values():
                await tap.stop()
            await asyncio.gather(alice.stop(), bob.stop())


async def test_commands_carry_a_conversation(meeting: Meeting) -> None:
    alice, bob = meeting.alice, meeting.bob
    for person, other in ((bob, alice), (alice, bob)):
        said = await person.command("send", other.name, TEXT, "--wait", "delivered")
        assert said.code == 0, said.err
        meeting.said[person.name].append(TEXT)
    assert TEXT in await alice.must("messages", "bob")
    (shown,) = [line for line in (await bob.must("contact", "list")).splitlines() if alice.address in line]
    assert "accepted" in shown
    number = await alice.must("contact", "verify", "bob")
    assert await bob.must("contact", "verify", "alice") == number.replace("bob", "alice")
    await meeting.agree()


async def test_neither_relays_nor_the_services_sockets_see_text_name_key_or_caller(meeting: Meeting) -> None:
    meeting.network.cut()
    await meeting.talk("a private matter")
    await meeting.agree()
    meeting.stop_capture()
    alice, bob = meeting.alice, meeting.bob
    words = [*meeting.said["alice"], *meeting.said["bob"], ASKING, alice.own_name, bob.own_name]
    plain = [form for word in words for form in forms(word.encode())]
    at_relays = bytes(meeting.at_relays)
    assert len(at_relays) > 100_000
    for secret in [*secrets_of(alice.identity), *secrets_of(bob.identity), *plain]:
        assert secret not in at_relays
    for owner, caller in ((alice, bob), (bob, alice)):
        readable = meeting.taps[owner.name].readable()
        own_address = owner.address.encode()
        for secret in [*plain, *secrets_of(caller.identity), *secrets_of(owner.identity)]:
            if secret not in (own_address, own_address.upper()):
                assert not any(secret in piece for piece in readable), secret
    # The taps have seen links: handshakes, and messages long enough to be envelopes.
    pieces = meeting.taps["alice"].readable() + meeting.taps["bob"].readable()
    assert any(b"/link HTTP/1.1" in piece and b".onion" in piece for piece in pieces)
    assert {len(piece) for piece in pieces} >= {1270, 1434}
    assert sum(1 for piece in pieces if 4096 < len(piece) < 4200) >= 16


async def test_text_without_encryption_would_have_been_seen(meeting: Meeting) -> None:
    caller = await RawCaller.connect(meeting.bob.paths.run_directory() / "onion.sock")
    caller.send(request(TEXT.encode()) + web_frame(BINARY, ASKING.encode()))
    await caller.answer()
    (tapped,) = [each for each in meeting.taps["bob"].connections if TEXT.encode() in each.readable()]
    assert ASKING.encode() in tapped.readable()
    assert ASKING.encode() not in bytes(tapped.brought)


@pytest.mark.timeout(
    900
)  # a tor that has lost every link at once may take two minutes to try its guards again
@pytest.mark.parametrize("fault", ["cut", "half_close", "stall"])
async def test_conversation_survives_links_that_are(meeting: Meeting, fault: str) -> None:
    async def hurt() -> None:
        if fault == "stall":
            meeting.network.stall(1.0)
        else:
            assert getattr(meeting.network, fault)() > 0

    for time in ("once", "and again"):
        await meeting.alice.online(meeting.bob)
        await meeting.bob.online(meeting.alice)
        await asyncio.gather(meeting.talk(f"{fault} {time}", 4), hurt())
        await meeting.agree()


@pytest.mark.parametrize("name", ["alice", "bob"])
async def test_conversation_survives_a_killed_tor(meeting: Meeting, name: str) -> None:
    person = meeting.alice if name == "alice" else meeting.bob
    await meeting.talk(f"before {name}'s tor dies", 4)
    person.kill_tor()
    await meeting.talk(f"after {name}'s tor died", 4)
    await meeting.agree()


async def test_without_relays_messages_stay_queued_and_are_delivered_afterwards(meeting: Meeting) -> None:
    alice, bob = meeting.alice, meeting.bob
    meeting.network.stop_relays()
    try:

        async def parted() -> bool:
            there, here = await alice.contact(bob), await bob.contact(alice)
            return there is not None and here is not None and not there.online and not here.online

        await until(parted)
        said = await alice.command("send", "bob", "into the dark", "--wait", "delivered", "--timeout", "1")
        assert said.code == 5
        assert "stays queued" in said.err
        meeting.said["alice"].append("into the dark")
        await meeting.talk("in the dark", 3)
        assert (await alice.printed(bob, 4))[0]["text"] == "into the dark"
        assert {message["state"] for message in await alice.printed(bob, 4)} == {"queued"}
        assert await alice.queued() == 4
        assert await bob.queued() == 3
        assert "4 queued" in await alice.must("status")
    finally:
        meeting.network.start_relays()
    await meeting.agree()
    await meeting.talk("in the light again", 3)
    await meeting.agree()


async def test_nodes_have_said_nothing_about_it(meeting: Meeting) -> None:
    words = [text for texts in meeting.said.values() for text in texts] + [ASKING]
    for person in (meeting.alice, meeting.bob):
        said = person.log.read_bytes()
        for secret in [*secrets_of(meeting.alice.identity), *secrets_of(meeting.bob.identity)]:
            assert secret not in said
        assert not any(word.encode() in said for word in [*words, person.own_name])
        assert await person.complaints() == []
