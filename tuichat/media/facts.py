"""How large a picture says it is, from its header alone.

Only fields at known places are read, never image data. What a header claims need not be true: it is shown,
and used for the shape of a placeholder, for nothing else.

    PNG   IHDR at 8: width u32 at 16, height u32 at 20
    GIF   width u16le at 6, height u16le at 8
    BMP   header length u32le at 14; 12: width u16le at 18, height u16le at 20, else i32le at 18 and 22
    WebP  first chunk at 12: VP8X width - 1 u24le at 24, height - 1 u24le at 27; VP8L 14 bits each, minus one,
          from 21; VP8 u16le at 26 and 28, 14 bits each
    JPEG  the first frame header SOFn (FF C0 to CF without C4, C8, CC): height u16 at 5, width u16 at 7
"""

from __future__ import annotations

from typing import Final

MAX_PIXELS: Final = 1_000_000
"""The largest width or height that is believed."""

FACTS_BYTES: Final = 256 * 1024
"""How much of the front of a picture is worth reading: a JPEG's frame header stands behind its metadata."""

_NOT_FRAMES = frozenset({0xC4, 0xC8, 0xCC})
_MAX_SEGMENTS = 1000


def dimensions(head: bytes) -> tuple[int, int] | None:
    """Width and height in pixels from the first `FACTS_BYTES` of a picture; None if it is not sure."""
    found = _found(head[:FACTS_BYTES])
    if found is None or not all(1 <= side <= MAX_PIXELS for side in found):
        return None
    return found


def _found(head: bytes) -> tuple[int, int] | None:
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return (_big(head, 16, 4), _big(head, 20, 4)) if head[12:16] == b"IHDR" and len(head) >= 33 else None
    if head.startswith((b"GIF87a", b"GIF89a")):
        return (_little(head, 6, 2), _little(head, 8, 2)) if len(head) >= 13 else None
    if head.startswith(b"BM"):
        return _bmp(head)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return _webp(head)
    return _jpeg(head) if head.startswith(b"\xff\xd8\xff") else None


def _big(head: bytes, at: int, length: int) -> int:
    return int.from_bytes(head[at : at + length], "big")


def _little(head: bytes, at: int, length: int) -> int:
    return int.from_bytes(head[at : at + length], "little")


def _bmp(head: bytes) -> tuple[int, int] | None:
    if len(head) < 26:
        return None
    if _little(head, 14, 4) == 12:
        return _little(head, 18, 2), _little(head, 20, 2)
    height = int.from_bytes(head[22:26], "little", signed=True)
    return _little(head, 18, 4), abs(height)  # negative: its lines run from the top


def _webp(head: bytes) -> tuple[int, int] | None:
    if len(head) < 30:
        return None
    match head[12:16]:
        case b"VP8X":
            return _little(head, 24, 3) + 1, _little(head, 27, 3) + 1
        case b"VP8L" if head[20] == 0x2F:
            sizes = _little(head, 21, 4)
            return (sizes & 0x3FFF) + 1, (sizes >> 14 & 0x3FFF) + 1
        case b"VP8 " if head[23:26] == b"\x9d\x01\x2a":
            return _little(head, 26, 2) & 0x3FFF, _little(head, 28, 2) & 0x3FFF
    return None


def _jpeg(head: bytes) -> tuple[int, int] | None:
    at = 2
    for _segment in range(_MAX_SEGMENTS):
        if len(head) < at + 9 or head[at] != 0xFF:
            return None
        marker = head[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
        elif 0xC0 <= marker <= 0xCF and marker not in _NOT_FRAMES:
            return _big(head, at + 7, 2), _big(head, at + 5, 2)
        elif marker == 0xDA or marker < 0xC0 or (length := _big(head, at + 2, 2)) < 2:
            return None  # image data, or no header of a JPEG
        else:
            at += 2 + length
    return None
