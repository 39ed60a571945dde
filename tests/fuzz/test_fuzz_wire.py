"""Whatever a peer sends, it is read or refused; nothing else happens."""

from __future__ import annotations

from contextlib import suppress

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.handshakes import Meeting, NoRng, flip
from tests.support.seeded_rng import SeededRng
from tuichat.crypto.envelope import ENVELOPE_SIZES, MAX_BODY, UnopenableError, pad, unpad
from tuichat.crypto.identity import parse_certificate
from tuichat.crypto.kem import MlKem768
from tuichat.crypto.ratchet import Ratchet, fresh_keys
from tuichat.crypto.ratchet_header import Parties
from tuichat.errors import PeerError
from tuichat.protocol import frames
from tuichat.protocol.bodies import (
    MAX_SENT_AT,
    MAX_TEXT_BYTES,
    MAX_TTL,
    Body,
    Opaque,
    Text,
    decode_body,
    encode_body,
)
from tuichat.protocol.knock import parse_preamble
from tuichat.protocol.link import MESSAGE1_LENGTH, MESSAGE2_LENGTH

bounded = settings(max_examples=200, deadline=None, database=None, derandomize=True)

MEETING = Meeting()
DIALLING = MEETING.dial()
ANSWERED, ANSWERING = MEETING.until_answered()
MESSAGE3, _ = ANSWERED.finish([b"\x20"])

KEM = MlKem768()
RNG = SeededRng(b"fuzz")
KEYS = fresh_keys(RNG, KEM)
SESSION = (bytes(32), 1, bytes(16))
SEALER = Ratchet.as_answerer(*SESSION, KEYS)
OPENER = Ratchet.as_dialler(*SESSION, KEYS.dh_public, KEYS.ek_public, KEM)
PARTIES = Parties(b"s" * 32, b"o" * 32)

ids = st.binary(min_size=16, max_size=16)
counts = st.integers(min_value=0, max_value=2**64 - 1)
generations = st.integers(min_value=0, max_value=2**32 - 1)
reaches = st.one_of(st.just(b""), st.binary(min_size=32, max_size=32))
hashes = st.binary(min_size=32, max_size=32)
any_frame = st.one_of(
    st.builds(frames.Request, hashes, reaches, st.text(max_size=64), st.text(max_size=1000)),
    st.builds(frames.Accepted, reaches),
    st.builds(frames.Hello, generations, ids, counts, counts, counts, st.booleans()),
    st.builds(frames.New, generations, ids, hashes, hashes.map(lambda start: start.ljust(1184))),
    st.builds(frames.Env, ids, st.sampled_from(ENVELOPE_SIZES).map(bytes)),
    st.builds(frames.Ack, ids, hashes),
    st.builds(frames.Resync, ids),
    st.builds(frames.Typing, st.booleans()),
    st.builds(frames.Presence, st.booleans()),
    st.sampled_from(
        [frames.Received(), frames.Gone(), frames.Keep(), frames.Ping(), frames.Pong()],
    ),
)
texts = st.builds(
    Text,
    ids,
    ids,
    st.integers(min_value=0, max_value=MAX_SENT_AT),
    st.text(max_size=MAX_TEXT_BYTES // 4),
    st.one_of(st.none(), st.integers(min_value=1, max_value=MAX_TTL)),
    st.one_of(st.none(), ids),
)
any_value = st.recursive(
    st.one_of(st.none(), st.booleans(), counts, st.floats(), st.binary(max_size=40), st.text(max_size=40)),
    lambda inner: st.lists(inner, max_size=7) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@bounded
@given(st.binary(max_size=200))
def test_random_frame_is_refused_or_stands_for_itself(data: bytes) -> None:
    with suppress(PeerError):
        assert frames.encode(frames.decode(data)) == data


@bounded
@given(st.sampled_from([1, 2, 3, 4, 16, 17, 18, 19, 20, 21, 32, 33, 34, 35]), st.binary(max_size=200))
def test_random_body_of_a_known_frame_is_refused_or_stands_for_itself(kind: int, data: bytes) -> None:
    with suppress(PeerError):
        assert frames.encode(frames.decode(bytes([kind]) + data)) == bytes([kind]) + data


@bounded
@given(any_frame, st.data())
def test_altered_frame_is_refused_or_stands_for_itself(frame: frames.Frame, data: st.DataObject) -> None:
    raw = frames.encode(frame)
    assert frames.decode(raw) == frame
    altered = flip(raw, data.draw(st.integers(min_value=0, max_value=len(raw) - 1)))
    with suppress(PeerError):
        assert frames.encode(frames.decode(altered)) == altered


@bounded
@given(st.binary(max_size=300))
def test_random_body_never_raises(data: bytes) -> None:
    body = decode_body(data)
    assert isinstance(body, Body | Opaque)


@bounded
@given(any_value)
def test_well_formed_value_of_any_shape_never_raises(value: object) -> None:
    shapes = [value, [1, value], [1, bytes(16), bytes(16), value, value], [2, bytes(16), value]]
    shapes += [[kind, bytes(16), bytes(16), *rest] for kind in range(10) for rest in ([value], [value] * 3)]
    for shape in shapes:
        assert isinstance(decode_body(msgspec.msgpack.encode(shape)), Body | Opaque)


@bounded
@given(texts, st.integers(min_value=1, max_value=2**64 - 1))
def test_text_travels_unchanged_in_an_envelope(text: Text, seq: int) -> None:
    envelope = SEALER.copy().seal(seq, encode_body(text), PARTIES, RNG, KEM)
    assert len(envelope) in ENVELOPE_SIZES
    got_seq, body = OPENER.copy().open(envelope, PARTIES, 0, KEM)
    assert (got_seq, decode_body(body)) == (seq, text)


@bounded
@given(st.binary(max_size=64), st.sampled_from([0, *ENVELOPE_SIZES, MAX_BODY]), st.data())
def test_random_or_altered_envelope_is_unopenable_and_changes_nothing(
    start: bytes, size: int, data: st.DataObject
) -> None:
    sealed = SEALER.copy().seal(1, b"body", PARTIES, RNG, KEM)
    altered = flip(sealed, data.draw(st.integers(min_value=0, max_value=len(sealed) - 1)))
    opener = OPENER.copy()
    for candidate in (start.ljust(size, b"\0"), altered):
        with suppress(UnopenableError):
            opener.open(candidate, PARTIES, 0, KEM)
            raise AssertionError("an envelope nobody sealed")
    assert opener.encode() == OPENER.encode()


@bounded
@given(st.binary(max_size=64), st.sampled_from([12, *ENVELOPE_SIZES]))
def test_padding_of_any_shape_is_unopenable_or_stands_for_itself(start: bytes, size: int) -> None:
    padded = start.ljust(size, b"\0")
    with suppress(UnopenableError):
        seq, body = unpad(padded)
        assert pad(seq, body).rstrip(b"\0") == padded.rstrip(b"\0")


@bounded
@given(st.binary(max_size=300), st.integers(min_value=0, max_value=232))
def test_random_certificate_and_preamble_are_refused_or_read(data: bytes, position: int) -> None:
    own = MEETING.caller.certificate
    for candidate in (data, data.ljust(233, b"\0"), own[:position] + data[: 233 - position]):
        if candidate != own:
            with suppress(PeerError):
                parse_certificate(candidate)
                raise AssertionError("a certificate nobody signed")
    with suppress(PeerError):
        parse_preamble(data)


@bounded
@given(st.binary(max_size=400), st.integers(min_value=0, max_value=MESSAGE1_LENGTH - 1))
def test_random_handshake_messages_are_refused(data: bytes, position: int) -> None:
    for length, read in (
        (MESSAGE1_LENGTH, lambda message: MEETING.answer(message, NoRng())),
        (MESSAGE2_LENGTH, DIALLING.read_message2),
        (len(MESSAGE3), ANSWERING.read_message3),
    ):
        spliced = DIALLING.message1[:position] + data
        for message in (data, data.ljust(length, b"\0"), spliced[:length].ljust(length, b"\0")):
            if message != DIALLING.message1:
                with suppress(PeerError):
                    read(message)
                    raise AssertionError("a message nobody sent")


@bounded
@given(st.binary(max_size=100))
def test_random_link_message_is_refused(data: bytes) -> None:
    link = Meeting().links()[0]
    with suppress(PeerError):
        link.open(data)
        raise AssertionError("a message nobody sent")
