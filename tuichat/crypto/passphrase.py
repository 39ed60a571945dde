"""A random key, wrapped under a passphrase by Argon2id (RFC 9106). 101 bytes, integers big-endian:

    offset  size  field
         0     4  "TUIK"
         4     1  version = 1
         5     4  passes over the memory
         9     4  memory in KiB
        13    16  salt
        29    24  nonce
        53    48  the key under XChaCha20-Poly1305, with the first 29 bytes as associated data

The key that wraps is Argon2id's 32-byte output for the passphrase in NFC and UTF-8. The cost is read from a
file that anybody may have changed, so it is bounded before any memory is taken: too little would make an
attacker's guesses cheap the next time the key is wrapped, too much would stall the machine.
"""

from __future__ import annotations

import struct
import unicodedata
from dataclasses import dataclass
from typing import Final

import nacl.pwhash.argon2id
from nacl.exceptions import CryptoError

from tuichat.clock import Rng
from tuichat.crypto.sealing import KEY_LENGTH, OVERHEAD, UnopenableError, seal, unseal
from tuichat.errors import DamagedError, LockedError, TuichatError, UsageError
from tuichat.i18n import _

MAX_PASSPHRASE_BYTES: Final = 1024
"""The longest passphrase in bytes of UTF-8; the shortest has one."""

LEAST_MEMORY: Final = 64 * 1024
MOST_MEMORY: Final = 1024 * 1024
MOST_PASSES: Final = 16
"""Bounds of the cost; memory in KiB."""

_HEADER = struct.Struct(">4sBII16s")
_MAGIC = b"TUIK"
_VERSION = 1
_SALT_LENGTH = 16

WRAPPED_LENGTH: Final = _HEADER.size + OVERHEAD + KEY_LENGTH
"""The length of a wrapped key in bytes."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one guess costs: `passes` over `memory` KiB."""

    passes: int = 3
    memory: int = 256 * 1024

    def __post_init__(self) -> None:
        if not (1 <= self.passes <= MOST_PASSES and LEAST_MEMORY <= self.memory <= MOST_MEMORY):
            raise ValueError("this cost of a passphrase is out of bounds")


MODERATE: Final = Cost()
"""What libsodium calls moderate: 3 passes over 256 MiB, about half a second."""

FLOOR: Final = Cost(1, LEAST_MEMORY)
"""The least that is accepted."""


def wrap(key: bytes, passphrase: str, rng: Rng, cost: Cost = MODERATE) -> bytes:
    """Wrap a 32-byte key; 101 bytes.

    Raises:
        UsageError: the passphrase is empty, too long, or not Unicode.
    """
    if len(key) != KEY_LENGTH:
        raise ValueError("only a 32-byte key is wrapped")
    secret = _prepared(passphrase)
    header = _HEADER.pack(_MAGIC, _VERSION, cost.passes, cost.memory, rng.bytes(_SALT_LENGTH))
    return header + seal(_derived(secret, header), key, header, rng)


def unwrap(wrapped: bytes, passphrase: str) -> bytes:
    """The key that was wrapped.

    Raises:
        LockedError: the passphrase is wrong; nothing tells how.
        DamagedError: this is no wrapped key, or its cost is out of bounds.
    """
    header = _checked(wrapped)
    try:
        secret = _prepared(passphrase)
        return unseal(_derived(secret, header), wrapped[_HEADER.size :], header)
    except (UnopenableError, UsageError):
        raise LockedError(_("The passphrase is wrong.")) from None


def _checked(wrapped: bytes) -> bytes:
    """The header of a wrapped key, its bounds checked."""
    if len(wrapped) == WRAPPED_LENGTH:
        magic, version, passes, memory, _salt = _HEADER.unpack(wrapped[: _HEADER.size])
        within = 1 <= passes <= MOST_PASSES and LEAST_MEMORY <= memory <= MOST_MEMORY
        if magic == _MAGIC and version == _VERSION and within:
            return wrapped[: _HEADER.size]
    raise DamagedError(_("The key that the passphrase opens is damaged."), _("Restore a backup."))


def _prepared(passphrase: str) -> bytes:
    """The passphrase as bytes, equal for every way a keyboard composes the same letters."""
    try:
        secret = unicodedata.normalize("NFC", passphrase).encode("utf-8")
    except UnicodeEncodeError:
        raise UsageError(_("The passphrase is not Unicode text.")) from None
    if not secret:
        raise UsageError(_("The passphrase is empty."))
    if len(secret) > MAX_PASSPHRASE_BYTES:
        raise UsageError(_("The passphrase is longer than {limit} bytes.").format(limit=MAX_PASSPHRASE_BYTES))
    return secret


def _derived(secret: bytes, header: bytes) -> bytes:
    _magic, _version, passes, memory, salt = _HEADER.unpack(header)
    try:
        return nacl.pwhash.argon2id.kdf(KEY_LENGTH, secret, salt, passes, memory * 1024)
    except (CryptoError, MemoryError):
        message = _("There is not enough memory to open the profile: it takes {mebibytes} MiB for a moment.")
        raise TuichatError(
            message.format(mebibytes=memory // 1024), _("Close something, then try again.")
        ) from None
