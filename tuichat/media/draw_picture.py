"""The process that decodes one picture: `python -m tuichat.media.draw_picture TYPE WIDTH HEIGHT REPORT`.

    standard input   the picture
    standard output  the first picture in it, no larger than WIDTH and HEIGHT: rows from the top, for each
                     pixel three bytes: red, green, blue
    REPORT           a descriptor; on it the width and the height that it has now, with a space between
    exit code        0 done; any other: it cannot be shown

It stands as its EXIF says. What is transparent in it is white. No other module imports this one, and before
the first byte is read the process gives up all that it does not need (`confined`).
"""

from __future__ import annotations

import copy
import os
import sys
import warnings
from io import BytesIO
from typing import Final

from PIL import ExifTags, Image, ImageOps, MpoImagePlugin, TiffImagePlugin, WebPImagePlugin

from tuichat.media.confined import give_up

MAX_PICTURE_BYTES: Final = 64 * 1024 * 1024
MAX_SIDE: Final = 32_768
"""Pixels; what is longer is no picture that anybody looks at."""

_MAX_CLAIMED: Final = 256_000_000
_MAX_DECODED: Final = 64_000_000
"""Pixels that are held at once. A JPEG is made smaller while it is read, so it may claim more."""

_CPU_SECONDS = 15
_DRAWN_BYTES = 16 * 1024 * 1024

# Loaded now, besides those that Pillow loads first: nothing can be imported later.
_READERS = (MpoImagePlugin, TiffImagePlugin, WebPImagePlugin, copy)

_FORMATS: Final = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP", "image/gif": "GIF"}
_WHITE: Final = (255, 255, 255)


def main(media_type: str, width: int, height: int, report: int) -> int:
    """Decode what stands on standard input. The exit code."""
    Image.preinit()
    Image.MAX_IMAGE_PIXELS = _MAX_CLAIMED
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    give_up(_CPU_SECONDS, _DRAWN_BYTES)
    with open(0, "rb", closefd=False) as source:
        data = source.read(MAX_PICTURE_BYTES + 1)
    if len(data) > MAX_PICTURE_BYTES:
        return 1
    picture = drawn(data, media_type, width, height)
    with open(1, "wb", closefd=False) as target:
        target.write(picture.tobytes())
    os.write(report, f"{picture.width} {picture.height}".encode())
    return 0


def drawn(data: bytes, media_type: str, width: int, height: int) -> Image.Image:
    """The first picture, upright, in red, green and blue, no larger than that.

    Raises:
        Exception: whatever Pillow raises on a file that it cannot read, or ValueError: it is too large.
    """
    with Image.open(BytesIO(data), formats=[_FORMATS[media_type]]) as opened:
        if max(opened.size) > MAX_SIDE:
            raise ValueError(opened.size)
        lies = opened.getexif().get(ExifTags.Base.Orientation) in range(5, 9)
        room = (height, width) if lies else (width, height)
        opened.draft("RGB", (2 * room[0], 2 * room[1]))
        if opened.width * opened.height > _MAX_DECODED:
            raise ValueError(opened.size)
        opened.load()
        small = _in_colours(opened)
        small.thumbnail(room, Image.Resampling.BOX)
        small.getexif()[ExifTags.Base.Orientation] = opened.getexif().get(ExifTags.Base.Orientation, 1)
    return _on_white(ImageOps.exif_transpose(small))


def _in_colours(opened: Image.Image) -> Image.Image:
    """A picture that can be made smaller; one of 16 bits with its upper eight."""
    if opened.mode.startswith("I"):
        opened = opened.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    return opened.convert("RGBA" if opened.has_transparency_data else "RGB")


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode == "RGB":
        return picture
    ground = Image.new("RGB", picture.size, _WHITE)
    ground.paste(picture, mask=picture.getchannel("A"))
    return ground


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))
