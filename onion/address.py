"""Version 3 onion addresses.

Format (rend-spec-v3, 6): base32 of 35 bytes, 56 characters without padding:

    offset  size  meaning
         0    32  Ed25519 public key of the service
        32     2  checksum: first bytes of SHA3-256(".onion checksum" || public key || version)
        34     1  version, 3
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass

from onion.errors import AddressError
from onion.keys import is_valid_public_key
from onion.sentence import Sentence

VERSION = 3
LENGTH = 56
_VERSION_2_LENGTH = 16
_ALPHABET = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
_AROUND = re.compile(r"^(?:https?://)?(.*?)(?:\.onion)?/?$", re.IGNORECASE | re.DOTALL)
_HINT = Sentence("Copy the address again; it has 56 characters, the letters a to z and the digits 2 to 7.")


@dataclass(frozen=True, slots=True)
class OnionAddress:
    """The address of a version 3 onion service. `str()` gives 56 bare lower-case characters.

    Make one with `parse` or `from_public_key`; both refuse keys outside the prime-order subgroup.
    """

    public_key: bytes

    @classmethod
    def from_public_key(cls, public_key: bytes) -> OnionAddress:
        """The address of a 32-byte Ed25519 public key.

        Raises:
            AddressError: the bytes are no usable key.
        """
        if not is_valid_public_key(public_key):
            raise AddressError(
                "key",
                "This address holds no usable key.",
                "Ask for the address again; nobody can own this one.",
            )
        return cls(public_key)

    @classmethod
    def parse(cls, text: str) -> OnionAddress:
        """The address that a person typed or pasted.

        Upper case, `http://`, `.onion`, one slash at the end and spaces around are accepted.

        Raises:
            AddressError: says which character, or that the length, version, checksum or key is wrong.
        """
        bare = _bare(text)
        _check_characters(bare)
        _check_length(bare)
        raw = base64.b32decode(bare.upper())
        key, checksum, version = raw[:32], raw[32:34], raw[34]
        if version != VERSION:
            raise AddressError("version", "This is no version 3 address: those end in “d”.", _HINT)
        if checksum != _checksum(key):
            raise AddressError(
                "checksum", "The checksum is wrong: a character of this address is mistyped.", _HINT
            )
        return cls.from_public_key(key)

    @property
    def hostname(self) -> str:
        """The address with `.onion`, as SOCKS takes it."""
        return f"{self}.onion"

    def __str__(self) -> str:
        raw = self.public_key + _checksum(self.public_key) + bytes([VERSION])
        return base64.b32encode(raw).decode("ascii").lower()


def _checksum(public_key: bytes) -> bytes:
    return hashlib.sha3_256(b".onion checksum" + public_key + bytes([VERSION])).digest()[:2]


def _bare(text: str) -> str:
    match = _AROUND.match(text.strip())
    return match.group(1) if match else text


def _check_characters(bare: str) -> None:
    if not bare:
        raise AddressError("empty", "There is no address here.", _HINT)
    for position, character in enumerate(bare, start=1):
        # Membership, not lower(): the Kelvin sign would become an innocent k.
        if character not in _ALPHABET:
            shown = character if character.isprintable() else f"U+{ord(character):04X}"
            raise AddressError(
                "character",
                "Character {position} of the address, “{character}”, cannot be in an onion address.",
                _HINT,
                position=position,
                character=shown,
            )


def _check_length(bare: str) -> None:
    if len(bare) == _VERSION_2_LENGTH:
        raise AddressError(
            "version2",
            "This is a version 2 address; Tor no longer carries those.",
            "Ask for the address that has 56 characters.",
        )
    if len(bare) != LENGTH:
        raise AddressError(
            "length",
            "An onion address has {expected} characters; this has {length}.",
            _HINT,
            expected=LENGTH,
            length=len(bare),
        )
