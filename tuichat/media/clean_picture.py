"""The process that takes metadata out of one picture: `python -m tuichat.media.clean_picture TYPE REPORT`.

    standard input   the picture
    standard output  the copy; nothing is written if there was nothing to take out
    REPORT           a descriptor; on it what the picture told: names out of `Trace`, separated by spaces
    exit code        0 done; 4 the disk refused the copy; any other: no copy can be made

JPEG, PNG, WebP and GIF are taken apart and put together without touching the image (`stripping`). Pillow
writes TIFF and AVIF anew, reads what EXIF there was, and opens each copy as a viewer would: if it finds
anything in there still, there is no copy. No other module imports this one.

Before the first byte is read the process gives up what it does not need (`confined`): it can open no file and
no socket, start no process, and use no more than the limits there and below.
"""

from __future__ import annotations

import contextlib
import os
import struct
import sys
import warnings
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any, Final

from PIL import AvifImagePlugin, ExifTags, Image, MpoImagePlugin, TiffImagePlugin, WebPImagePlugin
from PIL.ImageFile import ImageFile

from tuichat.media.confined import give_up
from tuichat.media.facts import dimensions
from tuichat.media.stripping.avif import beside_the_image
from tuichat.media.stripping.colour_profile import clean_profile
from tuichat.media.stripping.gif import strip_gif
from tuichat.media.stripping.jpeg import strip_jpeg
from tuichat.media.stripping.png import strip_png
from tuichat.media.stripping.removed import PictureError, Removed, orientation_only
from tuichat.media.stripping.webp import strip_webp
from tuichat.media.traces import DISK_REFUSED, LAYOUT_TAGS, Trace, traces_of, traces_of_tags

MAX_PICTURE_BYTES: Final = 200 * 1024 * 1024
MAX_PIXELS: Final = 256_000_000
"""More than cameras make; a picture that claims more is taken for an attempt to fill the memory."""

_CPU_SECONDS = 60
_COPY_BYTES = 2 * MAX_PICTURE_BYTES
_MAX_PAGES = 1000

# Loaded now, besides those that Pillow loads first: nothing can be imported later.
_READERS = (AvifImagePlugin, MpoImagePlugin, TiffImagePlugin, WebPImagePlugin)

_FORMATS: Final = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/webp": "WEBP",
    "image/gif": "GIF",
    "image/tiff": "TIFF",
    "image/avif": "AVIF",
}

# What Pillow tells of a picture that tells nothing of its author.
_HARMLESS: Final = frozenset(
    {"jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi", "adobe", "adobe_transform", "progressive"}
    | {"progression", "icc_profile", "exif", "gamma", "srgb", "chromaticity", "transparency", "aspect"}
    | {"interlace", "default_image", "loop", "duration", "disposal", "blend", "bbox", "background", "version"}
    | {"extension", "timestamp", "compression", "resolution"}
)
# What Pillow raises on bytes that are not what they should be.
_UNREADABLE = (SyntaxError, ValueError, TypeError, LookupError, AttributeError, OSError, struct.error)

_EXACT_COMPRESSIONS: Final = frozenset(
    {"raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "tiff_ccitt", "group3", "group4"}
)
_RESOLUTION: Final = (282, 283, 296)
_REWRITTEN: Final = frozenset({"image/tiff", "image/avif"})
_AVIF: Final[dict[str, Any]] = {"quality": 90, "subsampling": "4:4:4", "speed": 8, "max_threads": 1}
_DNG_VERSION, _SUB_IFDS = 50706, 330  # a plain TIFF would hold less of such a picture


def main(media_type: str, report: int) -> int:
    """Clean what stands on standard input. The exit code."""
    _give_up()
    with open(0, "rb", closefd=False) as source:
        data = source.read(MAX_PICTURE_BYTES + 1)
    if len(data) > MAX_PICTURE_BYTES:
        return 1
    copy, traces = clean(data, media_type)
    if traces:
        try:
            _write(copy)
        except OSError:
            return DISK_REFUSED
    os.write(report, " ".join(sorted(traces)).encode())
    return 0


def _give_up() -> None:
    """Let go of all that the work does not need, for good."""
    Image.preinit()
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # more cannot be started
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    give_up(_CPU_SECONDS, _COPY_BYTES)


def _write(copy: bytes) -> None:
    with open(1, "wb", closefd=False) as target:
        target.write(copy)
        target.flush()
        os.fsync(1)


def clean(data: bytes, media_type: str) -> tuple[bytes, set[Trace]]:
    """The copy and what it does not tell any more; the picture itself if it told nothing.

    Raises:
        PictureError: it is not what its type says, or something would still be in it.
        Exception: whatever Pillow raises on a file that it cannot read.
    """
    strip: dict[str, Callable[[bytes], tuple[bytes, list[Removed]]]] = {
        "image/jpeg": lambda data: strip_jpeg(data, upright),
        "image/png": lambda data: strip_png(data, upright),
        "image/webp": lambda data: strip_webp(data, upright),
        "image/gif": strip_gif,
    }
    if media_type in _REWRITTEN:
        copy, traces = _rewrite_tiff(data) if media_type == "image/tiff" else _rewrite_avif(data)
    else:
        copy, removed = strip[media_type](data)
        traces = {trace for each in removed for trace in _traces(each)}
    if traces:
        look_again(data, copy, _FORMATS[media_type])
    return copy, traces


def upright(exif: bytes) -> bytes:
    """The EXIF that says which way up a picture is and nothing else; b"" if it stands as it is."""
    orientation: Any = 1
    with contextlib.suppress(*_UNREADABLE):
        orientation = _exif(exif).get(ExifTags.Base.Orientation)
    return orientation_only(orientation) if orientation in range(2, 9) else b""


def _exif(data: bytes) -> Image.Exif:
    exif = Image.Exif()
    exif.load(data)
    return exif


def _traces(removed: Removed) -> set[Trace]:
    if removed.sort != "exif":
        return traces_of(removed)
    traces: set[Trace] = set()
    with contextlib.suppress(*_UNREADABLE):
        traces = _exif_traces(_exif(removed.data))
    return traces or {"other"}


def _exif_traces(exif: Image.Exif) -> set[Trace]:
    own = set(exif) - {ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo}
    traces = traces_of_tags(own | set(exif.get_ifd(ExifTags.IFD.Exif)))
    if set(exif.get_ifd(ExifTags.IFD.GPSInfo)) - {ExifTags.GPS.GPSVersionID}:
        traces.add("location")
    if exif.get_ifd(ExifTags.IFD.IFD1):
        traces.add("thumbnail")
    return traces - {"other"} or traces


def _rewrite_tiff(data: bytes) -> tuple[bytes, set[Trace]]:
    """The pixels of each page, the right way up, in a new file."""
    traces, target = set[Trace](), BytesIO()
    with _open(data, "TIFF") as picture, TiffImagePlugin.AppendingTiffWriter(target) as writer:
        for page in _pages(picture):
            traces |= _page_traces(page)
            layout = _layout(page)
            page.copy().save(writer, "TIFF", **layout)  # a copy has the pixels, not the tags
            writer.newFrame()
    return target.getvalue(), traces


def _rewrite_avif(data: bytes) -> tuple[bytes, set[Trace]]:
    """The pixels in a new file, the right way up; as that changes them a little, only if anything is told."""
    target = BytesIO()
    with _open(data, "AVIF") as picture:
        told, xmp = picture.info.get("exif", b""), picture.info.get("xmp", b"")
        profile = picture.info.get("icc_profile", b"")
        beside = beside_the_image(data, bool(told) + bool(xmp)) + ([Removed("xmp", xmp)] if xmp else [])
        traces = {trace for each in beside for trace in traces_of(each)}
        traces |= _exif_traces(_exif(told)) if told else set()
        traces |= {"profile"} if profile and clean_profile(profile) != profile else set()
        if traces:
            picture.save(target, "AVIF", exif=upright(told), icc_profile=clean_profile(profile), **_AVIF)
    return target.getvalue() if traces else data, traces


def _open(data: bytes, kind: str) -> ImageFile:
    return Image.open(BytesIO(data), formats=[kind])


def _pages(picture: ImageFile) -> Iterator[TiffImagePlugin.TiffImageFile]:
    assert isinstance(picture, TiffImagePlugin.TiffImageFile)
    if picture.n_frames > _MAX_PAGES:
        raise PictureError
    for number in range(picture.n_frames):
        picture.seek(number)
        if {_DNG_VERSION, _SUB_IFDS} & set(picture.tag_v2):
            raise PictureError
        yield picture


def _page_traces(page: TiffImagePlugin.TiffImageFile) -> set[Trace]:
    profile = page.info.get("icc_profile", b"")
    traces: set[Trace] = {"profile"} if profile and clean_profile(profile) != profile else set()
    if set(page.tag_v2) - LAYOUT_TAGS:
        traces |= _exif_traces(page.getexif())
    return traces


def _layout(page: TiffImagePlugin.TiffImageFile) -> dict[str, Any]:
    """How to write a page: its compression if that changes no pixel, its resolution, its colours."""
    compression = page.info.get("compression")
    return {
        "compression": compression if compression in _EXACT_COMPRESSIONS else "tiff_adobe_deflate",
        "tiffinfo": {tag: page.tag_v2[tag] for tag in _RESOLUTION if tag in page.tag_v2},
        "icc_profile": clean_profile(page.info.get("icc_profile", b"")) or None,
    }


def look_again(data: bytes, copy: bytes, kind: str) -> None:
    """Raises PictureError if Pillow takes the copy for another picture, or finds more in it than that."""
    before = dimensions(data)
    with _open(copy, kind) as after:
        if before is not None and after.size != before:
            raise PictureError
        if set(after.info) - _HARMLESS or _tags(after):
            raise PictureError


def _tags(picture: ImageFile) -> set[int]:
    """The tags of a picture that tell something."""
    if isinstance(picture, TiffImagePlugin.TiffImageFile):
        return set(picture.tag_v2) - LAYOUT_TAGS
    return set(_exif(picture.info.get("exif", b""))) - {ExifTags.Base.Orientation}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
