"""Message bodies."""

from __future__ import annotations

import msgspec
import pytest

from tuichat.crypto.envelope import MAX_BODY
from tuichat.crypto.kdf import blake2b_256
from tuichat.protocol.bodies import (
    MAX_EMOJI_BYTES,
    MAX_SENT_AT,
    MAX_TEXT_BYTES,
    MAX_TTL,
    THE_TWO_OF_US,
    Body,
    Edit,
    Opaque,
    Reaction,
    Text,
    Unsend,
    Void,
    decode_body,
    encode_body,
    opaque,
)

ID = bytes(range(16))


def packed(*elements: object) -> bytes:
    return msgspec.msgpack.encode(elements)


@pytest.mark.parametrize(
    "body",
    [
        Text(THE_TWO_OF_US, ID, 1_700_000_000_000, "hello"),
        Text(THE_TWO_OF_US, ID, 0, "", 1),
        Text(ID, ID, MAX_SENT_AT, "第三页有图表 👩‍🚀\n\0", MAX_TTL),
        Text(THE_TWO_OF_US, ID, 0, "é" * (MAX_TEXT_BYTES // 2)),
        Text(THE_TWO_OF_US, ID, 0, "yes", None, ID[::-1]),
        Void(THE_TWO_OF_US, ID),
        Edit(THE_TWO_OF_US, ID, 5, ID[::-1], "é" * (MAX_TEXT_BYTES // 2)),
        Unsend(THE_TWO_OF_US, ID, ID[::-1]),
        Reaction(THE_TWO_OF_US, ID, ID[::-1], "é" * (MAX_EMOJI_BYTES // 2), 1),
        Reaction(THE_TWO_OF_US, ID, ID[::-1], "👍", 0),
    ],
)
def test_body_comes_back_as_it_went_and_fits_an_envelope(body: Body) -> None:
    raw = encode_body(body)
    assert decode_body(raw) == body
    assert len(raw) <= MAX_BODY


def test_body_is_an_array_led_by_its_kind() -> None:
    assert encode_body(Text(THE_TWO_OF_US, ID, 5, "x")) == packed(1, THE_TWO_OF_US, ID, 5, "x", None, None)
    assert encode_body(Edit(THE_TWO_OF_US, ID, 5, ID, "x")) == packed(5, THE_TWO_OF_US, ID, 5, ID, "x")
    assert encode_body(Unsend(THE_TWO_OF_US, ID, ID)) == packed(6, THE_TWO_OF_US, ID, ID)
    assert encode_body(Reaction(THE_TWO_OF_US, ID, ID, "x", 1)) == packed(7, THE_TWO_OF_US, ID, ID, "x", 1)
    assert encode_body(Void(THE_TWO_OF_US, ID)) == packed(2, THE_TWO_OF_US, ID)


def test_absent_timer_and_elements_of_a_later_version_are_no_fault() -> None:
    assert decode_body(packed(1, THE_TWO_OF_US, ID, 5, "x")) == Text(THE_TWO_OF_US, ID, 5, "x")
    assert decode_body(packed(1, THE_TWO_OF_US, ID, 5, "x", None, None, {"new": 1})) == Text(
        THE_TWO_OF_US, ID, 5, "x"
    )


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xc1",
        b"hello",
        packed(),
        packed(1),
        packed(3, THE_TWO_OF_US, ID),  # a kind of a later version
        packed("1", THE_TWO_OF_US, ID, 5, "x"),
        packed(1, THE_TWO_OF_US, ID, 5),
        packed(1, THE_TWO_OF_US, ID[:15], 5, "x"),
        packed(1, THE_TWO_OF_US + b"\0", ID, 5, "x"),
        packed(1, THE_TWO_OF_US, ID, -1, "x"),
        packed(1, THE_TWO_OF_US, ID, 2**64 - 1, "x"),
        packed(1, THE_TWO_OF_US, ID, 5.5, "x"),
        packed(1, THE_TWO_OF_US, ID, 5, "x", 0),
        packed(1, THE_TWO_OF_US, ID, 5, "x", MAX_TTL + 1),
        packed(1, THE_TWO_OF_US, ID, 5, "x" * (MAX_TEXT_BYTES + 1)),
        packed(1, THE_TWO_OF_US, ID, 5, "é" * (MAX_TEXT_BYTES // 2) + "x"),
        packed(1, THE_TWO_OF_US, ID, 5, "x") + b"\0",
        packed(1, THE_TWO_OF_US, ID, 5, "x")[:-1],
        packed(1, THE_TWO_OF_US, ID, 5, "xyz").replace(b"xyz", b"\xff\xfe\xfd"),
        packed(1, THE_TWO_OF_US, ID, 5, "xyz").replace(b"xyz", b"\xed\xa0\x80"),  # a lone surrogate
        b"\x91" * 50_000 + b"\x01",  # arrays in arrays
        b"\x98\x01\xc4\x10"
        + bytes(16)
        + b"\xc4\x10"
        + ID
        + b"\x05\xa1x\xc0\xc0"
        + b"\x91" * 50_000
        + b"\x01",
        b"\xdd\xff\xff\xff\xff\x01",  # an array that claims 2^32 - 1 elements
        b"\xdb\xff\xff\xff\xffx",
    ],
)
def test_body_that_cannot_be_read_is_kept_as_it_came(raw: bytes) -> None:
    body = decode_body(raw)
    assert body == Opaque(raw, blake2b_256(raw)[:16])
    assert body == opaque(raw)


@pytest.mark.parametrize(
    "body",
    [
        Text(THE_TWO_OF_US, ID, 5, "x" * (MAX_TEXT_BYTES + 1)),
        Text(THE_TWO_OF_US, ID, 5, "\ud800"),
        Text(THE_TWO_OF_US, ID[:3], 5, "x"),
        Text(THE_TWO_OF_US, ID, -1, "x"),
        Void(b"", ID),
        Edit(THE_TWO_OF_US, ID, 5, ID, "x" * (MAX_TEXT_BYTES + 1)),
        Edit(THE_TWO_OF_US, ID, 5, ID[:3], "x"),
        Unsend(THE_TWO_OF_US, ID, b""),
        Reaction(THE_TWO_OF_US, ID, ID, "", 1),
        Reaction(THE_TWO_OF_US, ID, ID, "é" * (MAX_EMOJI_BYTES // 2) + "x", 1),
        Reaction(THE_TWO_OF_US, ID, ID, "👍", 2),  # type: ignore[arg-type]
    ],
)
def test_body_that_a_peer_could_not_read_is_never_encoded(body: Body) -> None:
    with pytest.raises(ValueError):
        encode_body(body)


def test_no_text_stands_in_a_repr() -> None:
    deeds = Edit(ID, ID, 5, ID, "secret"), Unsend(ID, ID, ID), Reaction(ID, ID, ID, "👍", 1)
    for body in (Text(ID, ID, 5, "secret"), Void(ID, ID), opaque(b"secret"), *deeds):
        assert repr(body) == f"<{type(body).__name__}>"
