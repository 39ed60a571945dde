"""Pictures are measured by their headers alone, and not at all where those leave a doubt."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tuichat.media.facts import MAX_PIXELS, dimensions

JPEG_START = b"\xff\xd8\xff"


def written(kind: str, **how: object) -> bytes:
    """A picture of 37 by 23 pixels."""
    target = io.BytesIO()
    Image.new("RGB", (37, 23), "teal").save(target, kind, **how)
    return target.getvalue()


PICTURES = {
    "jpeg": written("JPEG"),
    "jpeg behind metadata": written("JPEG", comment=b"x" * 60_000, icc_profile=bytes(100_000)),
    "progressive jpeg": written("JPEG", progressive=True),
    "png": written("PNG"),
    "gif": written("GIF"),
    "lossy webp": written("WEBP"),
    "lossless webp": written("WEBP", lossless=True),
    "extended webp": written("WEBP", exif=b"Exif\0\0MM\0*"),
    "bmp": written("BMP"),
    "old bmp": b"BM" + bytes(12) + struct.pack("<IHHHH", 12, 37, 23, 1, 24),
    "bmp from the top": b"BM" + bytes(12) + struct.pack("<IiiHH", 40, 37, -23, 1, 24),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_measured(name: str) -> None:
    assert dimensions(PICTURES[name]) == (37, 23)


@pytest.mark.parametrize("name", PICTURES)
def test_a_header_that_is_cut_short_is_measured_right_or_not_at_all(name: str) -> None:
    picture = PICTURES[name]
    for length in range(min(len(picture), 200)):
        assert dimensions(picture[:length]) in (None, (37, 23))


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"hello",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDX" + struct.pack(">II", 37, 23) + bytes(20),
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 0, 23) + bytes(20),
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", MAX_PIXELS + 1, 23) + bytes(20),
        b"GIF89a\0\0\x17\0" + bytes(20),
        b"BM" + bytes(12) + struct.pack("<Iii", 40, -37, 23) + bytes(20),
        b"RIFF\x24\0\0\0WEBPVP8 " + bytes(20),
        b"RIFF\x24\0\0\0WEBPXXXX" + bytes(20),
        JPEG_START + b"\xe0\0\0" + bytes(20),  # a length of zero
        JPEG_START + b"\xe0\0\x04ab\0\xc0" + bytes(20),
        JPEG_START + b"\xda\0\x04ab\xff\xc0" + bytes(20),  # data before any frame
        JPEG_START + b"\xd9" + bytes(20),
        JPEG_START + b"\xff" * 100_000,
    ],
)
def test_a_picture_that_leaves_a_doubt_is_not_measured(head: bytes) -> None:
    assert dimensions(head) is None


@given(st.sampled_from(sorted(PICTURES)), st.data())
def test_no_altered_header_is_too_much_for_it(name: str, data: st.DataObject) -> None:
    head = bytearray(PICTURES[name][:600])
    for _change in range(data.draw(st.integers(1, 8))):
        head[data.draw(st.integers(0, len(head) - 1))] = data.draw(st.integers(0, 255))
    found = dimensions(bytes(head))
    assert found is None or all(1 <= side <= MAX_PIXELS for side in found)
