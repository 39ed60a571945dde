"""Envelopes and their sizes."""

from __future__ import annotations

import pytest

from tests.support.handshakes import flip
from tuichat.protocol.padding import (
    ENVELOPE_SIZES,
    MAX_BODY,
    MAX_SEQ,
    UnopenableError,
    open_envelope,
    seal_envelope,
)


@pytest.mark.parametrize("size", ENVELOPE_SIZES)
def test_envelope_takes_the_smallest_size_that_holds_the_body(size: int) -> None:
    following = next((other for other in ENVELOPE_SIZES if other > size), None)
    for length in (size - 13, size - 12):
        envelope = seal_envelope(5, b"b" * length)
        assert len(envelope) == size
        assert open_envelope(envelope) == (5, b"b" * length)
    if following is not None:
        assert len(seal_envelope(5, b"b" * (size - 11))) == following


def test_bodies_of_any_small_length_look_alike() -> None:
    assert {len(seal_envelope(1, b"b" * length)) for length in range(0, 4085, 37)} == {4096}


def test_empty_body_and_highest_seq_pass() -> None:
    assert open_envelope(seal_envelope(MAX_SEQ, b"")) == (MAX_SEQ, b"")


def test_body_too_long_or_seq_out_of_range_is_a_bug_here() -> None:
    for seq, body in ((1, bytes(MAX_BODY + 1)), (0, b""), (MAX_SEQ + 1, b""), (-1, b"")):
        with pytest.raises(ValueError):
            seal_envelope(seq, body)


@pytest.mark.parametrize("size", [0, 1, 11, 12, 4095, 4097, 8191, 40960, 61439, 61441, 65536])
def test_envelope_of_another_size_is_unopenable(size: int) -> None:
    with pytest.raises(UnopenableError):
        open_envelope(seal_envelope(1, b"")[:size].ljust(size, b"\0"))


def test_padding_other_than_zeros_is_unopenable() -> None:
    envelope = seal_envelope(1, b"body")
    for position in (16, 17, 2000, 4095):
        with pytest.raises(UnopenableError):
            open_envelope(flip(envelope, position))


def test_length_beyond_the_buffer_is_unopenable() -> None:
    for length in (4085, 2**16, 2**31, 2**32 - 1):
        with pytest.raises(UnopenableError):
            open_envelope((bytes(7) + b"\x01" + length.to_bytes(4, "big")).ljust(4096, b"\0"))


def test_length_that_ends_at_the_buffer_is_fine() -> None:
    envelope = (bytes(7) + b"\x01" + (4084).to_bytes(4, "big")).ljust(4096, b"\0")
    assert open_envelope(envelope) == (1, bytes(4084))


def test_seq_zero_is_unopenable() -> None:
    with pytest.raises(UnopenableError):
        open_envelope(bytes(4096))


def test_larger_envelope_than_needed_is_opened() -> None:
    assert open_envelope(seal_envelope(9, b"body").ljust(8192, b"\0")) == (9, b"body")
