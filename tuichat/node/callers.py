"""Answering those who call: which knocks are known, who called, and what becomes of it (L3-L6, C4)."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Coroutine
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Final

from tuichat.clock import Clock, Rng
from tuichat.crypto.identity import Certificate, Identity
from tuichat.crypto.kem import Kem
from tuichat.errors import DamagedError, PeerError, StorageError
from tuichat.network.transport import Answer, Connection, ConnectionLostError
from tuichat.node.budget import STRANGERS, Budget, Turns
from tuichat.node.first_contact import FirstContact, Shown
from tuichat.node.live_link import LiveLink
from tuichat.protocol.frames import Accepted, Gone, Received, Request, decode
from tuichat.protocol.invites import invite_psk
from tuichat.protocol.knock import (
    PREAMBLE_LENGTH,
    answered_knocks,
    pair_psk,
    parse_preamble,
    public_psk,
)
from tuichat.protocol.link import Answering, LinkStart
from tuichat.store.records import ContactRow
from tuichat.store.store import Store

MESSAGE3_SECONDS: Final = 30.0
"""How long a caller has for message 3."""

REPLY_SECONDS: Final = 0.5
"""So long after message 3 comes the reply to who is no contact now, however soon it was decided: time tells
neither the blocked apart nor those whose request is known already."""

FAREWELL_SECONDS: Final = 3.0
"""How long a link stays after RECEIVED, the same for everybody."""

_DAY: Final = 86_400


@dataclass(frozen=True, slots=True, repr=False)
class Known:
    """Who may knock so: a contact with a pair secret, who holds an invite, or anybody.

    Attributes:
        whose: whose budget it is: a contact's id, the negative of an invite's, 0 for strangers.
        until: Unix time in seconds after which this knock is nobody's.
    """

    psk: bytes
    whose: int = STRANGERS
    pair: bytes | None = None
    until: float = math.inf

    @property
    def invite(self) -> int | None:
        """The invite that gave the key, if one did."""
        return -self.whose if self.whose < 0 else None


_Derived = tuple[Known, tuple[bytes, ...]]
"""Who knocks with a pair secret, and the knocks of these days."""

Reply = Accepted | Received | Gone

Welcome = Callable[[LiveLink, int, list[bytes]], Coroutine[Any, Any, None]]
"""Runs a contact's link: the link, the contact, the frames that came with message 3."""


class Callers:
    """Judges whoever knocks; `attach` first."""

    def __init__(
        self,
        identity: Identity,
        store: Store,
        first_contact: FirstContact,
        clock: Clock,
        rng: Rng,
        kem: Kem,
    ) -> None:
        self._identity = identity
        self._store = store
        self._first_contact = first_contact
        self._clock = clock
        self._rng = rng
        self._kem = kem
        self._welcome: Welcome | None = None
        self._known: dict[bytes, Known] = {}
        self._psks: dict[bytes, bytes] = {}
        self._known_by: tuple[int, int] | None = None
        self._derived: dict[tuple[int, bytes], _Derived] = {}
        self._derived_on = -1
        self._budget = Budget(clock.monotonic)
        self._turns = Turns(clock.monotonic)

    def attach(self, welcome: Welcome) -> None:
        """Say who takes over when a contact called."""
        self._welcome = welcome

    def forget_knocks(self) -> None:
        """Contacts or their secrets changed: learn the knocks anew at the next call."""
        self._known_by = None

    def answer(self, message1: bytes) -> Answer | None:
        """What a caller gets; None for everyone who knows no knock or knocks wrongly, or when too many do."""
        self._learn_knocks()
        try:
            who = self._known.get(parse_preamble(message1[:PREAMBLE_LENGTH]).knock)
            if who is None or who.until <= self._clock.now() or not self._budget.allows(who.whose):
                return None
            answering = Answering.read_message1(self._identity, message1, self._psks, self._rng, self._kem)
        except PeerError:
            return None
        started = self._clock.monotonic()

        async def run(connection: Connection) -> None:
            await self._attend(answering, who, connection, started)

        return Answer(answering.message2, run)

    def _learn_knocks(self) -> None:
        now = self._clock.now()
        known_by = (int(now) // _DAY, self._first_contact.pairs_drawn)
        if self._known_by != known_by:
            self._known = dict(self._all_knocks(now))
            self._psks = {knock: who.psk for knock, who in self._known.items()}
            self._known_by = known_by

    def _all_knocks(self, now: float) -> list[tuple[bytes, Known]]:
        onion = self._identity.onion
        everyone = [Known(public_psk(onion))]
        for invite in self._store.invites.unexpired(int(now * 1000)):
            psk = invite_psk(invite.secret, onion)
            everyone.append(Known(psk, -invite.id, until=invite.expires_at / 1000))
        knocks = [(knock, who) for who in everyone for knock in answered_knocks(who.psk, onion, now)]
        return knocks + self._contacts_knocks(now)

    def _contacts_knocks(self, now: float) -> list[tuple[bytes, Known]]:
        """Both pair secrets are answered once a contact is accepted or requested by me (C3).

        What was derived from a secret serves for the rest of the day: of many contacts few change at a time.
        """
        earlier = self._derived if self._derived_on == int(now) // _DAY else {}
        self._derived, self._derived_on = {}, int(now) // _DAY
        for contact, onion, sent, received in self._store.contacts.pairs():
            for pair in filter(None, (sent, received)):
                place = (contact, pair)
                self._derived[place] = earlier.get(place) or self._derive(contact, onion, pair, now)
        return [(knock, who) for who, knocks in self._derived.values() for knock in knocks]

    def _derive(self, contact: int, onion: bytes, pair: bytes, now: float) -> _Derived:
        psk = pair_psk(pair, onion, self._identity.onion)
        return Known(psk, contact, pair), answered_knocks(psk, self._identity.onion, now)

    async def _attend(self, answering: Answering, who: Known, connection: Connection, started: float) -> None:
        leave = self._budget.enter(who.whose)
        try:
            async with asyncio.timeout(MESSAGE3_SECONDS) as limit:
                with self._budget.awaiting(who.whose, lambda: _give_up(limit)):
                    message3 = await connection.receive()
            due = self._clock.monotonic() + REPLY_SECONDS
            async with self._turns.turn() if who.whose == STRANGERS else nullcontext():
                certificate, frames, link = answering.read_message3(message3)
                reply, contact = self._introduce(certificate, who, answering.version, frames)
            live = LiveLink(link, connection, LinkStart(certificate.onion, started), self._clock, self._rng)
            if contact is None:
                await asyncio.sleep(due - self._clock.monotonic())
            if reply is not None:
                await _reply(live, reply)
            if contact is not None:
                leave()
                assert self._welcome is not None
                await self._welcome(live, contact, [] if who.pair is None else frames)
        except (PeerError, ConnectionLostError, TimeoutError, StorageError, DamagedError):
            pass  # it ends with this caller, in silence
        finally:
            leave()
            await connection.close()

    def _introduce(
        self, certificate: Certificate, who: Known, version: int, frames: list[bytes]
    ) -> tuple[Reply | None, int | None]:
        """What somebody who asked is told, and the contact that called, if it is one now."""
        shown = Shown(certificate, version)
        row = self._store.contacts.by_onion(certificate.onion)
        if row is not None and row.state in ("accepted", "requested"):
            self._first_contact.keys.check(row, certificate, version)
        # anybody else is a stranger, whatever key; nothing may tell the blocked from the pending
        if who.pair is not None:
            if row is None or row.id != who.whose or who.pair not in (row.pair_sent, row.pair_received):
                raise PeerError("somebody else's knock")
            self._first_contact.on_proven(row, shown, dialled=False, pair=who.pair)
            return None, row.id
        request = decode(frames[0]) if frames else None
        if not isinstance(request, Request) or len(frames) != 1:
            raise PeerError("a stranger begins with a request")
        reply, contact = self._first_contact.on_request(request, shown, who.invite)
        if contact is not None:
            before, row = row, self._store.contacts.get(contact)
            assert row is not None
            if _secrets(before) != _secrets(row):
                self.forget_knocks()
        return reply, contact


def _give_up(limit: asyncio.Timeout) -> None:
    """As if the time were over."""
    if not limit.expired():
        limit.reschedule(asyncio.get_running_loop().time())


def _secrets(row: ContactRow | None) -> tuple[object, ...] | None:
    """What the knocks of somebody are made of."""
    return None if row is None else (row.id, row.state, row.pair_sent, row.pair_received)


async def _reply(live: LiveLink, reply: Reply) -> None:
    """Answer a request; whoever is no contact now is sent away after a while."""
    await live.send_now(reply)
    if not isinstance(reply, Accepted):
        await asyncio.sleep(FAREWELL_SECONDS)
        await live.hang_up()
