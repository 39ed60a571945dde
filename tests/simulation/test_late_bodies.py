"""Bodies of a newer tuichat: kept and acknowledged, and read once the reader has been upgraded."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from tests.support.friends import Friends
from tests.support.simulated_node import SimulatedNode, until
from tests.support.virtual_time import run_virtual
from tuichat.model import Message
from tuichat.node import inbox, late_bodies
from tuichat.protocol.bodies import THE_TWO_OF_US, Body, File, Opaque, Text, Void, decode_body, opaque

DAY = 86_400.0

Decode = Callable[[bytes], Body | Opaque]


def old(raw: bytes) -> Body | Opaque:
    """What a reader makes of a body who knows nothing but voids, and texts that answer nothing."""
    body = decode_body(raw)
    known = isinstance(body, Void) or (isinstance(body, Text) and body.reply is None)
    return body if known else opaque(raw)


class Pair(Friends):
    """Alice, who has the newest version, and Bob, who upgrades in the middle of their story."""

    def __init__(self, directory: Path, patch: pytest.MonkeyPatch) -> None:
        super().__init__(directory)
        self.patch = patch

    async def begin(self) -> None:
        self.bob_reads(old, b"1,2")
        await self.meet()
        await self.alice.say(self.bob, "hello")
        await self.calm()

    def bob_reads(self, decode: Decode, kinds: bytes, version: bytes = b"1") -> None:
        self.patch.setattr(inbox, "decode_body", decode)
        self.patch.setattr(late_bodies, "KINDS", kinds)
        self.patch.setattr(late_bodies, "VERSION", version)

    async def upgrade(self) -> None:
        await self.bob.stop()
        self.bob_reads(decode_body, b"all")
        await self.bob.start()

    async def calm(self) -> None:
        assert await until(self.alice.settled, DAY)

    async def history(self) -> list[Message]:
        return await self.bob.node.messages("alice")


@pytest.fixture
def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pair:
    return Pair(tmp_path, monkeypatch)


def queue(person: SimulatedNode, raw: bytes, number: int) -> None:
    """Have a node send any bytes as a body."""
    node = person.node
    contact = node._store.contacts.all()[0]
    outbox = node._conversations.outbox(contact)
    with node._hub.change():
        seq, envelope, digest = outbox._seal(node._store.sessions.get(contact.id), raw)
        node._store.outbox.add(
            contact.id,
            message=None,
            wire_id=number.to_bytes(16, "big"),
            body=raw,
            queued_at=0,
            seq=seq,
            envelope=envelope,
            envelope_hash=digest,
            subject=1,
        )
    node._links.queued(contact.id)


def test_what_was_kept_is_read_in_its_place_after_an_upgrade(pair: Pair) -> None:
    async def story() -> None:
        await pair.begin()
        alice = pair.alice
        first = (await alice.node.messages("bob"))[0]
        answer = await alice.say(pair.bob, "and?", first.id)
        await alice.say(pair.bob, "in between")
        await alice.node.edit(first.id, "good evening")
        await alice.node.edit(answer.id, "well?")
        await alice.node.react(first.id, "👍")
        unsent = await alice.say(pair.bob, "a slip")
        await alice.node.unsend(unsent.id)
        await pair.calm()
        before = await pair.history()
        assert [message.kind for message in before].count("unsupported") == 5
        assert {message.text for message in before} == {"hello", "", "in between", "a slip"}
        await pair.bob.node.mark_read("alice", before[1].id)
        await pair.upgrade()
        after = await pair.history()
        assert [message.text for message in after] == ["good evening", "well?", "in between", ""]
        assert [message.id for message in after] == [
            message.id for message in before if message.id in {each.id for each in after}
        ]
        assert after[1].reply_to == after[0].id
        assert (after[0].edited, after[0].reactions, after[3].unsent) == (True, ("👍",), "done")
        assert [message.state for message in after[:2]] == ["read", "read"]
        assert pair.bob.store.deeds.waiting(1) == 0
        await alice.say(pair.bob, "and on")
        await pair.calm()
        assert (await pair.history())[-1].text == "and on"
        for person in (pair.alice, pair.bob):
            await person.stop()
            assert not person.failures

    run_virtual(story())


def test_a_version_that_reads_longer_texts_of_a_kind_that_was_known_looks_again(pair: Pair) -> None:
    def short(raw: bytes) -> Body | Opaque:
        body = decode_body(raw)
        return opaque(raw) if isinstance(body, Text) and len(body.text) > 10 else body

    async def story() -> None:
        pair.bob_reads(short, b"all")
        await pair.meet()
        await pair.alice.say(pair.bob, "longer than ten characters")
        await pair.calm()
        for version, kind in ((b"1", "unsupported"), (b"1", "unsupported"), (b"2", "text")):
            await pair.bob.stop()
            pair.bob_reads(decode_body if version == b"2" else short, b"all", version)
            await pair.bob.start()
            assert (await pair.history())[-1].kind == kind
        assert (await pair.history())[-1].text == "longer than ten characters"
        for person in (pair.alice, pair.bob):
            await person.stop()

    run_virtual(story())


def test_words_read_late_leave_an_index_that_is_made_anew_when_they_are_taken_back(pair: Pair) -> None:
    """Else they would stand in it twice, and once they were taken out still be found."""

    async def story() -> None:
        await pair.begin()
        first = (await pair.alice.node.messages("bob"))[0]
        answer = await pair.alice.say(pair.bob, "secretword", first.id)
        await pair.calm()
        pair.patch.setattr("tuichat.store.search.FORM", "of a later Unicode")
        await pair.upgrade()
        bob = pair.bob.store
        while bob.search.index_some(100):
            pass
        (found,) = (await pair.bob.node.search("secretword")).found
        with bob.transaction():
            bob.deeds.forget(found.message.id, "done")
        assert (await pair.bob.node.search("secretword")).found == ()
        assert bob._database.one("SELECT sum(messages) FROM search_days") == 2
        assert answer.text == found.message.text
        for person in (pair.alice, pair.bob):
            await person.stop()

    run_virtual(story())


def test_an_offer_that_was_kept_is_one_after_an_upgrade(pair: Pair) -> None:
    async def story() -> None:
        await pair.begin()
        offer = File(THE_TWO_OF_US, b"f" * 16, 0, "a.txt", 1, "", "look", bytes(32), bytes(32), bytes(32))
        queue(pair.alice, msgspec.msgpack.encode(offer), 1)
        await pair.calm()
        assert (await pair.history())[-1].kind == "unsupported"
        await pair.upgrade()
        message = (await pair.history())[-1]
        assert (message.kind, message.text) == ("file", "look")
        assert message.file is not None
        assert (await pair.bob.node.file_get(message.file)).message == message.id
        for person in (pair.alice, pair.bob):
            await person.stop()

    run_virtual(story())


def test_what_nobody_can_read_stays_and_holds_up_nothing(pair: Pair) -> None:
    async def story() -> None:
        await pair.begin()
        strange = [b"", b"\xc1", msgspec.msgpack.encode([99, THE_TWO_OF_US, bytes(16)]), b"\x91" * 500]
        for number, raw in enumerate(strange, 1):
            queue(pair.alice, raw, number)
        first = (await pair.alice.node.messages("bob"))[0]
        await pair.alice.say(pair.bob, "behind them", first.id)
        await pair.calm()
        await pair.upgrade()
        shown = [(message.kind, message.text) for message in await pair.history()]
        assert shown == [("text", "hello"), *[("unsupported", "")] * len(strange), ("text", "behind them")]
        assert [row.body for row in pair.bob.store.messages.unreadable(0, 10)] == strange[1:]
        await pair.bob.stop()
        await pair.bob.start()
        assert len(await pair.history()) == len(shown)
        await asyncio.sleep(1)
        for person in (pair.alice, pair.bob):
            await person.stop()
            assert not person.failures

    run_virtual(story())
