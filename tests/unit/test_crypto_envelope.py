"""Envelopes: their sizes, and what is sealed in them."""

from __future__ import annotations

import pytest

from tests.support.handshakes import flip
from tuichat.crypto import sealing
from tuichat.crypto.envelope import (
    ENVELOPE_SIZES,
    MAX_BODY,
    MAX_SEQ,
    SEALED_HEADER_LENGTH,
    UnopenableError,
    pad,
    parts,
    unpad,
)

AROUND = SEALED_HEADER_LENGTH + sealing.OVERHEAD
"""What of an envelope is not the padded body."""


@pytest.mark.parametrize("size", ENVELOPE_SIZES)
def test_envelope_takes_the_smallest_size_that_holds_the_body(size: int) -> None:
    following = next((other for other in ENVELOPE_SIZES if other > size), None)
    room = size - AROUND - 12
    for length in (room - 1, room):
        padded = pad(5, b"b" * length)
        assert len(padded) + AROUND == size
        assert unpad(padded) == (5, b"b" * length)
    if following is not None:
        assert len(pad(5, b"b" * (room + 1))) + AROUND == following


def test_bodies_of_any_small_length_look_alike() -> None:
    assert {len(pad(1, b"b" * length)) + AROUND for length in range(0, 1692, 37)} == {4096}


def test_empty_body_and_highest_seq_pass() -> None:
    assert unpad(pad(MAX_SEQ, b"")) == (MAX_SEQ, b"")


def test_longest_body_fills_the_largest_envelope() -> None:
    assert len(pad(1, bytes(MAX_BODY))) + AROUND == ENVELOPE_SIZES[-1]
    assert unpad(pad(1, b"b" * MAX_BODY)) == (1, b"b" * MAX_BODY)


def test_body_too_long_or_seq_out_of_range_is_a_bug_here() -> None:
    for seq, body in ((1, bytes(MAX_BODY + 1)), (0, b""), (MAX_SEQ + 1, b""), (-1, b"")):
        with pytest.raises(ValueError):
            pad(seq, body)


@pytest.mark.parametrize("size", [0, 1, 11, 2351, 2352, 4095, 4097, 8191, 40960, 61439, 61441, 65536])
def test_envelope_of_another_size_is_unopenable(size: int) -> None:
    with pytest.raises(UnopenableError):
        parts(bytes(size))


@pytest.mark.parametrize("size", ENVELOPE_SIZES)
def test_envelope_is_its_header_and_its_body(size: int) -> None:
    header, body = parts(b"h" * SEALED_HEADER_LENGTH + b"b" * (size - SEALED_HEADER_LENGTH))
    assert (set(header), set(body)) == ({ord("h")}, {ord("b")})
    assert len(header) + len(body) == size


def test_padding_other_than_zeros_is_unopenable() -> None:
    padded = pad(1, b"body")
    for position in (16, 17, 1000, len(padded) - 1):
        with pytest.raises(UnopenableError):
            unpad(flip(padded, position))


def test_length_beyond_the_buffer_is_unopenable() -> None:
    padded = pad(1, b"")
    for length in (len(padded) - 11, 2**16, 2**31, 2**32 - 1):
        with pytest.raises(UnopenableError):
            unpad(padded[:8] + length.to_bytes(4, "big") + padded[12:])


def test_length_that_ends_at_the_buffer_is_fine() -> None:
    padded = pad(1, b"")
    room = len(padded) - 12
    assert unpad(padded[:8] + room.to_bytes(4, "big") + padded[12:]) == (1, bytes(room))


def test_seq_zero_is_unopenable() -> None:
    with pytest.raises(UnopenableError):
        unpad(bytes(8) + pad(1, b"body")[8:])


def test_larger_envelope_than_needed_is_opened() -> None:
    assert unpad(pad(9, b"body") + bytes(4096)) == (9, b"body")
