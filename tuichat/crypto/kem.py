"""ML-KEM-768 (FIPS 203), the post-quantum half of every key agreement.

Sizes in bytes: encapsulation key 1184, ciphertext 1088, shared secret 32. A decapsulation key is kept as its
64-byte seed d || z.
"""

from __future__ import annotations

from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey

from tuichat.clock import Rng
from tuichat.crypto.boundary import peer_input

PUBLIC_LENGTH = 1184
CIPHERTEXT_LENGTH = 1088
SHARED_LENGTH = 32
SEED_LENGTH = 64


class Kem(Protocol):
    """A key encapsulation mechanism with ML-KEM-768's sizes."""

    def generate(self, rng: Rng) -> tuple[bytes, bytes]:
        """A fresh key pair: (public, secret)."""
        ...

    def check_public(self, public: bytes) -> None:
        """Refuse what `encapsulate` could not use. Raises PeerError."""
        ...

    def encapsulate(self, public: bytes, rng: Rng) -> tuple[bytes, bytes]:
        """A fresh shared secret for the holder of `public`: (ciphertext, shared). Raises PeerError."""
        ...

    def decapsulate(self, secret: bytes, ciphertext: bytes) -> bytes:
        """The shared secret; of a forged ciphertext an unrelated one. Raises PeerError for a wrong length."""
        ...


class MlKem768:
    """The real one. Encapsulation draws from the library's own random source, for it takes no other."""

    def generate(self, rng: Rng) -> tuple[bytes, bytes]:
        seed = rng.bytes(SEED_LENGTH)
        return MLKEM768PrivateKey.from_seed_bytes(seed).public_key().public_bytes_raw(), seed

    def check_public(self, public: bytes) -> None:
        """FIPS 203, 7.2: exact length and every coefficient reduced."""
        with peer_input():
            MLKEM768PublicKey.from_public_bytes(public)

    def encapsulate(self, public: bytes, rng: Rng) -> tuple[bytes, bytes]:
        with peer_input():
            shared, ciphertext = MLKEM768PublicKey.from_public_bytes(public).encapsulate()
        return ciphertext, shared

    def decapsulate(self, secret: bytes, ciphertext: bytes) -> bytes:
        key = MLKEM768PrivateKey.from_seed_bytes(secret)
        with peer_input():
            return key.decapsulate(ciphertext)
