"""What an envelope hides: the padded buffer with its seq (R4), and the bodies in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from tests.independent.primitives_peer import Refused, h32

SIZES = (4_096, 8_192, 16_384, 32_768, 61_440)
NOT_PLAIN = 2_392  # both nonces, the sealed header with its tag, the tag of the body
BODY_MOST = 59_036
TEXT_MOST = 49_152
SENT_AT_MOST = 253_402_300_799_999
TTL_MOST = 31_622_400


def pad(seq: int, body: bytes) -> bytes:
    plain = seq.to_bytes(8, "big") + len(body).to_bytes(4, "big") + body
    for size in SIZES:
        if len(plain) <= size - NOT_PLAIN:
            return plain.ljust(size - NOT_PLAIN, b"\x00")
    raise ValueError(f"a body of {len(body)} bytes")


def unpad(plain: bytes) -> tuple[int, bytes]:
    seq, size = int.from_bytes(plain[:8], "big"), int.from_bytes(plain[8:12], "big")
    if seq == 0 or 12 + size > len(plain) or any(plain[12 + size :]):
        raise Refused("envelope: seq, length or padding")
    return seq, plain[12 : 12 + size]


@dataclass(frozen=True)
class Text:
    id: bytes
    sent_at: int
    text: str
    ttl: int | None = None
    conversation: bytes = bytes(16)


@dataclass(frozen=True)
class Void:
    id: bytes
    conversation: bytes = bytes(16)


@dataclass(frozen=True)
class Opaque:
    id: bytes
    body: bytes


def encode_body(body: Text | Void) -> bytes:
    if isinstance(body, Void):
        return msgspec.msgpack.encode([2, body.conversation, body.id])
    return msgspec.msgpack.encode([1, body.conversation, body.id, body.sent_at, body.text, body.ttl])


def _is_id(value: Any) -> bool:
    return type(value) is bytes and len(value) == 16


def _within(value: Any, least: int, most: int) -> bool:
    return type(value) is int and least <= value <= most


def decode_body(data: bytes) -> Text | Void | Opaque:
    """Elements after those that are listed are passed over, whatever well-formed msgpack they are."""
    opaque = Opaque(h32(data)[:16], data)
    try:
        elements = msgspec.msgpack.decode(data, type=list[msgspec.Raw])
        kind, conversation, identity = map(msgspec.msgpack.decode, elements[:3])
        rest = [msgspec.msgpack.decode(element) for element in elements[3:6] if kind == 1]
        sent_at, text, ttl = [*rest, None, None, None][:3]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
        return opaque
    if type(kind) is not int or not _is_id(conversation) or not _is_id(identity):
        return opaque
    if kind == 2:
        return Void(identity, conversation)
    if kind != 1 or conversation != bytes(16) or not _within(sent_at, 0, SENT_AT_MOST):
        return opaque
    if type(text) is not str or len(text.encode()) > TEXT_MOST:
        return opaque
    if ttl is not None and not _within(ttl, 1, TTL_MOST):
        return opaque
    return Text(identity, sent_at, text, ttl, conversation)
