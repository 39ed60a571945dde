"""The header of an envelope: where in the ratchet its message stands. Sealed itself. Integers big-endian.

    offset  size  field
         0    32  dh: the sender's public X25519 key of this chain
        32  1184  ek: the sender's ML-KEM-768 encapsulation key of this chain
      1216  1088  ct: the ciphertext of the step that began this chain, zeros if none did
      2304     4  pn: how many messages the sender's chain before this one has
      2308     4  n: the number of this message in its chain, from 0

Sealed it is nonce 24 | 2312 | tag 16. Everything but n is equal throughout a chain.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from tuichat.clock import Rng
from tuichat.crypto import sealing
from tuichat.crypto.kdf import blake2b_256
from tuichat.crypto.kem import CIPHERTEXT_LENGTH

NO_CIPHERTEXT: Final = bytes(CIPHERTEXT_LENGTH)
"""`ct` of the one chain that no step began."""

_HEADER = struct.Struct(">32s1184s1088sII")
_NUMBER_LENGTH = 4


@dataclass(frozen=True, slots=True, repr=False)
class Parties:
    """Who writes to whom: onion keys, 32 bytes each. Every envelope is bound to them."""

    sender: bytes
    receiver: bytes

    def bind(self, what: bytes, sid: bytes) -> bytes:
        """Associated data: `what` for this session and these two."""
        return what + sid + self.sender + self.receiver


@dataclass(frozen=True, slots=True, repr=False)
class Header:
    """One message's place."""

    dh: bytes
    ek: bytes
    ct: bytes
    pn: int
    n: int

    def __bytes__(self) -> bytes:
        return _HEADER.pack(self.dh, self.ek, self.ct, self.pn, self.n)

    @property
    def chain(self) -> bytes:
        """32 bytes that tell whether two headers agree in all that a chain's headers have in common."""
        return blake2b_256(bytes(self)[:-_NUMBER_LENGTH])


def seal_header(key: bytes, header: Header, sid: bytes, parties: Parties, rng: Rng) -> bytes:
    """The 2,352 bytes at the start of an envelope."""
    return sealing.seal(key, bytes(header), _bound(sid, parties), rng)


def open_header(key: bytes, sealed: bytes, sid: bytes, parties: Parties) -> Header | None:
    """The header, or None if it was not sealed with this key, in this session, by the one for the other."""
    try:
        return Header(*_HEADER.unpack(sealing.unseal(key, sealed, _bound(sid, parties))))
    except sealing.UnopenableError:
        return None


def _bound(sid: bytes, parties: Parties) -> bytes:
    return parties.bind(b"tuichat/1 header", sid)
