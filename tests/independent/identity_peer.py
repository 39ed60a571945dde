"""Who somebody is: the keys and their certificate (K1, K2), the address, the safety number and code (K4)."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tests.independent.primitives_peer import (
    Refused,
    check_ed25519,
    check_x25519,
    edwards_decode,
    edwards_times,
    x25519_public,
)

CERTIFICATE_BYTES = 233


def base32_lower(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=").lower()


def base32_read(text: str) -> bytes:
    """Either case, no padding; bits beyond the last byte must be zero."""
    try:
        data = base64.b32decode(text.upper() + "=" * (-len(text) % 8))
    except ValueError as error:
        raise Refused("base32") from error
    if base32_lower(data) != text.lower():
        raise Refused("base32: bits beyond the last byte")
    return data


def ed25519_public(seed: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def check_signature(public: bytes, signature: bytes, data: bytes) -> None:
    """The equation without the cofactor, as OpenSSL has it, and an R that is not of low order."""
    if edwards_times(8, edwards_decode(signature[:32])) == (0, 1):
        raise Refused("Ed25519: R of low order")
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except InvalidSignature as error:
        raise Refused("Ed25519: signature") from error


@dataclass(frozen=True)
class Card:
    """What a certificate says of its owner."""

    epoch: int
    onion: bytes
    sig: bytes
    ik: bytes


@dataclass(frozen=True)
class Person:
    """Three private keys: two Ed25519 seeds and an X25519 scalar."""

    onion_seed: bytes
    sig_seed: bytes
    ik_secret: bytes
    epoch: int = 1
    capabilities: int = 0

    @property
    def onion(self) -> bytes:
        return ed25519_public(self.onion_seed)

    @property
    def sig(self) -> bytes:
        return ed25519_public(self.sig_seed)

    @property
    def ik(self) -> bytes:
        return x25519_public(self.ik_secret)

    def certificate(self) -> bytes:
        head = b"\x01" + self.epoch.to_bytes(4, "big") + self.capabilities.to_bytes(4, "big")
        head += self.onion + self.sig + self.ik
        signed = b"tuichat/cert/v1\x00" + head
        for seed in (self.onion_seed, self.sig_seed):
            head += Ed25519PrivateKey.from_private_bytes(seed).sign(signed)
        return head


def read_certificate(data: bytes) -> Card:
    if len(data) != CERTIFICATE_BYTES or data[0] != 1:
        raise Refused("certificate: length or version")
    onion, sig, ik = data[9:41], data[41:73], data[73:105]
    check_ed25519(onion)
    check_ed25519(sig)
    check_x25519(ik)
    signed = b"tuichat/cert/v1\x00" + data[:105]
    check_signature(onion, data[105:169], signed)
    check_signature(sig, data[169:233], signed)
    return Card(int.from_bytes(data[1:5], "big"), onion, sig, ik)


def address_of(onion: bytes) -> str:
    """rend-spec-v3, section 6: without the ending ".onion"."""
    checksum = hashlib.sha3_256(b".onion checksum" + onion + b"\x03").digest()[:2]
    return base32_lower(onion + checksum + b"\x03")


def onion_of(address: str) -> bytes:
    data = base32_read(address)
    if len(data) != 35 or address_of(data[:32]) != address.lower():
        raise Refused("address")
    return check_ed25519(data[:32])


def _hash_of(onion: bytes, sig: bytes) -> bytes:
    return hashlib.blake2b(b"tuichat/1 safety" + b"\x01" + onion + sig, digest_size=64).digest()


def _both_hashes(one: tuple[bytes, bytes], other: tuple[bytes, bytes]) -> list[bytes]:
    return [_hash_of(*side) for side in sorted((one, other))]


def safety_number(one: tuple[bytes, bytes], other: tuple[bytes, bytes]) -> str:
    """60 digits for two people, each given as (onion, SIG)."""
    digits = ""
    for half in _both_hashes(one, other):
        for i in range(0, 30, 5):
            digits += f"{int.from_bytes(half[i : i + 5], 'big') % 100_000:05d}"
    return digits


def safety_code(one: tuple[bytes, bytes], other: tuple[bytes, bytes]) -> str:
    return "tuichat-verify1:" + base32_lower(b"\x01" + b"".join(_both_hashes(one, other)))
