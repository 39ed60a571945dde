"""A picture that is shown on its side has its width and height told as it is shown."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from tests.support import pictures
from tests.support.pictures import drawn, saved
from tuichat.media.clean_picture import clean
from tuichat.media.facts import dimensions
from tuichat.media.orientation import is_on_its_side
from tuichat.media.stripping.removed import orientation_only

# Pillow, who is asked what a viewer would show, warns of what is damaged.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

TELLING: dict[str, Callable[[int], bytes]] = {
    "image/jpeg": pictures.telling_jpeg,
    "image/png": pictures.telling_png,
    "image/webp": pictures.telling_webp,
}


def on_its_side(data: bytes) -> bool:
    return is_on_its_side(lambda offset, length: data[offset : offset + length])


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("media_type", TELLING)
def test_width_and_height_are_those_that_a_viewer_shows(media_type: str, orientation: int) -> None:
    picture = TELLING[media_type](orientation)
    for data in (picture, clean(picture, media_type)[0]):
        told = dimensions(data)
        assert told is not None
        shown = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).size
        assert (told[::-1] if on_its_side(data) else told) == shown


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP"])
def test_what_has_no_exif_is_upright(kind: str) -> None:
    assert not on_its_side(saved(drawn(), kind))


def test_both_orders_of_bytes_are_read() -> None:
    little = b"II*\0\x08\0\0\0" + pictures.directory([(0x0112, 3, struct.pack("<H", 8))], 8, 0)
    for exif in (little, orientation_only(8)):
        assert on_its_side(saved(drawn(), "PNG", exif=b"Exif\0\0" + exif))


@given(st.binary(max_size=200), st.integers(0, 3000))
def test_no_bytes_are_too_much_for_it(noise: bytes, at: int) -> None:
    for make in TELLING.values():
        data = bytearray(make(6))
        at %= len(data)
        data[at : at + len(noise)] = noise
        on_its_side(bytes(data))
    assert not on_its_side(noise)


def test_a_file_of_nothing_but_beginnings_is_given_up() -> None:
    reads: list[int] = []

    def read(offset: int, length: int) -> bytes:
        reads.append(length)
        return (b"\x89PNG\r\n\x1a\n" if offset == 0 else bytes(8)).ljust(length, b"\0")[:length]

    assert not is_on_its_side(read)
    assert len(reads) < 60_000
