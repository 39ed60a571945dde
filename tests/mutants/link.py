"""Mutants of a standing link, of invites, of key derivation and of the boundary to the libraries."""

from __future__ import annotations

import contextlib
from pathlib import Path

import msgspec
import pytest

from tests.mutants.planting import planted
from tests.support import invariants_contact as contact
from tests.support import invariants_delivery as delivery
from tests.support import invariants_handshake as handshake
from tests.support import invariants_link as link
from tests.support import invariants_strange as strange
from tuichat.crypto import boundary, curve25519, kem, noise
from tuichat.crypto.kdf import kdf
from tuichat.crypto.noise import CipherState
from tuichat.node import inbox
from tuichat.protocol import bodies, frames, invites
from tuichat.protocol import link as link_module
from tuichat.protocol.link import Link


@planted(link.frames_pass_once_and_in_order)
def counter_stands_still_on_opening(patch: pytest.MonkeyPatch) -> None:
    """A message opens as often as it comes."""
    real = CipherState.decrypt

    def decrypt(self: CipherState, associated: bytes, ciphertext: bytes) -> bytes:
        before = self._nonce
        opened = real(self, associated, ciphertext)
        self._nonce = before
        return opened

    patch.setattr(CipherState, "decrypt", decrypt)


@planted(link.no_key_of_a_link_meets_a_nonce_twice)
def counter_stands_still_on_sealing(patch: pytest.MonkeyPatch) -> None:
    """Every frame has the same key and the same nonce."""
    real = CipherState.encrypt

    def encrypt(self: CipherState, associated: bytes, plaintext: bytes) -> bytes:
        before = self._nonce
        sealed = real(self, associated, plaintext)
        self._nonce = before
        return sealed

    patch.setattr(CipherState, "encrypt", encrypt)


@planted(link.every_bit_of_every_frame_counts)
def link_lives_on_after_an_altered_message(patch: pytest.MonkeyPatch) -> None:
    """Who alters messages may try again until one passes."""
    patch.setattr(Link, "_check_alive", lambda _self: None)


@planted(link.every_bit_of_an_invite_counts)
def invite_has_no_check(patch: pytest.MonkeyPatch) -> None:
    """The last four bytes are always the same."""
    patch.setattr(invites, "_check", lambda _data: bytes(4))


@planted(link.every_label_has_one_use)
def two_keys_share_a_label(patch: pytest.MonkeyPatch) -> None:
    """In the source an invite's key for tor has the label of its key to knock with."""
    real = Path.read_text

    def read(self: Path, encoding: str | None = None, errors: str | None = None) -> str:
        return real(self, encoding, errors).replace('"invite reach"', '"invite psk"')

    patch.setattr(Path, "read_text", read)


@planted(link.every_label_has_one_use)
def label_is_used_again_far_from_the_others(patch: pytest.MonkeyPatch) -> None:
    """In the source the node derives a key under a pair's label, by way of the module."""
    real = Path.read_text

    def read(self: Path, encoding: str | None = None, errors: str | None = None) -> str:
        more = 'kdf_module.kdf(b"", "pair psk", b"", 32)\n' if self.name == "reach.py" else ""
        return real(self, encoding, errors) + more

    patch.setattr(Path, "read_text", read)


@planted(link.keys_of_one_secret_differ)
def label_does_not_count(patch: pytest.MonkeyPatch) -> None:
    """Two keys of an invite are the same."""
    patch.setattr(invites, "kdf", lambda key, _label, context, length: kdf(key, "any", context, length))


@planted(link.keys_of_one_secret_differ)
def exporter_does_not_step(patch: pytest.MonkeyPatch) -> None:
    """Two sessions of one link come from the same secret."""
    patch.setattr(Link, "next_exporter", lambda _self: None)


@planted(
    strange.every_strange_message_is_refused,
    handshake.every_bit_of_message_3_counts,
    contact.a_stranger_who_sends_anything_is_dropped,
)
def noise_lets_the_librarys_complaint_through(patch: pytest.MonkeyPatch) -> None:
    """PyNaCl's CryptoError and ValueError for a bad or short ciphertext."""
    patch.setattr(noise, "peer_input", contextlib.nullcontext)


@planted(strange.every_strange_point_is_refused)
def curve_lets_the_librarys_complaint_through(patch: pytest.MonkeyPatch) -> None:
    """PyNaCl's RuntimeError for points of low order, ValueError for other lengths."""
    patch.setattr(curve25519, "peer_input", contextlib.nullcontext)


@planted(strange.every_strange_encapsulation_is_refused)
def kem_lets_the_librarys_complaint_through(patch: pytest.MonkeyPatch) -> None:
    """The ValueError of `cryptography` for encapsulation keys and ciphertexts."""
    patch.setattr(kem, "peer_input", contextlib.nullcontext)


@planted(strange.every_strange_point_is_refused)
def boundary_does_not_know_pynacl(patch: pytest.MonkeyPatch) -> None:
    """Only the built-in ValueError becomes the peer's fault."""
    patch.setattr(boundary, "CryptoError", ValueError)


@planted(strange.every_strange_frame_is_refused)
def frames_let_complaints_through(patch: pytest.MonkeyPatch) -> None:
    """Wrong lengths, text that is no UTF-8, values out of range."""
    patch.setattr(frames, "decode", lambda data: frames._READERS[data[0]](data[1:]))


@planted(delivery.a_bad_body_is_kept_and_the_next_one_delivered)
def bodies_let_unicode_through(patch: pytest.MonkeyPatch) -> None:
    """Only what msgspec calls a DecodeError is caught."""
    patch.setattr(inbox, "decode_body", _decode_but(UnicodeDecodeError))


@planted(delivery.a_bad_body_is_kept_and_the_next_one_delivered)
def bodies_let_recursion_through(patch: pytest.MonkeyPatch) -> None:
    """Arrays in arrays in arrays."""
    patch.setattr(inbox, "decode_body", _decode_but(RecursionError))


def _decode_but(through: type[Exception]) -> object:
    """`decode_body`, with one kind of failure not caught."""

    def decode(raw: bytes) -> bodies.Body | bodies.Opaque:
        try:
            bodies._decoder.decode(raw)
        except msgspec.DecodeError:
            pass
        except (UnicodeDecodeError, RecursionError) as failure:
            if isinstance(failure, through):
                raise
        return bodies.decode_body(raw)

    return decode


@planted(link.no_key_of_a_link_meets_a_nonce_twice)
def rekeying_starts_the_counter_again_without_a_new_key(patch: pytest.MonkeyPatch) -> None:
    """After 65,536 messages the nonces come again."""

    def rekey_when_due(cipher: CipherState) -> None:
        if cipher.nonce % link_module.REKEY_INTERVAL == 0:
            cipher._nonce -= 2

    patch.setattr(link_module, "_rekey_when_due", rekey_when_due)
