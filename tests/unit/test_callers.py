"""What callers can learn from an answer, and what they can make a node do, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.support.handshakes import Meeting, person
from tests.support.seeded_rng import SeededRng
from tests.support.simulated_network import SimulatedNetwork
from tests.support.simulated_node import SimulatedNode
from tests.support.virtual_time import run_virtual
from tuichat.network.addresses import address_of
from tuichat.node import callers
from tuichat.node.budget import MAX_STRANGERS
from tuichat.node.callers import REPLY_SECONDS, Callers, Known
from tuichat.protocol.frames import Accepted, Received, Request, decode, encode
from tuichat.protocol.invites import parse_invite
from tuichat.protocol.knock import knock, pair_psk

Story = Callable[[SimulatedNode, SimulatedNetwork], Awaitable[None]]
Play = Callable[[Story], None]


@pytest.fixture
def play(tmp_path: Path) -> Play:
    async def whole(story: Story) -> None:
        network = SimulatedNetwork(SeededRng(b"network"))
        network.faults.shortest = network.faults.longest = 0.0
        node = SimulatedNode("alice", tmp_path, network, SeededRng(b"alice"))
        await node.start()
        try:
            await story(node, network)
        finally:
            await node.stop()
        assert not node.failures

    return lambda story: run_virtual(whole(story))


async def ask(node: SimulatedNode, network: SimulatedNetwork, name: str, text: str) -> float:
    """Ask to be a contact, as a stranger; how many seconds after message 3 the reply came."""
    meeting = Meeting(person(name), node.identity, now=node.clock.now(), rng=SeededRng(text.encode()))
    dialling = meeting.dial()
    message2, connection = await network.connect(node.onion, dialling.message1)
    request = Request(bytes([len(name)]) * 32, b"", name, text)
    message3, link = dialling.read_message2(message2).finish([encode(request)])
    began = asyncio.get_running_loop().time()
    await connection.send(message3)
    reply = decode(link.open(await connection.receive()))
    assert isinstance(reply, Received | Accepted)
    await connection.close()
    return asyncio.get_running_loop().time() - began


def test_unknown_pending_and_blocked_people_are_answered_after_the_same_time(play: Play) -> None:
    async def story(node: SimulatedNode, network: SimulatedNetwork) -> None:
        first = await ask(node, network, "mallory", "hello")
        same = await ask(node, network, "mallory", "hello")
        other = await ask(node, network, "mallory", "please")
        await node.node.contact_block(address_of(person("mallory").onion))
        blocked = await ask(node, network, "mallory", "hello")
        assert [first, same, other, blocked] == pytest.approx([REPLY_SECONDS] * 4, abs=1e-3)

    play(story)


def test_strangers_who_say_nothing_keep_no_newcomer_out(play: Play) -> None:
    async def story(node: SimulatedNode, network: SimulatedNetwork) -> None:
        silent = []
        for number in range(3 * MAX_STRANGERS):  # for 24 seconds, eight in each
            meeting = Meeting(
                person("mallory"), node.identity, now=node.clock.now(), rng=SeededRng(b"%d" % number)
            )
            silent.append((await network.connect(node.onion, meeting.dial().message1))[1])
            await asyncio.sleep(0.125)
        assert sum(connection.lost for connection in silent) >= 2 * MAX_STRANGERS
        assert not any(connection.lost for connection in silent[-MAX_STRANGERS // 2 :])
        await ask(node, network, "bob", "hello")
        assert [contact.suggested_name for contact in await node.node.contact_list()] == ["bob"]

    play(story)


def test_knocks_are_learnt_anew_only_when_a_request_changes_a_secret(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    learnt: list[float] = []
    learn = Callers._all_knocks

    def count(self: Callers, now: float) -> list[tuple[bytes, Known]]:
        learnt.append(now)
        return learn(self, now)

    monkeypatch.setattr(Callers, "_all_knocks", count)

    async def story(node: SimulatedNode, network: SimulatedNetwork) -> None:
        await ask(node, network, "bob", "hello")
        await node.node.contact_accept(address_of(person("bob").onion))
        assert await ask(node, network, "bob", "hello") == pytest.approx(0.0, abs=1e-3)
        before = len(learnt)
        for _ in range(5):
            await ask(node, network, "bob", "hello")
        assert len(learnt) == before

    play(story)


def test_a_contacts_knocks_are_derived_once_a_day(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    derived: list[bytes] = []

    def count(pair: bytes, one: bytes, other: bytes) -> bytes:
        derived.append(pair)
        return pair_psk(pair, one, other)

    monkeypatch.setattr(callers, "pair_psk", count)

    async def story(node: SimulatedNode, network: SimulatedNetwork) -> None:
        for name in ("bob", "carol-anne", "dave"):
            await ask(node, network, name, "hello")
            await node.node.contact_accept(address_of(person(name).onion))
            await ask(node, network, "eve", "hello")  # any call: the knocks are learnt
        assert len(derived) == len(set(derived)) == 3
        await asyncio.sleep(86_400.0)
        await ask(node, network, "eve", "hello")
        assert len(derived) == 6

    play(story)


def test_a_contact_who_was_removed_and_asks_again_is_known_as_the_new_one(play: Play) -> None:
    async def story(node: SimulatedNode, network: SimulatedNetwork) -> None:
        address = address_of(person("bob").onion)
        for _ in range(2):
            await ask(node, network, "bob", "hello")  # with the same secret
            accepted = await node.node.contact_accept(address)
            row = node.node._store.contacts.by_onion(person("bob").onion)
            assert row is not None
            assert row.pair_received is not None
            psk = pair_psk(row.pair_received, row.onion, node.onion)
            answerer = node.transport.answerer
            assert answerer is not None
            meeting = Meeting(person("bob"), node.identity, psk=psk, now=node.clock.now())
            answer = answerer(meeting.dial().message1)
            assert answer is not None
            who = node.node._callers._known[knock(psk, node.onion, node.clock.now())]
            assert who.whose == accepted.id
            if row.id == 1:
                await node.node.contact_remove(address)
                assert answerer(meeting.dial().message1) is None

    play(story)


def test_a_withdrawn_invite_cannot_be_used_to_keep_a_node_busy(play: Play) -> None:
    async def story(node: SimulatedNode, network: SimulatedNetwork) -> None:
        invite = await node.node.invite_create()
        secret = parse_invite(invite.text)
        await node.node.invite_revoke(invite.id)
        answerer = node.transport.answerer
        assert answerer is not None
        meeting = Meeting(callee=node.identity, psk=secret.psk, now=node.clock.now())
        message1 = meeting.dial().message1
        answered = [answerer(message1) for _ in range(1000)]
        assert 0 < sum(answer is not None for answer in answered) < 10

    play(story)
