"""Sealing of small files: XChaCha20-Poly1305 under a random 24-byte nonce, which precedes the ciphertext."""

from __future__ import annotations

from typing import Final

import nacl.bindings
from nacl.exceptions import CryptoError

from tuichat.clock import Rng

KEY_LENGTH: Final = 32
NONCE_LENGTH: Final = 24
OVERHEAD: Final = NONCE_LENGTH + 16
"""How many bytes longer than its plaintext a sealed text is."""


class UnopenableError(Exception):
    """The key is another, or the bytes were changed."""


def seal(key: bytes, plaintext: bytes, bound: bytes, rng: Rng) -> bytes:
    """Encrypt `plaintext` under a 32-byte key; `bound` (associated data) must be equal on opening."""
    nonce = rng.bytes(NONCE_LENGTH)
    return nonce + nacl.bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(plaintext, bound, nonce, key)


def unseal(key: bytes, sealed: bytes, bound: bytes) -> bytes:
    """Decrypt what `seal` made.

    Raises:
        UnopenableError: another key, other associated data, or changed bytes.
    """
    if len(sealed) < OVERHEAD:
        raise UnopenableError
    nonce, ciphertext = sealed[:NONCE_LENGTH], sealed[NONCE_LENGTH:]
    try:
        return nacl.bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(ciphertext, bound, nonce, key)
    except CryptoError:
        raise UnopenableError from None
