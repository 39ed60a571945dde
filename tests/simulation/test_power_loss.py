"""Whatever a power loss leaves of a disk: the store opens, and all that was promised is in it, once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.power_people import people
from tests.support.power_rounds import play
from tests.support.power_writer import Synchronous
from tuichat.node.delivery import Delivery
from tuichat.protocol.frames import Ack
from tuichat.store.records import SessionRow

STATES = 250


@pytest.mark.parametrize("number", [1, 2])
def test_acknowledged_message_survives_power_loss(number: int) -> None:
    result = play(number, STATES)
    assert result.failures == []
    assert result.tried > STATES * 0.8
    assert result.distinct > STATES * 0.6
    assert result.promises > 10 * STATES


def test_same_number_gives_the_same_states() -> None:
    assert play(1, 30).digest == play(1, 30).digest


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
