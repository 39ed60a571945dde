"""Invariants of the ratchet: what an altered envelope, a thief and an old copy get from it."""

from __future__ import annotations

from typing import Final

import pytest

from tests.support.invariants import every_flip, holds
from tests.support.ratchet_thief import Sent, Wiretap
from tests.support.ratchets import Forger, Pair, Sealing, record_sealings, state_of
from tuichat.crypto.envelope import MAX_BODY, pad, parts
from tuichat.crypto.ratchet import Ratchet
from tuichat.crypto.ratchet_state import StepDue

BUCKETS: Final = {4096, 8192, 16384, 32768, 61440}
TURNS: Final = 8


def every_bit_of_an_envelope_counts() -> None:
    """Of its header and its body; the refusal leaves the ratchet as it was."""
    pair = Pair()
    pair.talk(3)
    envelope = pair.dialler.seal()
    for bit, altered in every_flip(envelope):
        holds(f"bit {bit} was taken", pair.answerer.refuses(altered))
    holds("the true one is lost", pair.answerer.open(envelope)[0] == pair.dialler.sealed)


def every_byte_of_a_step_counts() -> None:
    """Where the header brings new keys there is more to undo."""
    pair = Pair()
    pair.talk(2)
    lost, envelope = pair.dialler.seal(), pair.dialler.seal()
    for bit, altered in every_flip(envelope, 41):
        holds(f"bit {bit} was taken", pair.answerer.refuses(altered))
    pair.answerer.open(envelope)
    for bit, altered in every_flip(lost, 41):
        holds(f"bit {bit} of a late one was taken", pair.answerer.refuses(altered))
    pair.answerer.open(lost)


def an_envelope_is_one_piece_for_one_reader() -> None:
    """Parts of two do not fit together, and it opens for nobody else than it was sealed for."""
    pair = Pair()
    one, other = parts(pair.dialler.seal()), parts(pair.dialler.seal())
    for mixed in (one[0] + other[1], other[0] + one[1]):
        holds("a mixed envelope was taken", pair.answerer.refuses(mixed))
    for name in ("onion", "other"):
        wrong = Pair().dialler
        setattr(wrong, name, b"\x77" * 32)
        holds("another's envelope was taken", Pair().answerer.refuses(wrong.seal()))


def padding_says_nothing() -> None:
    """An envelope has one of five sizes whatever is in it, and its padding is zeros."""
    pair = Pair()
    for length in (*range(0, 5000, 611), 1691, 1692, 1693, MAX_BODY - 1, MAX_BODY):
        envelope = pair.dialler.seal(b"b" * length)
        holds(f"a body of {length} bytes shows", len(envelope) in BUCKETS)
    pair = Pair()
    pair.talk(1)
    forger, padded = Forger.within(pair.dialler), bytearray(pad(1, b"body"))
    for place in (16, 1000, len(padded) - 1):
        padded[place] = 1
        holds("padding that speaks was taken", pair.answerer.refuses(forger.envelope(bytes(padded))))
        padded[place] = 0


def leaked_state_opens_nothing_earlier() -> None:
    """But what is still on its way: not what was opened in turn, and not what was opened late."""
    for victim in (0, 1):
        pair = Pair()
        tap, me, opened = Wiretap(pair), pair.sides[victim], list[Sent]()
        for turn in range(TURNS):
            writer, reader = pair.sides if turn % 2 == 0 else pair.sides[::-1]
            written = [tap.seal(writer) for _ in range(3)]
            for sent in (written[0], written[2], written[1]):
                reader.open(sent.envelope)
            opened += written
        read = tap.read_with(me.ratchet.encode())
        holds("a thief reads what was opened", not [sent for sent in read if sent in opened])


def leaked_state_heals() -> None:
    """When its owner has received a step and sealed the next, also for who breaks X25519, or ML-KEM."""
    for victim in (0, 1):
        tap, copied, healed = _leak(victim)
        for broken in ({}, {"broken_dh": True}, {"broken_kem": True}):
            read = tap.read_with(copied, **broken)
            holds(f"a thief reads on {broken}", not [sent for sent in read if sent.chain >= healed])


def no_message_key_serves_twice() -> None:
    """In one life each body has a key of its own."""
    with pytest.MonkeyPatch.context() as patched:
        recorded = record_sealings(patched)
        pair = Pair()
        for turn in range(6):
            writer, reader = pair.sides if turn % 2 == 0 else pair.sides[::-1]
            for _ in range(3):
                reader.open(writer.seal())
        bodies = recorded[1::2]
        holds("a message key came twice", len({one.key for one in bodies}) == len(bodies))


def old_copies_never_repeat_a_key_with_its_nonce() -> None:
    """Whichever copy of its state a side goes on from; keys do come again."""
    with pytest.MonkeyPatch.context() as patched:
        recorded = record_sealings(patched)
        pair = Pair()
        copies = []
        for turn in range(6):
            writer, reader = pair.sides if turn % 2 == 0 else pair.sides[::-1]
            for _ in range(2):
                copies.append((writer, writer.ratchet.encode()))
                reader.open(writer.seal())
        for side, copy in copies * 2:
            side.ratchet = Ratchet.decode(copy)
            side.seal(b"something else")
            side.seal(b"and more")
        holds("no key came again", len({one.key for one in recorded[1::2]}) < len(recorded[1::2]))
        holds("a key met a nonce twice", _fresh(recorded))


def _fresh(recorded: list[Sealing]) -> bool:
    return len({(one.key, one.nonce) for one in recorded}) == len(recorded)


def _leak(victim: int) -> tuple[Wiretap, bytes, int]:
    """A conversation whose victim's state is copied midway, and the number of the first healed chain."""
    pair = Pair()
    tap, me = Wiretap(pair), pair.sides[victim]
    copied, healed, stepped_on = b"", 0, False
    for turn in range(TURNS):
        writer, reader = pair.sides if turn % 2 == 0 else pair.sides[::-1]
        written = [tap.seal(writer) for _ in range(2)]
        if stepped_on and not healed and writer is me:
            healed = written[0].chain
        for sent in written:
            was_due = isinstance(state_of(reader.ratchet).sending, StepDue)
            reader.open(sent.envelope)
            now_due = isinstance(state_of(reader.ratchet).sending, StepDue)
            stepped_on |= bool(copied) and reader is me and now_due and not was_due
        if turn == 2:
            copied = me.ratchet.encode()
    holds("it never healed", 0 < healed <= len(tap.steps))
    return tap, copied, healed
