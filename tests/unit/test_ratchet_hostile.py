"""What a hostile peer or carrier gets from a ratchet: a refusal, little work, and no change."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from tests.support.handshakes import LOW_ORDER_U, flip
from tests.support.ratchets import (
    EXPORTER,
    GEN,
    SID,
    Forger,
    Pair,
    Side,
    receiving_of,
    skipped_in,
    state_of,
)
from tuichat.crypto import ratchet as ratchet_module
from tuichat.crypto import ratchet_chains
from tuichat.crypto.envelope import ENVELOPE_SIZES, UnopenableError, pad, parts
from tuichat.crypto.kem import CIPHERTEXT_LENGTH, PUBLIC_LENGTH, MlKem768
from tuichat.crypto.ratchet import Ratchet, fresh_keys
from tuichat.crypto.ratchet_chains import MAX_PAST_CHAINS, MAX_SKIP, MAX_SKIPPED, SKIPPED_SECONDS
from tuichat.crypto.ratchet_header import Header, Parties, open_header
from tuichat.crypto.ratchet_keys import message_key
from tuichat.crypto.ratchet_state import RatchetKeys, StepDue
from tuichat.errors import PeerError

UNREDUCED_EK = b"\xff" * PUBLIC_LENGTH


def stepping(pair: Pair) -> Forger:
    """A forger in the place of the dialler, about to step for the first time."""
    due = state_of(pair.dialler.ratchet).sending
    assert isinstance(due, StepDue)
    return Forger.stepping(pair.dialler, due)


def within(pair: Pair) -> Forger:
    """A forger in the place of the dialler, on a chain whose first message the answerer has."""
    pair.talk(1)
    return Forger.within(pair.dialler)


# -- what the forger forges is refused for its fault and for nothing else --


def test_a_forger_who_keeps_the_rules_is_understood() -> None:
    pair = Pair()
    assert pair.answerer.open(stepping(pair).envelope()) == (1, b"forged")
    pair = Pair()
    assert pair.answerer.open(within(pair).envelope()) == (1, b"forged")


# -- altered on the way --


def test_every_byte_of_an_envelope_that_steps_counts_whatever_was_skipped() -> None:
    pair = Pair()
    for _ in range(3):
        lost = pair.dialler.seal()
        pair.talk(2)
    envelope = pair.dialler.seal()
    positions = [*range(2352), *range(2352, 2420), *range(2420, 4096, 23), *range(4070, 4096)]
    for position in positions:
        assert pair.answerer.refuses(flip(envelope, position)), position
    pair.answerer.open(envelope)
    for position in range(0, len(lost), 11):
        assert pair.answerer.refuses(flip(lost, position)), position
    pair.answerer.open(lost)


@pytest.mark.parametrize("size", [0, 1, 2351, 2352, 2391, 2392, 4095, 4097, 8192, 40960, 61439, 61441, 65536])
def test_envelope_of_another_length_is_unopenable(size: int) -> None:
    pair = Pair()
    assert pair.answerer.refuses(pair.dialler.seal()[:size].ljust(size, b"\0"))


@pytest.mark.parametrize("more", [-1700, -1, 1, 100, 4095])
def test_envelope_that_was_sealed_to_another_length_is_unopenable(more: int) -> None:
    pair = Pair()
    forger = within(pair)
    padded = pad(1, b"")[:1704].ljust(1704 + more, b"\0")[: 1704 + more]
    assert pair.answerer.refuses(forger.envelope(padded))


def test_parts_of_two_envelopes_do_not_fit_together() -> None:
    pair = Pair()
    one, other = parts(pair.dialler.seal()), parts(pair.dialler.seal())
    assert pair.answerer.refuses(one[0] + other[1])
    assert pair.answerer.refuses(other[0] + one[1])


# -- inside the body --


def test_padding_that_is_not_zeros_is_unopenable() -> None:
    pair = Pair()
    forger = within(pair)
    padded = pad(1, b"body")
    for position in (16, 17, 1000, len(padded) - 1):
        assert pair.answerer.refuses(forger.envelope(flip(padded, position)))
    assert pair.answerer.open(forger.envelope(padded)) == (1, b"body")


def test_length_beyond_the_end_and_seq_zero_are_unopenable() -> None:
    pair = Pair()
    forger = within(pair)
    room = ENVELOPE_SIZES[0] - 2392
    one = (1).to_bytes(8, "big")
    for length in (room - 11, 2**16, 2**31, 2**32 - 1):
        assert pair.answerer.refuses(forger.envelope((one + length.to_bytes(4, "big")).ljust(room, b"\0")))
    assert pair.answerer.refuses(forger.envelope(bytes(room)))
    longest = (one + (room - 12).to_bytes(4, "big")).ljust(room, b"\0")
    assert pair.answerer.open(forger.envelope(longest)) == (1, bytes(room - 12))


def test_larger_envelope_than_needed_is_opened() -> None:
    pair = Pair()
    padded = pad(9, b"body").ljust(ENVELOPE_SIZES[1] - 2392, b"\0")
    assert pair.answerer.open(within(pair).envelope(padded)) == (9, b"body")


# -- inside the header --


@pytest.mark.parametrize(
    "change",
    [
        {"dh": b"\x09" + bytes(31)},
        {"ek": bytes(PUBLIC_LENGTH)},
        {"ct": b"\x01" * CIPHERTEXT_LENGTH},
        {"pn": 1},
        {"pn": 2**32 - 1},
    ],
)
def test_nothing_but_the_number_changes_within_a_chain(change: dict[str, bytes | int]) -> None:
    pair = Pair()
    forger = within(pair)
    assert pair.answerer.refuses(forger.envelope(**change))
    assert pair.answerer.refuses(forger.envelope(n=5, **change))
    pair.answerer.open(forger.envelope(n=4))
    for n in (3, 9):  # skipped, and further on
        assert pair.answerer.refuses(forger.envelope(n=n, **change))
    for _ in range(4):
        pair.dialler.seal()
    pair.dialler.open(pair.answerer.seal())
    pair.answerer.open(pair.dialler.seal())
    assert pair.answerer.refuses(forger.envelope(n=3, **change))  # of a past chain
    pair.answerer.open(forger.envelope(n=3))


@pytest.mark.parametrize(
    "change", [{"ct": b"\x01" * CIPHERTEXT_LENGTH}, {"pn": 1}, {"ek": bytes(PUBLIC_LENGTH)}]
)
def test_the_chain_that_new_begins_is_held_to_what_new_said(change: dict[str, bytes | int]) -> None:
    pair = Pair()
    forger = Forger.within(pair.answerer)
    assert pair.dialler.refuses(forger.envelope(**change))
    pair.dialler.open(forger.envelope())


def test_number_that_was_opened_is_refused_and_so_is_one_that_was_dropped() -> None:
    pair = Pair()
    forger = within(pair)
    pair.answerer.open(forger.envelope(n=3))
    assert skipped_in(pair.answerer.ratchet) == [[1, 2]]
    for n in (0, 3):
        assert pair.answerer.refuses(Forger.within(pair.dialler).envelope(n=n))
    pair.answerer.open(forger.envelope(n=2))
    assert pair.answerer.refuses(forger.envelope(n=2))


@pytest.mark.parametrize("ek", [UNREDUCED_EK, b"\xff\xff" + bytes(PUBLIC_LENGTH - 2)])
def test_poisoned_encapsulation_key_is_refused_before_anything_is_kept(ek: bytes) -> None:
    pair = Pair()
    assert pair.answerer.refuses(stepping(pair).envelope(ek=ek))
    pair.talk(4)
    with pytest.raises(PeerError):
        Ratchet.as_dialler(EXPORTER, GEN, SID, pair.offered.dh_public, ek, pair.kem)


@pytest.mark.parametrize("dh", [*LOW_ORDER_U, bytes([8]) + b"\xff" * 31])
def test_degenerate_diffie_hellman_key_is_refused_before_anything_is_kept(dh: bytes) -> None:
    pair = Pair()
    assert pair.answerer.refuses(stepping(pair).envelope(dh=dh))
    pair.talk(4)
    with pytest.raises(PeerError):
        Ratchet.as_dialler(EXPORTER, GEN, SID, dh, pair.offered.ek_public, pair.kem)


def test_second_spelling_of_a_good_key_is_refused() -> None:
    """The top bit is ignored by X25519 and not by us: both sides must mean the same bytes."""
    pair = Pair()
    due = state_of(pair.dialler.ratchet).sending
    assert isinstance(due, StepDue)
    mine = fresh_keys(pair.rng, pair.kem)
    spelt = mine.dh_public[:31] + bytes([mine.dh_public[31] | 0x80])
    other = RatchetKeys(mine.dh_secret, spelt, mine.ek_secret, mine.ek_public)
    assert pair.answerer.refuses(Forger.stepping(pair.dialler, due, other).envelope())
    pair.answerer.open(Forger.stepping(pair.dialler, due, mine).envelope())


def test_altered_ciphertext_leads_to_other_keys() -> None:
    pair = Pair()
    forger = stepping(pair)
    assert pair.answerer.refuses(forger.envelope(ct=flip(forger.header.ct, 7)))


# -- steps out of turn --


def test_step_towards_a_side_that_has_offered_nothing_is_refused() -> None:
    """The answerer may not step before the dialler has: the dialler has no keys yet."""
    pair = Pair()
    own = StepDue(pair.offered.dh_public, pair.offered.ek_public, 0)
    assert pair.dialler.refuses(Forger.stepping(pair.answerer, own).envelope())
    pair.dialler.open(pair.answerer.seal())


def test_two_steps_in_a_row_are_refused() -> None:
    pair = Pair()
    pair.answerer.open(pair.dialler.seal())
    again = StepDue(pair.offered.dh_public, pair.offered.ek_public, 1)
    assert pair.answerer.refuses(Forger.stepping(pair.dialler, again).envelope())
    pair.talk(2)


# -- numbers --


def test_pn_below_what_was_received_is_refused() -> None:
    pair = Pair()
    pair.talk(1)
    pair.answerer.open_all([pair.dialler.seal(), pair.dialler.seal()])
    pair.dialler.open(pair.answerer.seal())
    forger = stepping(pair)
    assert forger.header.pn == 3
    for pn in (0, 2):
        assert pair.answerer.refuses(forger.envelope(pn=pn))
    pair.answerer.open(forger.envelope(pn=3))


def test_first_step_of_all_ends_no_chain() -> None:
    pair = Pair()
    for pn in (1, 1000, 2**32 - 1):
        assert pair.answerer.refuses(stepping(pair).envelope(pn=pn))
    pair.answerer.open(stepping(pair).envelope())


def test_gap_within_a_chain_is_bounded() -> None:
    pair = Pair()
    forger = within(pair)
    for n in (MAX_SKIP + 2, 2**31, 2**32 - 1):
        assert pair.answerer.refuses(forger.envelope(n=n))
    pair.answerer.open(forger.envelope(n=MAX_SKIP + 1))
    assert len(skipped_in(pair.answerer.ratchet)[-1]) == MAX_SKIP


@pytest.mark.parametrize(("in_old", "in_new"), [(MAX_SKIP, 0), (0, MAX_SKIP), (600, 400)])
def test_both_gaps_of_a_step_are_bounded_together(in_old: int, in_new: int) -> None:
    pair = Pair()
    pair.talk(2)
    forger = stepping(pair)
    received = receiving_of(pair.answerer.ratchet).n
    for more_old, more_new in ((1, 0), (0, 1)):
        wrong = forger.envelope(pn=received + in_old + more_old, n=in_new + more_new)
        assert pair.answerer.refuses(wrong)
    assert pair.answerer.refuses(forger.envelope(pn=2**32 - 1))
    pair.answerer.open(forger.envelope(pn=received + in_old, n=in_new))
    assert sum(map(len, skipped_in(pair.answerer.ratchet))) == MAX_SKIP


def test_first_step_may_skip_as_many_in_its_own_chain() -> None:
    pair = Pair()
    forger = stepping(pair)
    assert pair.answerer.refuses(forger.envelope(n=MAX_SKIP + 1))
    pair.answerer.open(forger.envelope(n=MAX_SKIP))


# -- what is kept --


def test_limits_are_those_of_the_page() -> None:
    assert (MAX_SKIP, MAX_SKIPPED, MAX_PAST_CHAINS, SKIPPED_SECONDS) == (1000, 2000, 8, 30 * 24 * 3600)


def test_oldest_skipped_keys_are_dropped_first() -> None:
    pair = Pair()
    forger = within(pair)
    for n in (1000, 2000, 2500):
        pair.answerer.open(forger.envelope(n=n))
    kept = skipped_in(pair.answerer.ratchet)[-1]
    assert kept == [n for n in range(498, 2500) if n not in (1000, 2000)]
    assert len(kept) == MAX_SKIPPED
    assert pair.answerer.refuses(forger.envelope(n=497))
    pair.answerer.open(forger.envelope(n=498))


def test_oldest_skipped_keys_are_dropped_first_from_the_oldest_chain() -> None:
    pair = Pair()
    counts = (900, 600, 700)
    for count in counts:
        for _ in range(count):
            pair.dialler.seal()
        pair.talk(2)
    assert [len(skipped) for skipped in skipped_in(pair.answerer.ratchet)] == [700, 600, 700]
    assert skipped_in(pair.answerer.ratchet)[0] == list(range(200, 900))
    for count in (700, 300):
        for _ in range(count):
            pair.dialler.seal()
        pair.talk(2)
    assert [len(skipped) for skipped in skipped_in(pair.answerer.ratchet)] == [300, 700, 700, 300]


def test_no_more_chains_are_kept_than_are_tried() -> None:
    pair = Pair()
    lost = []
    for _ in range(MAX_PAST_CHAINS + 3):
        lost.append(pair.dialler.seal())
        pair.talk(2)
    assert [len(skipped) for skipped in skipped_in(pair.answerer.ratchet)] == [1] * (MAX_PAST_CHAINS + 1)
    assert [pair.answerer.refuses(envelope) for envelope in lost[:2]] == [True, True]
    assert len(pair.answerer.open_all(lost[2:])) == MAX_PAST_CHAINS + 1


def test_skipped_keys_are_kept_for_thirty_days_and_no_longer() -> None:
    pair = Pair()
    lost = [pair.dialler.seal() for _ in range(4)]
    pair.talk(1)
    answerer = pair.answerer
    began = answerer.now
    answerer.now = began + SKIPPED_SECONDS
    answerer.open(lost[0])
    late = pair.dialler.seal()
    pair.talk(1)  # skips one more, a month later
    answerer.now = began + SKIPPED_SECONDS + 1
    assert all(answerer.refuses(envelope) for envelope in lost[1:])
    assert skipped_in(answerer.ratchet) == [[1, 2, 3, 5]], "a refusal changes nothing"
    answerer.open(late)
    assert skipped_in(answerer.ratchet) == [[]]


def test_skipped_keys_expire_without_any_envelope() -> None:
    pair = Pair()
    pair.dialler.seal()
    pair.talk(1)
    pair.dialler.open(pair.answerer.seal())
    pair.dialler.seal()
    pair.answerer.now += 86_400
    pair.talk(1)
    ratchet, began = pair.answerer.ratchet, pair.answerer.now
    assert skipped_in(ratchet) == [[0], [0]]
    assert not ratchet.forget_expired(began - 86_400 + SKIPPED_SECONDS)
    assert ratchet.copy().forget_expired(began - 86_400 + SKIPPED_SECONDS + 1)
    assert ratchet.forget_expired(began + SKIPPED_SECONDS)
    assert skipped_in(ratchet) == [[0]]
    assert not ratchet.forget_expired(began + SKIPPED_SECONDS)
    assert ratchet.forget_expired(began + SKIPPED_SECONDS + 1)
    assert skipped_in(ratchet) == [[]]
    assert not Pair().answerer.ratchet.forget_expired(2**40)


def test_clock_that_goes_back_loses_no_key() -> None:
    pair = Pair()
    lost = [pair.dialler.seal(), pair.dialler.seal()]
    pair.talk(1)
    pair.answerer.now -= 86_400
    assert pair.answerer.open_all(lost) == [1, 2]


# -- work --


@dataclass
class Work:
    """What an envelope made us do."""

    headers: int = 0
    message_keys: int = 0
    decapsulations: int = 0
    checks: int = 0


@dataclass
class CountingKem(MlKem768):
    """The real one, counted."""

    work: Work = field(default_factory=Work)

    def check_public(self, public: bytes) -> None:
        self.work.checks += 1
        super().check_public(public)

    def decapsulate(self, secret: bytes, ciphertext: bytes) -> bytes:
        self.work.decapsulations += 1
        return super().decapsulate(secret, ciphertext)


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    """Counts from now on; what is counted is done all the same."""
    counted = Work()

    def counting_open(key: bytes, sealed: bytes, sid: bytes, parties: Parties) -> Header | None:
        counted.headers += 1
        return open_header(key, sealed, sid, parties)

    def counting_key(chain: bytes) -> bytes:
        counted.message_keys += 1
        return message_key(chain)

    monkeypatch.setattr(ratchet_module, "open_header", counting_open)
    monkeypatch.setattr(ratchet_chains, "message_key", counting_key)
    return counted


def crowded(pair: Pair) -> Side:
    """The answerer, with as many past chains as there may be."""
    for _ in range(MAX_PAST_CHAINS + 3):
        pair.dialler.seal()
        pair.talk(2)
    pair.answerer.now += 60
    return pair.answerer


def test_envelope_that_no_key_opens_costs_ten_attempts_and_no_key(work: Work) -> None:
    pair = Pair()
    answerer = crowded(pair)
    stranger = Pair(exporter=bytes(32)).dialler.seal()
    before = Work(**vars(work))
    answerer.kem = CountingKem(work)
    assert answerer.refuses(stranger)
    assert work.headers - before.headers == MAX_PAST_CHAINS + 2 == 10
    assert work.message_keys == before.message_keys
    assert (work.decapsulations, work.checks) == (0, 0)


def test_envelope_of_a_hostile_peer_costs_one_step_and_a_thousand_keys_at_most(work: Work) -> None:
    pair = Pair()
    answerer = crowded(pair)
    answerer.kem = CountingKem(work)
    forger = stepping(pair)
    received = receiving_of(answerer.ratchet).n
    before = work.message_keys
    costliest = forger.envelope(pn=received + 500, n=500)
    assert answerer.refuses(flip(costliest, 4000))
    assert work.message_keys - before == MAX_SKIP + 1
    assert (work.decapsulations, work.checks) == (1, 1)


def test_numbers_out_of_range_cost_no_key_and_no_step(work: Work) -> None:
    pair = Pair()
    answerer = crowded(pair)
    answerer.kem = CountingKem(work)
    forger = stepping(pair)
    before = work.message_keys
    for pn in (0, receiving_of(answerer.ratchet).n + MAX_SKIP + 1, 2**32 - 1):
        assert answerer.refuses(forger.envelope(pn=pn))
    assert work.message_keys == before
    assert (work.decapsulations, work.checks) == (0, 0)


def test_state_is_bounded_however_much_is_skipped() -> None:
    pair = Pair()
    forger = within(pair)
    for n in range(1000, 12_001, 1000):
        pair.answerer.open(forger.envelope(n=n))
        assert len(pair.answerer.ratchet.encode()) < 120_000


def test_open_says_unopenable_and_nothing_else_to_random_bytes() -> None:
    pair = Pair()
    for size in (0, 10, *ENVELOPE_SIZES):
        with pytest.raises(UnopenableError):
            pair.dialler.open(pair.rng.bytes(size))
