"""Random conversations over a way that loses, repeats and reorders, held to what should open by the rules."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.handshakes import flip
from tests.support.ratchets import Forger, Pair, record_sealings, skipped_in, state_of
from tuichat.crypto.envelope import ENVELOPE_SIZES, UnopenableError
from tuichat.crypto.ratchet import Ratchet
from tuichat.crypto.ratchet_chains import MAX_PAST_CHAINS, MAX_SKIP
from tuichat.crypto.ratchet_state import SendingChain, StepDue
from tuichat.errors import DamagedError

searched = settings(max_examples=150, deadline=None, database=None, derandomize=True)

# (what, which side, which of the envelopes under way: 0 is the oldest)
events = st.lists(
    st.tuples(
        st.sampled_from(["seal", "seal", "open", "open", "repeat", "lose", "store"]),
        st.integers(0, 1),
        st.integers(0, 7),
    ),
    max_size=80,
)


@dataclass(frozen=True)
class UnderWay:
    """An envelope and where its message stands: the chain's number counts all steps of both."""

    envelope: bytes
    chain: int
    n: int
    pn: int
    said: tuple[int, bytes]


@dataclass
class Writer:
    """What the rules say of a side that seals, without any key."""

    chain: int
    n: int = 0
    pn: int = 0
    due: bool = False

    def step(self, chain: int) -> None:
        """What a step does, if one is due."""
        if self.due:
            self.chain, self.pn, self.n, self.due = chain, self.n, 0, False


@dataclass
class Reader:
    """What the rules say of a side that opens: what is next, and what was skipped, chain by chain."""

    chain: int
    n: int = 0
    skipped: dict[int, set[int]] = field(default_factory=dict)

    def opens(self, message: UnderWay) -> bool:
        """Whether the message opens, and what is next if it does."""
        if message.chain < self.chain or (message.chain == self.chain and message.n < self.n):
            return self._from_skipped(message)
        if message.chain > self.chain:
            self._skip(message.pn)
            self.chain, self.n = message.chain, 0
        self._skip(message.n)
        self.n = message.n + 1
        past = sorted(chain for chain in self.skipped if chain != self.chain)
        for chain in past[:-MAX_PAST_CHAINS]:
            del self.skipped[chain]
        return True

    def _from_skipped(self, message: UnderWay) -> bool:
        numbers = self.skipped.get(message.chain, set())
        if message.n not in numbers:
            return False
        numbers.remove(message.n)
        if not numbers:
            del self.skipped[message.chain]
        return True

    def _skip(self, until: int) -> None:
        if until > self.n:
            self.skipped.setdefault(self.chain, set()).update(range(self.n, until))


class Conversation:
    """A pair, the rules beside it, and what is under way from each side."""

    def __init__(self) -> None:
        self.pair = Pair()
        # The answerer's first chain is number 0; a dialler's chain before its first step has no number.
        self.writers = (Writer(-1, due=True), Writer(0))
        self.readers = (Reader(0), Reader(-1))
        self.under_way: tuple[deque[UnderWay], deque[UnderWay]] = (deque(), deque())
        self.steps = 0

    def happen(self, what: str, number: int, which: int) -> None:
        """One event."""
        if what == "seal":
            self.seal(number)
        elif what == "store":
            side = self.pair.sides[number]
            side.ratchet = Ratchet.decode(side.ratchet.encode())
        elif queue := self.under_way[number]:
            message = queue[which % len(queue)]
            if what != "lose":
                self.open(1 - number, message)
            if what != "repeat":
                queue.remove(message)

    def seal(self, number: int) -> None:
        side, writer = self.pair.sides[number], self.writers[number]
        self.steps += writer.due
        writer.step(self.steps)
        body = b"%d" % self.steps
        envelope = side.seal(body)
        message = UnderWay(envelope, writer.chain, writer.n, writer.pn, (side.sealed, body))
        writer.n += 1
        self.under_way[number].append(message)

    def open(self, number: int, message: UnderWay) -> None:
        side, reader = self.pair.sides[number], self.readers[number]
        before = reader.chain
        if reader.opens(message):
            assert side.open(message.envelope) == message.said
        else:
            assert side.refuses(message.envelope)
        if reader.chain != before:
            self.writers[number].due = True

    def check(self) -> None:
        """The two know what the rules say they know, and there is one at least to step towards."""
        for side, writer, reader in zip(self.pair.sides, self.writers, self.readers, strict=True):
            assert isinstance(state_of(side.ratchet).sending, StepDue) == writer.due
            past = [len(reader.skipped[chain]) for chain in sorted(reader.skipped) if chain != reader.chain]
            current = len(reader.skipped.get(reader.chain, ()))
            assert [len(numbers) for numbers in skipped_in(side.ratchet)] == [*past, current]
        kinds = [type(state_of(side.ratchet).sending) for side in self.pair.sides]
        assert kinds != [StepDue, StepDue], "nobody could be stepped towards"


@searched
@given(events)
def test_exactly_what_the_rules_let_through_opens(schedule: list[tuple[str, int, int]]) -> None:
    conversation = Conversation()
    for what, number, which in schedule:
        conversation.happen(what, number, which)
        conversation.check()
    for number in (0, 1):
        for message in conversation.under_way[number]:
            conversation.open(1 - number, message)
            conversation.open(1 - number, message)


@searched
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(1, 4), st.integers(0, 3)), min_size=12, max_size=40))
def test_long_exchanges_with_losses_open_by_the_rules(turns: list[tuple[int, int, int]]) -> None:
    """Many short turns, so that there are more past chains than are kept; the late ones come at the end."""
    conversation = Conversation()
    for number, sealed, arriving in turns:
        for _ in range(sealed):
            conversation.seal(number)
        conversation.open(1 - number, conversation.under_way[number][-1 - arriving % sealed])
        conversation.check()
    for number in (0, 1):
        for message in reversed(conversation.under_way[number]):
            conversation.open(1 - number, message)
            conversation.check()


@settings(searched, max_examples=100)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["seal", "seal", "open", "open", "copy", "restore"]),
            st.integers(0, 1),
            st.integers(0, 9),
        ),
        max_size=60,
    )
)
def test_restored_copies_open_only_what_was_said_and_never_repeat_a_key_with_its_nonce(
    schedule: list[tuple[str, int, int]],
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        recorded = record_sealings(patched)
        pair = Pair()
        said: tuple[dict[bytes, tuple[int, bytes]], ...] = ({}, {})
        copies = tuple([side.ratchet.encode()] for side in pair.sides)
        for what, number, which in schedule:
            side, other = pair.sides[number], pair.sides[1 - number]
            if what == "seal":
                body = b"%d %d" % (number, len(recorded))
                envelope = side.seal(body)
                said[number][envelope] = (side.sealed, body)
            elif what == "copy":
                copies[number].append(side.ratchet.encode())
            elif what == "restore":
                side.ratchet = Ratchet.decode(copies[number][which % len(copies[number])])
            elif said[number]:
                envelope = list(said[number])[which % len(said[number])]
                if (opened := other.opened(envelope)) is not None:
                    assert opened == said[number][envelope]
                    assert other.refuses(envelope)
    assert len({(one.key, one.nonce) for one in recorded}) == len(recorded)


@searched
@given(st.binary(max_size=300), st.sampled_from([0, 2352, *ENVELOPE_SIZES]), st.integers(0, 4095))
def test_random_bytes_and_spliced_envelopes_are_refused(data: bytes, size: int, position: int) -> None:
    pair = Pair()
    pair.talk(2)
    good = pair.dialler.seal()
    spliced = (good[:position] + data + good[position + len(data) :])[: len(good)]
    for wrong in (data, data.ljust(size, b"\0"), good[:position], good + data, flip(good, position), spliced):
        if wrong != good:
            assert pair.answerer.refuses(wrong)
    pair.answerer.open(good)


numbers = st.one_of(st.integers(0, 5), st.integers(MAX_SKIP - 2, MAX_SKIP + 4), st.integers(0, 2**32 - 1))
small_changes = st.fixed_dictionaries(
    {},
    optional={
        "dh": st.binary(min_size=32, max_size=32),
        "ek": st.one_of(st.binary(min_size=1184, max_size=1184), st.just(bytes(1184))),
        "ct": st.binary(min_size=1088, max_size=1088),
        "pn": numbers,
        "n": numbers,
    },
)


@searched
@given(small_changes, st.booleans(), st.binary(max_size=1704))
def test_peer_who_knows_the_keys_gets_a_refusal_or_a_ratchet_that_goes_on(
    changes: dict[str, bytes | int], steps: bool, content: bytes
) -> None:
    pair = Pair()
    pair.talk(2 if steps else 1)
    sending = state_of(pair.dialler.ratchet).sending
    if isinstance(sending, SendingChain):
        forger = Forger.within(pair.dialler)
    else:
        forger = Forger.stepping(pair.dialler, sending)
    for padded in (None, content.ljust(1704, b"\0")):
        with suppress(UnopenableError):
            pair.answerer.open(forger.envelope(padded, **changes))
    reply = pair.answerer.seal()
    assert len(reply) == ENVELOPE_SIZES[0], "whatever was taken from the peer, something can be sealed"
    assert Ratchet.decode(pair.answerer.ratchet.encode()).encode() == pair.answerer.ratchet.encode()


@searched
@given(st.integers(0, 3000), st.binary(max_size=8))
def test_altered_state_is_damaged_or_stands_for_itself(position: int, data: bytes) -> None:
    pair = Pair()
    pair.dialler.seal()
    pair.talk(1)
    encoded = pair.answerer.ratchet.encode()
    with suppress(DamagedError):
        altered = encoded[:position] + data + encoded[position + len(data) :]
        again = Ratchet.decode(altered)
        assert Ratchet.decode(again.encode()).encode() == again.encode()
