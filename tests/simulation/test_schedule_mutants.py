"""What the random stories would say of other rules: some of them find each mistake that is planted here."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import msgspec
import pytest

from tests.mutants.ratchet import link_seals_anew
from tests.support import schedule
from tests.support.outcome import Backups, Kind, Story
from tests.support.schedule import play
from tuichat.crypto.kdf import blake2b_256
from tuichat.crypto.ratchet import Ratchet
from tuichat.node.deed_arrivals import DeedArrivals
from tuichat.node.delivery import Delivery, DeliveryContext
from tuichat.node.events import Changes
from tuichat.node.inbox import Inbox
from tuichat.node.live_link import LiveLink
from tuichat.node.outbox import Outbox
from tuichat.protocol.bodies import Deed, Edit, Opaque, Text, decode_body
from tuichat.protocol.frames import Ack, Frame
from tuichat.protocol.link import Link
from tuichat.store.records import SessionRow
from tuichat.store.sessions import Sessions

Envelope = tuple[bytes, int, bytes]


@pytest.fixture(autouse=True)
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A queue that never empties need not be watched for days."""
    monkeypatch.setattr(schedule, "PATIENCE_SECONDS", 600.0)
    monkeypatch.setattr(schedule, "ASKING_SECONDS", 7_200.0)


def test_delivery_that_forgets_what_it_opened_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def open_anything(self: Delivery, _: SessionRow, ratchet: Ratchet, envelope: bytes) -> tuple[int, bytes]:
        sealing = self._on.sealing
        return ratchet.open(envelope, sealing.arriving, self._on.hub.now() / 1000, sealing.kem)

    monkeypatch.setattr(Sessions, "know", lambda *_: True)
    monkeypatch.setattr(Sessions, "opened_seq", lambda *_: None)
    monkeypatch.setattr(Sessions, "remember_opened", lambda *_: None)
    monkeypatch.setattr(Delivery, "_open", open_anything)
    monkeypatch.setattr(Inbox, "take", _deliver_at_once)
    assert _found_out("doubled")


def test_acknowledgement_before_the_commit_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """It leaves, others have a turn, and then what it stands for is kept: unless somebody dies in between."""
    due: dict[Link, list[tuple[SessionRow, Envelope, Callable[[SessionRow, Envelope], None]]]] = {}

    async def acknowledge_first(self: LiveLink, go_on: Callable[[], bool]) -> None:
        for session, envelope, keep in due.pop(self.link, []):
            await self.send_now(Ack(session.sid, envelope[0]))
            await asyncio.sleep(0)
            keep(session, envelope)
        await finish(self, go_on)

    def put_off(self: Delivery, session: SessionRow, envelope: Envelope) -> None:
        due.setdefault(self._on.link, []).append((session, envelope, partial(take, self)))

    take, finish = Delivery._take, LiveLink._finish
    monkeypatch.setattr(Delivery, "_take", put_off)
    monkeypatch.setattr(LiveLink, "_finish", acknowledge_first)
    assert _found_out("lost")


def test_link_that_does_not_resend_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def go_on(self: Delivery) -> None:
        self._flowing = True
        self._cursor = max([0, *(row.id for row in self._store.outbox.unacked(self._contact))])

    monkeypatch.setattr(Delivery, "_restart", go_on)
    assert _found_out("stuck")


def test_link_that_seals_anew_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    link_seals_anew(monkeypatch)
    assert _found_out("resealed")


def test_new_session_that_sends_old_envelopes_again_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def begin(self: Outbox, gen: int, sid: bytes, ratchet: Ratchet) -> None:
        old = [row for row in self._store.outbox.unacked(self._contact) if row.envelope is not None]
        begin_session(self, gen, sid, ratchet)
        for row in old:
            if row.message is not None:
                assert row.envelope is not None
                self._store.outbox.seal(row.id, row.seq, row.envelope, blake2b_256(row.envelope))

    begin_session = Outbox.begin_session
    monkeypatch.setattr(Outbox, "begin_session", begin)
    assert _found_out("stuck", "one")


def test_history_without_message_ids_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def add(self: Inbox, body: Text | Opaque, now: int, changes: Changes, at: int | None = None) -> None:
        add_known(self, _under_another_id(body), now, changes, at)

    add_known = Inbox._add
    monkeypatch.setattr(DeedArrivals, "arrived", lambda *_: None)
    monkeypatch.setattr(Sessions, "know", lambda *_: True)
    monkeypatch.setattr(Inbox, "_add", add)
    assert _found_out("doubled", "one")


def test_acknowledgement_of_all_up_to_a_number_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def begin(self: Delivery, context: DeliveryContext) -> None:
        def send(frame: Frame) -> None:
            if isinstance(frame, Ack):
                count = context.store.sessions.get(context.contact).delivered
                frame = Ack(frame.sid, count.to_bytes(32, "big"))
            context.send(frame)

        init(self, replace(context, send=send))

    def on_ack(self: Delivery, frame: Ack) -> None:
        last = int.from_bytes(frame.hash, "big")
        rows = self._store.outbox.unacked(self._contact)
        for row in [row for row in rows if row.envelope_hash is not None and row.seq <= last]:
            assert row.envelope_hash is not None
            on_one_ack(self, Ack(frame.sid, row.envelope_hash))

    init, on_one_ack = Delivery.__init__, Delivery._on_ack
    monkeypatch.setattr(Delivery, "__init__", begin)
    monkeypatch.setattr(Delivery, "_on_ack", on_ack)
    assert _found_out("lost", "one")


def test_edit_that_is_queued_and_never_sent_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def queue(self: Outbox, message: int, deed: Deed, now: int, *, given: bool) -> None:
        if not isinstance(deed, Edit) or given:
            queue_deed(self, message, deed, now, given=given)

    queue_deed = Outbox.queue_deed
    monkeypatch.setattr(Outbox, "queue_deed", queue)
    assert _found_out("diverged")


_fresh_ids = itertools.count()


def _deliver_at_once(
    self: Inbox, session: SessionRow, envelope: Envelope, now: int, changes: Changes
) -> list[bytes]:
    body = decode_body(envelope[2])
    if isinstance(body, Text):
        # the table itself refuses a second row of one id, so this mutant also forgets the id
        self._add(_under_another_id(body), now, changes)
    return [envelope[0]]


def _under_another_id(body: Text | Opaque) -> Text | Opaque:
    return msgspec.structs.replace(body, id=next(_fresh_ids).to_bytes(16, "big"))


def _found_out(kind: Kind, backups: Backups = "none", seeds: int = 100) -> bool:
    """Whether one of the first stories ends with this complaint."""
    return any(play(Story(seed, backups)).count(kind) for seed in range(seeds))
