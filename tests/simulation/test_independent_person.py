"""The second implementation as a whole person, and a real node: they become contacts and talk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from tests.independent import envelope_peer
from tests.independent.frames_peer import RECEIVED
from tests.independent.history_peer import Shown
from tests.independent.identity_peer import Person, address_of
from tests.independent.invite_peer import Invite, read_invite
from tests.independent.person_peer import Connection, NotFoundError, PeerPerson
from tests.independent.primitives_peer import Refused, h32
from tests.support.seeded_rng import SeededRng
from tests.support.simulated_network import SimulatedNetwork, SimulatedTransport
from tests.support.simulated_node import SimulatedNode, until
from tests.support.virtual_time import VirtualClock, run_virtual
from tuichat.network.transport import Answer, ConnectionLostError, RefusedError

PATIENCE_SECONDS = 3600.0
"""Of virtual time."""


class Meeting:
    """A node, and a person of the second implementation, on one network."""

    def __init__(self, directory: Path, seed: str = "") -> None:
        rng = SeededRng(b"independent" + seed.encode())
        self.network = SimulatedNetwork(SeededRng(b"network" + seed.encode()))
        self.node = SimulatedNode("node", directory, self.network, SeededRng(b"node" + seed.encode()))
        me = Person(rng.bytes(32), rng.bytes(32), rng.bytes(32))
        self.clock = VirtualClock()
        self.peer = PeerPerson(me, self.node.identity.onion, rng.bytes, self.clock.now)
        self._transport = SimulatedTransport(self.network, me.onion)
        self._calls: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> str:
        return address_of(self.peer.me.onion)

    async def __aenter__(self) -> Meeting:
        await self.node.start()
        await self._transport.start(self._answer, lambda: None, lambda _path: None)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.node.stop()
        await self._transport.stop()
        assert not self.node.failures + self._transport.failures

    def _answer(self, message_1: bytes) -> Answer | None:
        answered = self.peer.answer(message_1)
        if answered is None:
            return None
        message_2, attend = answered
        return Answer(message_2, lambda connection: _until_lost(attend, connection))

    async def dial(self, message_1: bytes) -> tuple[bytes, Connection]:
        try:
            reach = self.peer.reach_from_them or None
            return await self.network.connect(self.node.identity.onion, message_1, reach)
        except RefusedError:
            raise NotFoundError from None

    async def call(self) -> None:
        """One call of the peer's, and its link until it ends."""
        try:
            await self.peer.call(self.dial)
        except (ConnectionLostError, NotFoundError, Refused):
            await asyncio.sleep(1.0)

    async def keep_calling(self) -> None:
        while True:
            if self.peer.live is None:
                await self.call()
            await asyncio.sleep(5.0)

    async def state(self) -> str:
        contacts = await self.node.node.contact_list()
        return contacts[0].state if contacts else "none"

    async def talk(self, words: int = 10) -> None:
        """So many messages each way arrive, in their order, and are acknowledged."""
        said = [f"{i} " + "x" * (i * 700) for i in range(words)]
        for text in said:
            await self.peer.say("peer " + text)
            await self.node.node.send("friend", "node " + text)
            await asyncio.sleep(0.7)
        assert await until(self.settled, PATIENCE_SECONDS)
        messages = await self.node.node.messages("friend", limit=5000)
        arrived = [message.text for message in messages if message.direction == "in"]
        assert arrived == ["peer " + text for text in said]
        assert self.peer.read() == ["node " + text for text in said]

    async def settled(self) -> bool:
        return await self.node.settled() and not self.peer.session.queue

    def shown_by_the_node(self) -> dict[tuple[bool, bytes], Shown]:
        """The node's history, in the peer's words."""
        store = self.node.store
        return {
            (row.direction == "in", row.wire_id): Shown(
                row.text,
                bool(row.unsent),
                {(author == "in", emoji) for author, emoji in store.deeds.reactions(row.id)},
            )
            for row in store.messages.page(1, 5000)
        }

    async def linked(self) -> bool:
        contacts = await self.node.node.contact_list()
        return self.peer.live is not None and bool(contacts) and contacts[0].online


async def _until_lost(
    attend: Callable[[Connection], Coroutine[Any, Any, None]], connection: Connection
) -> None:
    try:
        await attend(connection)
    except ConnectionLostError:
        return


def test_a_node_adds_the_second_client_which_accepts_later(tmp_path: Path) -> None:
    async def story() -> None:
        async with Meeting(tmp_path) as meeting:
            peer = meeting.peer
            await meeting.node.node.contact_add(meeting.address, "friend", "it is me")

            async def waits() -> bool:
                return peer.state == "pending"

            assert await until(waits, PATIENCE_SECONDS)
            assert peer.asked is not None
            assert (peer.asked.name, peer.asked.text) == ("node", "it is me")
            assert await meeting.state() == "requested"
            peer.accept()
            calling = asyncio.create_task(meeting.call())
            assert await until(meeting.linked, PATIENCE_SECONDS)
            assert await meeting.state() == "accepted"
            await meeting.talk()
            await peer.hang_up()
            await calling

    run_virtual(story())


def test_the_second_client_asks_and_the_node_accepts_later(tmp_path: Path) -> None:
    async def story() -> None:
        async with Meeting(tmp_path) as meeting:
            meeting.peer.add()
            await meeting.call()
            assert meeting.peer.replies == [RECEIVED]
            assert await meeting.state() == "pending"
            await meeting.node.node.contact_add(meeting.address, "friend")
            assert await until(meeting.linked, PATIENCE_SECONDS)
            await meeting.talk()

    run_virtual(story())


def test_the_second_client_comes_by_the_nodes_invite(tmp_path: Path) -> None:
    async def story() -> None:
        async with Meeting(tmp_path) as meeting:
            record = await meeting.node.node.invite_create()
            meeting.peer.add(read_invite(record.text, int(meeting.clock.now())))
            calling = asyncio.create_task(meeting.call())
            assert await until(meeting.linked, PATIENCE_SECONDS)
            contact = (await meeting.node.node.contact_list())[0]
            await meeting.node.node.contact_rename(contact.name, "friend")
            await meeting.talk()
            await meeting.peer.hang_up()
            await calling
            calling = asyncio.create_task(meeting.call())
            assert await until(meeting.linked, PATIENCE_SECONDS)
            assert len(meeting.peer.replies) == 1, "the second time it came by the pair"
            await meeting.peer.hang_up()
            await calling

    run_virtual(story())


def test_the_node_comes_by_the_second_clients_invite(tmp_path: Path) -> None:
    async def story() -> None:
        async with Meeting(tmp_path) as meeting:
            peer, me = meeting.peer, meeting.peer.me
            peer.invited = bytes(range(32))
            expiry = int(meeting.clock.now()) + 3600
            invite = Invite(me.onion, peer.invited, h32(me.sig)[:16], expiry)
            await meeting.node.node.contact_add(invite.text(), "friend")
            assert await until(meeting.linked, PATIENCE_SECONDS)
            assert peer.state == await meeting.state() == "accepted"
            await meeting.talk()

    run_virtual(story())


async def offer_what_disappears(meeting: Meeting, path: Path, file: bytes) -> None:
    """Each offers the other a file with a timer."""
    path.write_text("notes", encoding="utf-8")
    await meeting.node.node.file_send("friend", [str(path)], as_is=True)
    key, root, where = (bytes([each]) * 32 for each in range(3))
    offer = envelope_peer.File(file, 0, "theirs.txt", 5, "", "", key, root, where, ttl=90)
    await meeting.peer.say_body(offer)
    assert await until(meeting.settled, PATIENCE_SECONDS)
    offered = envelope_peer.decode_body(meeting.peer.session.inbox[-1])
    assert isinstance(offered, envelope_peer.File)
    assert (offered.name, offered.ttl) == ("notes.txt", 120)
    files = [each for each in await meeting.node.node.messages("friend") if each.kind == "file"]
    assert [(each.direction, each.timer) for each in files] == [("out", 120), ("in", 90)]


def test_both_see_the_same_of_messages_that_were_edited_unsent_and_reacted_to(tmp_path: Path) -> None:
    async def story() -> None:
        async with Meeting(tmp_path) as meeting:
            peer, node = meeting.peer, meeting.node.node
            peer.add()
            await node.contact_add(meeting.address, "friend")
            calling = asyncio.create_task(meeting.keep_calling())
            assert await until(meeting.linked, PATIENCE_SECONDS)
            await meeting.talk(4)
            mine = [each for each in await node.messages("friend") if each.direction == "out"]
            theirs = [each for each in await node.messages("friend") if each.direction == "in"]
            await node.edit(mine[0].id, "better")
            await node.unsend(mine[1].id)
            await node.react(theirs[0].id, "👍")
            await node.react(theirs[1].id, "🎉")
            await node.react(theirs[1].id, "🎉")
            (_, first), (_, second), *_rest = [key for key in peer.history.shown if key[0]]
            ids = (number.to_bytes(16, "big") for number in range(20))
            await peer.say_body(envelope_peer.Edit(next(ids), 0, b"late" * 4, "in the end"))
            await peer.say_body(envelope_peer.Edit(next(ids), 0, first, "clearer"))
            await peer.say_body(envelope_peer.Reaction(next(ids), second, "👩🏽‍🚀", 1))
            await peer.say_body(envelope_peer.Unsend(next(ids), second))
            await peer.say_body(envelope_peer.Text(b"late" * 4, 0, "at first"))
            now = int(meeting.clock.now())
            for seconds, revision in (
                (60, now + 1000),
                (0, now + 1001),
                (120, now + 1001),
                (240, now + 1001),
                (300, 2**52),
                (90, now + 2),
                (120, now + 3),
                (240, now + 1),
                (60, 2**53 - 1),
            ):
                await peer.say_body(envelope_peer.Timer(next(ids), 0, seconds, revision))
            assert await until(meeting.settled, PATIENCE_SECONDS)
            for body in map(envelope_peer.decode_body, peer.session.inbox):
                peer.history.take(body, mine=False)
            assert peer.history.shown == meeting.shown_by_the_node()
            contact = await node.conversation_timer("friend")
            assert contact.conversation.timer == peer.history.timer == 120
            await offer_what_disappears(meeting, tmp_path / "notes.txt", next(ids))
            assert {"better", "clearer", "in the end", ""} <= {
                each.text for each in peer.history.shown.values()
            }
            calling.cancel()
            with pytest.raises(asyncio.CancelledError):
                await calling

    run_virtual(story())


@pytest.mark.parametrize("seed", ["one", "two"])
def test_they_talk_on_a_network_that_loses_repeats_and_cuts(tmp_path: Path, seed: str) -> None:
    async def story() -> None:
        async with Meeting(tmp_path, seed) as meeting:
            meeting.peer.add()
            await meeting.node.node.contact_add(meeting.address, "friend")
            faults = meeting.network.faults
            faults.lose = faults.duplicate = faults.reorder = faults.cut = 0.004
            calling = asyncio.create_task(meeting.keep_calling())
            await meeting.talk(60)
            assert meeting.peer.session.gen == 1
            calling.cancel()
            with pytest.raises(asyncio.CancelledError):
                await calling

    run_virtual(story())
