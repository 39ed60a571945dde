"""What was taken out of a picture, and the one thing of its EXIF that stays: which way up it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

Sort = Literal["exif", "xmp", "iptc", "text", "time", "thumbnail", "appended", "profile", "other"]


@dataclass(frozen=True, slots=True)
class Removed:
    """One piece: `exif` is a TIFF structure, `text` a keyword, NUL and the text, others as they lay there."""

    sort: Sort
    data: bytes = field(default=b"", repr=False)


class PictureError(ValueError):
    """A picture is not built as its type says; nothing was made of it."""


Upright = Callable[[bytes], bytes]
"""From an EXIF, a TIFF structure, to the one that takes its place: `orientation_only`, or nothing at all."""


def orientation_only(orientation: int) -> bytes:
    """An EXIF that says which way up the picture is and nothing else (Exif 3.0, 4.6.5: tag 0x0112, SHORT)."""
    entry = b"\x01\x12\x00\x03\x00\x00\x00\x01" + orientation.to_bytes(2, "big") + b"\0\0"
    return b"MM\0*\0\0\0\x08" + b"\0\x01" + entry + b"\0\0\0\0"
