"""X25519 key agreement and Ed25519 signatures, with every degenerate point refused."""

from __future__ import annotations

from nacl import bindings

from tuichat.crypto.boundary import peer_input
from tuichat.errors import PeerError

KEY_LENGTH = 32
SIGNATURE_LENGTH = 64

_FIELD_PRIME = 2**255 - 19
# Any scalar finds out a point of low order: clamping makes it a multiple of the cofactor.
_PROBE_SCALAR = bytes(KEY_LENGTH)


def x25519_public(secret: bytes) -> bytes:
    """The public key of a 32-byte X25519 secret."""
    return bytes(bindings.crypto_scalarmult_base(_exactly(secret, KEY_LENGTH)))


def x25519(secret: bytes, public: bytes) -> bytes:
    """The 32-byte shared secret of my secret and a peer's public key.

    Raises:
        PeerError: the result is all zeros (a low-order point), or the public key is not 32 bytes.
        ValueError: the secret is not 32 bytes.
    """
    _exactly(secret, KEY_LENGTH)
    with peer_input():
        return bytes(bindings.crypto_scalarmult(secret, _exactly(public, KEY_LENGTH)))


def check_x25519_public(public: bytes) -> None:
    """Refuse a public key that is not the canonical encoding of a point of large order.

    Raises:
        PeerError: it is not.
    """
    x25519(_PROBE_SCALAR, public)
    if int.from_bytes(public, "little") >= _FIELD_PRIME:
        raise PeerError("a Diffie-Hellman key is not canonical")


def ed25519_public(seed: bytes) -> bytes:
    """The public key of a 32-byte Ed25519 seed."""
    return bytes(bindings.crypto_sign_seed_keypair(seed)[0])


def ed25519_sign(seed: bytes, message: bytes) -> bytes:
    """The 64-byte signature (RFC 8032, pure Ed25519)."""
    secret = bindings.crypto_sign_seed_keypair(seed)[1]
    return bytes(bindings.crypto_sign(message, secret)[:SIGNATURE_LENGTH])


def ed25519_verify(public: bytes, message: bytes, signature: bytes) -> None:
    """Check a signature.

    Raises:
        PeerError: it is not this key's signature of this message.
    """
    with peer_input():
        bindings.crypto_sign_open(
            _exactly(signature, SIGNATURE_LENGTH) + message, _exactly(public, KEY_LENGTH)
        )


def is_ed25519_public(public: bytes) -> bool:
    """Whether these bytes are a canonical point of the prime-order subgroup, the identity excluded."""
    return len(public) == KEY_LENGTH and bool(bindings.crypto_core_ed25519_is_valid_point(public))


def _exactly(data: bytes, length: int) -> bytes:
    # The bindings of crypto_scalarmult hand the pointer on without looking at the length.
    if len(data) != length:
        raise ValueError(f"{length} bytes expected")
    return data
