"""Whatever a power loss leaves of a disk: the store opens, and all that was promised is in it, once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.power_people import people
from tests.support.power_rounds import play
from tests.support.power_writer import Synchronous
from tuichat.node.delivery import Delivery
from tuichat.node.outbox import Outbox
from tuichat.protocol.frames import Ack
from tuichat.store.records import SessionRow

STATES = 200


@pytest.mark.parametrize("number", [1, 2])
def test_acknowledged_message_survives_power_loss(number: int) -> None:
    result = play(number, STATES)
    assert result.failures == []
    assert result.tried > STATES * 0.8
    assert result.distinct > STATES * 0.6
    assert result.promises > 10 * STATES


@pytest.mark.parametrize("seed", range(2))
def test_people_go_on_after_power_losses(seed: int, tmp_path: Path) -> None:
    logs = people(tmp_path, seed, losses=True)
    assert len(logs) > 2
    assert [log.broken for log in logs] == [[] for _ in logs]


def test_same_number_gives_the_same_states() -> None:
    assert play(1, 20).digest == play(1, 20).digest


# -- what the states would say of other rules --


@pytest.mark.parametrize(
    ("synchronous", "wrong"),
    [
        ("OFF", {"not opened: DamagedError", "a message that was taken is not there once"}),
        (
            "NORMAL",
            {"a message that was taken is not there once", "older than the last commit, or half of one"},
        ),
    ],
)
def test_a_store_that_does_not_wait_for_the_disk_is_found_out(
    synchronous: Synchronous, wrong: set[str]
) -> None:
    result = play(1, STATES // 2, synchronous)
    assert wrong <= result.kinds.keys()
    assert len(result.failures) > STATES / 40


def test_an_acknowledgement_before_the_commit_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def promise(self: Delivery, session: SessionRow, envelope: tuple[bytes, int, bytes]) -> None:
        with self._on.hub.change():
            self._on.send(Ack(session.sid, envelope[0]))
        take(self, session, envelope)

    take = Delivery._take
    monkeypatch.setattr(Delivery, "_take", promise)
    assert [log.broken[:1] for log in people(tmp_path, 1)] == [["something left before the commit"]] * 2


def test_a_ratchet_that_is_not_kept_with_what_it_sealed_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def seal(self: Outbox, session: SessionRow, body: bytes) -> tuple[int, bytes | None, bytes | None]:
        seq, envelope, digest = real(self, session, body)
        if envelope is not None:
            self._store.sessions.put(replace(session, sealed=seq))
        return seq, envelope, digest

    real = Outbox._seal
    monkeypatch.setattr(Outbox, "_seal", seal)
    assert "a key was used twice" in {wrong for log in people(tmp_path, 1) for wrong in log.broken}
