"""Invariants of delivery between two stores: what a refused envelope leaves, and what sealing keeps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

import msgspec
import pytest

from tests.support.delivery_ends import KEM, Ends
from tests.support.handshakes import Meeting, person
from tests.support.invariants import ACCIDENTS, every_flip, holds, refused, scratch
from tests.support.ratchets import Sealing, record_sealings
from tests.support.seeded_rng import SeededRng
from tests.support.stores import add_contact
from tuichat.crypto import sealing
from tuichat.crypto.envelope import SEALED_HEADER_LENGTH
from tuichat.crypto.identity import parse_certificate, rotate_ik
from tuichat.crypto.ratchet import fresh_keys
from tuichat.node.keys import Keys
from tuichat.protocol import session
from tuichat.protocol.bodies import THE_TWO_OF_US
from tuichat.protocol.frames import Ack, Env, Frame, New, Resync

HEADER_LENGTH: Final = SEALED_HEADER_LENGTH - sealing.OVERHEAD


def a_refused_envelope_changes_nothing_on_disk() -> None:
    """Altered in header or body, of another number than may come, or from another session."""
    with _connected() as ends:
        ends.dialler.write("one")
        ends.carry()
        before = ends.answerer.session
        envelope = ends.dialler.forge(2, b"body")
        wrong = [altered for _, altered in every_flip(envelope, 337)]
        wrong += [ends.dialler.forge(seq, b"body") for seq in (1, before.delivered + 3001, 2**64 - 1)]
        for altered in wrong:
            answer = ends.answerer.give(Env(before.sid, altered))
            holds("a wrong envelope was answered otherwise", answer == [Resync(before.sid)])
            holds("a wrong envelope changed the session", ends.answerer.session == before)
            ends.answerer.troubles.poisoned = False
        ends.answerer.give(Env(b"another session!", envelope))
        holds("another session's envelope changed this one", ends.answerer.session == before)
        holds("something was delivered", ends.answerer.read() == ["one"])


def a_repeated_envelope_is_delivered_once() -> None:
    """Repeated, late and early ones: each message once, in order, and acknowledged when it is there."""
    with _connected() as ends:
        for text in ("one", "two", "three"):
            ends.dialler.write(text)
        one, two, three = list(ends.dialler.leaving)
        for frame, read in ((two, 0), (two, 0), (one, 2), (one, 2), (three, 3), (two, 3)):
            acks = [each for each in ends.answerer.give(frame) if isinstance(each, Ack)]
            holds("history differs", ends.answerer.read() == ["one", "two", "three"][:read])
            holds("an acknowledgement came too early", bool(acks) == bool(read))


def what_cannot_be_opened_begins_a_session_and_loses_nothing() -> None:
    """One whose writer went on from an old backup is not understood, and everything is sealed anew."""
    with _connected() as ends:
        old = ends.dialler.session
        for text in ("one", "two"):
            ends.dialler.write(text)
        ends.carry()
        ends.dialler.store.sessions.put(old)
        ends.dialler.write("three")
        ends.answerer.seconds += 61
        ends.carry()
        holds("something is lost", ends.answerer.read() == ["one", "two", "three"])
        holds("the queue is not empty", not ends.dialler.store.outbox.unacked(ends.dialler.contact))


def a_side_that_forgot_is_noticed() -> None:
    """Who went on from an old backup is behind: the counts say so when the next link begins."""
    for restored in (0, 1):
        with _connected() as ends:
            end, other = (ends.answerer, ends.dialler)[:: 1 - 2 * restored]
            old = end.session
            for text in ("one", "two"):
                other.write(text)
            ends.carry()
            end.store.sessions.put(old)
            other.write("three")
            ends.connect()
            ends.carry()
            holds("something is lost, or doubled", end.read() == ["one", "two", "three"])
            holds("the session went on", end.session.gen > old.gen)


def a_session_is_named_by_its_link() -> None:
    """NEW from another link, relayed or replayed, begins none."""
    with _connected() as ends:
        before = ends.dialler.session
        gen = before.gen + 1
        ends.connect()
        ends.dialler.leaving.clear()
        mine, _, _, _ = Meeting(rng=SeededRng(b"another link")).links()
        offered = fresh_keys(SeededRng(b"offered"), KEM)
        sid = session.session_id(mine.exporter, gen)
        assert ends.dialler.delivery is not None
        new = New(gen, sid, offered.dh_public, offered.ek_public)
        refused("another link's session", ends.dialler.delivery.handle, new)
        holds("the session changed", ends.dialler.session == before)


def a_retry_is_the_same_bytes() -> None:
    """Within a session nothing is sealed twice, and each body has a key of its own."""
    with _recorded() as recorded, _connected() as ends:
        for text in ("one", "two", "three"):
            ends.dialler.write(text)
            ends.answerer.write(text)
        first = _envelopes(list(ends.dialler.leaving))
        keys = _keys_of_bodies(recorded)
        holds("a message key came twice", len(set(keys)) == len(keys) == 6)
        ends.connect()
        holds("a retry differs", _envelopes(list(ends.dialler.leaving)) == first)
        holds("a retry was sealed again", _keys_of_bodies(recorded) == keys)


def an_old_backup_never_seals_two_plaintexts_alike() -> None:
    """Each side goes on from an old session: message keys come again, under other nonces."""
    with _recorded() as recorded, _connected() as ends:
        for end in (ends.dialler, ends.answerer):
            end.write("so that both have a chain")
        ends.carry()
        for end in (ends.dialler, ends.answerer):
            backup = end.session
            end.write("one")
            ends.carry()
            end.store.sessions.put(backup)
            end.write("uno")
            for one in (ends.dialler, ends.answerer):
                one.seconds += 61
            ends.connect()
            ends.carry()
        keys = _keys_of_bodies(recorded)
        holds("no key came again", len(set(keys)) < len(keys))
        pairs = {(one.key, one.nonce) for one in recorded}
        holds("a key met a nonce twice", len(pairs) == len(recorded))


def a_bad_body_is_kept_and_the_next_one_delivered() -> None:
    """What msgspec refuses, recurses over or cannot decode is stored as it came, and blocks nothing."""
    with _connected() as ends:
        writer, by = ends.dialler.ratchet, ends.dialler.sealing
        for seq, body in enumerate(_bad_bodies(), 1):
            envelope = writer.seal(seq, body, by.leaving, by.rng, by.kem)
            try:
                answer = ends.answerer.give(Env(ends.answerer.session.sid, envelope))
            except ACCIDENTS as accident:
                raise AssertionError(f"{type(accident).__name__} came through") from accident
            holds("a bad body was not acknowledged", [type(each) for each in answer] == [Ack])


def a_stale_key_is_refused() -> None:
    """A certificate of an earlier epoch, or another IK in the same one, over a key that was pinned."""
    bob = person("bob")
    rotated = rotate_ik(bob, SeededRng(b"rotation"), 0.0)
    with _connected() as ends:
        end = ends.dialler
        row = add_contact(end.store, "Bob", bob.onion)
        row = end.store.contacts.update(row.id, sig=rotated.sig, ik=rotated.ik, epoch=rotated.epoch)
        keys = Keys(end.store, end.hub)
        for stale in (bob, replace(rotated, ik_secret=bob.ik_secret)):
            refused("a stale key", keys.check, row, parse_certificate(stale.certificate), 1)
        holds("a pin changed", end.store.contacts.get(row.id) == row)
        keys.check(row, parse_certificate(rotated.certificate), 1)


def a_pinned_version_does_not_go_back() -> None:
    """A contact that spoke version 2 before does not speak 1 again."""
    bob = person("bob")
    certificate = parse_certificate(bob.certificate)
    with _connected() as ends:
        end = ends.dialler
        row = add_contact(end.store, "Bob", bob.onion)
        row = end.store.contacts.update(row.id, sig=bob.sig, ik=bob.ik, epoch=bob.epoch, version=2)
        keys = Keys(end.store, end.hub)
        refused("an older version", keys.check, row, certificate, 1)
        holds("a pin changed", end.store.contacts.get(row.id) == row)
        keys.check(row, certificate, 2)


@contextmanager
def _connected() -> Iterator[Ends]:
    """Two ends in a session that has just begun."""
    with scratch() as directory:
        ends = Ends(directory)
        ends.connect()
        ends.carry()
        try:
            yield ends
        finally:
            ends.dialler.store.close()
            ends.answerer.store.close()


@contextmanager
def _recorded() -> Iterator[list[Sealing]]:
    with pytest.MonkeyPatch.context() as patched:
        yield record_sealings(patched)


def _envelopes(frames: list[Frame]) -> list[bytes]:
    return [frame.envelope for frame in frames if isinstance(frame, Env)]


def _keys_of_bodies(recorded: list[Sealing]) -> list[bytes]:
    """Each body's key; headers share their chain's."""
    return [one.key for one in recorded if len(one.plaintext) != HEADER_LENGTH]


def _bad_bodies() -> list[bytes]:
    def text(words: object) -> bytes:
        return msgspec.msgpack.encode([1, THE_TWO_OF_US, bytes(16), 5, words])

    return [
        b"",
        b"\xc1",
        text(7),
        text("xyz").replace(b"xyz", b"\xff\xfe\xfd"),
        text("xyz").replace(b"xyz", b"\xed\xa0\x80"),
        text("x").replace(b"\x95", b"\x98", 1) + b"\xc0\xc0" + b"\x91" * 50_000 + b"\x01",
        msgspec.msgpack.encode([99, THE_TWO_OF_US, bytes(16)]),
    ]
