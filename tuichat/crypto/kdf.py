"""Hashes and key derivation, each use under a label of its own.

    kdf(key, label, ctx, n) = HKDF-SHA256(salt = 32 zero bytes, ikm = key,
                                          info = "tuichat/1 " || label || 0x00 || ctx), n bytes

Labels are ASCII without a zero byte, so no two pairs of label and context give the same info.
"""

from __future__ import annotations

import hashlib
import hmac

_HASH_LENGTH = 32


def hmac_sha256(key: bytes, data: bytes) -> bytes:
    """HMAC-SHA256 (RFC 2104), 32 bytes."""
    return hmac.digest(key, data, "sha256")


def hkdf_sha256(salt: bytes, key: bytes, info: bytes, length: int) -> bytes:
    """HKDF-SHA256 (RFC 5869), extract and expand; `length` is 1 to 8,160 bytes."""
    if not 1 <= length <= 255 * _HASH_LENGTH:
        raise ValueError(f"HKDF-SHA256 cannot give {length} bytes")
    pseudorandom_key = hmac_sha256(salt or bytes(_HASH_LENGTH), key)
    output = block = b""
    counter = 0
    while len(output) < length:
        counter += 1
        block = hmac_sha256(pseudorandom_key, block + info + bytes([counter]))
        output += block
    return output[:length]


def kdf(key: bytes, label: str, ctx: bytes, length: int) -> bytes:
    """A key of `length` bytes for the purpose `label` in the context `ctx`.

    Raises:
        ValueError: the label is not ASCII or holds a zero byte, or the length is out of range.
    """
    if "\0" in label:
        raise ValueError("a label holds no zero byte")
    info = b"tuichat/1 " + label.encode("ascii") + b"\0" + ctx
    return hkdf_sha256(bytes(_HASH_LENGTH), key, info, length)


def blake2b_256(data: bytes) -> bytes:
    """BLAKE2b with a 32-byte digest: `H` in docs/protocol.md."""
    return hashlib.blake2b(data, digest_size=32).digest()


def blake2b_512(data: bytes) -> bytes:
    """BLAKE2b with its full 64-byte digest."""
    return hashlib.blake2b(data).digest()


def keyed_blake2b_128(key: bytes, data: bytes) -> bytes:
    """BLAKE2b keyed with up to 64 bytes, with a 16-byte digest."""
    return hashlib.blake2b(data, digest_size=16, key=key).digest()
