"""The one place where a library's complaint about a peer's bytes becomes a `PeerError`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cryptography.exceptions import InvalidKey, InvalidTag
from nacl.exceptions import CryptoError

from tuichat.errors import PeerError


@contextmanager
def peer_input() -> Iterator[None]:
    """Run a primitive on bytes that a peer chose.

    PyNaCl raises the built-in ValueError for a ciphertext shorter than its tag and its own RuntimeError (a
    CryptoError) for low-order points; `cryptography` raises ValueError for bad encapsulation keys and
    ciphertexts. The original exception is dropped, for it may quote the bytes.

    Raises:
        PeerError: the primitive refused.
    """
    try:
        yield
    except (ValueError, CryptoError, InvalidKey, InvalidTag):
        raise PeerError("a cryptographic check failed") from None
