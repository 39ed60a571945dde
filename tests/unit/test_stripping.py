"""Pictures lose what they tell about their author, and not one pixel."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.support import pictures
from tests.support.pictures import CANARY, drawn, frames, saved
from tuichat.media.clean_picture import clean, look_again, upright
from tuichat.media.stripping.colour_profile import MAX_PROFILE, clean_profile
from tuichat.media.stripping.gif import strip_gif
from tuichat.media.stripping.jpeg import strip_jpeg
from tuichat.media.stripping.png import strip_png
from tuichat.media.stripping.removed import PictureError, Removed, orientation_only
from tuichat.media.stripping.webp import strip_webp

# Pillow warns of what is damaged; the process that cleans does not listen.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

ANIMATED: dict[str, Any] = {
    "save_all": True,
    "append_images": [drawn("RGB", seed) for seed in range(1, 4)],
    "duration": [100, 200, 300, 400],
    "loop": 3,
}
GIF_ANIMATED = {**ANIMATED, "append_images": [drawn("P", seed) for seed in range(1, 4)], "disposal": 2}

PICTURES: dict[str, tuple[str, bytes]] = {
    "jpeg": ("image/jpeg", pictures.telling_jpeg()),
    "turned jpeg": ("image/jpeg", pictures.telling_jpeg(6)),
    "progressive jpeg": ("image/jpeg", pictures.telling_jpeg(progressive=True)),
    "jpeg with restarts": ("image/jpeg", pictures.telling_jpeg(restart_marker_blocks=2)),
    "grey jpeg": ("image/jpeg", pictures.telling_jpeg(mode="L")),
    "jpeg for print": ("image/jpeg", pictures.telling_jpeg(mode="CMYK")),
    "png": ("image/png", pictures.telling_png()),
    "turned png": ("image/png", pictures.telling_png(8)),
    "transparent png": ("image/png", pictures.telling_png(mode="RGBA")),
    "png with a palette": ("image/png", pictures.telling_png(mode="P", transparency=3)),
    "png of sixteen bits": ("image/png", pictures.telling_png(mode="I;16")),
    "animated png": ("image/png", pictures.telling_png(**ANIMATED)),
    "webp": ("image/webp", pictures.telling_webp()),
    "turned webp": ("image/webp", pictures.telling_webp(3)),
    "lossy webp": ("image/webp", pictures.telling_webp(lossless=False, quality=70)),
    "transparent webp": ("image/webp", pictures.telling_webp(mode="RGBA", lossless=False)),
    "animated webp": ("image/webp", pictures.telling_webp(**ANIMATED)),
    "gif": ("image/gif", pictures.telling_gif()),
    "animated gif": ("image/gif", pictures.telling_gif(**GIF_ANIMATED)),
    "tiff": ("image/tiff", pictures.telling_tiff()),
    "turned tiff": ("image/tiff", pictures.telling_tiff(5)),
    "tiff for print": ("image/tiff", pictures.telling_tiff(mode="CMYK")),
    "tiff of two colours": ("image/tiff", pictures.telling_tiff(mode="1", compression="group4")),
    "tiff with a palette": ("image/tiff", pictures.telling_tiff(mode="P")),
    "tiff of sixteen bits": ("image/tiff", pictures.telling_tiff(mode="I;16")),
    "tiff of many pages": ("image/tiff", pictures.telling_tiff(**{**ANIMATED, "compression": "raw"})),
    "tiff with a jpeg inside": ("image/tiff", pictures.telling_tiff(compression="jpeg")),
}
CHUNKED = {name: picture for name, picture in PICTURES.items() if picture[0] != "image/tiff"}
STRIP: dict[str, Callable[[bytes], tuple[bytes, list[Removed]]]] = {
    "image/jpeg": lambda data: strip_jpeg(data, upright),
    "image/png": lambda data: strip_png(data, upright),
    "image/webp": lambda data: strip_webp(data, upright),
    "image/gif": strip_gif,
}


@pytest.mark.parametrize("name", PICTURES)
def test_nothing_of_the_author_is_left_and_no_pixel_is_lost(name: str) -> None:
    media_type, picture = PICTURES[name]
    assert CANARY in picture
    copy, traces = clean(picture, media_type)
    assert traces
    assert CANARY not in copy
    assert frames(copy) == frames(picture)


@pytest.mark.parametrize("name", PICTURES)
def test_a_copy_has_nothing_to_take_out(name: str) -> None:
    media_type, picture = PICTURES[name]
    copy, _ = clean(picture, media_type)
    again, traces = clean(copy, media_type)
    assert traces == set()
    if media_type != "image/tiff":
        assert again == copy


@pytest.mark.parametrize("name", PICTURES)
def test_a_copy_has_the_colours_that_the_picture_had(name: str) -> None:
    media_type, picture = PICTURES[name]
    copy, _ = clean(picture, media_type)
    with Image.open(io.BytesIO(picture)) as before, Image.open(io.BytesIO(copy)) as after:
        profile = before.info.get("icc_profile")
        assert after.info.get("icc_profile") == (clean_profile(profile) if profile else None)
        for size in ("jfif_density",) if media_type == "image/jpeg" else ("dpi",):
            assert after.info.get(size) == before.info.get(size)
        assert after.mode == before.mode


@pytest.mark.parametrize(
    ("media_type", "picture"),
    [
        ("image/jpeg", saved(drawn(), "JPEG")),
        ("image/jpeg", saved(drawn(), "JPEG", exif=b"Exif\0\0" + orientation_only(6))),
        ("image/png", saved(drawn("RGBA"), "PNG", dpi=(72, 72))),
        ("image/webp", saved(drawn(), "WEBP")),
        ("image/gif", saved(drawn("P"), "GIF", **GIF_ANIMATED)),
        ("image/tiff", saved(drawn(), "TIFF", dpi=(300, 300))),
    ],
)
def test_a_picture_that_tells_nothing_is_left_as_it_is(media_type: str, picture: bytes) -> None:
    copy, traces = clean(picture, media_type)
    assert traces == set()
    if media_type != "image/tiff":
        assert copy is picture or copy == picture


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("jpeg", "location camera time author program thumbnail comment appended profile other"),
        ("png", "location camera time author program comment appended profile other"),
        ("gif", "location author comment appended other"),
        ("webp", "location camera time author program comment appended profile other"),
        ("tiff", "location camera time author program comment profile"),
    ],
)
def test_what_is_removed_is_named(name: str, expected: str) -> None:
    media_type, picture = PICTURES[name]
    assert clean(picture, media_type)[1] == set(expected.split())


@pytest.mark.parametrize("name", PICTURES)
def test_a_copy_in_which_something_is_left_is_not_let_out(name: str) -> None:
    media_type, picture = PICTURES[name]
    with pytest.raises(PictureError):
        look_again(picture, picture, media_type.partition("/")[2].upper())


def test_a_copy_of_another_size_is_not_let_out() -> None:
    with pytest.raises(PictureError):
        look_again(saved(drawn(), "PNG"), saved(drawn(size=(40, 64)), "PNG"), "PNG")


@pytest.mark.parametrize("more", [(50706, 1, b"\1\4\0\0"), (330, 4, b"\x08\0\0\0")])
def test_a_tiff_that_holds_more_than_pages_is_refused(more: tuple[int, int, bytes]) -> None:
    with pytest.raises(PictureError):
        clean(pictures.telling_tiff(more=(more,)), "image/tiff")


@pytest.mark.parametrize("orientation", range(2, 9))
def test_the_way_up_is_all_that_stays_of_an_exif(orientation: int) -> None:
    kept = upright(pictures.telling_exif(orientation).tobytes().removeprefix(b"Exif\0\0"))
    assert kept == orientation_only(orientation)
    exif = Image.Exif()
    exif.load(kept)
    assert dict(exif) == {0x0112: orientation}
    assert upright(kept) == kept


@pytest.mark.parametrize(
    "exif",
    [
        b"",
        b"MM",
        b"MM\0*\0\0\0\x08",
        b"II*\0\xff\xff\xff\xff",
        orientation_only(1),
        orientation_only(9),
        orientation_only(0),
        pictures.telling_exif(1).tobytes()[6:],
        orientation_only(6)[:20],
    ],
)
def test_an_exif_that_turns_nothing_goes_altogether(exif: bytes) -> None:
    assert upright(exif) == b""


@given(st.binary(max_size=200))
def test_no_exif_is_too_much_for_it(exif: bytes) -> None:
    assert upright(exif) == b"" or len(upright(exif)) == len(orientation_only(6))
    copy, removed = strip_jpeg(
        b"\xff\xd8" + pictures.segment(0xE1, b"Exif\0\0" + exif) + saved(drawn(), "JPEG")[2:], upright
    )
    assert removed
    assert frames(copy)


@pytest.mark.parametrize("name", CHUNKED)
def test_a_picture_that_is_cut_short_is_refused_or_as_it_was(name: str) -> None:
    media_type, picture = CHUNKED[name]
    for length in range(0, len(picture), 7):
        try:
            copy, _ = STRIP[media_type](picture[:length])
        except PictureError:
            continue
        assert CANARY not in copy


@settings(max_examples=300)
@given(st.sampled_from(sorted(CHUNKED)), st.data())
def test_no_altered_picture_is_too_much_or_keeps_what_goes(name: str, data: st.DataObject) -> None:
    media_type, picture = CHUNKED[name]
    altered = bytearray(picture)
    for _change in range(data.draw(st.integers(1, 6))):
        altered[data.draw(st.integers(0, len(altered) - 1))] = data.draw(st.integers(0, 255))
    try:
        copy, _ = STRIP[media_type](bytes(altered))
    except PictureError:
        return
    assert STRIP[media_type](copy) == (copy, [])


@given(st.sampled_from(sorted(STRIP)), st.binary(max_size=300))
def test_no_bytes_are_too_much_for_it(media_type: str, data: bytes) -> None:
    start = {"image/jpeg": b"\xff\xd8", "image/png": b"\x89PNG\r\n\x1a\n", "image/gif": b"GIF89a"}
    for each in (data, start.get(media_type, b"RIFF\x40\0\0\0WEBP") + data):
        try:
            STRIP[media_type](each)
        except PictureError:
            continue


def test_the_data_of_a_jpeg_are_copied_and_not_made_anew() -> None:
    picture = PICTURES["progressive jpeg"][1]
    copy, _ = strip_jpeg(picture, upright)
    image = copy[copy.index(b"\xff\xdb") :]
    assert len(image) > len(picture) / 4
    assert image in picture


def test_a_second_picture_and_a_film_behind_a_jpeg_go() -> None:
    first = saved(drawn(), "MPO", save_all=True, append_images=[drawn(seed=1)])
    copy, traces = clean(first, "image/jpeg")
    assert "appended" in traces
    with Image.open(io.BytesIO(copy)) as picture:
        assert picture.format == "JPEG"
        assert frames(copy) == frames(first)[:1]


def test_a_jpeg_that_libraries_refuse_for_its_metadata_is_cleaned() -> None:
    picture = saved(drawn(), "JPEG")
    broken = picture[:2] + pictures.segment(0xE2, b"MPF\0" + CANARY) + picture[2:]
    assert clean(broken, "image/jpeg") == (picture, {"other"})


def test_a_gif_without_an_end_is_one() -> None:
    picture = saved(drawn("P"), "GIF", comment=CANARY)
    copy, removed = strip_gif(picture.removesuffix(b";"))
    assert [each.sort for each in removed] == ["text"]
    assert frames(copy) == frames(picture)
    plain = saved(drawn("P"), "GIF").removesuffix(b";")
    assert strip_gif(plain) == (plain, [])


def test_a_jpeg_without_an_end_is_copied_as_far_as_it_goes() -> None:
    picture = pictures.telling_jpeg()
    cut = picture[: picture.rindex(b"\xff\xd9") - 20]
    copy, removed = strip_jpeg(cut, upright)
    assert removed
    assert CANARY not in copy
    assert copy.endswith(cut[-100:])


def test_of_several_exifs_the_first_says_which_way_up() -> None:
    turned = b"".join(pictures.segment(0xE1, b"Exif\0\0" + orientation_only(way)) for way in (6, 3))
    picture = saved(drawn(), "JPEG")
    copy, removed = strip_jpeg(picture[:2] + turned + picture[2:], upright)
    assert copy == picture[:2] + turned[: len(turned) // 2] + picture[2:]
    assert [each.sort for each in removed] == ["exif"]


def test_what_is_appended_to_the_way_colours_are_coded_goes() -> None:
    picture = saved(drawn("CMYK"), "JPEG")
    at = picture.index(b"\xff\xee")
    longer = pictures.segment(0xEE, picture[at + 4 : at + 16] + CANARY)
    copy, removed = strip_jpeg(picture[:at] + longer + picture[at + 16 :], upright)
    assert copy == picture
    assert [each.sort for each in removed] == ["other"]


def test_a_profile_in_several_pieces_is_put_together() -> None:
    profile = pictures.telling_profile()
    pieces = b"".join(
        pictures.segment(0xE2, b"ICC_PROFILE\0" + bytes([number, 2]) + part)
        for number, part in ((2, profile[100:]), (1, profile[:100]))
    )
    copy, _ = strip_jpeg(b"\xff\xd8" + pieces + saved(drawn(), "JPEG")[2:], upright)
    with Image.open(io.BytesIO(copy)) as picture:
        assert picture.info["icc_profile"] == clean_profile(profile)


@pytest.mark.parametrize("kind", [b"CgBI", b"ABCD"])
def test_a_png_that_needs_what_nobody_knows_is_refused(kind: bytes) -> None:
    picture = saved(drawn(), "PNG")
    with pytest.raises(PictureError):
        strip_png(picture[:33] + pictures.chunk(kind, b"") + picture[33:], upright)


def test_a_png_with_a_false_sum_is_refused() -> None:
    picture = bytearray(saved(drawn(), "PNG"))
    picture[20] ^= 1
    with pytest.raises(PictureError):
        strip_png(bytes(picture), upright)


@pytest.mark.parametrize(
    "content", [b"x\0\0" + zlib.compress(bytes(MAX_PROFILE * 2)), b"x\0\0junk", b"x", b""]
)
def test_a_profile_that_is_none_or_bursts_goes(content: bytes) -> None:
    picture = saved(drawn(), "PNG")
    copy, removed = strip_png(picture[:33] + pictures.chunk(b"iCCP", content) + picture[33:], upright)
    assert copy == picture
    assert [each.sort for each in removed] == ["profile"]


def test_flags_of_a_webp_tell_what_is_in_it() -> None:
    copy, _ = strip_webp(pictures.telling_webp(), upright)
    assert copy[12:16] == b"VP8X"
    assert copy[20] & 0x2C == 0x20
    turned, _ = strip_webp(pictures.telling_webp(6), upright)
    assert turned[20] & 0x2C == 0x28


def test_what_hides_in_a_frame_of_a_webp_goes() -> None:
    picture = saved(drawn(), "WEBP", **ANIMATED)
    at = picture.index(b"ANMF")
    length = int.from_bytes(picture[at + 4 : at + 8], "little")
    hidden = pictures.riff(b"PRVT", CANARY)
    body = (
        picture[8 : at + 4]
        + struct.pack("<I", length + len(hidden))
        + picture[at + 8 : at + 8 + length]
        + hidden
        + picture[at + 8 + length :]
    )
    altered = b"RIFF" + struct.pack("<I", len(body)) + body
    copy, removed = strip_webp(altered, upright)
    assert [each.sort for each in removed] == ["other"]
    assert copy == picture


def test_an_animation_is_repeated_as_often_as_before() -> None:
    for media_type, picture in (
        PICTURES["animated gif"],
        PICTURES["animated webp"],
        PICTURES["animated png"],
    ):
        with Image.open(io.BytesIO(clean(picture, media_type)[0])) as copy:
            assert copy.info["loop"] == 3
            assert copy.n_frames == 4  # type: ignore[attr-defined]
