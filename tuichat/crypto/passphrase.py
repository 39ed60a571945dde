"""A random key, wrapped under a passphrase by Argon2id (RFC 9106). 174 bytes, integers big-endian:

    offset  size  field
         0     4  "TUIK"
         4     1  version = 2
         5     1  0: the passphrase alone opens it; 1: a key file is needed as well
         6     4  passes over the memory
        10     4  memory in KiB
        14    16  salt
        30    72  slot 0: a nonce of 24 bytes, and the key under XChaCha20-Poly1305
       102    72  slot 1: random bytes, or 32 random bytes sealed as in slot 0 under a duress passphrase

Nobody without one of the passphrases can tell what slot 1 holds. Who opens it is answered as after a wrong
passphrase, and the profile is wiped. Slot i has the first 30 bytes and the byte i as associated data. A
backup holds the first 102 bytes. Version 1 is read, too: it has no byte at 5, one slot from 29 on, and the
first 29 bytes as associated data.

The key of a slot is A, Argon2id's 32-byte output for the passphrase in NFC and UTF-8; with a key file it is
KDF(A || content of the key file, "key file", the first 30 bytes, 32). Either way Argon2id runs once, so that
nothing but the answer differs between a wrong passphrase and a wrong or missing key file.

The cost is read from a file that anybody may have changed, so it is bounded before any memory is taken: too
little would make an attacker's guesses cheap the next time the key is wrapped, too much would stall the
machine.
"""

from __future__ import annotations

import struct
import unicodedata
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import nacl.pwhash.argon2id
from nacl.exceptions import CryptoError

from tuichat.clock import Rng
from tuichat.crypto.kdf import kdf
from tuichat.crypto.sealing import KEY_LENGTH, OVERHEAD, UnopenableError, seal, unseal
from tuichat.errors import DamagedError, LockedError, TuichatError, UsageError
from tuichat.i18n import _

MAX_PASSPHRASE_BYTES: Final = 1024
"""The longest passphrase in bytes of UTF-8; the shortest has one."""

KEY_FILE_LENGTH: Final = 64
"""How many random bytes a key file has."""

LEAST_MEMORY: Final = 64 * 1024
MOST_MEMORY: Final = 1024 * 1024
MOST_PASSES: Final = 16
"""Bounds of the cost; memory in KiB."""

_MAGIC = b"TUIK"
_SALT_LENGTH = 16
_HEADER = struct.Struct(">4sBBII16s")
_HEADER_1 = struct.Struct(">4sBII16s")
_TAIL = struct.Struct(">II16s")
"""What both headers end with: passes, memory, salt."""

_SLOT = OVERHEAD + KEY_LENGTH

WRAPPED_LENGTH: Final = _HEADER.size + 2 * _SLOT
"""The length of a wrapped key in bytes."""

PORTABLE_LENGTH: Final = _HEADER.size + _SLOT
"""The length of one in a backup."""

FIRST_VERSION_LENGTH: Final = _HEADER_1.size + _SLOT
"""The length of one of version 1."""


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


@dataclass(frozen=True, slots=True)
class Secret:
    """What opens a profile: a passphrase, and the content of a key file if it has one."""

    passphrase: str = field(repr=False)
    key_file: bytes | None = field(default=None, repr=False)


class DuressError(LockedError):
    """The duress passphrase was given; its sentence is that of a wrong one."""


def wrap(key: bytes, secret: str | Secret, rng: Rng, cost: Cost = MODERATE) -> bytes:
    """Wrap a 32-byte key; 174 bytes. A bare passphrase is a secret without key file.

    Raises:
        UsageError: the passphrase is empty, too long, or not Unicode, or the key file is none.
    """
    if len(key) != KEY_LENGTH:
        raise ValueError("only a 32-byte key is wrapped")
    secret = _whole(secret)
    if secret.key_file is not None and len(secret.key_file) != KEY_FILE_LENGTH:
        raise UsageError(_("A key file has {count} bytes.").format(count=KEY_FILE_LENGTH))
    factors = 0 if secret.key_file is None else 1
    header = _HEADER.pack(_MAGIC, 2, factors, cost.passes, cost.memory, rng.bytes(_SALT_LENGTH))
    return header + seal(_slot_key(secret, header), key, header + b"\0", rng) + rng.bytes(_SLOT)


def unwrap(wrapped: bytes, secret: str | Secret) -> bytes:
    """The key that was wrapped.

    Raises:
        LockedError: the passphrase is wrong, or the key file, or that is missing; nothing tells which.
        DuressError: it is the duress passphrase.
        DamagedError: this is no wrapped key, or its cost is out of bounds.
    """
    header = _checked(wrapped)
    slot = wrapped[len(header) : len(header) + _SLOT]
    bound = header if len(header) == _HEADER_1.size else header + b"\0"
    try:
        key = _slot_key(_whole(secret), header)
    except UsageError:
        raise _wrong(header) from None
    try:
        return unseal(key, slot, bound)
    except UnopenableError:
        raise _wrong(header, duress=_opens_second(wrapped, key, header)) from None


def with_duress(wrapped: bytes, secret: Secret, rng: Rng) -> bytes:
    """The wrapped key with a duress passphrase, which needs the same key file if one is needed.

    Raises:
        UsageError: the passphrase is unusable, or is the one that opens the key.
    """
    header = _checked(wrapped)
    key = _slot_key(secret, header)
    slot = wrapped[_HEADER.size : PORTABLE_LENGTH]
    with suppress(UnopenableError):
        unseal(key, slot, header + b"\0")
        raise UsageError(_("The duress passphrase must be another than the one that opens the profile."))
    return wrapped[:PORTABLE_LENGTH] + seal(key, rng.bytes(KEY_LENGTH), header + b"\1", rng)


def _opens_second(wrapped: bytes, key: bytes, header: bytes) -> bool:
    with suppress(UnopenableError):
        return len(wrapped) == WRAPPED_LENGTH and bool(unseal(key, wrapped[-_SLOT:], header + b"\1"))
    return False


def needs_key_file(wrapped: bytes) -> bool:
    """Whether the passphrase alone does not open it. Raises DamagedError."""
    return _needs_key_file(_checked(wrapped))


def noise(wrapped: bytes, rng: Rng) -> bytes:
    """What looks like this wrapped key and is none: the same kind and cost, all else random."""
    fixed = len(_checked(wrapped)) - _SALT_LENGTH
    return wrapped[:fixed] + rng.bytes(len(wrapped) - fixed)


def portable(wrapped: bytes) -> bytes:
    """A wrapped key as a backup holds it: opened by the same passphrase, without what else stands in it."""
    return wrapped[:PORTABLE_LENGTH]


def _whole(secret: str | Secret) -> Secret:
    return Secret(secret) if isinstance(secret, str) else secret


def _needs_key_file(header: bytes) -> bool:
    return len(header) == _HEADER.size and header[5] == 1


def _wrong(header: bytes, *, duress: bool = False) -> LockedError:
    kind = DuressError if duress else LockedError
    if _needs_key_file(header):
        return kind(
            _("This profile needs its key file with its passphrase; one of them is wrong or missing."),
            _("Name the key file: tuichat --key-file FILE, TUICHAT_KEY_FILE or the setting store.key_file."),
        )
    return kind(_("The passphrase is wrong."))


def _checked(wrapped: bytes) -> bytes:
    """The header of a wrapped key, its bounds checked."""
    version = {WRAPPED_LENGTH: 2, PORTABLE_LENGTH: 2, FIRST_VERSION_LENGTH: 1}.get(len(wrapped))
    if version is not None:
        header = wrapped[: (_HEADER if version == 2 else _HEADER_1).size]
        passes, memory, _salt = _TAIL.unpack(header[-_TAIL.size :])
        within = 1 <= passes <= MOST_PASSES and LEAST_MEMORY <= memory <= MOST_MEMORY
        if header[:5] == _MAGIC + bytes([version]) and (version == 1 or header[5] <= 1) and within:
            return header
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


def _slot_key(secret: Secret, header: bytes) -> bytes:
    derived = _derived(_prepared(secret.passphrase), header)
    if not _needs_key_file(header):
        return derived
    return kdf(derived + (secret.key_file or b""), "key file", header, KEY_LENGTH)


def _derived(secret: bytes, header: bytes) -> bytes:
    passes, memory, salt = _TAIL.unpack(header[-_TAIL.size :])
    try:
        return nacl.pwhash.argon2id.kdf(KEY_LENGTH, secret, salt, passes, memory * 1024)
    except (CryptoError, MemoryError):
        message = _("There is not enough memory to open the profile: it takes {mebibytes} MiB for a moment.")
        raise TuichatError(
            message.format(mebibytes=memory // 1024), _("Close something, then try again.")
        ) from None
