"""Calling a contact: with the secrets we share, or as one who asks (C1, C3, C6, L5)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tuichat.clock import Clock, Rng
from tuichat.crypto.identity import Identity
from tuichat.crypto.kem import Kem
from tuichat.errors import PeerError
from tuichat.network.transport import Connection, ConnectionLostError, DialStage, RefusedError, Transport
from tuichat.node.first_contact import FirstContact, Shown
from tuichat.node.live_link import LiveLink
from tuichat.protocol.frames import Accepted, Gone, Received, encode
from tuichat.protocol.invites import parse_invite
from tuichat.protocol.knock import pair_psk, public_psk
from tuichat.protocol.link import Answered, Dialling, LinkStart
from tuichat.store.records import ContactRow
from tuichat.store.store import Store

REPLY_SECONDS: Final = 60.0
"""How long the answer to a request may take."""


class NotReachedError(ConnectionLostError):
    """The service was not reached with the key that was shown for it; with another one it may be."""


class SetAsideError(Exception):
    """They have taken the request and say no more: it waits for a person there, or was dropped."""


class InviteGoneError(Exception):
    """The invite by which I called is used, withdrawn or closed."""


class NotWantedError(Exception):
    """While I called, a link came about that stays (L9), or the contact was removed."""


@dataclass(frozen=True, slots=True)
class CallParts:
    """What calling needs; `own_name` is what I call myself in requests."""

    identity: Identity
    own_name: str
    store: Store
    first_contact: FirstContact
    transport: Transport
    clock: Clock
    rng: Rng
    kem: Kem


@dataclass(frozen=True, slots=True, repr=False)
class Way:
    """One way to call a contact.

    Attributes:
        psk: the key to knock with.
        reach: the key by which their service admits me, if it admits only some.
        pair: the secret that makes the link a contact's; None: I ask.
        invited: by an invite, which may be gone.
    """

    psk: bytes
    reach: bytes | None
    pair: bytes | None = None
    invited: bool = False


@dataclass(frozen=True, slots=True)
class Attempt:
    """A call under way: to whom, who hears of its stages, and who is asked whether it is still wanted."""

    contact: int
    on_stage: Callable[[DialStage], None]
    wanted: Callable[[LinkStart], bool]


class Calls:
    """Makes links by dialling."""

    def __init__(self, parts: CallParts) -> None:
        self._with = parts

    async def call(
        self, contact: int, on_stage: Callable[[DialStage], None], wanted: Callable[[LinkStart], bool]
    ) -> LiveLink:
        """A link with the contact.

        Args:
            wanted: asked when the other side has proved itself, before it learns who calls.

        Raises:
            ConnectionLostError: not reached, or not understood.
            SetAsideError: it took our request.
            NotWantedError: `wanted` said no.
            PeerError: what answered is not the contact.
        """
        attempt = Attempt(contact, on_stage, wanted)
        lost: ConnectionLostError = RefusedError()
        useless = set[bytes | None]()
        for way in self._ways(self._row(contact)):
            if way.reach in useless:
                continue
            try:
                return await self._call_by(attempt, way)
            except RefusedError:
                continue  # that secret is not known there; the next may be
            except NotReachedError as error:
                lost = error
                useless.add(way.reach)
            except InviteGoneError:
                self._with.first_contact.on_gone(contact)
        raise lost

    def _row(self, contact: int) -> ContactRow:
        row = self._with.store.contacts.get(contact)
        if row is None or row.state not in ("accepted", "requested"):
            raise NotWantedError
        return row

    def _ways(self, row: ContactRow) -> list[Way]:
        """Our secrets, the one that worked last first; then the invite; then as anybody (C3)."""
        onion, own = row.onion, self._with.identity.onion
        pairs = [row.pair_sent, row.pair_received]
        if row.last_pair == "received":
            pairs.reverse()
        invite = parse_invite(row.invite) if row.invite else None
        reach = row.reach or (None if invite is None else invite.reach)
        ways = [Way(pair_psk(pair, own, onion), reach, pair=pair) for pair in pairs if pair]
        if invite is not None:
            ways.append(Way(invite.psk, invite.reach, invited=True))
        return [*ways, Way(public_psk(onion), reach)]

    async def _call_by(self, attempt: Attempt, way: Way) -> LiveLink:
        me, row = self._with.identity, self._row(attempt.contact)
        start = LinkStart(me.onion, self._with.clock.monotonic())
        dialling = Dialling(me, row.onion, way.psk, self._with.clock.now(), self._with.rng, self._with.kem)
        try:
            dialled = await self._with.transport.dial(
                row.onion, dialling.message1, attempt.on_stage, way.reach
            )
        except RefusedError:
            raise
        except ConnectionLostError as error:
            raise NotReachedError from error
        try:
            answered = dialling.read_message2(dialled.message2)
            row = self._row(attempt.contact)
            certificate, version = answered.certificate, answered.version
            self._with.first_contact.keys.check(row, certificate, version)
            if not attempt.wanted(start):
                self._with.first_contact.on_reached(row, Shown(certificate, version))
                raise NotWantedError
            self._with.first_contact.on_proven(row, Shown(certificate, version), dialled=True, pair=way.pair)
            return await self._finish(row, answered, dialled.connection, start, way)
        except BaseException:
            await dialled.connection.close()
            raise

    async def _finish(
        self, row: ContactRow, answered: Answered, connection: Connection, start: LinkStart, way: Way
    ) -> LiveLink:
        asking = way.pair is None
        request = [encode(self._with.first_contact.request(row, self._with.own_name))] if asking else []
        message3, link = answered.finish(request)
        live = LiveLink(link, connection, start, self._with.clock, self._with.rng)
        await connection.send(message3)
        if asking:
            await self._await_acceptance(live, row.id, invited=way.invited)
        return live

    async def _await_acceptance(self, live: LiveLink, contact: int, *, invited: bool) -> None:
        try:
            async with asyncio.timeout(REPLY_SECONDS):
                reply = await live.receive_now()
        except TimeoutError as error:
            raise ConnectionLostError from error
        if isinstance(reply, Gone) and invited:
            raise InviteGoneError
        if isinstance(reply, Received):
            raise SetAsideError
        if not isinstance(reply, Accepted):
            raise PeerError("no answer to a request")
        self._with.first_contact.on_accepted(contact, reply.reach)
