"""The second implementation and the product read and write the same frames and bodies, and refuse alike."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import msgspec
import pytest

from tests.independent import envelope_peer, frames_peer
from tests.independent.primitives_peer import Refused
from tests.support.handshakes import flip
from tests.support.seeded_rng import SeededRng
from tests.vectors.rebuild_transcript import sample_frames
from tuichat.errors import PeerError
from tuichat.protocol import bodies, frames

PAIR = bytes(range(32))
ID = bytes(range(64, 80))
PACKED_IDS = b"\xc4\x10" + bytes(16) + b"\xc4\x10" + ID


def test_both_read_the_same_frames_and_refuse_the_same() -> None:
    rng = SeededRng(b"frames")
    taken = 0
    for frame in sample_frames().values():
        whole = frames.encode(frame)
        assert frames_peer.encode(frames_peer.decode(whole)) == whole
        cuts = [whole[:i] for i in range(1, min(len(whole), 80))]
        flips = [flip(whole, i) for i in range(min(len(whole), 120))]
        noise = [whole[:1] + rng.bytes(1 + i) for i in range(64)]
        for data in [*cuts, *flips, *noise, whole + b"\0", whole[:1]]:
            taken += agreed(data)
    assert taken > 200


def agreed(data: bytes) -> bool:
    """Whether both read this; fails if only one does or they read something else."""
    try:
        theirs = frames.encode(frames.decode(data))
    except PeerError:
        with pytest.raises(Refused):
            frames_peer.decode(data)
        return False
    assert frames_peer.encode(frames_peer.decode(data)) == theirs == data
    return True


@pytest.mark.parametrize("kind", range(256))
def test_both_know_the_same_types(kind: int) -> None:
    agreed(bytes([kind]))
    agreed(bytes([kind]) + bytes(48))


def test_both_count_a_name_in_characters_and_a_text_in_bytes() -> None:
    for name, text in (("名" * 64, "é" * 2048), ("n" * 65, ""), ("", "é" * 2048 + "x"), ("", "")):
        request = frames_peer.encode(frames_peer.Request(PAIR, b"", name, text))
        assert agreed(request) is (len(name) <= 64 and len(text.encode()) <= 4096)


TEXTS: list[list[Any]] = [
    [5, "hi"],
    [5, "hi", None],
    [5, "hi", 1],
    [5, "hi", 31_622_400],
    [5, "hi", 31_622_401],
    [5, "hi", 0],
    [5, "hi", 3.0],
    [5, "hi", "3"],
    [0, ""],
    [253_402_300_799_999, ""],
    [253_402_300_800_000, ""],
    [-1, ""],
    [5.0, "hi"],
    [True, "hi"],
    [5, b"hi"],
    [5, None],
    [5],
    [],
    [5, "é" * 24_576],
    [5, "é" * 24_576 + "x"],
    [5, "hi", None, None],
    [5, "hi", 1, ID],
    [5, "hi", None, ID[:15]],
    [5, "hi", None, "i" * 16],
    [5, "hi", None, {"later": [1, 2]}, None],
    [5, "hi", None, ID, {"later": [1, 2]}, None],
    [5, "hi", None, msgspec.msgpack.Ext(5, b"x")],
    [5, "hi", None, None, msgspec.msgpack.Ext(5, b"x")],
]
RAW = {
    "nothing": b"",
    "no array": msgspec.msgpack.encode({1: ID}),
    "an empty array": b"\x90",
    "bytes after it": msgspec.msgpack.encode([2, bytes(16), ID]) + b"\0",
    "a void": msgspec.msgpack.encode([2, bytes(16), ID]),
    "a void with more": msgspec.msgpack.encode([2, bytes(16), ID, "more"]),
    "a void without an id": msgspec.msgpack.encode([2, bytes(16)]),
    "a short id": msgspec.msgpack.encode([2, bytes(16), ID[:15]]),
    "a void of somewhere else": msgspec.msgpack.encode([2, ID, ID]),
    "an id that is text": b"\x93\x02\xc4\x10" + bytes(16) + b"\xb0" + ID[:16],
    "a kind in nine bytes": b"\x93\xcf" + (2).to_bytes(8, "big") + PACKED_IDS,
    "a kind that is true": b"\x93\xc3" + PACKED_IDS,
    "a kind that is 2.0": b"\x93\xcb" + b"\x40" + bytes(7) + PACKED_IDS,
    "a kind below zero": b"\x93\xff" + PACKED_IDS,
    "a length in five bytes": b"\xdd\0\0\0\x03\x02" + PACKED_IDS,
    "a text that is no UTF-8": b"\x95\x01" + PACKED_IDS + b"\x05\xa1\xff",
    "a text with half a pair": b"\x95\x01" + PACKED_IDS + b"\x05\xa3\xed\xa0\x80",
    "more that is no UTF-8": b"\x98\x01" + PACKED_IDS + b"\x05\xa2hi\xc0\xc0\xa1\xff",
    "more with a map for a key": b"\x98\x01" + PACKED_IDS + b"\x05\xa2hi\xc0\xc0\x81\x80\x01",
    "more that is no msgpack": b"\x98\x01" + PACKED_IDS + b"\x05\xa2hi\xc0\xc0\xc1",
    "an odd time stamp after it": b"\x94\x02" + PACKED_IDS + b"\xc7\x03\xff\0\0\0",
    "a list as deep as any": b"\x94\x02" + PACKED_IDS + b"\x91" * 50 + b"\0",
}


def told(raw: bytes) -> dict[str, Any]:
    """What the product makes of a body, in plain values."""
    body = bodies.decode_body(raw)
    if isinstance(body, bodies.Void):
        return {"what": "Void"}
    if isinstance(body, bodies.Opaque) or body.conversation != bodies.THE_TWO_OF_US:
        return {"what": "Opaque", "id": bodies.opaque(raw).id}
    return {"what": type(body).__name__, **msgspec.structs.asdict(body)}


def told_by_peer(raw: bytes) -> dict[str, Any]:
    body = envelope_peer.decode_body(raw)
    if isinstance(body, envelope_peer.Void):
        return {"what": "Void"}
    if isinstance(body, envelope_peer.Opaque):
        return {"what": "Opaque", "id": body.id}
    return {"what": type(body).__name__, **asdict(body)}


@pytest.mark.parametrize("elements", TEXTS, ids=range(len(TEXTS)))
def test_both_read_the_same_of_a_text(elements: list[Any]) -> None:
    for conversation in (bytes(16), ID):
        raw = msgspec.msgpack.encode([1, conversation, ID, *elements])
        assert told(raw) == told_by_peer(raw)


@pytest.mark.parametrize("raw", RAW.values(), ids=RAW)
def test_both_read_the_same_of_an_odd_body(raw: bytes) -> None:
    assert told(raw) == told_by_peer(raw)


def file_elements(**changes: Any) -> list[Any]:
    """Those of a file behind the conversation, as the page lists them; `...` leaves out that and the rest."""
    elements = {
        "id": ID,
        "sent_at": 5,
        "name": "a",
        "size": 1,
        "media_type": "text/plain",
        "caption": "",
        "key": PAIR,
        "root": PAIR,
        "path": PAIR,
        "group": None,
        "place": "",
        "width": None,
        "height": None,
        "ttl": None,
    }
    listed = list((elements | changes).values())
    return listed[: listed.index(...)] if ... in listed else listed


FILES: list[dict[str, Any]] = [
    {},
    *({name: value} for name in ("group", "place", "width", "height", "ttl") for value in (..., None)),
    *({name: ...} for name in ("sent_at", "size", "caption", "path")),
    *({"name": value} for value in ("", "\u540d" * 255, "n" * 256, b"a", None, "a\0../b")),
    *({"size": value} for value in (0, 2**44, 2**44 + 1, -1, 1.0, True, "1")),
    *({"media_type": value} for value in ("", "m" * 100, "m" * 101, "\u540d" * 100, None)),
    *({"caption": value} for value in ("\u00e9" * 2048, "\u00e9" * 2048 + "x", None, b"")),
    *({name: value} for name in ("key", "root", "path") for value in (b"", bytes(31), bytes(33), "k" * 32)),
    *({"group": value} for value in (ID, bytes(15), "g" * 16, 0)),
    *({"place": value} for value in ("\u540d" * 1024, "p" * 1025, b"", 0)),
    *({name: value} for name in ("width", "height") for value in (0, 1, 1_000_000, 1_000_001, 1.0, "1")),
    *({"ttl": value} for value in (0, 1, 31_622_400, 31_622_401)),
    *({"sent_at": value} for value in (-1, 253_402_300_799_999, 253_402_300_800_000, 5.0)),
    {"later": {"a": [1]}},
]


@pytest.mark.parametrize("changes", FILES, ids=range(len(FILES)))
def test_both_read_the_same_of_a_file(changes: dict[str, Any]) -> None:
    for conversation in (bytes(16), ID):
        raw = msgspec.msgpack.encode([3, conversation, *file_elements(**changes)])
        assert told(raw) == told_by_peer(raw)


STATES: list[list[Any]] = [[ID, state] for state in (*range(-1, 10), 1.0, True, "1", None)]
STATES += [[], [ID], [bytes(15), 1], ["f" * 16, 1], [ID, 1, "more"], [None, 1]]


@pytest.mark.parametrize("elements", STATES, ids=range(len(STATES)))
def test_both_read_the_same_of_a_file_state(elements: list[Any]) -> None:
    for conversation in (bytes(16), ID):
        raw = msgspec.msgpack.encode([4, conversation, ID, *elements])
        assert told(raw) == told_by_peer(raw)


DEEDS: list[list[Any]] = [
    *([5, ID, 5, ID, text] for text in ("hi", "", "é" * 24_576, "é" * 24_576 + "x", b"hi", None)),
    *([5, ID, sent_at, ID, "hi"] for sent_at in (0, -1, 253_402_300_799_999, 253_402_300_800_000, 5.0)),
    *([5, ID, 5, target, "hi"] for target in (ID[:15], "i" * 16, None)),
    *([5, ID, 5, ID][:length] for length in range(1, 5)),
    [5, ID, 5, ID, "hi", "later"],
    *([6, ID, target] for target in (ID, bytes(16), ID[:15], ID + b"x", "i" * 16, None)),
    [6, ID],
    [6, ID, ID, "later", {"a": 1}],
    *(
        [7, ID, ID, emoji, 1]
        for emoji in ("👍", "👩🏽‍❤️‍💋‍👨🏿", "no emoji", "", "é" * 32, "é" * 32 + "x", b"x", 1)
    ),
    *([7, ID, ID, "👍", given] for given in (0, 1, 2, -1, True, 1.0, "1", None)),
    [7, ID, ID[:15], "👍", 1],
    [7, ID, ID, "👍"],
    [7, ID, ID, "👍", 1, "later"],
    *([8, ID, seen] for seen in (ID, bytes(16), ID[:15], "i" * 16, None)),
    [8, ID],
    [8, ID, ID, "later"],
    *(
        [9, ID, 5, seconds, 1]
        for seconds in (0, 1, 29, 30, 31_622_400, 31_622_401, -1, 30.0, False, "1", None)
    ),
    *([9, ID, 5, 60, revision] for revision in (0, 1, 2**53 - 1, 2**53, 2**64 - 1, -1, 1.0, True, "1", None)),
    *([9, ID, sent_at, 60, 1] for sent_at in (0, -1, 253_402_300_799_999, 253_402_300_800_000, 5.0, None)),
    *([9, ID, 5, 60, 1][:length] for length in range(1, 5)),
    [9, ID, 5, 60, 1, "later", {"a": 1}],
    [10, ID, 5],
]


@pytest.mark.parametrize("elements", DEEDS, ids=range(len(DEEDS)))
def test_both_read_the_same_of_a_deed(elements: list[Any]) -> None:
    for conversation in (bytes(16), ID):
        raw = msgspec.msgpack.encode([elements[0], conversation, *elements[1:]])
        assert told(raw) == told_by_peer(raw)


PAIRS: list[tuple[bodies.Body, envelope_peer.Body]] = [
    (
        bodies.Text(bytes(16), ID, 1_795_269_600_000, "hello 👩‍🚀", 3600),
        envelope_peer.Text(ID, 1_795_269_600_000, "hello 👩‍🚀", 3600),
    ),
    (
        bodies.File(
            *(bytes(16), ID, 5, "a.png", 2**40, "image/png", "look", PAIR, PAIR[::-1], PAIR, ID, "trip"),
            *(640, 480, 60),
        ),
        envelope_peer.File(
            *(ID, 5, "a.png", 2**40, "image/png", "look", PAIR, PAIR[::-1], PAIR, ID, "trip", 640, 480, 60)
        ),
    ),
    (bodies.FileState(bytes(16), ID, ID[::-1], 7), envelope_peer.FileState(ID, ID[::-1], 7)),
    (
        bodies.Text(bytes(16), ID, 5, "yes", reply=ID[::-1]),
        envelope_peer.Text(ID, 5, "yes", reply=ID[::-1]),
    ),
    (bodies.Edit(bytes(16), ID, 5, ID[::-1], "better"), envelope_peer.Edit(ID, 5, ID[::-1], "better")),
    (bodies.Unsend(bytes(16), ID, ID[::-1]), envelope_peer.Unsend(ID, ID[::-1])),
    (bodies.Reaction(bytes(16), ID, ID[::-1], "👍", 1), envelope_peer.Reaction(ID, ID[::-1], "👍", 1)),
    (bodies.Receipt(bytes(16), ID, ID[::-1]), envelope_peer.Receipt(ID, ID[::-1])),
    (bodies.Timer(bytes(16), ID, 5, 3600, 2**40), envelope_peer.Timer(ID, 5, 3600, 2**40)),
    (bodies.Timer(bytes(16), ID, 5, 0, 1), envelope_peer.Timer(ID, 5, 0, 1)),
]


def test_both_read_the_same_of_noise_and_of_bodies_with_a_bit_turned() -> None:
    rng = SeededRng(b"bodies")
    for mine, theirs in PAIRS:
        whole = bodies.encode_body(mine)
        assert envelope_peer.encode_body(theirs) == whole
        for position in range(len(whole)):
            for wrong in (flip(whole, position), whole[:position], rng.bytes(position + 1)):
                assert told(wrong) == told_by_peer(wrong)
