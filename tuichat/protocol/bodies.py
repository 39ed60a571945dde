"""Message bodies: msgpack arrays whose first element is the kind.

    Text  [1, conversation16, id16, sent_at, text, ttl]
    Void  [2, conversation16, id16]

`conversation` is 16 bytes, zeros for the two of us. `id` is drawn by the author. Edits, unsends, reactions,
receipts and file offers are further kinds; a kind that this version does not know is kept as `Opaque`, so
that it neither blocks the queue nor is lost. A reader ignores elements after those it knows.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from tuichat.crypto.kdf import blake2b_256

MAX_TEXT_BYTES: Final = 48 * 1024
"""The longest text in bytes of UTF-8."""

MAX_SENT_AT: Final = 253_402_300_799_999
"""9999-12-31 23:59:59.999 UTC in milliseconds, the last moment that every reader can print."""

MAX_TTL: Final = 366 * 86_400
"""The longest timer in seconds."""

THE_TWO_OF_US: Final = bytes(16)
"""The conversation of a contact and me."""

Id = Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]


class Text(msgspec.Struct, frozen=True, array_like=True, tag=1, repr_omit_defaults=True):
    """A line or a page of text.

    Attributes:
        conversation: where it belongs, 16 bytes.
        id: the message's own, 16 bytes.
        sent_at: the author's clock, Unix milliseconds; a claim.
        text: at most `MAX_TEXT_BYTES` of UTF-8.
        ttl: seconds after which both sides forget it, or None.
    """

    conversation: Id
    id: Id
    sent_at: Annotated[int, msgspec.Meta(ge=0, le=MAX_SENT_AT)]
    text: str
    ttl: Annotated[int, msgspec.Meta(ge=1, le=MAX_TTL)] | None = None

    def __repr__(self) -> str:
        return "<Text>"


class Void(msgspec.Struct, frozen=True, array_like=True, tag=2):
    """Takes the place of a message that was cancelled before any link had it (S7)."""

    conversation: Id
    id: Id

    def __repr__(self) -> str:
        return "<Void>"


class Opaque(msgspec.Struct, frozen=True):
    """A body that this version cannot read, kept as it came; its id is 16 bytes of its hash (S6)."""

    raw: bytes
    id: bytes

    def __repr__(self) -> str:
        return "<Opaque>"


Body = Text | Void

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Text | Void] = msgspec.msgpack.Decoder(Text | Void)


def encode_body(body: Body) -> bytes:
    """The bytes that go into an envelope.

    Raises:
        ValueError: the text is longer than `MAX_TEXT_BYTES` or has lone surrogates, or another field is out
            of its range.
    """
    raw = _encoder.encode(body)
    if isinstance(decode_body(raw), Opaque):
        raise ValueError("the body is not one that a peer could read")
    return raw


def decode_body(raw: bytes) -> Body | Opaque:
    """What a peer wrote; never an exception, for one bad body must not block those behind it (S6)."""
    try:
        body = _decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return opaque(raw)
    if isinstance(body, Text) and len(body.text.encode()) > MAX_TEXT_BYTES:
        return opaque(raw)
    return body


def opaque(raw: bytes) -> Opaque:
    """These bytes as a body that cannot be read."""
    return Opaque(raw, blake2b_256(raw)[:16])
