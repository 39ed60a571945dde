"""Whether a picture lies on its side: one tag at a known place of its EXIF is read, and nothing else.

    JPEG  a segment FF E1 that begins with "Exif" 00 00, before the image
    PNG   the chunk eXIf, before or behind the image
    WebP  the chunk EXIF, behind the image; flag 8 of VP8X (at 20) tells of it
    EXIF  "II" or "MM", 42, where the first directory is u32; there a count u16 and entries of 12 bytes: tag
          u16, type u16, count u32, value. Orientation is tag 0x0112 of type SHORT (Exif 3.0, 4.6.5)

JPEG, PNG and WebP only: of other types `facts` tells no size that could be turned, or they have no EXIF.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

Read = Callable[[int, int], bytes]
"""Bytes of the file: from an offset on, so many, fewer at its end."""

_MOST_PIECES: Final = 50_000
_MOST_EXIF: Final = 64 * 1024
_IN_PNG: Final = b"eXIf"
_IN_WEBP: Final = b"EXIF"
_ON_ITS_SIDE: Final = range(5, 9)


def is_on_its_side(read: Read) -> bool:
    """Whether width and height change places when it is shown as meant; what is not clear is upright."""
    head = read(0, 32)
    if head.startswith(b"\xff\xd8\xff"):
        pieces = _jpeg(read)
    elif head.startswith(b"\x89PNG\r\n\x1a\n"):
        pieces = _chunks(read, 8, _IN_PNG)
    elif head[:4] == b"RIFF" and head[8:16] == b"WEBPVP8X" and head[20] & 8:
        pieces = _chunks(read, 12, _IN_WEBP)
    else:
        return False
    return _orientation(next(pieces, b"")) in _ON_ITS_SIDE


def _jpeg(read: Read) -> Iterator[bytes]:
    at = 2
    for _piece in range(_MOST_PIECES):
        head = read(at, 10)
        length = int.from_bytes(head[2:4], "big")
        if head[:2] == b"\xff\xff":  # a fill byte
            at += 1
            continue
        if len(head) < 10 or head[0] != 0xFF or head[1] in (0xD9, 0xDA) or length < 2:
            return
        if head[1] == 0xE1 and head[4:] == b"Exif\0\0":
            yield read(at + 10, min(length - 8, _MOST_EXIF))
        at += 2 + length


def _chunks(read: Read, at: int, wanted: bytes) -> Iterator[bytes]:
    """PNG: length, type, content, sum. WebP: type, length, content, filled up to an even length."""
    png = wanted == _IN_PNG
    for _piece in range(_MOST_PIECES):
        head = read(at, 8)
        if len(head) < 8:
            return
        kind, told = (head[4:], head[:4]) if png else (head[:4], head[4:])
        length = int.from_bytes(told, "big" if png else "little")
        if kind == wanted:
            yield read(at + 8, min(length, _MOST_EXIF))
        at += 8 + length + (4 if png else length % 2)


def _orientation(exif: bytes) -> int:
    """The tag's value; 1, upright, if there is none."""
    exif = exif.removeprefix(b"Exif\0\0")
    if exif[:4] not in (b"II*\0", b"MM\0*"):
        return 1
    little = exif[:2] == b"II"

    def number(at: int, length: int) -> int:
        return int.from_bytes(exif[at : at + length], "little" if little else "big")

    first = number(4, 4)
    for entry in range(first + 2, min(first + 2 + 12 * number(first, 2), len(exif) - 11), 12):
        if (number(entry, 2), number(entry + 2, 2), number(entry + 4, 4)) == (0x0112, 3, 1):
            return number(entry + 8, 2)
    return 1
