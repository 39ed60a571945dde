"""Random stories of several real nodes on a bad network: each message once, in order, none lost."""

from __future__ import annotations

import itertools

import pytest

from tests.support.schedule import play
from tuichat.node.delivery import Delivery
from tuichat.node.events import Changes
from tuichat.node.inbox import Inbox
from tuichat.protocol.bodies import Text, decode_body
from tuichat.protocol.frames import Ack
from tuichat.protocol.padding import open_envelope
from tuichat.store.records import SessionRow
from tuichat.store.sessions import Sessions

SCHEDULES = 520
BLOCK = 20


@pytest.mark.parametrize("first", range(0, SCHEDULES, BLOCK))
def test_each_message_arrives_once_and_in_order(first: int) -> None:
    outcomes = [play(seed) for seed in range(first, first + BLOCK)]
    assert [outcome for outcome in outcomes if outcome.wrong] == []
    assert sum(outcome.deliveries for outcome in outcomes) > BLOCK


def test_same_seed_gives_the_same_run() -> None:
    assert play(7) == play(7)
    assert play(7).digest != play(8).digest


def test_delivery_that_forgets_what_it_opened_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sessions, "know", lambda *_: True)
    monkeypatch.setattr(Sessions, "opened_seq", lambda *_: None)
    monkeypatch.setattr(Sessions, "remember_opened", lambda *_: None)
    monkeypatch.setattr(Delivery, "_open", lambda _self, _session, envelope: open_envelope(envelope))
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


_fresh_ids = itertools.count()


def _deliver_at_once(
    self: Inbox, session: SessionRow, envelope: tuple[bytes, int, bytes], now: int, changes: Changes
) -> list[bytes]:
    body = decode_body(envelope[2])
    if isinstance(body, Text):
        # the table itself refuses a second row of one id, so this mutant also forgets the id
        self._add(next(_fresh_ids).to_bytes(16, "big"), "text", body.text, body.sent_at, now, changes)
    return [envelope[0]]


def _found_out(how: str) -> bool:
    """Whether one of a few schedules ends with this complaint."""
    return any(how in complaint for seed in range(12) for complaint in play(seed, patience=7200.0).wrong)
