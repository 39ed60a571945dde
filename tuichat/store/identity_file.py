"""`identity.sealed`, the one file that must not be lost: it holds the address, and the database's key.

    offset  size  field
         0     4  "TUII"
         4     1  version = 1
         5     1  0: the key lies in the file `unlocked.key`; 1, 2: a wrapped key of that version follows
         6     m  the wrapped key (tuichat/crypto/passphrase.py), if so: 101 or 174 bytes
               n  the content (msgpack array) under XChaCha20-Poly1305, with all before it as associated data
              32  BLAKE2b-256 of all before it

The last field tells damage from a wrong passphrase; it keeps nobody out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

import msgspec

from tuichat.clock import Rng
from tuichat.crypto.identity import Identity
from tuichat.crypto.kdf import blake2b_256
from tuichat.crypto.passphrase import FIRST_VERSION_LENGTH, WRAPPED_LENGTH, noise
from tuichat.crypto.sealing import OVERHEAD, UnopenableError, seal, unseal
from tuichat.model import MAX_NAME_CHARACTERS

MAX_LENGTH: Final = 4096
"""No identity file is longer, in bytes."""

_MAGIC = b"TUII\x01"
_PREFIX = len(_MAGIC) + 1
_CHECK = 32
_KINDS = {0: 0, FIRST_VERSION_LENGTH: 1, WRAPPED_LENGTH: 2}
"""The byte that stands for a wrapped key of so many bytes."""

_Secret = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]


class MalformedError(Exception):
    """These bytes are no identity file, or were changed."""


class Content(msgspec.Struct, frozen=True, array_like=True):
    """What is sealed. Nothing of it is in the repr."""

    onion_seed: _Secret
    sig_seed: _Secret
    ik_secret: _Secret
    epoch: Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)]
    name: Annotated[str, msgspec.Meta(max_length=MAX_NAME_CHARACTERS)]
    database_key: _Secret

    def __repr__(self) -> str:
        return "<Content>"

    @property
    def identity(self) -> Identity:
        """The keys of the identity."""
        return Identity(self.onion_seed, self.sig_seed, self.ik_secret, self.epoch)


@dataclass(frozen=True, slots=True, repr=False)
class IdentityFile:
    """An identity file taken apart, its content still sealed.

    Attributes:
        wrapped: the wrapped key, None when the key lies beside the file.
        sealed: the sealed content.
    """

    wrapped: bytes | None
    sealed: bytes

    def open(self, key: bytes) -> Content:
        """The content under the unwrapped key. Raises MalformedError for another key."""
        try:
            return msgspec.msgpack.decode(unseal(key, self.sealed, _head(self.wrapped)), type=Content)
        except (UnopenableError, msgspec.DecodeError, UnicodeDecodeError):
            raise MalformedError from None


def encode(content: Content, key: bytes, wrapped: bytes | None, rng: Rng) -> bytes:
    """The bytes of an identity file: `content` under `key`, which is in `wrapped` or lies elsewhere."""
    head = _head(wrapped)
    body = head + seal(key, msgspec.msgpack.encode(content), head, rng)
    return body + blake2b_256(body)


def decode(data: bytes) -> IdentityFile:
    """Take an identity file apart. Raises MalformedError."""
    body, check = data[:-_CHECK], data[-_CHECK:]
    if len(data) > MAX_LENGTH or blake2b_256(body) != check or not body.startswith(_MAGIC):
        raise MalformedError
    kind, rest = body[_PREFIX - 1 : _PREFIX], body[_PREFIX:]
    length = next((length for length, byte in _KINDS.items() if bytes([byte]) == kind), None)
    if length is None or len(rest) < length + OVERHEAD:
        raise MalformedError
    return IdentityFile(rest[:length] if length else None, rest[length:])


def decoy(data: bytes, rng: Rng) -> bytes:
    """An identity file like this one, as long and as costly to open, that nothing opens.

    Raises MalformedError if `data` is no identity file that a passphrase opens.
    """
    wrapped, sealed = (found := decode(data)).wrapped, found.sealed
    if wrapped is None:
        raise MalformedError
    body = _head(noise(wrapped, rng)) + rng.bytes(len(sealed))
    return body + blake2b_256(body)


def _head(wrapped: bytes | None) -> bytes:
    wrapped = wrapped or b""
    return _MAGIC + bytes([_KINDS[len(wrapped)]]) + wrapped
