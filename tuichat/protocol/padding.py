"""Envelopes: message bodies padded to one of five sizes, so that length says little.

    offset  size  field
         0     8  seq, big-endian, from 1
         8     4  length of the body, big-endian
        12     n  body
      12+n        zeros up to exactly 4, 8, 16, 32 or 60 KiB

60 KiB is the largest that one Noise message carries together with a frame's header.
"""

from __future__ import annotations

import struct
from typing import Final

from tuichat.crypto.envelope import ENVELOPE_SIZES as ENVELOPE_SIZES
from tuichat.crypto.envelope import UnopenableError as UnopenableError

_HEADER = struct.Struct(">QI")

MAX_BODY: Final = ENVELOPE_SIZES[-1] - _HEADER.size
"""The longest body in bytes."""

MAX_SEQ: Final = 2**64 - 1


def seal_envelope(seq: int, body: bytes) -> bytes:
    """The smallest envelope that holds the body.

    Raises:
        ValueError: the body is longer than `MAX_BODY`, or seq is not in 1..2^64-1.
    """
    if not 1 <= seq <= MAX_SEQ:
        raise ValueError("seq is out of range")
    if len(body) > MAX_BODY:
        raise ValueError("the body is too long for any envelope")
    content = _HEADER.pack(seq, len(body)) + body
    size = next(size for size in ENVELOPE_SIZES if len(content) <= size)
    return content.ljust(size, b"\0")


def open_envelope(envelope: bytes) -> tuple[int, bytes]:
    """(seq, body) of an envelope.

    Raises:
        UnopenableError: a size that is none of the five, seq 0, a length beyond the buffer, or padding that
            is not all zeros. A larger envelope than the body needs is accepted.
    """
    if len(envelope) not in ENVELOPE_SIZES:
        raise UnopenableError("an envelope has a wrong size")
    seq, length = _HEADER.unpack_from(envelope)
    end = _HEADER.size + length
    if seq == 0 or end > len(envelope):
        raise UnopenableError("an envelope's header is wrong")
    if envelope[end:].strip(b"\0"):
        raise UnopenableError("an envelope's padding is not zeros")
    return seq, envelope[_HEADER.size : end]
