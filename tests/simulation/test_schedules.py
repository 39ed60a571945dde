"""Random stories of several real nodes on a bad network: each message once, in order, none lost."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import replace

import pytest

from tests.support.failing_disks import FailingDisks
from tests.support.schedule import REGRESSIONS, Backups, play, read_replay
from tuichat.crypto.kdf import blake2b_256
from tuichat.crypto.ratchet import Ratchet
from tuichat.node.delivery import Delivery, DeliveryContext
from tuichat.node.events import Changes
from tuichat.node.inbox import Inbox
from tuichat.node.outbox import Outbox
from tuichat.protocol.bodies import Text, decode_body
from tuichat.protocol.frames import Ack, Frame
from tuichat.store.records import SessionRow
from tuichat.store.sessions import Sessions

SCHEDULES = 1_480
WITH_FAILING_DISKS = 160
WITH_BACKUPS = 180
BLOCK = 20


@pytest.mark.parametrize("first", range(0, SCHEDULES, BLOCK))
def test_each_message_arrives_once_and_in_order(first: int) -> None:
    outcomes = [play(seed) for seed in range(first, first + BLOCK)]
    assert [outcome.replay for outcome in outcomes if outcome.wrong] == []
    assert sum(outcome.deliveries for outcome in outcomes) > BLOCK


@pytest.mark.parametrize("first", range(0, WITH_FAILING_DISKS, BLOCK))
def test_disks_that_fail_lose_nothing_that_was_said_to_be_kept(
    first: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    disks: list[FailingDisks] = []
    make = FailingDisks.__init__

    def remember(self: FailingDisks) -> None:
        make(self)
        disks.append(self)

    monkeypatch.setattr(FailingDisks, "__init__", remember)
    outcomes = [play(seed, failing=True) for seed in range(first, first + BLOCK)]
    assert [outcome.replay for outcome in outcomes if outcome.wrong] == []
    assert sum(disk.struck for disk in disks) > BLOCK


def test_stories_that_once_found_a_mistake_stay_well() -> None:
    stories = [read_replay(line) for line in REGRESSIONS.read_text(encoding="utf-8").splitlines()]
    assert stories
    outcomes = [play(seed, backups=backups, failing=failing) for seed, backups, failing in stories]
    assert [outcome.replay for outcome in outcomes if outcome.wrong] == []


@pytest.mark.parametrize("backups", ["one", "all"])
@pytest.mark.parametrize("first", range(0, WITH_BACKUPS, BLOCK))
def test_old_backups_double_and_invert_nothing_and_lose_only_what_they_forget(
    first: int, backups: Backups
) -> None:
    outcomes = [play(seed, backups=backups) for seed in range(first, first + BLOCK)]
    assert [outcome.replay for outcome in outcomes if outcome.wrong] == []
    assert sum(outcome.restorations for outcome in outcomes) > BLOCK


@pytest.mark.parametrize("backups", ["none", "all"])
def test_same_seed_gives_the_same_run(backups: Backups) -> None:
    assert play(7, backups=backups) == play(7, backups=backups)
    assert play(7, backups=backups).digest != play(8, backups=backups).digest


# -- what the schedules would say of other rules --


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
    def promise(self: Delivery, session: SessionRow, envelope: tuple[bytes, int, bytes]) -> None:
        self._on.send(Ack(session.sid, envelope[0]))
        if self._on.hub.now() % 4:
            take(self, session, envelope)

    take = Delivery._take
    monkeypatch.setattr(Delivery, "_take", promise)
    assert _found_out("lost")


def test_link_that_does_not_resend_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def go_on(self: Delivery) -> None:
        self._flowing = True
        self._cursor = max([0, *(row.id for row in self._store.outbox.unacked(self._contact))])

    monkeypatch.setattr(Delivery, "_restart", go_on)
    assert _found_out("something is still queued")


def test_new_session_that_sends_old_envelopes_again_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def begin(self: Outbox, gen: int, sid: bytes, ratchet: Ratchet) -> None:
        old = [row for row in self._store.outbox.unacked(self._contact) if row.envelope is not None]
        begin_session(self, gen, sid, ratchet)
        for row in old:
            if row.message is not None:
                assert row.envelope is not None
                self._store.outbox.seal(row.id, row.seq, row.envelope, blake2b_256(row.envelope))

    soon = 100.0
    seeds = [seed for seed in range(4, 7) if not play(seed, soon, "one").wrong]
    begin_session = Outbox.begin_session
    monkeypatch.setattr(Outbox, "begin_session", begin)
    assert _found_out("something is still queued", "one", seeds, soon)


def test_history_without_message_ids_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def add(self: Inbox, _: bytes, *rest: object) -> None:
        add_known(self, next(_fresh_ids).to_bytes(16, "big"), *rest)  # type: ignore[arg-type]

    add_known = Inbox._add
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
    assert _found_out("lost", "one", range(60))


_fresh_ids = itertools.count()


def _deliver_at_once(
    self: Inbox, session: SessionRow, envelope: tuple[bytes, int, bytes], now: int, changes: Changes
) -> list[bytes]:
    body = decode_body(envelope[2])
    if isinstance(body, Text):
        # the table itself refuses a second row of one id, so this mutant also forgets the id
        self._add(next(_fresh_ids).to_bytes(16, "big"), "text", body.text, body.sent_at, now, changes)
    return [envelope[0]]


def _found_out(
    how: str, backups: Backups = "none", seeds: Iterable[int] = range(12), patience: float = 7200.0
) -> bool:
    """Whether one of a few schedules ends with this complaint."""
    return any(how in complaint for seed in seeds for complaint in play(seed, patience, backups).wrong)
