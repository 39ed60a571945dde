"""Invites: a line of text that makes two people contacts once, without showing anything to anybody else (C2).

    tuichat1: base32, lower case, without padding, of 93 bytes:
    offset  size  field
         0     1  version, 1
         1    32  the inviter's onion key
        33    32  secret, drawn for this invite
        65    16  the first bytes of BLAKE2b-256 of the inviter's SIG
        81     8  expiry, Unix time in seconds, big-endian
        89     4  check: the first bytes of BLAKE2b-256("tuichat/1 invite check" | the 89 bytes before)

From the secret come the key of the knock and the key by which the inviter's tor admits the bearer.
"""

from __future__ import annotations

import base64
import binascii
import struct
from dataclasses import dataclass, field
from typing import Final

from tuichat.crypto.curve25519 import is_ed25519_public
from tuichat.crypto.kdf import blake2b_256, kdf

PREFIX: Final = "tuichat1:"
VERSION: Final = 1
SECRET_LENGTH: Final = 32
SIG_HASH_LENGTH: Final = 16
LATEST_EXPIRY: Final = 253_402_300_799
"""9999-12-31 23:59:59 UTC in seconds."""

_FIELDS: Final = struct.Struct(">B32s32s16sQ")
_CHECK_LENGTH: Final = 4
_CHECK_CONTEXT: Final = b"tuichat/1 invite check"
_LENGTH: Final = _FIELDS.size + _CHECK_LENGTH


class InviteError(ValueError):
    """A text is no invite. `reason`: "prefix", "character", "length", "check", "version" or "key"."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"not an invite: {reason}")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Invite:
    """What an invite says. Who holds it may become a contact of its maker, once.

    Attributes:
        onion: the inviter's, 32 bytes.
        secret: 32 bytes; all else follows from it.
        sig_hash: 16 bytes by which the inviter's SIG is recognised.
        expires_at: Unix time in seconds.
    """

    onion: bytes
    secret: bytes = field(repr=False)
    sig_hash: bytes
    expires_at: int

    @property
    def psk(self) -> bytes:
        """The key to knock with (L2)."""
        return invite_psk(self.secret, self.onion)

    @property
    def reach(self) -> bytes:
        """The X25519 private key by which the inviter's tor admits the bearer."""
        return invite_reach(self.secret, self.onion)

    def __str__(self) -> str:
        data = _FIELDS.pack(VERSION, self.onion, self.secret, self.sig_hash, self.expires_at)
        encoded = base64.b32encode(data + _check(data)).decode("ascii").lower().rstrip("=")
        return PREFIX + encoded


def invite_psk(secret: bytes, onion: bytes) -> bytes:
    """The psk of an invite of `onion` (L2)."""
    return kdf(secret, "invite psk", onion, 32)


def invite_reach(secret: bytes, onion: bytes) -> bytes:
    """The client-authorization private key of an invite of `onion`."""
    return kdf(secret, "invite reach", onion, 32)


def sig_hash(sig: bytes) -> bytes:
    """The 16 bytes by which an invite names a SIG."""
    return blake2b_256(sig)[:SIG_HASH_LENGTH]


def looks_like_invite(text: str) -> bool:
    """Whether a person meant an invite, however mistyped."""
    return text.strip().lower().startswith(PREFIX.rstrip(":"))


def parse_invite(text: str) -> Invite:
    """Read an invite; spaces and line breaks inside it, and upper case, do no harm.

    Raises:
        InviteError: it is none, or was mistyped.
    """
    compact = "".join(text.split()).lower()
    if not compact.startswith(PREFIX):
        raise InviteError("prefix")
    encoded = compact.removeprefix(PREFIX)
    if len(encoded) != len(base64.b32encode(bytes(_LENGTH)).rstrip(b"=")):
        raise InviteError("length")
    try:
        data = base64.b32decode(encoded.upper() + "=" * (-len(encoded) % 8))
    except (binascii.Error, ValueError):
        raise InviteError("character") from None
    if base64.b32encode(data).decode("ascii").lower().rstrip("=") != encoded:
        raise InviteError("check")  # the unused bits of the last character are part of the text
    if data[-_CHECK_LENGTH:] != _check(data[:-_CHECK_LENGTH]):
        raise InviteError("check")
    version, onion, secret, sig, expires_at = _FIELDS.unpack(data[:-_CHECK_LENGTH])
    if version != VERSION:
        raise InviteError("version")
    if not is_ed25519_public(onion):
        raise InviteError("key")
    return Invite(onion, secret, sig, min(expires_at, LATEST_EXPIRY))


def _check(data: bytes) -> bytes:
    return blake2b_256(_CHECK_CONTEXT + data)[:_CHECK_LENGTH]
