"""The handshake of a link, between honest people and against everyone else: see also docs/invariants.md."""

from __future__ import annotations

import dataclasses

import pytest

from tests.support.handshakes import LOW_ORDER_U, Meeting, NoRng, person
from tests.support.invariants_handshake import call_with
from tests.support.seeded_rng import SeededRng
from tuichat.clock import Rng
from tuichat.crypto.curve25519 import x25519_public
from tuichat.crypto.identity import Identity
from tuichat.crypto.kem import MlKem768
from tuichat.crypto.noise import XXHFS_PSK0, SymmetricState
from tuichat.errors import PeerError
from tuichat.protocol.link import (
    MAX_EARLY_FRAMES,
    MESSAGE1_LENGTH,
    MESSAGE2_LENGTH,
    MESSAGE3_OVERHEAD,
    Answering,
)


@pytest.fixture
def meeting() -> Meeting:
    return Meeting()


class PoisonedKem(MlKem768):
    """Hands out encapsulation keys that nobody can encapsulate to."""

    def generate(self, rng: Rng) -> tuple[bytes, bytes]:
        public, secret = super().generate(rng)
        return b"\xff\xff\xff" + public[3:], secret


def test_both_learn_who_the_other_is(meeting: Meeting) -> None:
    mine, theirs, certificate, _ = meeting.links()
    assert mine.remote.raw == meeting.callee.certificate
    assert theirs.remote.raw == certificate.raw == meeting.caller.certificate
    assert mine.exporter == theirs.exporter


def test_messages_have_their_lengths(meeting: Meeting) -> None:
    dialling = meeting.dial()
    answering = meeting.answer(dialling.message1)
    message3, _ = dialling.read_message2(answering.message2).finish()
    assert len(dialling.message1) == MESSAGE1_LENGTH
    assert len(answering.message2) == MESSAGE2_LENGTH
    assert len(message3) == MESSAGE3_OVERHEAD


def test_first_frames_travel_in_message_3(meeting: Meeting) -> None:
    frames = [b"\x01" + b"request", b"\x20", b"\x13" * 61457]
    assert meeting.links(frames)[3] == frames


def test_answerer_learns_which_psk_was_used(meeting: Meeting) -> None:
    pair = Meeting(psk=b"p" * 32)
    dialling = pair.dial()
    answering = Answering.read_message1(
        pair.callee, dialling.message1, meeting.psks | pair.psks, pair.rng, pair.kem
    )
    assert answering.knock in pair.psks
    assert answering.knock not in meeting.psks


def test_every_other_length_of_messages_1_and_2_is_refused(meeting: Meeting) -> None:
    dialling = meeting.dial()
    message2 = meeting.answer(dialling.message1).message2
    for length in range(MESSAGE1_LENGTH):
        with pytest.raises(PeerError):
            meeting.answer(dialling.message1[:length], NoRng())
    for length in range(MESSAGE2_LENGTH):
        with pytest.raises(PeerError):
            dialling.read_message2(message2[:length])
    for longer in (b"\0", bytes(65536)):
        with pytest.raises(PeerError):
            meeting.answer(dialling.message1 + longer, NoRng())
        with pytest.raises(PeerError):
            dialling.read_message2(message2 + longer)


def test_every_truncation_of_message_3_is_refused(meeting: Meeting) -> None:
    answered, answering = meeting.until_answered()
    message, _ = answered.finish([b"frame"])
    for length in range(len(message)):
        with pytest.raises(PeerError):
            answering.read_message3(message[:length])
    for longer in (b"\0", bytes(65536)):
        with pytest.raises(PeerError):
            answering.read_message3(message + longer)


def test_poisoned_encapsulation_key_is_refused_before_any_key_is_made(meeting: Meeting) -> None:
    poisoner = dataclasses.replace(meeting, kem=PoisonedKem())
    with pytest.raises(PeerError):
        meeting.answer(poisoner.dial().message1, NoRng())


@pytest.mark.parametrize("point", LOW_ORDER_U)
def test_low_order_ephemeral_of_the_caller_is_refused(meeting: Meeting, point: bytes) -> None:
    preamble = meeting.preamble()
    symmetric = SymmetricState(XXHFS_PSK0.name)
    symmetric.mix_hash(b"tuichat/link/1\0" + meeting.callee.onion + preamble)
    symmetric.mix_key_and_hash(meeting.psk)
    symmetric.mix_hash(point)
    symmetric.mix_key(point)
    encapsulation_key, _ = meeting.kem.generate(meeting.rng)
    message = preamble + point + symmetric.encrypt_and_hash(encapsulation_key)
    with pytest.raises(PeerError):
        meeting.answer(message + symmetric.encrypt_and_hash(b""))


@pytest.mark.parametrize("point", LOW_ORDER_U)
def test_low_order_ephemeral_of_the_answerer_is_refused(meeting: Meeting, point: bytes) -> None:
    dialling = meeting.dial()
    state = meeting.raw_state(False, dialling.message1[:22], meeting.callee.ik_secret)
    state.read_message(dialling.message1[22:])
    symmetric = state._symmetric
    symmetric.mix_hash(point)
    symmetric.mix_key(point)
    symmetric.mix_key(bytes(32))  # what a Diffie-Hellman with this point would give
    ciphertext, shared = meeting.kem.encapsulate(state._remote_kem_public, meeting.rng)
    message = point + symmetric.encrypt_and_hash(ciphertext)
    symmetric.mix_key(shared)
    message += symmetric.encrypt_and_hash(meeting.callee.ik)
    symmetric.mix_key(bytes(32))
    message += symmetric.encrypt_and_hash(b"\x01" + meeting.callee.certificate)
    with pytest.raises(PeerError):
        dialling.read_message2(message)


def test_caller_without_a_common_version_is_refused(meeting: Meeting) -> None:
    preamble = meeting.preamble(2, 3)
    rest = meeting.raw_state(True, preamble, meeting.caller.ik_secret).write_message(b"", meeting.rng)
    with pytest.raises(PeerError):
        meeting.answer(preamble + rest, NoRng())


@pytest.mark.parametrize("payload", [b"", bytes(232), bytes(233)])
def test_message_3_without_a_certificate_is_refused(meeting: Meeting, payload: bytes) -> None:
    answering, message = call_with(meeting, meeting.caller.ik_secret, payload)
    with pytest.raises(PeerError):
        answering.read_message3(message)


@pytest.mark.parametrize("early", [b"\0", b"\0\0", b"\0\x02x", b"\0\x01x\0", b"\xff\xffx"])
def test_malformed_frames_in_message_3_are_refused(meeting: Meeting, early: bytes) -> None:
    payload = meeting.caller.certificate + early
    answering, message = call_with(meeting, meeting.caller.ik_secret, payload)
    with pytest.raises(PeerError):
        answering.read_message3(message)


def test_replayed_message_1_leads_nowhere(meeting: Meeting) -> None:
    """Whoever recorded a call can make it again, but has nothing to say in message 3."""
    answered, answering = meeting.until_answered()
    message3, _ = answered.finish()
    recorded = Meeting().dial().message1
    again = meeting.answer(recorded)
    with pytest.raises(PeerError):
        again.read_message3(message3)
    answering.read_message3(message3)


def test_handshake_needs_the_post_quantum_secret_too(meeting: Meeting) -> None:
    """With every Diffie-Hellman secret but another encapsulation, nothing opens."""
    dialling = meeting.dial()
    handshake = dialling._handshake
    assert handshake is not None
    message2 = meeting.answer(dialling.message1).message2
    handshake._kem_secret = MlKem768().generate(SeededRng(b"other"))[1]
    with pytest.raises(PeerError):
        dialling.read_message2(message2)


def test_frames_that_do_not_fit_into_message_3_are_a_bug_here(meeting: Meeting) -> None:
    answered, _ = meeting.until_answered()
    half = bytes(MAX_EARLY_FRAMES // 2)
    for frames in ([b""], [bytes(MAX_EARLY_FRAMES - 1)], [half, half], [bytes(70_000)]):
        with pytest.raises(ValueError):
            answered.finish(frames)
    message3, _ = answered.finish([bytes(MAX_EARLY_FRAMES - 2)])
    assert len(message3) == 65535


def test_no_secret_stands_in_a_repr(meeting: Meeting) -> None:
    dialling = meeting.dial()
    answered, answering = meeting.until_answered()
    link = Meeting().links()[0]
    for thing in (dialling, answered, answering, link, dialling._handshake):
        assert repr(thing).startswith("<tuichat.")
        assert "\\x" not in repr(thing)


def test_identity_of_another_epoch_shakes_hands_too() -> None:
    older = dataclasses.replace(person("caller"), epoch=1)
    assert isinstance(older, Identity)
    certificate = Meeting(caller=older).links()[2]
    assert (certificate.epoch, certificate.ik) == (1, x25519_public(older.ik_secret))
