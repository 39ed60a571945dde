"""Envelopes: what one message looks like to everybody but the two who hold its keys. Integers big-endian.

    offset    size  field
         0      24  nonce of the header
        24    2328  header, sealed (ratchet_header.py)
      2352      24  nonce of the body
      2376  n + 28  body, sealed:
                        seq 8, from 1 | length n 4 | body n | zeros | tag 16

The zeros fill the envelope up to exactly 4, 8, 16, 32 or 60 KiB, so that length says little. 60 KiB is the
largest that one message of a link carries together with a frame's own fields.
"""

from __future__ import annotations

import struct
from typing import Final

from tuichat.crypto import sealing
from tuichat.errors import PeerError

ENVELOPE_SIZES: Final = (4096, 8192, 16384, 32768, 61440)

SEALED_HEADER_LENGTH: Final = 2352
"""Bytes of the sealed header, its nonce and tag included."""

_NUMBERS = struct.Struct(">QI")
_AROUND_BODY: Final = SEALED_HEADER_LENGTH + sealing.OVERHEAD + _NUMBERS.size

MAX_BODY: Final = ENVELOPE_SIZES[-1] - _AROUND_BODY
"""The longest body in bytes."""

MAX_SEQ: Final = 2**64 - 1


class UnopenableError(PeerError):
    """An envelope that cannot be opened; the session is set up anew, the link may stay (S5)."""


def parts(envelope: bytes) -> tuple[bytes, bytes]:
    """(sealed header, sealed body) of an envelope.

    Raises:
        UnopenableError: a size that is none of the five.
    """
    if len(envelope) not in ENVELOPE_SIZES:
        raise UnopenableError("an envelope has a wrong size")
    return envelope[:SEALED_HEADER_LENGTH], envelope[SEALED_HEADER_LENGTH:]


def pad(seq: int, body: bytes) -> bytes:
    """What is sealed of a body, so that it makes the smallest envelope that holds it.

    Raises:
        ValueError: the body is longer than `MAX_BODY`, or seq is not in 1..2^64-1.
    """
    if not 1 <= seq <= MAX_SEQ:
        raise ValueError("seq is out of range")
    if len(body) > MAX_BODY:
        raise ValueError("the body is too long for any envelope")
    size = next(size for size in ENVELOPE_SIZES if len(body) + _AROUND_BODY <= size)
    return (_NUMBERS.pack(seq, len(body)) + body).ljust(size - SEALED_HEADER_LENGTH - sealing.OVERHEAD, b"\0")


def unpad(padded: bytes) -> tuple[int, bytes]:
    """(seq, body) of what `pad` made. A larger envelope than the body needs is accepted.

    Raises:
        UnopenableError: seq 0, a length beyond the end, or padding that is not all zeros.
    """
    seq, length = _NUMBERS.unpack_from(padded)
    end = _NUMBERS.size + length
    if seq == 0 or end > len(padded):
        raise UnopenableError("an envelope's numbers are wrong")
    if padded[end:].strip(b"\0"):
        raise UnopenableError("an envelope's padding is not zeros")
    return seq, padded[_NUMBERS.size : end]
