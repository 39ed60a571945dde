"""A colour profile makes the colours that it made, and does not say whose screen it is."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageCms

from tests.support import pictures
from tests.support.pictures import CANARY, drawn
from tuichat.media.stripping.colour_profile import clean_profile


def test_a_profile_says_no_more_whose_it_is_and_since_when() -> None:
    profile = pictures.telling_profile()
    cleaned = clean_profile(profile)
    assert CANARY in profile
    assert b"CANA" not in cleaned
    assert struct.pack(">H", 2021) != cleaned[24:26]
    assert clean_profile(cleaned) == cleaned
    assert int.from_bytes(cleaned[:4], "big") == len(cleaned)


def test_two_screens_of_one_kind_have_one_profile() -> None:
    profile = pictures.telling_profile()
    other = profile.replace(CANARY, b"NOBODY").replace(b"CANA", b"NOBO")
    assert clean_profile(profile) == clean_profile(other)


@pytest.mark.parametrize("version", [2, 4])
def test_colours_are_computed_as_before(version: int) -> None:
    raw = bytearray(pictures.telling_profile())
    raw[8] = version
    seen = []
    for profile in (bytes(raw), clean_profile(bytes(raw))):
        opened = ImageCms.getOpenProfile(io.BytesIO(profile))
        turned = ImageCms.profileToProfile(drawn(), opened, ImageCms.createProfile("LAB"), outputMode="LAB")
        assert turned is not None
        seen.append(turned.tobytes())
    assert seen[0] == seen[1]


@pytest.mark.parametrize(
    "profile",
    [
        b"",
        bytes(500),
        pictures.telling_profile()[:200],
        pictures.telling_profile()[:131],
        pictures.telling_profile()[:128] + b"\xff\xff\xff\xff" + bytes(400),
        pictures.telling_profile()[:128] + struct.pack(">I4sII", 1, b"wtpt", 0, 10) + bytes(400),
        pictures.telling_profile()[:128] + struct.pack(">I4sII", 1, b"wtpt", 140, 4_000_000_000) + bytes(400),
    ],
)
def test_what_is_no_profile_goes(profile: bytes) -> None:
    assert clean_profile(profile) == b""


@given(st.data())
def test_no_altered_profile_is_too_much_for_it(data: st.DataObject) -> None:
    profile = bytearray(pictures.telling_profile())
    for _change in range(data.draw(st.integers(1, 6))):
        profile[data.draw(st.integers(0, len(profile) - 1))] = data.draw(st.integers(0, 255))
    cleaned = clean_profile(bytes(profile))
    assert clean_profile(cleaned) == cleaned
