"""Pre-shared keys, and the knock that names one without telling an onlooker which.

The preamble opens message 1 in the clear, 22 bytes (L2):

    offset  size  field
         0     4  "TUIC"
         4     1  lowest version that the dialler speaks
         5     1  highest version that the dialler speaks
         6    16  knock

knock = BLAKE2b-128(key = kdf(psk, "knock", "", 32), A || day8), where A is the answerer's onion key and day8
the number of the UTC day since 1970, big-endian. A knock of yesterday, today or tomorrow is answered.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from tuichat.crypto.kdf import blake2b_256, kdf, keyed_blake2b_128
from tuichat.errors import PeerError

PROTOCOL_VERSION: Final = 1
"""The one version that this code speaks."""

KNOCK_LENGTH: Final = 16
PREAMBLE_LENGTH: Final = 22

_MAGIC = b"TUIC"
_PREAMBLE = struct.Struct(">4sBB16s")
_DAY_SECONDS = 86_400


def public_psk(onion: bytes) -> bytes:
    """The key under which anyone who knows the address may call."""
    return blake2b_256(b"tuichat/1 public" + onion)


def pair_psk(pair: bytes, one_onion: bytes, other_onion: bytes) -> bytes:
    """The key of two contacts, from the 32-byte secret that one of them drew; the onions in any order."""
    return kdf(pair, "pair psk", b"".join(sorted((one_onion, other_onion))), 32)


def knock(psk: bytes, answerer_onion: bytes, now: float) -> bytes:
    """The 16 bytes to knock with at Unix time `now`, in seconds."""
    return _knock_of_day(_knock_key(psk), answerer_onion, _day(now))


def answered_knocks(psk: bytes, own_onion: bytes, now: float) -> tuple[bytes, bytes, bytes]:
    """The knocks of yesterday, today and tomorrow, all answered, for clocks that differ."""
    key, day = _knock_key(psk), _day(now)
    yesterday, tomorrow = max(0, day - 1), day + 1
    return (
        _knock_of_day(key, own_onion, yesterday),
        _knock_of_day(key, own_onion, day),
        _knock_of_day(key, own_onion, tomorrow),
    )


def _day(now: float) -> int:
    return max(0, int(now) // _DAY_SECONDS)


def _knock_key(psk: bytes) -> bytes:
    return kdf(psk, "knock", b"", 32)


def _knock_of_day(key: bytes, onion: bytes, day: int) -> bytes:
    return keyed_blake2b_128(key, onion + day.to_bytes(8, "big"))


@dataclass(frozen=True, slots=True, repr=False)
class Preamble:
    """The versions a dialler speaks, and its knock."""

    lowest: int
    highest: int
    knock: bytes

    def __bytes__(self) -> bytes:
        return _PREAMBLE.pack(_MAGIC, self.lowest, self.highest, self.knock)

    def version(self) -> int:
        """The highest version that both sides speak.

        Raises:
            PeerError: there is none.
        """
        if not self.lowest <= PROTOCOL_VERSION <= self.highest:
            raise PeerError("no common version")
        return PROTOCOL_VERSION


def parse_preamble(data: bytes) -> Preamble:
    """Read the preamble's 22 bytes.

    Raises:
        PeerError: another length, or other bytes than the magic at the start.
    """
    if len(data) != PREAMBLE_LENGTH or data[:4] != _MAGIC:
        raise PeerError("not a preamble")
    _, lowest, highest, knocked = _PREAMBLE.unpack(data)
    return Preamble(lowest, highest, knocked)
