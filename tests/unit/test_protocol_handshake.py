"""The handshake of a link, between honest people and against everyone else."""

from __future__ import annotations

import dataclasses

import pytest

from tests.support.handshakes import LOW_ORDER_U, Meeting, NoRng, flip, person
from tests.support.seeded_rng import SeededRng
from tuichat.clock import Rng
from tuichat.crypto.curve25519 import x25519_public
from tuichat.crypto.identity import Identity
from tuichat.crypto.kem import MlKem768
from tuichat.crypto.noise import XXHFS_PSK0, SymmetricState
from tuichat.errors import PeerError
from tuichat.protocol.knock import public_psk
from tuichat.protocol.link import (
    MAX_EARLY_FRAMES,
    MESSAGE1_LENGTH,
    MESSAGE2_LENGTH,
    MESSAGE3_OVERHEAD,
    Answering,
    Dialling,
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


def test_every_bit_flip_in_message_1_is_refused(meeting: Meeting) -> None:
    message = meeting.dial().message1
    for position in range(len(message)):
        with pytest.raises(PeerError):
            meeting.answer(flip(message, position), NoRng())
    meeting.answer(message)


def test_every_bit_flip_in_message_2_is_refused_and_the_true_one_still_taken(meeting: Meeting) -> None:
    dialling = meeting.dial()
    message = meeting.answer(dialling.message1).message2
    for position in range(len(message)):
        with pytest.raises(PeerError):
            dialling.read_message2(flip(message, position))
    dialling.read_message2(message)


def test_every_bit_flip_in_message_3_is_refused_and_the_true_one_still_taken(meeting: Meeting) -> None:
    answered, answering = meeting.until_answered()
    message, mine = answered.finish([b"frame"])
    for position in range(len(message)):
        with pytest.raises(PeerError):
            answering.read_message3(flip(message, position))
    assert answering.read_message3(message)[2].exporter == mine.exporter


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


def test_unknown_knock_makes_no_key_and_learns_nothing(meeting: Meeting) -> None:
    stranger = Meeting(psk=b"guessed".ljust(32))
    with pytest.raises(PeerError):
        meeting.answer(stranger.dial().message1, NoRng())


def test_knock_without_its_psk_is_refused(meeting: Meeting) -> None:
    """A knock can be overheard; what follows it needs the key."""
    overheard = meeting.dial().message1[:22]
    liar = dataclasses.replace(meeting, psk=b"guessed".ljust(32))
    state = liar.raw_state(True, overheard, liar.caller.ik_secret)
    with pytest.raises(PeerError):
        meeting.answer(overheard + state.write_message(b"", SeededRng()), NoRng())


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


def test_version_rollback_in_the_preamble_is_refused(meeting: Meeting) -> None:
    modern = meeting.preamble(1, 2)
    rest = meeting.raw_state(True, modern, meeting.caller.ik_secret).write_message(b"", meeting.rng)
    meeting.answer(modern + rest)
    with pytest.raises(PeerError):
        meeting.answer(meeting.preamble(1, 1) + rest, NoRng())


def test_caller_without_a_common_version_is_refused(meeting: Meeting) -> None:
    preamble = meeting.preamble(2, 3)
    rest = meeting.raw_state(True, preamble, meeting.caller.ik_secret).write_message(b"", meeting.rng)
    with pytest.raises(PeerError):
        meeting.answer(preamble + rest, NoRng())


def answer_with(meeting: Meeting, dialling: Dialling, static_secret: bytes, payload: bytes) -> bytes:
    """Message 2 of somebody who knows the psk and says what they like."""
    state = meeting.raw_state(False, dialling.message1[:22], static_secret)
    state.read_message(dialling.message1[22:])
    return state.write_message(payload, meeting.rng)


def call_with(meeting: Meeting, static_secret: bytes, payload: bytes) -> tuple[Answering, bytes]:
    """A call that went as far as message 3, with any name in it."""
    preamble = meeting.preamble()
    state = meeting.raw_state(True, preamble, static_secret)
    answering = meeting.answer(preamble + state.write_message(b"", meeting.rng))
    state.read_message(answering.message2)
    return answering, state.write_message(payload, meeting.rng)


def test_version_that_was_not_offered_is_refused(meeting: Meeting) -> None:
    dialling = meeting.dial()
    payload = b"\x02" + meeting.callee.certificate
    with pytest.raises(PeerError):
        dialling.read_message2(answer_with(meeting, dialling, meeting.callee.ik_secret, payload))


def test_swapped_certificate_in_message_2_is_refused(meeting: Meeting) -> None:
    dialling = meeting.dial()
    payload = b"\x01" + meeting.callee.certificate
    with pytest.raises(PeerError):
        dialling.read_message2(answer_with(meeting, dialling, person("mallory").ik_secret, payload))


def test_another_onion_than_the_one_dialled_is_refused(meeting: Meeting) -> None:
    mallory, dialling = person("mallory"), meeting.dial()
    payload = b"\x01" + mallory.certificate
    with pytest.raises(PeerError):
        dialling.read_message2(answer_with(meeting, dialling, mallory.ik_secret, payload))


def test_swapped_certificate_in_message_3_is_refused(meeting: Meeting) -> None:
    answering, message = call_with(meeting, person("mallory").ik_secret, meeting.caller.certificate)
    with pytest.raises(PeerError):
        answering.read_message3(message)


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


def test_call_in_my_own_name_is_refused(meeting: Meeting) -> None:
    answering, message = call_with(meeting, meeting.callee.ik_secret, meeting.callee.certificate)
    with pytest.raises(PeerError):
        answering.read_message3(message)


def test_nobody_dials_themselves(meeting: Meeting) -> None:
    with pytest.raises(ValueError):
        dataclasses.replace(meeting, caller=meeting.callee).dial()


def test_call_relayed_to_somebody_else_is_refused(meeting: Meeting) -> None:
    """Mallory, whom the caller dials, passes the call on to another person."""
    victim = person("victim")
    message = meeting.dial().message1
    with pytest.raises(PeerError):
        Answering.read_message1(victim, message, meeting.psks, NoRng(), meeting.kem)


def test_message_reflected_to_its_sender_is_refused(meeting: Meeting) -> None:
    dialling = meeting.dial()
    mirrored = dict.fromkeys(meeting.psks, public_psk(meeting.caller.onion)) | meeting.psks
    with pytest.raises(PeerError):
        Answering.read_message1(meeting.caller, dialling.message1, mirrored, NoRng(), meeting.kem)
    with pytest.raises(PeerError):
        dialling.read_message2(dialling.message1.ljust(MESSAGE2_LENGTH, b"\0"))


def test_replayed_message_1_leads_nowhere(meeting: Meeting) -> None:
    """Whoever recorded a call can make it again, but has nothing to say in message 3."""
    answered, answering = meeting.until_answered()
    message3, _ = answered.finish()
    recorded = Meeting().dial().message1
    again = meeting.answer(recorded)
    with pytest.raises(PeerError):
        again.read_message3(message3)
    answering.read_message3(message3)


def test_callers_name_is_unreadable_with_the_callees_long_term_keys(meeting: Meeting) -> None:
    dialling = meeting.dial()
    answering = meeting.answer(dialling.message1)
    message3, _ = dialling.read_message2(answering.message2).finish()
    recorded = dialling.message1 + answering.message2 + message3
    for part in (meeting.caller.onion, meeting.caller.sig, meeting.caller.ik, meeting.callee.onion):
        assert part not in recorded
    thief = dataclasses.replace(meeting, rng=SeededRng(b"thief")).answer(dialling.message1)
    with pytest.raises(PeerError):
        thief.read_message3(message3)


def test_handshake_needs_the_post_quantum_secret_too(meeting: Meeting) -> None:
    """With every Diffie-Hellman secret but another encapsulation, nothing opens."""
    dialling = meeting.dial()
    handshake = dialling._handshake
    assert handshake is not None
    message2 = meeting.answer(dialling.message1).message2
    handshake._kem_secret = MlKem768().generate(SeededRng(b"other"))[1]
    with pytest.raises(PeerError):
        dialling.read_message2(message2)


def test_each_phase_is_left_once(meeting: Meeting) -> None:
    dialling = meeting.dial()
    answering = meeting.answer(dialling.message1)
    answered = dialling.read_message2(answering.message2)
    message3, _ = answered.finish()
    answering.read_message3(message3)
    for leave in (
        lambda: dialling.read_message2(answering.message2),
        lambda: answered.finish([b"other"]),
        lambda: answering.read_message3(message3),
    ):
        with pytest.raises(RuntimeError):
            leave()


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
