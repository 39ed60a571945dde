"""What stands in an AVIF beside its image. It is found here, not taken out: the picture is written anew.

    box   length u32 and type of 4 bytes, then its content; length 1: u64 behind the type; 0: to the end
    meta  4 bytes (version, flags), then boxes, among them
    iinf  4 bytes, then how many (u16; u32 where the version is not 0), then so many infe
    infe  4 bytes, then the item's id (u16; u32 in version 3), u16, and the item's type of 4 bytes

ISO/IEC 14496-12, 4.2 and 8.11; ISO/IEC 23008-12, 6; AVIF 1.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tuichat.media.stripping.removed import PictureError, Removed

_IMAGE: Final = frozenset({b"ftyp", b"meta", b"mdat"})
_FILLING: Final = frozenset({b"free", b"skip"})
_IMAGE_ITEMS: Final = frozenset({b"av01", b"grid", b"iden", b"iovl", b"tmap"})
_TELLING_ITEMS: Final = (b"Exif", b"mime")
_MOST_BOXES: Final = 10_000

_Box = tuple[bytes, int, int]
"""Its type, and where its content begins and ends."""


def beside_the_image(data: bytes, known: int) -> list[Removed]:
    """What is there that no viewer needs.

    Args:
        known: how many pieces of EXIF and XMP were found by whoever read the picture.

    Raises:
        PictureError: it is not built as an AVIF, or moves: then a copy, too, would tell when it was made.
    """
    found: list[Removed] = []
    items: list[bytes] = []
    for kind, start, end in _boxes(data, 0, len(data)):
        if kind == b"moov":
            raise PictureError
        if kind == b"meta":
            items += _item_types(data, start + 4, end)
            found += [Removed("thumbnail")] if b"thmb" in data[start:end] else []
        elif kind in _FILLING:
            found += [Removed("other")] if data[start:end].strip(b"\0") else []
        elif kind not in _IMAGE:
            found.append(Removed("other"))
    if not items:
        raise PictureError
    telling = sum(item in _TELLING_ITEMS for item in items)
    strange = any(item not in _IMAGE_ITEMS and item not in _TELLING_ITEMS for item in items)
    return [*found, Removed("other")] if strange or telling > known else found


def _item_types(data: bytes, start: int, end: int) -> list[bytes]:
    types: list[bytes] = []
    for kind, begin, stop in _boxes(data, start, end):
        if kind == b"iinf":
            entries = begin + (6 if data[begin : begin + 1] == b"\0" else 8)
            types += [
                _item_type(data, at) for each, at, _stop in _boxes(data, entries, stop) if each == b"infe"
            ]
    return types


def _item_type(data: bytes, at: int) -> bytes:
    behind = 4 + (4 if data[at : at + 1] == b"\3" else 2) + 2
    return data[at + behind : at + behind + 4]


def _boxes(data: bytes, start: int, end: int) -> Iterator[_Box]:
    for _number in range(_MOST_BOXES):
        if start == end:
            return
        length, kind, head = int.from_bytes(data[start : start + 4], "big"), data[start + 4 : start + 8], 8
        if length == 1:
            length, head = int.from_bytes(data[start + 8 : start + 16], "big"), 16
        elif length == 0:
            length = end - start
        if length < head or start + length > end:
            break
        yield kind, start + head, start + length
        start += length
    raise PictureError
