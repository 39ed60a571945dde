"""JPEG (ITU-T T.81, annex B): segments FF, marker, u16 length, content; image data behind each SOS.

kept    tables, frames, scans; APP0 JFIF without its thumbnail; APP14 Adobe, which says how colours are
        coded; APP2 ICC_PROFILE, itself cleaned; of the EXIF in APP1 which way up the picture is
out     all other APPn (EXIF, XMP, IPTC in Photoshop's resources, makers' own), comments, and whatever
        stands behind the end: further pictures, films, the rest of an earlier file
"""

from __future__ import annotations

import re
from typing import Final

from tuichat.media.stripping.colour_profile import clean_profile
from tuichat.media.stripping.removed import PictureError, Removed, Upright

_START, _END, _SCAN, _COMMENT = 0xD8, 0xD9, 0xDA, 0xFE
_APP0, _APP1, _APP2, _APP13, _APP14 = 0xE0, 0xE1, 0xE2, 0xED, 0xEE
_APPS: Final = range(0xE0, 0xF0)
# Frames, Huffman and arithmetic tables, quantisation, number of lines, restarts, hierarchies.
_KEPT: Final = frozenset({*range(0xC0, 0xC8), *range(0xC9, 0xD0), 0xDB, 0xDC, 0xDD, 0xDE, 0xDF})

_EXIF, _PROFILE = b"Exif\0\0", b"ICC_PROFILE\0"
_XMP = (b"http://ns.adobe.com/xap/1.0/\0", b"http://ns.adobe.com/xmp/extension/\0")
_JFIF_BYTES, _ADOBE_BYTES = 14, 12
_PROFILE_ROOM = 65_535 - 2 - 14

# In image data FF is followed by 00, by a restart marker or by another FF; anything else is the next segment.
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


def strip_jpeg(data: bytes, upright: Upright) -> tuple[bytes, list[Removed]]:
    """A JPEG without metadata, and what went.

    Raises:
        PictureError: it is not built as a JPEG.
    """
    return _Segments(data, upright).strip()


class _Segments:
    """One pass over the segments of one picture."""

    def __init__(self, data: bytes, upright: Upright) -> None:
        self._data = data
        self._upright = upright
        self._out = bytearray(b"\xff\xd8")
        self._removed: list[Removed] = []
        self._profile: list[bytes] = []
        self._seen_exif = False

    def strip(self) -> tuple[bytes, list[Removed]]:
        if self._data[:2] != b"\xff\xd8":
            raise PictureError
        at = 2
        while at < len(self._data):
            marker, content, end = self._segment(at)
            if marker == _END:
                self._finish(end)
                break
            if marker in _APPS or marker == _COMMENT:
                self._metadata(marker, content)
            else:
                self._put_profile()
                end = self._image(marker, content, end)
            at = end
        return (bytes(self._out) if self._removed else self._data), self._removed

    def _segment(self, at: int) -> tuple[int, bytes, int]:
        """The marker at `at`, what its segment holds and where it ends."""
        data = self._data
        while data[at : at + 2] == b"\xff\xff":  # fill bytes
            at += 1
        if len(data) < at + 2 or data[at] != 0xFF:
            raise PictureError
        marker = data[at + 1]
        if marker == _END:
            return marker, b"", at + 2
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if length < 2 or at + 2 + length > len(data):
            raise PictureError
        return marker, data[at + 4 : at + 2 + length], at + 2 + length

    def _put(self, marker: int, content: bytes) -> None:
        self._out += b"\xff" + bytes([marker]) + (len(content) + 2).to_bytes(2, "big") + content

    def _image(self, marker: int, content: bytes, end: int) -> int:
        """Copy a segment of the image and the data behind it; where the next segment begins."""
        if marker == _SCAN:
            self._put(marker, content)
            match = _NEXT_MARKER.search(self._data, end)
            after = match.start() if match else len(self._data)  # cut short: as much as there is
            self._out += self._data[end:after]
            return after
        if marker not in _KEPT:
            raise PictureError
        self._put(marker, content)
        return end

    def _metadata(self, marker: int, content: bytes) -> None:
        if marker == _APP0 and content.startswith(b"JFIF\0") and len(content) >= _JFIF_BYTES:
            self._jfif(content)
        elif marker == _APP1 and content.startswith(_EXIF):
            self._exif(content[len(_EXIF) :])
        elif marker == _APP2 and content.startswith(_PROFILE):
            self._profile.append(content)
        elif marker == _APP14 and content.startswith(b"Adobe") and len(content) >= _ADOBE_BYTES:
            self._put(marker, content[:_ADOBE_BYTES])
            self._lost(content[_ADOBE_BYTES:], Removed("other"))
        else:
            self._removed.append(_sorted(marker, content))

    def _lost(self, data: bytes, as_what: Removed) -> None:
        if data:
            self._removed.append(as_what)

    def _jfif(self, content: bytes) -> None:
        kept = content[: _JFIF_BYTES - 2] + b"\0\0"  # width and height of the thumbnail
        self._put(_APP0, kept)
        self._lost(content if content != kept else b"", Removed("thumbnail"))

    def _exif(self, exif: bytes) -> None:
        kept = b"" if self._seen_exif else self._upright(exif)
        self._seen_exif = True
        if kept:
            self._put(_APP1, _EXIF + kept)
        if kept != exif or not kept:
            self._removed.append(Removed("exif", exif))

    def _put_profile(self) -> None:
        """The colour profile, cleaned, before the first segment of the image."""
        segments, self._profile = self._profile, []
        if not segments:
            return
        # Each begins with its number and their count, a byte each.
        numbered = sorted(segments, key=lambda content: content[len(_PROFILE) :][:1])
        profile = b"".join(content[len(_PROFILE) + 2 :] for content in numbered)
        cleaned = clean_profile(profile)
        parts = [cleaned[at : at + _PROFILE_ROOM] for at in range(0, len(cleaned), _PROFILE_ROOM)]
        for number, part in enumerate(parts, 1):
            self._put(_APP2, _PROFILE + bytes([number, len(parts)]) + part)
        self._lost(profile if cleaned != profile else b"", Removed("profile", profile))

    def _finish(self, end: int) -> None:
        self._out += b"\xff\xd9"
        self._lost(self._data[end:], Removed("appended"))


def _sorted(marker: int, content: bytes) -> Removed:
    if marker == _COMMENT:
        return Removed("text", b"\0" + content)
    if marker == _APP1 and content.startswith(_XMP):
        return Removed("xmp", content)
    if marker == _APP13 and content.startswith(b"Photoshop "):
        return Removed("iptc", content)
    if marker == _APP0 and content.startswith(b"JFXX\0"):
        return Removed("thumbnail")
    return Removed("other", content)
