"""What an envelope hides: the padded buffer with its seq (R4), and the bodies in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import msgspec

from tests.independent.primitives_peer import Refused, h32

SIZES = (4_096, 8_192, 16_384, 32_768, 61_440)
NOT_PLAIN = 2_392  # both nonces, the sealed header with its tag, the tag of the body
BODY_MOST = 59_036
TEXT_MOST = 49_152
EMOJI_MOST = 64
SENT_AT_MOST = 253_402_300_799_999
TTL_MOST = 31_622_400
TIMER_LEAST = 30
REVISION_MOST = 9_007_199_254_740_991


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
    reply: bytes | None = None
    conversation: bytes = bytes(16)


@dataclass(frozen=True)
class Void:
    id: bytes
    conversation: bytes = bytes(16)


@dataclass(frozen=True)
class File:
    """Kind 3, its elements in their order."""

    id: bytes
    sent_at: int
    name: str
    size: int
    media_type: str
    caption: str
    key: bytes
    root: bytes
    path: bytes
    group: bytes | None = None
    place: str = ""
    width: int | None = None
    height: int | None = None
    ttl: int | None = None
    conversation: bytes = bytes(16)


@dataclass(frozen=True)
class FileState:
    id: bytes
    file: bytes
    state: int
    conversation: bytes = bytes(16)


@dataclass(frozen=True)
class Edit:
    id: bytes
    sent_at: int
    target: bytes
    text: str
    conversation: bytes = bytes(16)


@dataclass(frozen=True)
class Unsend:
    id: bytes
    target: bytes
    conversation: bytes = bytes(16)


@dataclass(frozen=True)
class Reaction:
    id: bytes
    target: bytes
    emoji: str
    given: int
    conversation: bytes = bytes(16)


@dataclass(frozen=True)
class Receipt:
    id: bytes
    seen: bytes
    conversation: bytes = bytes(16)


@dataclass(frozen=True)
class Timer:
    id: bytes
    sent_at: int
    seconds: int
    revision: int
    conversation: bytes = bytes(16)


@dataclass(frozen=True)
class Opaque:
    id: bytes
    body: bytes


Body = Text | Void | File | FileState | Edit | Unsend | Reaction | Receipt | Timer


def encode_body(body: Body) -> bytes:
    kind = next(number for number, (made, *_) in KINDS.items() if made is type(body))
    elements = [getattr(body, field.name) for field in fields(body)]
    return msgspec.msgpack.encode([kind, elements[-1], *elements[:-1]])


def _is_id(value: Any) -> bool:
    return type(value) is bytes and len(value) == 16


def _within(value: Any, least: int, most: int) -> bool:
    return type(value) is int and least <= value <= most


def _is_bin(value: Any, length: int) -> bool:
    return type(value) is bytes and len(value) == length


def _is_str(value: Any, least: int, most: int) -> bool:
    return type(value) is str and least <= len(value) <= most


def _is_ttl(value: Any) -> bool:
    return value is None or _within(value, 1, TTL_MOST)


def _is_text(sent_at: Any, text: Any, ttl: Any = None, reply: Any = None) -> bool:
    right = _within(sent_at, 0, SENT_AT_MOST) and type(text) is str and _is_ttl(ttl)
    return right and len(text.encode()) <= TEXT_MOST and (reply is None or _is_id(reply))


def _is_edit(sent_at: Any, target: Any, text: Any) -> bool:
    return _is_text(sent_at, text) and _is_id(target)


def _is_reaction(target: Any, emoji: Any, given: Any) -> bool:
    right = _is_id(target) and type(emoji) is str and _within(given, 0, 1)
    return right and 1 <= len(emoji.encode()) <= EMOJI_MOST


def _is_file(
    sent_at: Any,
    name: Any,
    size: Any,
    media_type: Any,
    caption: Any,
    key: Any,
    root: Any,
    path: Any,
    group: Any = None,
    place: Any = "",
    width: Any = None,
    height: Any = None,
    ttl: Any = None,
) -> bool:
    return (
        _within(sent_at, 0, SENT_AT_MOST)
        and _is_str(name, 1, 255)
        and _within(size, 0, 2**44)
        and _is_str(media_type, 0, 100)
        and type(caption) is str
        and len(caption.encode()) <= 4_096
        and all(_is_bin(value, 32) for value in (key, root, path))
        and (group is None or _is_id(group))
        and _is_str(place, 0, 1_024)
        and all(side is None or _within(side, 1, 1_000_000) for side in (width, height))
        and _is_ttl(ttl)
    )


def _is_timer(sent_at: Any, seconds: Any, revision: Any) -> bool:
    is_time = seconds == 0 or _within(seconds, TIMER_LEAST, TTL_MOST)
    return (
        _within(sent_at, 0, SENT_AT_MOST)
        and type(seconds) is int
        and is_time
        and _within(revision, 1, REVISION_MOST)
    )


def _is_file_state(file: Any, state: Any) -> bool:
    return _is_id(file) and _within(state, 1, 7)


KINDS: dict[int, tuple[Callable[..., Body], Callable[..., bool], int, int]] = {
    1: (Text, _is_text, 2, 4),
    2: (Void, lambda: True, 0, 0),
    3: (File, _is_file, 8, 13),
    4: (FileState, _is_file_state, 2, 2),
    5: (Edit, _is_edit, 3, 3),
    6: (Unsend, _is_id, 1, 1),
    7: (Reaction, _is_reaction, 3, 3),
    8: (Receipt, _is_id, 1, 1),
    9: (Timer, _is_timer, 3, 3),
}
"""What it is, whether the elements behind the id are right, and at least and at most how many there are."""


def decode_body(data: bytes) -> Body | Opaque:
    """Elements after those that are listed are passed over, whatever well-formed msgpack they are."""
    opaque = Opaque(h32(data)[:16], data)
    try:
        raw = msgspec.msgpack.decode(data, type=list[msgspec.Raw])
        kind, conversation, identity = map(msgspec.msgpack.decode, raw[:3])
        if type(kind) is not int or kind not in KINDS or not _is_id(conversation) or not _is_id(identity):
            return opaque
        made, is_right, least, most = KINDS[kind]
        elements = [msgspec.msgpack.decode(element) for element in raw[3 : 3 + most]]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
        return opaque
    if len(elements) < least or not is_right(*elements) or (kind != 2 and conversation != bytes(16)):
        return opaque
    return made(identity, *elements, conversation=conversation)
