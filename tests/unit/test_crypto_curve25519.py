"""Curve25519, and the boundary at which libraries' complaints become the peer's fault."""

from __future__ import annotations

import nacl.exceptions
import pytest
from cryptography.exceptions import InvalidKey, InvalidTag

from tests.support.handshakes import LOW_ORDER_U
from tuichat.crypto.boundary import peer_input
from tuichat.crypto.curve25519 import (
    check_x25519_public,
    ed25519_public,
    ed25519_sign,
    ed25519_verify,
    is_ed25519_public,
    x25519,
    x25519_public,
)
from tuichat.errors import PeerError

SECRET = bytes(range(32))
FIELD_PRIME = 2**255 - 19


@pytest.mark.parametrize("point", LOW_ORDER_U)
def test_low_order_points_are_refused(point: bytes) -> None:
    for encoding in (point, point[:31] + bytes([point[31] | 0x80])):
        with pytest.raises(PeerError):
            x25519(SECRET, encoding)
        with pytest.raises(PeerError):
            check_x25519_public(encoding)


def test_non_canonical_key_is_refused() -> None:
    check_x25519_public((9).to_bytes(32, "little"))
    with pytest.raises(PeerError):
        check_x25519_public((9 + FIELD_PRIME).to_bytes(32, "little"))
    with pytest.raises(PeerError):
        check_x25519_public((9 + 2**255).to_bytes(32, "little"))


@pytest.mark.parametrize("length", [0, 1, 31, 33, 64])
def test_public_key_of_another_length_never_reaches_the_library(length: int) -> None:
    with pytest.raises(PeerError):
        x25519(SECRET, b"\x09" * length)
    with pytest.raises(PeerError):
        ed25519_verify(b"\x09" * length, b"message", bytes(64))
    assert not is_ed25519_public(b"\x09" * length)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_own_secret_of_another_length_is_a_bug_here(length: int) -> None:
    with pytest.raises(ValueError):
        x25519(bytes(length), x25519_public(SECRET))
    with pytest.raises(ValueError):
        x25519_public(bytes(length))


def test_both_sides_agree() -> None:
    other = bytes(range(1, 33))
    assert x25519(SECRET, x25519_public(other)) == x25519(other, x25519_public(SECRET))


def test_signature_holds_for_its_message_and_key_alone() -> None:
    public = ed25519_public(SECRET)
    signature = ed25519_sign(SECRET, b"message")
    ed25519_verify(public, b"message", signature)
    for key, message, mark in (
        (public, b"messagf", signature),
        (ed25519_public(bytes(32)), b"message", signature),
        (public, b"message", signature[:-1] + bytes([signature[-1] ^ 1])),
        (public, b"message", signature[:63]),
        (public, b"message", signature + b"\0"),
    ):
        with pytest.raises(PeerError):
            ed25519_verify(key, message, mark)


def test_signature_with_an_unreduced_scalar_is_refused() -> None:
    order = 2**252 + 27742317777372353535851937790883648493
    signature = ed25519_sign(SECRET, b"message")
    scalar = int.from_bytes(signature[32:], "little") + order
    with pytest.raises(PeerError):
        ed25519_verify(ed25519_public(SECRET), b"message", signature[:32] + scalar.to_bytes(32, "little"))


@pytest.mark.parametrize(
    "encoding",
    [
        (1).to_bytes(32, "little"),  # the identity
        (FIELD_PRIME - 1).to_bytes(32, "little"),  # order 2
        bytes(32),  # order 4
        bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),  # order 8
        (1 + FIELD_PRIME).to_bytes(32, "little"),  # the identity, not canonical
        (2).to_bytes(32, "little"),  # not on the curve
    ],
)
def test_degenerate_signing_keys_are_refused(encoding: bytes) -> None:
    assert is_ed25519_public(ed25519_public(SECRET))
    assert not is_ed25519_public(encoding)


@pytest.mark.parametrize(
    "complaint",
    [
        ValueError("short"),
        nacl.exceptions.CryptoError("tag"),
        nacl.exceptions.RuntimeError("low order"),
        nacl.exceptions.BadSignatureError("forged"),
        nacl.exceptions.TypeError("length"),
        InvalidKey(),
        InvalidTag(),
    ],
)
def test_every_complaint_becomes_the_peers_fault_and_quotes_nothing(complaint: Exception) -> None:
    with pytest.raises(PeerError) as caught, peer_input():
        raise complaint
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_own_bugs_pass_the_boundary() -> None:
    with pytest.raises(ZeroDivisionError), peer_input():
        raise ZeroDivisionError
