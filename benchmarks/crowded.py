"""A profile with as many contacts, stored messages and queued messages as wanted, and one friend who answers.

The friend is the one contact who exists: its node is joined to the profile's without a network between them,
and half of all messages are its conversation. The others have sessions and sealed messages that wait, as if
they had been met; calling them takes as long as tor may take, and is in vain.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from benchmarks.homes import PEER, fill_conversation
from benchmarks.joined import JoinedTransport
from tuichat import bootstrap
from tuichat.clock import SystemClock, SystemRng
from tuichat.crypto.curve25519 import ed25519_public
from tuichat.crypto.kem import MlKem768
from tuichat.crypto.ratchet import Ratchet, fresh_keys
from tuichat.network.addresses import address_of
from tuichat.network.transport import Answerer, ConnectionLostError, Dialled, DialStage, Transport
from tuichat.node.file_places import FileRules
from tuichat.node.node import Node
from tuichat.node.outbox import Outbox, Sealing
from tuichat.node.parts import NodeParts
from tuichat.protocol.bodies import THE_TWO_OF_US, Text
from tuichat.store.profile import create_profile, open_profile
from tuichat.store.records import SessionRow
from tuichat.store.store import Store

QUEUED_EACH: Final = 10

_RNG, _CLOCK, _KEM = SystemRng(), SystemClock(), MlKem768()
_NAMES: Final = ("Marnie", "Grace Hopper", "Björn", "Дмитрий", "好人", "o'Neill")
_PATIENCE: Final = 60.0
_IN_VAIN_SECONDS: Final = 60.0
_GEN: Final = 1


class PatientTransport(JoinedTransport):
    """Takes long to find out that somebody is not there.

    Attributes:
        in_vain: how many dials are at it.
        patience: how many seconds that takes.
    """

    def __init__(self, onion: bytes, everybody: dict[bytes, Answerer]) -> None:
        super().__init__(onion, everybody)
        self.in_vain = 0
        self.patience = _IN_VAIN_SECONDS

    async def dial(
        self, onion: bytes, message1: bytes, on_stage: Callable[[DialStage], None], reach: bytes | None = None
    ) -> Dialled:
        try:
            return await super().dial(onion, message1, on_stage, reach)
        except ConnectionLostError:
            self.in_vain += 1
            try:
                await asyncio.sleep(self.patience)
            finally:
                self.in_vain -= 1
            raise


class Person:
    """A profile without passphrase."""

    def __init__(self, home: Path) -> None:
        self.paths = bootstrap.profile_paths(home, "default", None)
        if not bootstrap.profile_exists(self.paths):
            create_profile(self.paths, "", None, _RNG, _CLOCK)
        self._profile = open_profile(self.paths, "")
        self.onion = self._profile.identity.onion

    @property
    def address(self) -> str:
        return address_of(self.onion)

    def store(self) -> Store:
        """Its store as the node has it."""
        return Store.open(self.paths.database, self._profile.database_key)

    def node(self, store: Store, transport: Transport) -> Node:
        """A node over the open store, which the node will close."""
        parts = NodeParts(
            store=store,
            identity=self._profile.identity,
            name="",
            transport=transport,
            clock=_CLOCK,
            rng=_RNG,
            kem=_KEM,
            files=FileRules.inside(self.paths.home),
        )
        return Node(parts)

    def fill(self, contacts: int, messages: int) -> None:
        """Add contacts until there are so many, and messages: half the friend's, half the others'.

        Ten wait for each of the others, so with many contacts and few messages there are more in all.
        """
        store = Store.open(self.paths.database, self._profile.database_key, synchronous="OFF")
        friend = store.contacts.by_petname(PEER)
        assert friend is not None
        try:
            others = [self._add(store, number) for number in range(contacts - 1)]
            _fill(store, friend.id, messages - messages // 2)
            rest = max(0, messages // 2 - len(others) * QUEUED_EACH)
            for place, contact in enumerate(others):
                _fill(store, contact, rest // len(others) + (place < rest % len(others)))
        finally:
            store.close()

    def _add(self, store: Store, number: int) -> int:
        """A contact with a session and sealed messages that wait."""
        onion, now = ed25519_public(_RNG.bytes(32)), int(_CLOCK.now() * 1000)
        name = _NAMES[number % len(_NAMES)]
        with store.transaction():
            contact = store.contacts.add(
                onion,
                "accepted",
                f"{name} {number}",
                created_at=now,
                suggested_name=name,
                pair_sent=_RNG.bytes(32),
            ).id
            keys, sid, exporter = fresh_keys(_RNG, _KEM), _RNG.bytes(16), _RNG.bytes(32)
            ratchet = Ratchet.as_dialler(exporter, _GEN, sid, keys.dh_public, keys.ek_public, _KEM)
            store.sessions.put(SessionRow(contact, gen=_GEN, sid=sid, ratchet=ratchet.encode()))
        self.queue(store, contact, ["Are you there? I will wait."] * QUEUED_EACH)
        return contact

    def queue(self, store: Store, contact: int, texts: Sequence[str]) -> None:
        """Let texts wait for a contact, all in one commit."""
        row, now = store.contacts.get(contact), int(_CLOCK.now() * 1000)
        assert row is not None
        outbox = Outbox(store, contact, Sealing(self.onion, row.onion, _RNG, _KEM))
        with store.transaction():
            for text in texts:
                outbox.queue_text(Text(THE_TWO_OF_US, _RNG.bytes(16), now, text), now, given=False)


def _fill(store: Store, contact: int, messages: int) -> None:
    """History, with what delivery remembers of it."""
    fill_conversation(store, contact, messages)
    with store.transaction():
        for number in range(1, messages, 2):
            store.sessions.know(contact, number.to_bytes(16, "big"))


async def befriend(me: Person, friend: Person) -> None:
    """Make both contacts of each other, with a session, as people do; neither runs afterwards."""
    everybody: dict[bytes, Answerer] = {}
    nodes = [person.node(person.store(), JoinedTransport(person.onion, everybody)) for person in (me, friend)]
    mine, theirs = nodes
    try:
        for node in nodes:
            await node.start()
            await node.go_online()
        await theirs.contact_add(me.address, "me")
        await mine.contact_add(friend.address, PEER)
        await mine.send(PEER, "hello")
        async with asyncio.timeout(_PATIENCE):
            while (await mine.status()).outbox.queued:  # noqa: ASYNC110 - its tasks bring it about
                await asyncio.sleep(0.05)
    finally:
        for node in nodes:
            await node.close()
