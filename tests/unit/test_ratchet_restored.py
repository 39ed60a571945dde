"""A side that goes on from an old copy of its state: keys come again, a key with its nonce never does."""

from __future__ import annotations

import pytest

from tests.support.ratchets import Pair, record_sealings
from tuichat.crypto.ratchet import Ratchet


def test_no_key_meets_a_nonce_twice_whichever_copies_are_gone_on_from(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recorded = record_sealings(monkeypatch)
    pair = Pair()
    copies = []
    for turn in range(12):
        writer, reader = pair.sides if turn % 2 == 0 else pair.sides[::-1]
        for _ in range(2):
            copies.append((writer, writer.ratchet.encode()))
            reader.open(writer.seal())
    for _ in range(3):
        for side, copy in copies:
            side.ratchet = Ratchet.decode(copy)
            for _ in range(3):
                side.seal(b"something else")
    headers, bodies = recorded[::2], recorded[1::2]
    for sealings in (headers, bodies):
        assert len({one.key for one in sealings}) < len(sealings), "no key was used again"
    assert len({(one.key, one.nonce) for one in recorded}) == len(recorded)


def test_within_one_life_no_message_key_comes_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = record_sealings(monkeypatch)
    pair = Pair()
    for turn in range(12):
        writer, reader = pair.sides if turn % 2 == 0 else pair.sides[::-1]
        for _ in range(3):
            reader.open(writer.seal())
    bodies = recorded[1::2]
    assert len({one.key for one in bodies}) == len(bodies) == 36


def test_writer_restored_is_refused_where_the_reader_knows_better_and_understood_elsewhere() -> None:
    pair = Pair()
    old = pair.dialler.ratchet.copy()
    pair.answerer.open(pair.dialler.seal())
    pair.dialler.ratchet = old
    again = pair.dialler.seal()  # another step under the same header key
    assert pair.answerer.refuses(again)


def test_writer_restored_within_a_chain_is_refused_until_it_passes_where_it_was() -> None:
    pair = Pair()
    pair.answerer.open(pair.dialler.seal())
    old = pair.dialler.ratchet.copy()
    pair.answerer.open_all([pair.dialler.seal(), pair.dialler.seal()])
    pair.dialler.ratchet = old
    assert pair.answerer.refuses(pair.dialler.seal(b"in place of another"))
    assert pair.answerer.refuses(pair.dialler.seal(b"in place of another"))
    assert pair.answerer.open(pair.dialler.seal(b"where nothing was"))[1] == b"where nothing was"


def test_reader_restored_opens_again_what_it_had_opened() -> None:
    pair = Pair()
    pair.talk(4)
    old = pair.answerer.ratchet.copy()
    envelopes = [pair.dialler.seal() for _ in range(3)]
    first = [pair.answerer.open(envelope) for envelope in envelopes]
    pair.answerer.ratchet = old
    assert [pair.answerer.open(envelope) for envelope in envelopes] == first
