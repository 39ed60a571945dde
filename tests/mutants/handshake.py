"""Mutants of handshake, knock, door and pins."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from nacl import bindings

from tests.mutants.planting import planted
from tests.support import invariants_delivery as delivery
from tests.support import invariants_handshake as handshake
from tests.support import invariants_link as link
from tests.support.handshakes import person
from tests.support.seeded_rng import SeededRng
from tuichat.clock import Rng
from tuichat.crypto import curve25519, identity, noise
from tuichat.crypto.curve25519 import x25519_public
from tuichat.crypto.identity import Certificate, Identity, PinVerdict
from tuichat.crypto.kem import Kem
from tuichat.crypto.noise import CipherState, HandshakeState, Split, Token
from tuichat.network import doorkeeper
from tuichat.network.doorkeeper import Doorkeeper
from tuichat.node import keys
from tuichat.protocol import link as link_module
from tuichat.protocol.link import Answered, Answering, Dialling, _Phase
from tuichat.store.records import ContactRow


@planted(
    handshake.every_bit_of_message_1_counts,
    handshake.every_bit_of_message_2_counts,
    handshake.every_bit_of_message_3_counts,
    link.every_bit_of_every_frame_counts,
)
def noise_tag_is_not_checked(patch: pytest.MonkeyPatch) -> None:
    """Whatever arrives is decrypted, and believed."""

    def decrypt(self: CipherState, associated: bytes, ciphertext: bytes) -> bytes:
        if self._key is None or len(ciphertext) < noise.TAG_LENGTH:
            return ciphertext
        body, start = ciphertext[: -noise.TAG_LENGTH], self._next_nonce()
        stream = bindings.crypto_aead_chacha20poly1305_ietf_encrypt(body, associated, start, self._key)
        self._nonce += 1
        return bytes(stream[: len(body)])

    patch.setattr(CipherState, "decrypt", decrypt)


@planted(handshake.every_bit_of_a_knock_counts, handshake.a_rolled_back_version_is_refused)
def preamble_is_not_in_the_prologue(patch: pytest.MonkeyPatch) -> None:
    """Who is between the two may write other versions into the knock."""
    patch.setattr(link_module, "_prologue", lambda onion, _preamble: b"tuichat/link/1\0" + onion)


@planted(handshake.a_relayed_call_is_refused, handshake.a_reflected_message_is_refused)
def callee_is_not_in_the_prologue(patch: pytest.MonkeyPatch) -> None:
    """A call says nothing about whom it is for."""
    patch.setattr(link_module, "_prologue", lambda _onion, preamble: b"tuichat/link/1\0" + preamble)


@planted(handshake.a_reflected_message_is_refused)
def both_directions_have_one_key(patch: pytest.MonkeyPatch) -> None:
    """What I seal, I open."""
    real = HandshakeState.split

    def split(self: HandshakeState) -> Split:
        made = real(self)
        key = min(made.sending._key or b"", made.receiving._key or b"")
        return Split(
            CipherState(key), CipherState(key), made.export_key, made.handshake_hash, made.remote_static
        )

    patch.setattr(HandshakeState, "split", split)


@planted(handshake.nobody_calls_in_my_own_name)
def own_certificate_is_taken_from_a_caller(patch: pytest.MonkeyPatch) -> None:
    """Who has my keys may call me as myself."""
    real = Answering.read_message3

    def read(self: Answering, data: bytes) -> tuple[Certificate, list[bytes], link_module.Link]:
        self._identity = person("nobody")
        return real(self, data)

    patch.setattr(Answering, "read_message3", read)


@planted(handshake.a_swapped_certificate_is_refused)
def certificate_need_not_be_of_the_key_proved(patch: pytest.MonkeyPatch) -> None:
    """Anybody's certificate does."""
    patch.setattr(link_module, "_certificate_of", lambda data, _static: identity.parse_certificate(data))


@planted(handshake.a_swapped_certificate_is_refused)
def any_onion_may_answer(patch: pytest.MonkeyPatch) -> None:
    """Who answers need not be the one who was dialled."""

    class Anybody(bytes):
        def __ne__(self, other: object) -> bool:
            return False

    real = Dialling.read_message2

    def read(self: Dialling, data: bytes) -> Answered:
        self._remote_onion = Anybody(self._remote_onion)
        return real(self, data)

    patch.setattr(Dialling, "read_message2", read)


@planted(handshake.a_rolled_back_version_is_refused)
def version_chosen_need_not_be_offered(patch: pytest.MonkeyPatch) -> None:
    """The answerer may choose any."""
    real = HandshakeState.read_message

    def read(self: HandshakeState, message: bytes) -> bytes:
        payload = real(self, message)
        return b"\x01" + payload[1:] if self._initiator else payload

    patch.setattr(HandshakeState, "read_message", read)


@planted(handshake.an_unknown_knock_learns_nothing)
def key_is_made_before_the_knock_is_known(patch: pytest.MonkeyPatch) -> None:
    """A stranger costs a key, and the time that it takes."""
    real = Answering.read_message1

    def read(who: Identity, data: bytes, psks: Mapping[bytes, bytes], rng: Rng, kem: Kem) -> Answering:
        kem.generate(rng)
        return real(who, data, psks, rng, kem)

    patch.setattr(Answering, "read_message1", read)


@planted(handshake.an_unknown_knock_learns_nothing)
def unknown_knock_reads_another_page(patch: pytest.MonkeyPatch) -> None:
    """What runs here shows to whoever knows how to knock."""
    real = Doorkeeper._judge

    def judge(self: Doorkeeper, head: bytes) -> None:
        if doorkeeper.knock_of(head) is not None and self._transport is not None:
            self._transport.write(b"HTTP/1.1 403 Forbidden\r\n\r\n")
        real(self, head)

    patch.setattr(Doorkeeper, "_judge", judge)


@planted(handshake.the_callers_name_stays_unread_by_a_thief_of_the_callees_keys)
def answers_ephemeral_keys_follow_from_its_long_term_key(patch: pytest.MonkeyPatch) -> None:
    """A recorded call is answered once more in the same way."""
    real = HandshakeState.write_message

    def write(self: HandshakeState, payload: bytes, rng: Rng) -> bytes:
        return real(self, payload, rng if self._initiator else SeededRng(self._static_secret))

    patch.setattr(HandshakeState, "write_message", write)


@planted(handshake.the_callers_name_stays_unread_by_a_thief_of_the_callees_keys)
def callers_key_is_sent_in_the_clear(patch: pytest.MonkeyPatch) -> None:
    """Message 3 begins with it."""
    real = HandshakeState._write_token

    def write(self: HandshakeState, token: Token, rng: Rng) -> bytes:
        if token is Token.S and self._initiator:
            return x25519_public(self._static_secret)
        return real(self, token, rng)

    patch.setattr(HandshakeState, "_write_token", write)


@planted(handshake.a_phase_is_left_once)
def phase_is_never_left(patch: pytest.MonkeyPatch) -> None:
    """Message 3 can be written twice."""
    patch.setattr(_Phase, "_leave", lambda _self: None)


@planted(delivery.a_stale_key_is_refused)
def stale_pin_passes(patch: pytest.MonkeyPatch) -> None:
    """An old certificate and a second one of the same epoch are taken."""
    patch.setattr(keys, "judge_pins", lambda _pins, _certificate: PinVerdict.SAME)


@planted(delivery.a_pinned_version_does_not_go_back)
def pinned_version_goes_back(patch: pytest.MonkeyPatch) -> None:
    """What a contact spoke before counts for nothing."""
    real = keys.judge

    def judge(row: ContactRow, certificate: Certificate, version: int) -> keys.Refusal:
        return real(row, certificate, max(version, row.version))

    patch.setattr(keys, "judge", judge)


@planted(link.every_bit_of_a_certificate_counts)
def signature_is_not_checked(patch: pytest.MonkeyPatch) -> None:
    """A certificate is what it says."""
    patch.setattr(curve25519, "ed25519_verify", lambda _public, _message, _signature: None)


@planted(handshake.every_bit_of_message_2_counts)
def handshake_goes_on_where_it_failed(patch: pytest.MonkeyPatch) -> None:
    """A message is not read on a copy: after an altered one the true one is not understood."""
    patch.setattr(HandshakeState, "copy", lambda self: self)
