"""What somebody on the way makes of a message."""

from __future__ import annotations


def altered(message: bytes, step: int) -> list[bytes]:
    """With one bit turned at every so many bytes, cut there, and with a byte more."""
    positions = range(0, len(message), step)
    return [_flipped(message, p) for p in positions] + [message[:p] for p in positions] + [message + b"\0"]


def _flipped(message: bytes, position: int) -> bytes:
    changed = bytearray(message)
    changed[position] ^= 1 << position % 8
    return bytes(changed)
