"""PNG and APNG (W3C PNG, third edition): chunks of u32 length, type, content, CRC-32 over type and content.

kept    what the picture is made of and what its colours, size and animation need; iCCP, itself cleaned and
        without its name; of eXIf which way up the picture is
out     texts, times, all chunks that are not named here, and whatever stands behind the end
"""

from __future__ import annotations

import zlib
from typing import Final

from tuichat.media.stripping.colour_profile import MAX_PROFILE, clean_profile
from tuichat.media.stripping.removed import PictureError, Removed, Sort, Upright

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CRITICAL: Final = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND"})
_COLOURS: Final = frozenset({b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"bKGD", b"cICP", b"mDCV", b"cLLI"})
_KEPT: Final = _CRITICAL | _COLOURS | {b"pHYs", b"acTL", b"fcTL", b"fdAT"}
_TEXTS: Final = frozenset({b"tEXt", b"zTXt", b"iTXt"})
_XMP = b"XML:com.adobe.xmp\0"

_PROFILE_NAME = b"icc\0\0"  # and method 0, deflate


def strip_png(data: bytes, upright: Upright) -> tuple[bytes, list[Removed]]:
    """A PNG without metadata, and what went.

    Raises:
        PictureError: it is not built as a PNG, is cut short, or needs a chunk that nobody knows.
    """
    if not data.startswith(_SIGNATURE):
        raise PictureError
    out, removed = bytearray(_SIGNATURE), list[Removed]()
    at, kind = len(_SIGNATURE), b""
    while kind != b"IEND":
        kind, content, end = _chunk(data, at)
        kept, went = _judged(kind, content, upright)
        if kept is not None:
            out += data[at:end] if kept is content else _written(kind, kept)
        removed += went
        at = end
    if data[at:]:
        removed.append(Removed("appended"))
    return bytes(out), removed


def _chunk(data: bytes, at: int) -> tuple[bytes, bytes, int]:
    """Type and content of the chunk at `at`, and where it ends."""
    end = at + 12 + int.from_bytes(data[at : at + 4], "big")
    if at + 12 > len(data) or end > len(data):
        raise PictureError
    if zlib.crc32(data[at + 4 : end - 4]) != int.from_bytes(data[end - 4 : end], "big"):
        raise PictureError
    return data[at + 4 : at + 8], data[at + 8 : end - 4], end


def _written(kind: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")


def _judged(kind: bytes, content: bytes, upright: Upright) -> tuple[bytes | None, list[Removed]]:
    """What to write of a chunk, None for nothing, and what goes of it."""
    if kind in _KEPT:
        return content, []
    if kind == b"eXIf":
        return _upright(content, upright)
    if kind == b"iCCP":
        return _profile(content)
    if not kind[0] & 0x20:  # upper case: the picture cannot be shown without it
        raise PictureError
    return None, [Removed(_sort(kind, content), _readable(kind, content))]


def _upright(exif: bytes, upright: Upright) -> tuple[bytes | None, list[Removed]]:
    kept = upright(exif)
    return (exif, []) if kept == exif else (kept or None, [Removed("exif", exif)])


def _profile(content: bytes) -> tuple[bytes | None, list[Removed]]:
    _name, _, rest = content.partition(b"\0")
    cleaned = clean_profile(_inflated(rest[1:]))
    kept = _PROFILE_NAME + zlib.compress(cleaned, 9)
    if not cleaned:
        return None, [Removed("profile")]
    return (content, []) if kept == content else (kept, [Removed("profile")])


def _inflated(data: bytes) -> bytes:
    """A deflated profile; b"" if it is none, or a larger one than there are."""
    inflater = zlib.decompressobj()
    try:
        profile = inflater.decompress(data, MAX_PROFILE)
    except zlib.error:
        return b""
    return profile if inflater.eof else b""


def _sort(kind: bytes, content: bytes) -> Sort:
    if kind in _TEXTS:
        return "xmp" if content.startswith(_XMP) else "text"
    return "time" if kind == b"tIME" else "other"


def _readable(kind: bytes, content: bytes) -> bytes:
    return content if kind in _TEXTS else b""
