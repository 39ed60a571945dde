"""What is sealed, when it is on disk, and that no key and nonce ever serve twice."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.delivery_ends import KEM, Ends
from tests.support.stores import open_store
from tuichat.clock import Rng
from tuichat.crypto import sealing
from tuichat.crypto.envelope import SEALED_HEADER_LENGTH, UnopenableError
from tuichat.crypto.kdf import blake2b_256
from tuichat.protocol.bodies import Void, decode_body
from tuichat.protocol.frames import Env, Frame, Resync

Sealed = tuple[bytes, bytes, bytes]

HEADER_LENGTH = SEALED_HEADER_LENGTH - sealing.OVERHEAD


@pytest.fixture
def ends(tmp_path: Path) -> Iterator[Ends]:
    ends = Ends(tmp_path)
    yield ends
    ends.dialler.store.close()
    ends.answerer.store.close()


@pytest.fixture
def sealed(monkeypatch: pytest.MonkeyPatch) -> list[Sealed]:
    """(key, nonce, plaintext) of everything that is sealed from now on, by either end."""
    recorded: list[Sealed] = []
    real = sealing.seal

    def seal(key: bytes, plaintext: bytes, bound: bytes, rng: Rng) -> bytes:
        done = real(key, plaintext, bound, rng)
        recorded.append((key, done[: sealing.NONCE_LENGTH], plaintext))
        return done

    monkeypatch.setattr(sealing, "seal", seal)
    return recorded


def envelopes(frames: list[Frame]) -> list[bytes]:
    return [frame.envelope for frame in frames if isinstance(frame, Env)]


def all_nonces_are_fresh(sealed: list[Sealed]) -> bool:
    return len({(key, nonce) for key, nonce, _ in sealed}) == len(sealed)


def keys_of_bodies(sealed: list[Sealed]) -> list[bytes]:
    """Each body's key; headers share their chain's."""
    return [key for key, _, plaintext in sealed if len(plaintext) != HEADER_LENGTH]


@pytest.mark.parametrize("times", [1, 3])
def test_retry_within_a_session_is_the_same_bytes(ends: Ends, sealed: list[Sealed], times: int) -> None:
    ends.connect()
    ends.carry()
    for text in ("one", "two"):
        ends.dialler.write(text)
    first, made = envelopes(list(ends.dialler.leaving)), len(sealed)
    for _ in range(times):
        ends.connect()
        assert envelopes(list(ends.dialler.leaving)) == first
    assert len(sealed) == made
    assert len(first) == 2


def test_sealed_envelope_and_its_ratchet_are_on_disk_before_a_byte_leaves(ends: Ends, tmp_path: Path) -> None:
    ends.connect()
    ends.carry()
    copies = 0

    def look(frame: Frame) -> None:
        nonlocal copies
        assert isinstance(frame, Env)
        copies += 1
        directory = tmp_path / f"copy {copies}"
        directory.mkdir()
        for file in (tmp_path / "dialler").iterdir():
            shutil.copy(file, directory)
        store = open_store(directory)
        row = store.outbox.by_hash(ends.dialler.contact, blake2b_256(frame.envelope))
        assert row is not None
        assert row.envelope == frame.envelope
        assert row.given
        assert store.sessions.get(ends.dialler.contact).sealed == copies
        assert store.sessions.get(ends.dialler.contact).ratchet == ends.dialler.session.ratchet
        store.close()

    ends.dialler.at_sending = look
    for text in ("one", "two", "three"):
        ends.dialler.write(text)
    assert copies == 3


def test_each_message_has_a_key_of_its_own_and_each_sealing_a_nonce(ends: Ends, sealed: list[Sealed]) -> None:
    ends.connect()
    for number in range(6):
        ends.dialler.write(f"to {number}")
        ends.answerer.write(f"fro {number}")
        ends.carry()
    keys = keys_of_bodies(sealed)
    assert len(keys) == len(set(keys)) == 12
    assert all_nonces_are_fresh(sealed)


@pytest.mark.parametrize("number", ["taken", "too far", "old"])
def test_envelope_that_opens_but_whose_number_is_wrong_leaves_the_ratchet_as_it_was(
    ends: Ends, number: str
) -> None:
    ends.connect()
    ends.carry()
    ends.dialler.write("one")
    ends.carry()
    ends.dialler.write("two")
    ends.dialler.write("three")
    _, three = list(ends.dialler.leaving)
    ends.answerer.give(three)
    before = ends.answerer.session
    seq = {"taken": 3, "too far": 3002, "old": 1}[number]
    assert ends.answerer.give(Env(before.sid, ends.dialler.forge(seq, b"body"))) == [Resync(before.sid)]
    assert ends.answerer.session == before


def test_envelope_that_does_not_open_leaves_the_ratchet_as_it_was(ends: Ends) -> None:
    ends.connect()
    ends.carry()
    before = ends.answerer.session
    for position in (0, 30, 2351, 2352, 2380, 4095):
        envelope = bytearray(ends.dialler.forge(1, b"body"))
        envelope[position] ^= 1
        assert ends.answerer.give(Env(before.sid, bytes(envelope))) in ([Resync(before.sid)], [])
        assert ends.answerer.session == before
        ends.answerer.troubles.poisoned = False


def test_going_on_from_an_old_backup_never_seals_two_plaintexts_alike(
    ends: Ends, sealed: list[Sealed]
) -> None:
    ends.connect()
    ends.carry()
    for end in (ends.dialler, ends.answerer):
        end.write("so that both have a chain")
    ends.carry()
    for end in (ends.dialler, ends.answerer):
        backup = end.session
        for text in ("one", "two"):
            end.write(text)
        ends.carry()
        end.store.sessions.put(backup)
        for text in ("uno", "dos"):
            end.write(text)
        for one in (ends.dialler, ends.answerer):
            one.seconds += 61
        ends.connect()
        ends.carry()
    keys = keys_of_bodies(sealed)
    assert len(set(keys)) < len(keys), "the backup's keys were used again: only the nonces differ"
    assert all_nonces_are_fresh(sealed)
    assert ends.answerer.read()[1:] == ["one", "two", "uno", "dos"]
    assert ends.dialler.read()[1:] == ["one", "two", "uno", "dos"]


def test_new_session_seals_everything_afresh_and_old_envelopes_are_never_sent_again(
    ends: Ends, sealed: list[Sealed]
) -> None:
    ends.connect()
    ends.carry()
    for text in ("one", "two"):
        ends.dialler.write(text)
    old = envelopes(list(ends.dialler.leaving))
    session = ends.answerer.session
    ends.answerer.store.sessions.put(replace(session, sid=bytes(16), ratchet=b""))
    ends.connect()
    ends.carry()
    assert ends.answerer.read() == ["one", "two"]
    assert len(old) == 2
    assert all_nonces_are_fresh(sealed)
    keys = keys_of_bodies(sealed)
    assert len(keys) == len(set(keys)) == 4


def test_void_of_a_cancelled_message_is_sealed_afresh_under_its_number(
    ends: Ends, sealed: list[Sealed]
) -> None:
    ends.connect()
    ends.carry()
    ends.dialler.delivery = None
    message = ends.dialler.write("never mind")
    ends.dialler.write("after it")
    row = ends.dialler.store.outbox.by_message(message)
    assert row is not None
    assert row.envelope is not None
    reader = ends.answerer.ratchet
    with ends.dialler.hub.change():
        ends.dialler.outbox.cancel(row, b"a void's own id!")
    void = next(each for each in ends.dialler.store.outbox.unacked(ends.dialler.contact) if each.id == row.id)
    assert void.envelope is not None
    assert (void.seq, void.message) == (row.seq, None)
    assert void.envelope != row.envelope
    seq, body = reader.open(void.envelope, ends.answerer.sealing.arriving, 0, KEM)
    assert (seq, type(decode_body(body))) == (row.seq, Void)
    ends.dialler.write("after the void")
    keys = keys_of_bodies(sealed)
    assert len(keys) == len(set(keys)) == 4
    ends.connect()
    ends.carry()
    assert ends.answerer.read() == ["after it", "after the void"]
    assert ends.dialler.store.outbox.unacked(ends.dialler.contact) == []


def test_new_session_has_no_place_for_voids(ends: Ends) -> None:
    ends.connect()
    ends.carry()
    ends.dialler.delivery = None
    row = ends.dialler.store.outbox.by_message(ends.dialler.write("never mind"))
    assert row is not None
    with ends.dialler.hub.change():
        ends.dialler.outbox.cancel(row, b"a void's own id!")
    ends.dialler.write("after it")
    session = ends.answerer.session
    ends.answerer.store.sessions.put(replace(session, sid=bytes(16), ratchet=b""))
    ends.connect()
    ends.carry()
    assert ends.answerer.read() == ["after it"]
    assert ends.answerer.session.delivered == ends.dialler.session.sealed == 1


def test_envelope_for_one_person_cannot_be_given_back_to_its_sender(ends: Ends) -> None:
    ends.connect()
    ends.carry()
    ends.dialler.write("mirror")
    (envelope,) = envelopes(list(ends.dialler.leaving))
    with pytest.raises(UnopenableError):
        ends.dialler.ratchet.open(envelope, ends.dialler.sealing.arriving, 0, KEM)
    before = ends.dialler.session
    ends.dialler.give(Env(before.sid, envelope))
    assert ends.dialler.session == before
    assert ends.dialler.read() == []
