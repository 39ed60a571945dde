"""The keys of a version 3 onion service and of its authorized clients.

- Service: an Ed25519 seed of 32 bytes. Tor keeps the *expanded* form, 64 bytes: SHA-512 of the seed with the
  lower half clamped (rend-spec-v3, appendix "Hidden service key material"; RFC 8032, 5.1.5).
- Client authorization: an X25519 pair (rend-spec-v3, "Client authorization"). Tor reads the public half in
  base32 and the private half in base64 on the control port, and base32 in `.auth_private` files.

Functions raise ValueError for keys of the wrong length; that is a caller's mistake, never a user's.
"""

from __future__ import annotations

import base64
import hashlib
import os
from dataclasses import dataclass, field

from nacl import bindings

KEY_BYTES = 32


def public_key(seed: bytes) -> bytes:
    """The 32-byte Ed25519 public key of a 32-byte seed: what an onion address is made of."""
    _check_length(seed)
    public, _ = bindings.crypto_sign_seed_keypair(seed)
    return bytes(public)


def expanded_secret(seed: bytes) -> bytes:
    """The 64 bytes that Tor stores as a service's secret key."""
    _check_length(seed)
    digest = bytearray(hashlib.sha512(seed).digest())
    digest[0] &= 0b1111_1000
    digest[31] &= 0b0011_1111
    digest[31] |= 0b0100_0000
    return bytes(digest)


def control_key(seed: bytes) -> str:
    """The `KeyType:KeyBlob` argument of ADD_ONION. Secret: it goes to the control port and nowhere else."""
    return "ED25519-V3:" + base64.b64encode(expanded_secret(seed)).decode("ascii")


def is_valid_public_key(key: bytes) -> bool:
    """Whether these are 32 canonical bytes of a point in Ed25519's prime-order subgroup, not the identity."""
    return len(key) == KEY_BYTES and bool(bindings.crypto_core_ed25519_is_valid_point(key))


@dataclass(frozen=True, slots=True)
class ClientKey:
    """An X25519 pair that lets one client read a service's descriptor. The private half is in no repr."""

    public: bytes
    private: bytes = field(repr=False)

    @classmethod
    def generate(cls) -> ClientKey:
        """A new pair from the system's random source."""
        return cls.from_private(os.urandom(KEY_BYTES))

    @classmethod
    def from_private(cls, private: bytes) -> ClientKey:
        """The pair of a 32-byte private key."""
        _check_length(private)
        return cls(public=bytes(bindings.crypto_scalarmult_base(private)), private=private)

    @property
    def public_base32(self) -> str:
        """52 upper-case characters, as ADD_ONION's `ClientAuthV3=` takes them."""
        return client_key_base32(self.public)

    @property
    def private_base32(self) -> str:
        """52 upper-case characters, as `.auth_private` files hold them. Secret."""
        return client_key_base32(self.private)

    @property
    def private_control(self) -> str:
        """`x25519:` and base64, as ONION_CLIENT_AUTH_ADD takes it. Secret."""
        return "x25519:" + base64.b64encode(self.private).decode("ascii")


def client_key_base32(key: bytes) -> str:
    """A 32-byte X25519 key as 52 base32 characters without padding."""
    _check_length(key)
    return base64.b32encode(key).decode("ascii").rstrip("=")


def _check_length(key: bytes) -> None:
    if len(key) != KEY_BYTES:
        raise ValueError(f"a key has {KEY_BYTES} bytes, not {len(key)}")
