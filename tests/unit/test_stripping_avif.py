"""AVIF is written anew without what it tells, and only if it tells something."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageOps

from tests.support.pictures import CANARY, drawn, saved, telling_avif
from tuichat.media.clean_picture import clean
from tuichat.media.stripping.avif import beside_the_image
from tuichat.media.stripping.removed import PictureError

PLAIN = saved(drawn(), "AVIF")
TELLING = telling_avif()
RED = Image.new("RGB", (64, 40), (200, 30, 40))


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content


def shown(data: bytes) -> Image.Image:
    return ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_nothing_of_the_author_is_left_and_it_looks_the_same(orientation: int, mode: str) -> None:
    picture = telling_avif(orientation, mode)
    assert CANARY in picture
    copy, traces = clean(picture, "image/avif")
    assert CANARY not in copy
    assert {"location", "camera", "time", "author", "program", "profile", "other"} <= traces
    before, after = shown(picture), shown(copy)
    assert before.size == after.size
    furthest = max(high for _low, high in ImageChops.difference(before, after).getextrema())  # type: ignore[misc]
    assert furthest < 48
    assert clean(copy, "image/avif") == (copy, set())


def test_what_tells_nothing_is_not_written_anew() -> None:
    assert clean(PLAIN, "image/avif") == (PLAIN, set())


@pytest.mark.parametrize(
    ("more", "trace"),
    [
        (box(b"uuid", b"somebody"), "other"),
        (box(b"free", b"hidden"), "other"),
        (box(b"meta", bytes(4) + box(b"iref", b"thmb")), "thumbnail"),
    ],
)
def test_what_hides_in_boxes_is_found(more: bytes, trace: str) -> None:
    _copy, traces = clean(PLAIN + more, "image/avif")
    assert traces == {trace}


def test_empty_filling_tells_nothing() -> None:
    filled = PLAIN + box(b"free", bytes(100))
    assert clean(filled, "image/avif") == (filled, set())


def test_an_item_that_nobody_knows_is_found() -> None:
    entry = box(b"infe", b"\x02\0\0\0\0\x63\0\0urixhidden\0")
    meta = box(b"meta", bytes(4) + box(b"iinf", bytes(4) + b"\0\x01" + entry))
    assert clean(PLAIN + meta, "image/avif")[1] == {"other"}


def test_a_second_exif_is_found() -> None:
    entry = box(b"infe", b"\x02\0\0\0\0\x63\0\0Exif\0")
    meta = box(b"meta", bytes(4) + box(b"iinf", bytes(4) + b"\0\x01" + entry))
    assert clean(PLAIN + meta, "image/avif")[1] == {"other"}


def test_one_that_moves_is_refused() -> None:
    moving = saved(drawn(), "AVIF", save_all=True, append_images=[RED], duration=100)
    with pytest.raises(PictureError):
        clean(moving, "image/avif")


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[: len(data) // 2],
        lambda data: data + b"\0\0\0",
        lambda data: data + b"\0\0\0\x04mdat",
        lambda data: b"\0\0\0\x08ftyp",
        lambda data: data[:20],
    ],
)
def test_what_is_not_built_as_one_is_refused(damage: Callable[[bytes], bytes]) -> None:
    with pytest.raises(PictureError):
        beside_the_image(damage(PLAIN), 0)


@given(st.binary(max_size=60), st.integers(0, 2000))
def test_no_bytes_are_too_much_for_it(noise: bytes, at: int) -> None:
    data = bytearray(TELLING)
    at %= len(data)
    data[at : at + len(noise)] = noise
    for each in (bytes(data), noise):
        try:
            found = beside_the_image(each, 2)
        except PictureError:
            continue
        assert len(found) < 1000
