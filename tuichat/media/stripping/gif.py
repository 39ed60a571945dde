"""GIF 87a and 89a: header, colour tables, blocks of sub-blocks (u8 length, content; zero ends them).

kept    images, their colour tables and control blocks; of application blocks those that repeat an animation
out     comments, plain text (which nothing shows), all other application blocks (XMP among them), and
        whatever stands behind the end
"""

from __future__ import annotations

from typing import Final

from tuichat.media.stripping.removed import PictureError, Removed

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_CONTROL, _COMMENT, _APPLICATION = 0xF9, 0xFE, 0xFF
_REPEATING: Final = frozenset({b"NETSCAPE2.0", b"ANIMEXTS1.0"})
_XMP = b"XMP DataXMP"


def strip_gif(data: bytes) -> tuple[bytes, list[Removed]]:
    """A GIF without metadata, and what went.

    Raises:
        PictureError: it is not built as a GIF, or is cut short.
    """
    if data[:6] not in (b"GIF87a", b"GIF89a") or len(data) < 13:
        raise PictureError
    at = 13 + _colours(data[10])
    out, removed = bytearray(data[:at]), list[Removed]()
    while at < len(data) and data[at] != _TRAILER:  # some writers leave it out
        end = _block_end(data, at)
        went = _judged(data, at)
        if went is None:
            out += data[at:end]
        else:
            removed.append(went)
        at = end
    out.append(_TRAILER)
    if data[at + 1 :]:
        removed.append(Removed("appended"))
    return (bytes(out) if removed else data), removed


def _byte(data: bytes, at: int) -> int:
    if at >= len(data):
        raise PictureError
    return data[at]


def _colours(flags: int) -> int:
    """The length of a colour table, in bytes."""
    return 3 << (flags & 0x07) + 1 if flags & 0x80 else 0


def _block_end(data: bytes, at: int) -> int:
    match data[at]:
        case 0x21:
            return _sub_blocks_end(data, at + 2)
        case 0x2C:
            return _sub_blocks_end(data, at + 10 + _colours(_byte(data, at + 9)) + 1)
    raise PictureError


def _sub_blocks_end(data: bytes, at: int) -> int:
    while length := _byte(data, at):
        at += 1 + length
    return at + 1


def _judged(data: bytes, at: int) -> Removed | None:
    """What goes of the block at `at`; None if it is kept."""
    if data[at] == _IMAGE or data[at + 1] == _CONTROL:
        return None
    if data[at + 1] == _COMMENT:
        return Removed("text", b"\0" + data[at + 2 : _sub_blocks_end(data, at + 2)])
    name = data[at + 3 : at + 14]
    if data[at + 1] == _APPLICATION and name in _REPEATING:
        return None
    content = data[at + 14 : _sub_blocks_end(data, at + 2)]
    return Removed("xmp" if data[at + 1] == _APPLICATION and name == _XMP else "other", content)
