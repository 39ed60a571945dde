"""What metadata tells about a picture's author, by the tags and words that it is stored under."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, get_args

from tuichat.media.stripping.removed import Removed

Trace = Literal[
    "location", "camera", "time", "author", "program", "thumbnail", "comment", "appended", "profile", "other"
]
TRACES: Final[tuple[Trace, ...]] = get_args(Trace)
"""All of them, the ones that matter most first."""

DISK_REFUSED: Final = 4
"""The exit code of the process that cleans a picture when the copy could not be written."""

# Exif 3.0, TIFF 6.0 and the tags of GeoTIFF, XMP and IPTC in a TIFF.
_TAGS: Final[dict[int, Trace]] = {
    **dict.fromkeys((33550, 33922, 34264, 34735, 34736, 34737, 34853), "location"),
    **dict.fromkeys((306, 36867, 36868, 36880, 36881, 36882, 37520, 37521, 37522), "time"),
    **dict.fromkeys((315, 33432, 40093, 42032, 42039), "author"),
    **dict.fromkeys((11, 305, 316), "program"),
    **dict.fromkeys((269, 270, 285, 37510, 40091, 40092, 40094, 40095, 42038), "comment"),
    **dict.fromkeys((271, 272, 37500, *range(42033, 42038)), "camera"),
    **dict.fromkeys((33434, 33437, 34850, 34855, *range(37377, 37388), 41986, 41987, 41989), "camera"),
}
# What a TIFF is laid out by; it tells nothing about who made it.
LAYOUT_TAGS: Final = frozenset(
    {*range(254, 260), 262, 266, 273, 274, *range(277, 280), 282, 283, 284, *range(292, 294), 296, 317, 320}
    | {*range(322, 326), 338, 339, 347, *range(529, 533), 34675}
)

# Found anywhere in a packet of XMP.
_IN_XMP: Final[dict[bytes, Trace]] = {
    b"GPSL": "location",
    b"photoshop:City": "location",
    b"Iptc4xmpCore:Location": "location",
    b"tiff:Model": "camera",
    b"aux:": "camera",
    b"Date": "time",
    b"dc:creator": "author",
    b"dc:rights": "author",
    b"CreatorTool": "program",
    b"xmp:Thumbnails": "thumbnail",
    b"dc:description": "comment",
    b"dc:title": "comment",
}
# Found anywhere in Photoshop's resources: a record of IPTC, and thumbnails of two kinds (Image Resource IDs).
_IN_RESOURCES: Final[dict[bytes, Trace]] = {
    b"8BIM\x04\x04": "author",
    b"8BIM\x04\x09": "thumbnail",
    b"8BIM\x04\x0c": "thumbnail",
}
# Keywords of texts in PNG (third edition, 11.3.3.1).
_KEYWORDS: Final[dict[bytes, Trace]] = {
    b"Author": "author",
    b"Copyright": "author",
    b"Creation Time": "time",
    b"Software": "program",
    b"Source": "camera",
}


def traces_of_tags(tags: Iterable[int]) -> set[Trace]:
    """What the tags of an EXIF or a TIFF tell, those aside that it is laid out by."""
    return {_TAGS.get(tag, "other") for tag in tags if tag not in LAYOUT_TAGS}


def traces_of(removed: Removed) -> set[Trace]:
    """What a piece other than EXIF told."""
    match removed.sort:
        case "xmp":
            return _within(removed.data, _IN_XMP)
        case "iptc":
            return _within(removed.data, _IN_RESOURCES)
        case "text":
            return {_KEYWORDS.get(removed.data.partition(b"\0")[0], "comment")}
        case "time" | "thumbnail" | "appended" | "profile":
            return {removed.sort}
        case _:
            return {"other"}


def _within(data: bytes, words: dict[bytes, Trace]) -> set[Trace]:
    return {trace for word, trace in words.items() if word in data} or {"other"}
