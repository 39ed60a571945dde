"""Message bodies: msgpack arrays whose first element is the kind.

    Text       [1, conversation16, id16, sent_at, text, ttl, reply16]
    Void       [2, conversation16, id16]
    File       [3, conversation16, id16, sent_at, name, size, media_type, caption, key32, root32, path32,
                group, place, width, height, ttl]
    FileState  [4, conversation16, id16, file16, state]
    Edit       [5, conversation16, id16, sent_at, target16, text]
    Unsend     [6, conversation16, id16, target16]
    Reaction   [7, conversation16, id16, target16, emoji, given]
    Receipt    [8, conversation16, id16, seen16]
    Timer      [9, conversation16, id16, sent_at, seconds, revision]

`conversation` is 16 bytes, zeros for the two of us. `id` is drawn by the author. A kind that this version
does not know is kept as `Opaque`, so that it neither blocks the queue nor is lost. A reader ignores elements
after those it knows.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec

from tuichat.crypto.file_chunks import MAX_SIZE
from tuichat.crypto.kdf import blake2b_256

MAX_TEXT_BYTES: Final = 48 * 1024
"""The longest text in bytes of UTF-8."""

MAX_SENT_AT: Final = 253_402_300_799_999
"""9999-12-31 23:59:59.999 UTC in milliseconds, the last moment that every reader can print."""

MAX_TTL: Final = 366 * 86_400
"""The longest timer in seconds."""

MIN_TIMER: Final = 30
"""The shortest timer that can be set, in seconds."""

MAX_REVISION: Final = 2**53 - 1
"""The last revision of a timer, behind which the first one comes: every reader of JSON can hold it."""

MAX_FILE_NAME: Final = 255
MAX_MEDIA_TYPE: Final = 100
MAX_PLACE: Final = 1024
"""The longest name of a file, its type and its folder, in characters."""

MAX_CAPTION_BYTES: Final = 4096
"""The longest words with a file, in bytes of UTF-8."""

MAX_EMOJI_BYTES: Final = 64
"""The longest emoji sequence of a reaction, in bytes of UTF-8."""

MAX_PIXELS: Final = 1_000_000
"""The largest width or height of a picture that may be claimed."""

THE_TWO_OF_US: Final = bytes(16)
"""The conversation of a contact and me."""

ID_LENGTH: Final = 16
Id = Annotated[bytes, msgspec.Meta(min_length=ID_LENGTH, max_length=ID_LENGTH)]
Key = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
Pixels = Annotated[int, msgspec.Meta(ge=1, le=MAX_PIXELS)]


class Text(msgspec.Struct, frozen=True, array_like=True, tag=1, repr_omit_defaults=True):
    """A line or a page of text.

    Attributes:
        conversation: where it belongs, 16 bytes.
        id: the message's own, 16 bytes.
        sent_at: the author's clock, Unix milliseconds; a claim.
        text: at most `MAX_TEXT_BYTES` of UTF-8.
        ttl: seconds after which both sides forget it, or None.
        reply: the id of the message that it answers, or None.
    """

    conversation: Id
    id: Id
    sent_at: Annotated[int, msgspec.Meta(ge=0, le=MAX_SENT_AT)]
    text: str
    ttl: Annotated[int, msgspec.Meta(ge=1, le=MAX_TTL)] | None = None
    reply: Id | None = None

    def __repr__(self) -> str:
        return "<Text>"


class Void(msgspec.Struct, frozen=True, array_like=True, tag=2):
    """Takes the place of a message that was cancelled before any link had it (S7)."""

    conversation: Id
    id: Id

    def __repr__(self) -> str:
        return "<Void>"


class File(msgspec.Struct, frozen=True, array_like=True, tag=3, repr_omit_defaults=True):
    """Offers a file, whose bytes are fetched apart (docs/protocol.md, Files).

    Attributes:
        conversation, id, sent_at, ttl: as of a text; the id is the file's too.
        name: a label, at most `MAX_FILE_NAME` characters.
        size: bytes.
        media_type: what its author took it for, at most `MAX_MEDIA_TYPE` characters.
        caption: words with it, at most `MAX_CAPTION_BYTES` of UTF-8.
        key, root: what its chunks are sealed with and named by, 32 bytes each.
        path: where the author's service has it, 32 bytes that nobody guesses.
        group: the same 16 bytes for files that were sent in one go, or None.
        place: the folders that it lies in, joined by "/", a label too; "" for none.
        width, height: of a picture in pixels, as claimed, or None.
    """

    conversation: Id
    id: Id
    sent_at: Annotated[int, msgspec.Meta(ge=0, le=MAX_SENT_AT)]
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_FILE_NAME)]
    size: Annotated[int, msgspec.Meta(ge=0, le=MAX_SIZE)]
    media_type: Annotated[str, msgspec.Meta(max_length=MAX_MEDIA_TYPE)]
    caption: Annotated[str, msgspec.Meta(max_length=MAX_CAPTION_BYTES)]
    key: Key
    root: Key
    path: Key
    group: Id | None = None
    place: Annotated[str, msgspec.Meta(max_length=MAX_PLACE)] = ""
    width: Pixels | None = None
    height: Pixels | None = None
    ttl: Annotated[int, msgspec.Meta(ge=1, le=MAX_TTL)] | None = None

    def __repr__(self) -> str:
        return "<File>"


FileStep = Literal[1, 2, 3, 4, 5, 6, 7]
"""What becomes of a file: 1 accepted, 2 declined, 3 cancelled, 4 paused, 5 goes on, 6 complete, 7 changed.

The receiver says 1 to 6, the author 3, 4, 5 and 7: the file was changed after it was offered.
"""


class FileState(msgspec.Struct, frozen=True, array_like=True, tag=4):
    """Says what its author did with the file that either of the two offered."""

    conversation: Id
    id: Id
    file: Id
    state: FileStep

    def __repr__(self) -> str:
        return "<FileState>"


class Edit(msgspec.Struct, frozen=True, array_like=True, tag=5, repr_omit_defaults=True):
    """Puts another text in the place of a text by the same author.

    Attributes:
        target: the id of that message.
        text: at most `MAX_TEXT_BYTES` of UTF-8.
    """

    conversation: Id
    id: Id
    sent_at: Annotated[int, msgspec.Meta(ge=0, le=MAX_SENT_AT)]
    target: Id
    text: str

    def __repr__(self) -> str:
        return "<Edit>"


class Unsend(msgspec.Struct, frozen=True, array_like=True, tag=6):
    """Asks to forget what a message by the same author said or offered."""

    conversation: Id
    id: Id
    target: Id

    def __repr__(self) -> str:
        return "<Unsend>"


class Reaction(msgspec.Struct, frozen=True, array_like=True, tag=7):
    """Puts an emoji to a message of either, or takes it away again.

    Attributes:
        emoji: one emoji sequence, at most `MAX_EMOJI_BYTES` of UTF-8.
        given: 1 to put it there, 0 to take it away.
    """

    conversation: Id
    id: Id
    target: Id
    emoji: Annotated[str, msgspec.Meta(min_length=1)]
    given: Literal[0, 1]

    def __repr__(self) -> str:
        return "<Reaction>"


class Receipt(msgspec.Struct, frozen=True, array_like=True, tag=8):
    """Says that its author has seen the receiver's message `seen`, and all that came before it."""

    conversation: Id
    id: Id
    seen: Id

    def __repr__(self) -> str:
        return "<Receipt>"


class Timer(msgspec.Struct, frozen=True, array_like=True, tag=9):
    """Sets after how long the texts and files of a conversation disappear, for both.

    Attributes:
        seconds: 0 for never, else `MIN_TIMER` to `MAX_TTL`.
        revision: the later one holds, counted round a circle (docs/protocol.md, Timers); of equal ones
            the shorter time.
    """

    conversation: Id
    id: Id
    sent_at: Annotated[int, msgspec.Meta(ge=0, le=MAX_SENT_AT)]
    seconds: Annotated[int, msgspec.Meta(ge=0, le=MAX_TTL)]
    revision: Annotated[int, msgspec.Meta(ge=1, le=MAX_REVISION)]

    def __repr__(self) -> str:
        return "<Timer>"


class Opaque(msgspec.Struct, frozen=True):
    """A body that this version cannot read, kept as it came; its id is 16 bytes of its hash (S6)."""

    raw: bytes
    id: bytes

    def __repr__(self) -> str:
        return "<Opaque>"


Deed = Edit | Unsend | Reaction
"""What is done to a message that was sent before."""

Body = Text | Void | File | FileState | Deed | Receipt | Timer

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Body] = msgspec.msgpack.Decoder(Body)


def encode_body(body: Body) -> bytes:
    """The bytes that go into an envelope.

    Raises:
        ValueError: a text is longer than it may be or has lone surrogates, or another field is out of its
            range.
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
    return opaque(raw) if _is_out_of_range(body) else body


def _is_out_of_range(body: Body) -> bool:
    match body:
        case Text() | Edit():
            return len(body.text.encode()) > MAX_TEXT_BYTES
        case Reaction():
            return len(body.emoji.encode()) > MAX_EMOJI_BYTES
        case File():
            return len(body.caption.encode()) > MAX_CAPTION_BYTES
        case Timer():
            return 0 < body.seconds < MIN_TIMER
    return False


def opaque(raw: bytes) -> Opaque:
    """These bytes as a body that cannot be read."""
    return Opaque(raw, blake2b_256(raw)[:16])
