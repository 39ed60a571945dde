"""A key encapsulation that repeats and costs nothing: for thousands of simulated handshakes.

The library's encapsulation takes no randomness, and ML-KEM written out (`deterministic_kem`) takes longer
than all else in a story. This has the same interface, sizes and refusals, and keeps no secret from anybody.
"""

from __future__ import annotations

import hashlib

from tuichat.clock import Rng
from tuichat.crypto.kem import CIPHERTEXT_LENGTH, PUBLIC_LENGTH, SEED_LENGTH
from tuichat.errors import PeerError

_COEFFICIENTS = 1152
_REDUCED = int.from_bytes(b"\xff\xcc\xcf" * (_COEFFICIENTS // 3) + b"\xff" * 32, "little")
"""What a public key may have set, so that every 12-bit number of it is below 3329."""


class SimulatedKem:
    """A Kem."""

    def generate(self, rng: Rng) -> tuple[bytes, bytes]:
        secret = rng.bytes(SEED_LENGTH)
        return _public_of(secret), secret

    def check_public(self, public: bytes) -> None:
        if len(public) != PUBLIC_LENGTH or _reduced(public) != public:
            raise PeerError("this is no encapsulation key")

    def encapsulate(self, public: bytes, rng: Rng) -> tuple[bytes, bytes]:
        self.check_public(public)
        ciphertext = rng.bytes(CIPHERTEXT_LENGTH)
        return ciphertext, _shared(public, ciphertext)

    def decapsulate(self, secret: bytes, ciphertext: bytes) -> bytes:
        if len(ciphertext) != CIPHERTEXT_LENGTH:
            raise PeerError("this is no ciphertext")
        return _shared(_public_of(secret), ciphertext)


def _public_of(secret: bytes) -> bytes:
    return _reduced(hashlib.shake_256(b"public" + secret).digest(PUBLIC_LENGTH))


def _reduced(public: bytes) -> bytes:
    return (int.from_bytes(public, "little") & _REDUCED).to_bytes(PUBLIC_LENGTH, "little")


def _shared(public: bytes, ciphertext: bytes) -> bytes:
    return hashlib.sha3_256(public + ciphertext).digest()
