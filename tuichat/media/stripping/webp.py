"""WebP (RFC 9649): "RIFF", u32le length, "WEBP", chunks: type, u32le length, content, a zero if it is odd.

kept    VP8, VP8L, ALPH, ANIM, ANMF (of whose own chunks the same ones), VP8X with the flags of what is left;
        ICCP, itself cleaned; of EXIF which way up the picture is
out     XMP, all chunks that are not named here, and whatever stands behind the end
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tuichat.media.stripping.colour_profile import clean_profile
from tuichat.media.stripping.removed import PictureError, Removed, Upright

_KEPT: Final = frozenset({b"VP8 ", b"VP8L", b"ALPH", b"ANIM"})
_IN_FRAMES: Final = frozenset({b"VP8 ", b"VP8L", b"ALPH"})
_FRAME_HEADER = 16  # bytes of an ANMF before its chunks
_FLAG_PROFILE, _FLAG_EXIF, _FLAG_XMP = 0x20, 0x08, 0x04

Chunk = tuple[bytes, bytes]


def strip_webp(data: bytes, upright: Upright) -> tuple[bytes, list[Removed]]:
    """A WebP without metadata, and what went.

    Raises:
        PictureError: it is not built as a WebP, or is cut short.
    """
    end = 8 + int.from_bytes(data[4:8], "little")
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP" or not 12 <= end <= len(data) + 1:
        raise PictureError
    kept, removed = list[Chunk](), list[Removed]()
    for kind, content in _chunks(data, 12, min(end, len(data))):
        new, went = _judged(kind, content, upright)
        kept += [(kind, new)] if new is not None else []
        removed += went
    if data[end:]:
        removed.append(Removed("appended"))
    if not removed:
        return data, []
    return _written(_flagged(kept)), removed


def _chunks(data: bytes, at: int, end: int) -> Iterator[Chunk]:
    while at < end:
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        if at + 8 + length > end:
            raise PictureError
        yield data[at : at + 4], data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2


def _joined(chunks: list[Chunk]) -> bytes:
    return b"".join(
        kind + len(content).to_bytes(4, "little") + content + b"\0" * (len(content) % 2)
        for kind, content in chunks
    )


def _written(chunks: list[Chunk]) -> bytes:
    body = b"WEBP" + _joined(chunks)
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def _judged(kind: bytes, content: bytes, upright: Upright) -> tuple[bytes | None, list[Removed]]:
    """What to write of a chunk, None for nothing, and what goes of it."""
    if kind in _KEPT or kind == b"VP8X":
        return content, []
    if kind == b"ANMF":
        return _frame(content)
    if kind == b"EXIF":
        return _upright(content, upright)
    if kind == b"ICCP":
        cleaned = clean_profile(content)
        return (content, []) if cleaned == content else (cleaned or None, [Removed("profile")])
    return None, [Removed("xmp" if kind == b"XMP " else "other", content)]


def _frame(content: bytes) -> tuple[bytes, list[Removed]]:
    chunks = list(_chunks(content, _FRAME_HEADER, len(content)))
    kept = [chunk for chunk in chunks if chunk[0] in _IN_FRAMES]
    if len(kept) == len(chunks):
        return content, []
    return content[:_FRAME_HEADER] + _joined(kept), [Removed("other")]


def _upright(content: bytes, upright: Upright) -> tuple[bytes | None, list[Removed]]:
    """Some writers put JPEG's six bytes before the TIFF structure."""
    exif = content.removeprefix(b"Exif\0\0")
    kept = upright(exif)
    return (content, []) if kept == content else (kept or None, [Removed("exif", exif)])


def _flagged(chunks: list[Chunk]) -> list[Chunk]:
    kinds = {kind for kind, _ in chunks}
    gone = _FLAG_XMP
    gone |= 0 if b"EXIF" in kinds else _FLAG_EXIF
    gone |= 0 if b"ICCP" in kinds else _FLAG_PROFILE
    return [
        (kind, bytes([content[0] & ~gone]) + content[1:] if kind == b"VP8X" and content else content)
        for kind, content in chunks
    ]
