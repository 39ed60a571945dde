"""What leaves in a conversation: bodies sealed by the ratchet, kept until each is acknowledged."""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec

from tuichat.clock import Rng
from tuichat.crypto.kdf import blake2b_256
from tuichat.crypto.kem import Kem
from tuichat.crypto.ratchet import Ratchet
from tuichat.crypto.ratchet_header import Parties
from tuichat.node.events import Changes
from tuichat.node.timer_rules import last_moment
from tuichat.protocol.bodies import (
    THE_TWO_OF_US,
    Deed,
    File,
    FileState,
    Receipt,
    Text,
    Timer,
    Unsend,
    Void,
    decode_body,
    encode_body,
)
from tuichat.protocol.session import NO_SESSION
from tuichat.store.records import MessageRow, OutboxRow, SessionRow
from tuichat.store.store import Store


@dataclass(frozen=True, slots=True)
class Sealing:
    """Whose envelopes these are, and what sealing takes: my onion and the contact's, 32 bytes each."""

    own: bytes
    peer: bytes
    rng: Rng
    kem: Kem

    @property
    def leaving(self) -> Parties:
        """Who is named in what I seal."""
        return Parties(self.own, self.peer)

    @property
    def arriving(self) -> Parties:
        """Who is named in what I open."""
        return Parties(self.peer, self.own)


class Outbox:
    """The queue towards one contact. Each call belongs inside a transaction.

    What leaves was sealed, and the ratchet's step was kept, in the same commit: no key is ever used twice.
    """

    def __init__(self, store: Store, contact: int, sealing: Sealing) -> None:
        self._store = store
        self._contact = contact
        self._sealing = sealing

    def queue_text(self, text: Text, now: int, *, given: bool) -> MessageRow:
        """Put a text into history and queue. `given` if a link takes it as soon as this is committed."""
        message = self._store.messages.add(
            self._contact,
            "out",
            text.id,
            "text",
            text.text,
            sent_at=now,
            received_at=None,
            state="queued",
            reply_to=text.reply,
            timer=text.ttl,
            expires_at=last_moment(now, text.ttl),
        )
        self._queue(message.id, text, now, given=given)
        return message

    def queue_file(self, offer: File, now: int, *, given: bool) -> MessageRow:
        """Put an offer into history and queue; its caption is the message's text."""
        message = self._store.messages.add(
            self._contact,
            "out",
            offer.id,
            "file",
            offer.caption,
            sent_at=now,
            received_at=None,
            state="queued",
            timer=offer.ttl,
            expires_at=last_moment(now, offer.ttl),
        )
        self._queue(message.id, offer, now, given=given)
        return message

    def queue_timer(self, timer: Timer, now: int, *, given: bool) -> MessageRow:
        """Put a change of the timer into history and queue."""
        message = self._store.messages.add(
            self._contact,
            "out",
            timer.id,
            "timer",
            "",
            sent_at=now,
            received_at=None,
            state="queued",
            timer=timer.seconds,
        )
        self._queue(message.id, timer, now, given=given)
        return message

    def queue_note(self, note: FileState | Receipt | Unsend, now: int, *, given: bool) -> None:
        """Queue what their node is to know and no history shows."""
        self._queue(None, note, now, given=given)

    def queue_deed(self, message: int, deed: Deed, now: int, *, given: bool) -> None:
        """Queue what was done to a message that is in the history."""
        self._queue(None, deed, now, given=given, subject=message)

    def _queue(
        self,
        message: int | None,
        body: Text | File | FileState | Deed | Receipt | Timer,
        now: int,
        *,
        given: bool,
        subject: int | None = None,
    ) -> None:
        raw = encode_body(body)
        session = self._store.sessions.get(self._contact)
        seq, envelope, digest = self._seal(session, raw)
        self._store.outbox.add(
            self._contact,
            message=message,
            wire_id=body.id,
            body=raw,
            queued_at=now,
            seq=seq,
            envelope=envelope,
            envelope_hash=digest,
            given=given and envelope is not None,
            subject=subject,
        )

    def _seal(self, session: SessionRow, body: bytes) -> tuple[int, bytes | None, bytes | None]:
        """The body under the session's next number; unsealed while there is no session (S1)."""
        if session.sid == NO_SESSION:
            return 0, None, None
        seq = session.sealed + 1
        ratchet = Ratchet.decode(session.ratchet)
        envelope = self._sealed(ratchet, seq, body)
        self._store.sessions.put(replace(session, sealed=seq, ratchet=ratchet.encode()))
        return seq, envelope, blake2b_256(envelope)

    def _sealed(self, ratchet: Ratchet, seq: int, body: bytes) -> bytes:
        return ratchet.seal(seq, body, self._sealing.leaving, self._sealing.rng, self._sealing.kem)

    def cancel(self, row: OutboxRow, void_id: bytes) -> None:
        """Take back what was never given to a link: a void takes its number, if it has one (S7)."""
        if not row.seq:
            self._store.outbox.remove(row.id)
            return
        body = encode_body(Void(THE_TWO_OF_US, void_id))
        envelope = self._sealed_again(row.seq, body)
        self._store.outbox.replace(
            row.id, wire_id=void_id, body=body, envelope=envelope, envelope_hash=blake2b_256(envelope)
        )

    def correct(self, row: OutboxRow, text: str) -> None:
        """Another text in the place of one that was never given to a link, under its id and number.

        It is sealed when it leaves: a key for each of a thousand corrections, and the reader, who skips no
        more at once (R5), could open nothing behind them.
        """
        body = decode_body(row.body)
        assert isinstance(body, Text)
        self._store.outbox.replace(
            row.id,
            wire_id=row.wire_id,
            body=encode_body(msgspec.structs.replace(body, text=text)),
            envelope=None,
            envelope_hash=None,
            message=row.message,
        )

    def given(self, rows: list[OutboxRow]) -> list[OutboxRow]:
        """Note that these are about to be handed to a link; what was corrected is sealed now."""
        self._store.outbox.mark_given(row.id for row in rows if not row.given)
        return [row if row.envelope is not None else self._with_envelope(row) for row in rows]

    def _with_envelope(self, row: OutboxRow) -> OutboxRow:
        envelope = self._sealed_again(row.seq, row.body)
        digest = blake2b_256(envelope)
        self._store.outbox.seal(row.id, row.seq, envelope, digest)
        return replace(row, envelope=envelope, envelope_hash=digest)

    def _sealed_again(self, seq: int, body: bytes) -> bytes:
        """Another body under a number that is taken already."""
        session = self._store.sessions.get(self._contact)
        ratchet = Ratchet.decode(session.ratchet)
        envelope = self._sealed(ratchet, seq, body)
        self._store.sessions.put(replace(session, ratchet=ratchet.encode()))
        return envelope

    def acknowledge(self, session: SessionRow, digest: bytes, now: int, changes: Changes) -> OutboxRow | None:
        """The contact has the envelope of this hash: what it was, None if there is none such."""
        row = self._store.outbox.by_hash(self._contact, digest)
        if row is None:
            return None
        self._store.outbox.remove(row.id)
        if row.seq > session.acked:
            self._store.sessions.put(replace(session, acked=row.seq))
        if row.message is not None:
            self._store.messages.mark_delivered(row.message, now)
            changes.message(row.message)
        elif row.subject is not None and isinstance(decode_body(row.body), Unsend):
            self._store.deeds.confirm_unsent(row.subject)
            changes.message(row.subject)
        return row

    def begin_session(self, gen: int, sid: bytes, ratchet: Ratchet) -> None:
        """Forget the old session and seal everything unacknowledged afresh under the new one (S4)."""
        self._store.sessions.forget(self._contact)
        self._store.outbox.remove_voids(self._contact)
        seq = 0
        for row in self._store.outbox.queue(self._contact):
            seq += 1
            envelope = self._sealed(ratchet, seq, row.body)
            self._store.outbox.seal(row.id, seq, envelope, blake2b_256(envelope))
        session = SessionRow(self._contact, gen=gen, sid=sid, sealed=seq, ratchet=ratchet.encode())
        self._store.sessions.put(session)
