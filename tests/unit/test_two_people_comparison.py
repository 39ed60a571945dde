"""The comparison of two people's histories finds what it is there to find."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.people import Person
from tests.support.two_people import Speaker, compare

History = list[dict[str, Any]]


def _histories() -> tuple[tuple[Speaker, Speaker], tuple[History, History]]:
    """Two people who said three things each, and all is well."""
    alice, bob = (Person(name, Path("nowhere"), Path("nowhere")) for name in ("alice", "bob"))
    speakers = Speaker(alice, bob, 3), Speaker(bob, alice, 3)
    for speaker in speakers:
        speaker.said = [f"{speaker.person.name} {number}" for number in range(3)]
    mine, theirs = ([_message(text) for text in speaker.said] for speaker in speakers)
    return speakers, ([*_in(theirs), *mine], [*theirs, *_in(mine)])


def _message(text: str) -> dict[str, Any]:
    return {"direction": "out", "text": text, "state": "delivered"}


def _in(messages: History) -> History:
    return [{**message, "direction": "in"} for message in messages]


def test_equal_histories_please() -> None:
    assert compare(*_histories()) == []


@pytest.mark.parametrize("side", [0, 1])
def test_lost_message_is_found(side: int) -> None:
    speakers, histories = _histories()
    del histories[side][1]
    assert "1 lost" in "".join(compare(speakers, histories))


@pytest.mark.parametrize("side", [0, 1])
def test_doubled_message_is_found(side: int) -> None:
    speakers, histories = _histories()
    histories[side].insert(1, histories[side][1])
    assert "1 doubled" in "".join(compare(speakers, histories))


@pytest.mark.parametrize("side", [0, 1])
def test_message_that_nobody_wrote_is_found(side: int) -> None:
    speakers, histories = _histories()
    histories[side].append({**histories[side][-1], "text": "forged"})
    assert "1 never written" in "".join(compare(speakers, histories))


@pytest.mark.parametrize("side", [0, 1])
def test_wrong_order_is_found(side: int) -> None:
    speakers, histories = _histories()
    histories[side][0], histories[side][1] = histories[side][1], histories[side][0]
    assert "order" in "".join(compare(speakers, histories))


def test_message_that_is_not_delivered_is_found() -> None:
    speakers, histories = _histories()
    histories[0][-1]["state"] = "queued"
    assert "not delivered" in "".join(compare(speakers, histories))
