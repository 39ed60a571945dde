"""What two honest sides of a ratchet get: every message once, whatever the way between them does."""

from __future__ import annotations

import itertools

import pytest

from tests.support.handshakes import NoRng
from tests.support.ratchets import EXPORTER, GEN, SID, Pair, receiving_of, sending_of, skipped_in, state_of
from tests.support.seeded_rng import SeededRng
from tuichat.clock import Rng
from tuichat.crypto.envelope import ENVELOPE_SIZES, MAX_BODY, MAX_SEQ
from tuichat.crypto.kem import MlKem768
from tuichat.crypto.ratchet import Ratchet, fresh_keys
from tuichat.crypto.ratchet_keys import session_keys
from tuichat.crypto.ratchet_state import SendingChain, StepDue
from tuichat.errors import DamagedError, PeerError
from tuichat.protocol.bodies import MAX_TEXT_BYTES, MAX_TTL, THE_TWO_OF_US, Text, encode_body


class FailingKem(MlKem768):
    """Refuses to encapsulate."""

    def encapsulate(self, public: bytes, rng: Rng) -> tuple[bytes, bytes]:
        raise PeerError("refused")


@pytest.mark.parametrize("first", [0, 1])
def test_either_side_may_seal_first(first: int) -> None:
    pair = Pair()
    writer, reader = pair.sides[first], pair.sides[1 - first]
    assert reader.open(writer.seal(b"hello")) == (1, b"hello")
    assert writer.open(reader.seal(b"hello to you")) == (1, b"hello to you")


@pytest.mark.parametrize("order", itertools.permutations(range(4)))
def test_both_may_seal_first_at_once_and_open_in_any_order(order: tuple[int, ...]) -> None:
    pair = Pair()
    crossing = [(pair.answerer, pair.dialler.seal()), (pair.dialler, pair.answerer.seal())]
    crossing += [(pair.answerer, pair.dialler.seal()), (pair.dialler, pair.answerer.seal())]
    opened = sorted(crossing[i][0].open(crossing[i][1])[0] for i in order)
    assert opened == [1, 1, 2, 2]
    pair.talk(4)


def test_the_answerers_first_chain_outlives_the_step_that_ends_it() -> None:
    pair = Pair()
    early = [pair.answerer.seal() for _ in range(3)]
    pair.talk(2)
    assert pair.dialler.open_all(early[::-1]) == [3, 2, 1]


def test_steps_alternate_and_the_secrets_of_a_step_taken_are_gone() -> None:
    pair = Pair()
    for turn in range(6):
        writer, reader = pair.sides if turn % 2 == 0 else pair.sides[::-1]
        assert isinstance(state_of(writer.ratchet).sending, StepDue)
        offered = sending_of(reader.ratchet).keys
        reader.open(writer.seal())
        assert isinstance(state_of(writer.ratchet).sending, SendingChain)
        assert isinstance(state_of(reader.ratchet).sending, StepDue)
        assert offered.dh_secret not in reader.ratchet.encode()
        assert offered.ek_secret not in reader.ratchet.encode()


def test_each_step_has_fresh_keys_and_messages_between_have_the_same() -> None:
    pair = Pair()
    publics = set()
    for _ in range(4):
        for writer, reader in (pair.sides, pair.sides[::-1]):
            reader.open(writer.seal())
            keys = sending_of(writer.ratchet).keys
            reader.open(writer.seal())
            assert sending_of(writer.ratchet).keys is keys
            publics |= {keys.dh_public, keys.ek_public}
    assert len(publics) == 16


def test_lost_messages_do_not_keep_the_others() -> None:
    pair = Pair()
    for turn in range(10):
        writer, reader = pair.sides if turn % 2 == 0 else pair.sides[::-1]
        envelopes = [writer.seal() for _ in range(5)]
        reader.open_all(envelopes[1::2])
    for side in pair.sides:
        assert skipped_in(side.ratchet) == [[0, 2, 4]] * 4 + [[0, 2]]


def test_reordered_messages_of_many_chains_all_open() -> None:
    pair = Pair()
    late = []
    for _ in range(8):
        envelopes = [pair.dialler.seal() for _ in range(4)]
        pair.answerer.open(envelopes[2])
        late += [*envelopes[:2], envelopes[3]]
        pair.dialler.open(pair.answerer.seal())
    assert sorted(pair.answerer.open_all(reversed(late))) == [i for i in range(1, 33) if i % 4 != 3]
    assert all(pair.answerer.refuses(envelope) for envelope in late)


def test_no_envelope_opens_twice() -> None:
    pair = Pair()
    opened = []
    for turn in range(4):
        writer, reader = pair.sides if turn % 2 == 0 else pair.sides[::-1]
        for envelope in [writer.seal() for _ in range(3)][::-1]:
            reader.open(envelope)
            opened.append((reader, envelope))
    assert all(reader.refuses(envelope) for reader, envelope in opened)


def test_every_skipped_key_is_dropped_with_its_use_and_every_chain_with_its_last_key() -> None:
    pair = Pair()
    envelopes = [pair.dialler.seal() for _ in range(3)]
    pair.answerer.open(envelopes[2])
    assert skipped_in(pair.answerer.ratchet) == [[0, 1]]
    pair.dialler.open(pair.answerer.seal())
    pair.answerer.open(pair.dialler.seal())
    assert skipped_in(pair.answerer.ratchet) == [[0, 1], []]
    pair.answerer.open(envelopes[1])
    assert skipped_in(pair.answerer.ratchet) == [[0], []]
    pair.answerer.open(envelopes[0])
    assert skipped_in(pair.answerer.ratchet) == [[]]


@pytest.mark.parametrize("size", ENVELOPE_SIZES)
def test_envelope_has_the_smallest_size_that_holds_the_body(size: int) -> None:
    pair = Pair()
    most = MAX_BODY - (ENVELOPE_SIZES[-1] - size)
    for length in (most - 1, most):
        envelope = pair.dialler.seal(b"b" * length)
        assert len(envelope) == size
        assert pair.answerer.open(envelope)[1] == b"b" * length
    if size < ENVELOPE_SIZES[-1]:
        assert len(pair.dialler.seal(b"b" * (most + 1))) > size


def test_short_bodies_look_alike_and_nothing_of_them_or_of_the_keys_shows() -> None:
    pair = Pair()
    envelopes = [pair.dialler.seal(b"secret " * count) for count in (0, 1, 200)]
    assert {len(envelope) for envelope in envelopes} == {4096}
    keys = sending_of(pair.dialler.ratchet).keys
    for envelope in envelopes:
        assert b"secret" not in envelope
        assert not any(
            part in envelope for part in (SID, pair.dialler.onion, keys.dh_public, keys.ek_public[:32])
        )


def test_the_longest_text_fits() -> None:
    pair = Pair()
    text = Text(THE_TWO_OF_US, bytes(16), 253_402_300_799_999, "x" * MAX_TEXT_BYTES, MAX_TTL)
    assert len(encode_body(text)) < MAX_BODY
    assert pair.answerer.open(pair.dialler.seal(encode_body(text)))[1] == encode_body(text)


def test_empty_body_and_highest_seq_pass() -> None:
    pair = Pair()
    pair.dialler.sealed = MAX_SEQ - 1
    assert pair.answerer.open(pair.dialler.seal(b"")) == (MAX_SEQ, b"")


def test_sealing_that_fails_changes_nothing() -> None:
    pair = Pair()
    dialler = pair.dialler
    before = dialler.ratchet.encode()
    for seq, body in ((0, b""), (MAX_SEQ + 1, b""), (1, bytes(MAX_BODY + 1))):
        with pytest.raises(ValueError):
            dialler.ratchet.seal(seq, body, dialler.outgoing, NoRng(), dialler.kem)
    with pytest.raises(PeerError):
        dialler.ratchet.seal(1, b"", dialler.outgoing, dialler.rng, FailingKem())
    assert dialler.ratchet.encode() == before


def test_a_copy_goes_its_own_way() -> None:
    pair = Pair()
    twin = pair.dialler.ratchet.copy()
    before = twin.encode()
    pair.talk(3)
    assert twin.encode() == before != pair.dialler.ratchet.encode()


def test_state_survives_its_encoding_at_every_point() -> None:
    pair = Pair()
    late = []
    for turn in range(8):
        writer, reader = pair.sides if turn % 2 == 0 else pair.sides[::-1]
        late.append((reader, writer.seal()))
        reader.open(writer.seal())
        for side in pair.sides:
            encoded = side.ratchet.encode()
            side.ratchet = Ratchet.decode(encoded)
            assert side.ratchet.encode() == encoded
    for reader, envelope in late:
        reader.open(envelope)


def test_what_is_no_state_is_damaged() -> None:
    encoded = Pair().dialler.ratchet.encode()
    wrong = [
        b"",
        b"\x02" + encoded[1:],
        encoded[1:],
        encoded + b"\0",
        b"\x01\xa2\xff\xff",
        b"\x01" + b"\x91" * 5000,
    ]
    for data in wrong + [encoded[:cut] for cut in range(0, len(encoded), 50)]:
        with pytest.raises(DamagedError):
            Ratchet.decode(data)


def test_nothing_prints_a_key() -> None:
    pair = Pair()
    pair.dialler.open_all([pair.answerer.seal(), pair.answerer.seal()][1:])
    pair.talk(1)
    state = state_of(pair.dialler.ratchet)
    receiving = receiving_of(pair.dialler.ratchet)
    first = session_keys(EXPORTER, GEN, SID, pair.offered.dh_public, pair.offered.ek_public)
    shown: list[object] = [state, state.sending, receiving, receiving.past(), receiving.skipped, pair.offered]
    texts = [repr(pair.dialler.ratchet), *map(repr, [*shown, first])]
    assert all(len(text) < 60 for text in texts)
    assert state.__rich_repr__() == []


def test_session_differs_with_everything_that_names_it() -> None:
    """Two sides that differ in any of it understand nothing of each other."""
    kem, rng = MlKem768(), SeededRng(b"session")
    mine, other = fresh_keys(rng, kem), fresh_keys(rng, kem)

    def side(
        exporter: bytes = EXPORTER, gen: int = GEN, sid: bytes = SID, dh: bytes = b"", ek: bytes = b""
    ) -> Ratchet:
        return Ratchet.as_dialler(exporter, gen, sid, dh or mine.dh_public, ek or mine.ek_public, kem)

    odd = [
        side(exporter=bytes(32)),
        side(gen=GEN + 1),
        side(sid=bytes(16)),
        side(dh=other.dh_public),
        side(ek=other.ek_public),
    ]
    pair = Pair()
    pair.answerer.ratchet = Ratchet.as_answerer(EXPORTER, GEN, SID, mine)
    for ratchet in odd:
        pair.dialler.ratchet = ratchet
        assert pair.answerer.refuses(pair.dialler.seal())
        assert pair.dialler.refuses(pair.answerer.seal())
    pair.dialler.ratchet = side()
    pair.talk(2)


@pytest.mark.parametrize("writer", [0, 1])
def test_envelope_is_bound_to_writer_and_reader(writer: int) -> None:
    for onion in ("onion", "other"):
        pair = Pair()
        wrong = Pair().sides[writer]
        setattr(wrong, onion, b"\x77" * 32)
        assert pair.sides[1 - writer].refuses(wrong.seal())


def test_no_side_opens_what_it_sealed_itself() -> None:
    pair = Pair()
    pair.talk(3)
    for side in pair.sides:
        own = side.seal()
        assert side.refuses(own)
        side.onion, side.other = side.other, side.onion
        assert side.refuses(own)
