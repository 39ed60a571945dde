"""The second implementation's ratchet and the product's talk: late, twice, lost, and up to every limit."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest

from tests.independent import kem_peer
from tests.independent.alterations import altered
from tests.independent.envelope_peer import SIZES
from tests.independent.primitives_peer import Refused
from tests.independent.ratchet_peer import Names, PeerRatchet, draw_pairs
from tests.support.deterministic_kem import DeterministicMlKem768
from tests.support.fixed_clock import START
from tests.support.handshakes import LOW_ORDER_U
from tests.support.ratchets import (
    ANSWERER,
    DIALLER,
    EXPORTER,
    GEN,
    SID,
    Forger,
    Pair,
    Side,
    state_of,
)
from tests.support.seeded_rng import SeededRng
from tuichat.crypto.envelope import MAX_BODY
from tuichat.crypto.kem import MlKem768
from tuichat.crypto.ratchet import Ratchet, fresh_keys
from tuichat.crypto.ratchet_state import StepDue
from tuichat.errors import PeerError

DAY = 86_400


@dataclass
class PeerSide:
    """The second implementation's side, with everything its ratchet asks for."""

    ratchet: PeerRatchet
    rng: SeededRng
    now: float = START
    sealed: int = 0

    def seal(self, body: bytes) -> bytes:
        self.sealed += 1
        return self.ratchet.seal(self.sealed, body, self.rng.bytes)

    def opened(self, envelope: bytes) -> tuple[int, bytes] | None:
        try:
            self.ratchet, seq, body = self.ratchet.open(envelope, self.now)
        except Refused:
            return None
        return seq, body


def against_product(peer_dials: bool, seed: bytes = b"") -> tuple[PeerSide, Side]:
    """A session that has just begun between the two."""
    rng, kem = SeededRng(b"peer" + seed), MlKem768()
    if peer_dials:
        offered = fresh_keys(SeededRng(b"offer" + seed), kem)
        ours = PeerRatchet.as_dialler(
            Names(GEN, SID, DIALLER, ANSWERER), EXPORTER, offered.dh_public, offered.ek_public
        )
        theirs = Ratchet.as_answerer(EXPORTER, GEN, SID, offered)
        return PeerSide(ours, rng), Side(theirs, ANSWERER, DIALLER, SeededRng(seed), kem)
    own = draw_pairs(rng.bytes)
    ours = PeerRatchet.as_answerer(Names(GEN, SID, ANSWERER, DIALLER), EXPORTER, own)
    theirs = Ratchet.as_dialler(EXPORTER, GEN, SID, own.dh, own.ek, kem)
    return PeerSide(ours, rng), Side(theirs, DIALLER, ANSWERER, SeededRng(seed), kem)


Letter = tuple[int, bytes, bytes]
"""Its seq, its body and its envelope."""


@dataclass
class Talk:
    """A conversation at random; each way loses, repeats and reorders."""

    peer: PeerSide
    product: Side
    chance: random.Random
    on_the_way: dict[str, list[Letter]] = field(default_factory=lambda: {"peer": [], "product": []})
    opened: dict[str, set[int]] = field(default_factory=lambda: {"peer": set(), "product": set()})

    def side(self, name: str) -> PeerSide | Side:
        return self.peer if name == "peer" else self.product

    def write(self, writer: str, reader: str) -> None:
        side = self.side(writer)
        body = self.chance.randbytes(self.chance.choice([0, 1, 30, 30, 30, 1691, 1692, 5_000, MAX_BODY]))
        letter = side.sealed + 1, body, side.seal(body)
        if self.chance.random() > 0.1:  # else it is lost
            self.on_the_way[reader].append(letter)

    def read(self, reader: str) -> None:
        waiting = self.on_the_way[reader]
        if not waiting:
            return
        at = self.chance.randrange(len(waiting)) if self.chance.random() < 0.4 else 0
        seq, body, envelope = waiting[at] if self.chance.random() < 0.1 else waiting.pop(at)
        found = self.side(reader).opened(envelope)
        assert found == (None if seq in self.opened[reader] else (seq, body))
        self.opened[reader].add(seq)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("peer_dials", [True, False], ids=["peer dials", "product dials"])
def test_hundreds_of_messages_arrive_whatever_the_way_does(peer_dials: bool, seed: int) -> None:
    talk = Talk(*against_product(peer_dials, bytes([seed])), random.Random(seed))
    while talk.peer.sealed + talk.product.sealed < 300:
        writer, reader = talk.chance.choice([("peer", "product"), ("product", "peer")])
        for _ in range(talk.chance.choice([1, 1, 1, 2, 5])):
            talk.write(writer, reader)
        for _ in range(talk.chance.choice([0, 1, 2, 4])):
            talk.read(talk.chance.choice(["peer", "product"]))
    while any(talk.on_the_way.values()):
        talk.read("peer")
        talk.read("product")
    assert min(len(seqs) for seqs in talk.opened.values()) > 80


@pytest.mark.parametrize("peer_dials", [True, False], ids=["peer dials", "product dials"])
def test_both_make_the_same_bytes_of_the_same_draws(peer_dials: bool) -> None:
    """A product beside the peer, given what the peer is given, seals what the peer seals."""
    peer, product = against_product(peer_dials)
    if peer_dials:
        offered = fresh_keys(SeededRng(b"offer"), MlKem768())
        twin = Ratchet.as_dialler(EXPORTER, GEN, SID, offered.dh_public, offered.ek_public, MlKem768())
        beside = Side(twin, DIALLER, ANSWERER, SeededRng(b"peer"), DeterministicMlKem768())
    else:
        rng = SeededRng(b"peer")
        twin = Ratchet.as_answerer(EXPORTER, GEN, SID, fresh_keys(rng, MlKem768()))
        beside = Side(twin, ANSWERER, DIALLER, rng, DeterministicMlKem768())
    for turn in range(30):
        envelope = peer.seal(b"turn %d" % turn)
        assert beside.seal(b"turn %d" % turn) == envelope
        assert product.open(envelope) == (turn + 1, b"turn %d" % turn)
        if turn % 3 == 0:
            answer = product.seal(b"answer")
            assert peer.opened(answer) == beside.open(answer)


class Beside:
    """Two sides of the product, and the second implementation in the same state as its answerer."""

    def __init__(self) -> None:
        self.pair = Pair()
        own = draw_pairs(SeededRng(b"ratchet").bytes)
        assert own.dh == self.pair.offered.dh_public
        self.twin = PeerSide(
            PeerRatchet.as_answerer(Names(GEN, SID, ANSWERER, DIALLER), EXPORTER, own), SeededRng(b"same")
        )
        self.pair.answerer.rng = SeededRng(b"same")
        self.pair.answerer.kem = DeterministicMlKem768()

    def seal(self, count: int = 1) -> list[bytes]:
        """So many messages of the dialler's."""
        return [self.pair.dialler.seal(b"") for _ in range(count)]

    def opens(self, envelope: bytes) -> bool:
        """Whether both open it, to the same; fails if they differ."""
        theirs = self.pair.answerer.opened(envelope)
        assert self.twin.opened(envelope) == theirs
        return theirs is not None

    def answer(self) -> None:
        """The answerer's message, the same from both, so that the dialler begins another chain."""
        envelope = self.pair.answerer.seal(b"answer")
        assert self.twin.seal(b"answer") == envelope
        self.pair.dialler.open(envelope)

    def pass_time(self, seconds: float) -> None:
        self.pair.answerer.now += seconds
        self.twin.now += seconds


def test_both_refuse_an_altered_or_cut_envelope_and_open_it_afterwards() -> None:
    beside = Beside()
    (envelope,) = beside.seal()
    for wrong in altered(envelope, 61):
        assert not beside.opens(wrong)
    for size in SIZES[1:]:
        assert not beside.opens(envelope.ljust(size, b"\0"))
    assert beside.opens(envelope)
    assert not beside.opens(envelope)


@pytest.mark.parametrize("skipped", [999, 1000, 1001])
def test_both_skip_a_thousand_messages_and_no_more(skipped: int) -> None:
    beside = Beside()
    envelopes = beside.seal(skipped + 1)
    assert beside.opens(envelopes[-1]) is (skipped <= 1000)
    assert beside.opens(envelopes[0])


@pytest.mark.parametrize(("before", "after"), [(400, 600), (400, 601), (1000, 0), (1001, 0), (0, 1001)])
def test_both_count_what_is_skipped_in_both_chains_together(before: int, after: int) -> None:
    beside = Beside()
    first, *late = beside.seal(1 + before)
    assert beside.opens(first)
    beside.answer()
    assert beside.opens(beside.seal(after + 1)[-1]) is (before + after <= 1000)
    assert all(beside.opens(envelope) for envelope in late[:5])


def test_both_keep_the_last_eight_past_chains_with_skipped_keys() -> None:
    beside, late = Beside(), []
    for _ in range(10):
        skipped, opened = beside.seal(2)
        late.append(skipped)
        assert beside.opens(opened)
        beside.answer()
    # The last of the ten is the receiving chain, so eight of the nine before it are kept.
    assert [beside.opens(envelope) for envelope in late] == [False, *[True] * 9]


def test_both_drop_the_oldest_of_more_than_two_thousand_skipped_keys() -> None:
    beside, chains = Beside(), []
    for count in (701, 801, 801):
        chains.append(beside.seal(count))
        assert beside.opens(chains[-1][-1])
        beside.answer()
    kept = [[beside.opens(chain[n]) for n in (0, 299, 300, 301, 600)] for chain in chains]
    assert kept == [[False, False, True, True, True], [True] * 5, [True] * 5]


@pytest.mark.parametrize(("days", "kept"), [(29, True), (30, True), (31, False)])
def test_both_keep_a_skipped_key_for_thirty_days(days: int, kept: bool) -> None:
    beside = Beside()
    early, first = beside.seal(2)
    assert beside.opens(first)
    beside.pass_time(days * DAY)
    assert beside.opens(early) is kept


def of_chain(header: dict[str, bytes | int]) -> bool:
    """Whether both open an envelope on the dialler's present chain whose header says this."""
    beside = Beside()
    assert all(beside.opens(envelope) for envelope in beside.seal(2))
    return beside.opens(Forger.within(beside.pair.dialler).envelope(**header))


def of_step(header: dict[str, bytes | int], padded: bytes | None = None) -> bool:
    """The same with the header of a first step."""
    beside = Beside()
    due = state_of(beside.pair.dialler.ratchet).sending
    assert isinstance(due, StepDue)
    return beside.opens(Forger.stepping(beside.pair.dialler, due).envelope(padded, **header))


HIGH_EK = b"\xff" * 1184
"""Its coefficients are not reduced."""


def test_both_take_a_forged_header_that_keeps_the_rules() -> None:
    assert of_chain({})
    assert of_chain({"n": 1_002})
    assert of_step({})
    assert of_step({"n": 1_000})


@pytest.mark.parametrize(
    "header",
    [{"n": 0}, {"n": 1}, {"n": 1_003}, {"n": 2**32 - 1}, {"pn": 1}, {"dh": bytes(32)}, {"ek": HIGH_EK}],
    ids=lambda header: " ".join(header),
)
def test_both_refuse_a_header_that_breaks_the_rules_of_its_chain(header: dict[str, bytes | int]) -> None:
    assert not of_chain(header)


@pytest.mark.parametrize(
    "header",
    [
        {"pn": 1},
        {"n": 1_001},
        {"ek": HIGH_EK},
        *({"dh": point} for point in LOW_ORDER_U),
        {"dh": b"\xff" * 32},
    ],
    ids=lambda header: " ".join(header),
)
def test_both_refuse_a_step_that_breaks_the_rules(header: dict[str, bytes | int]) -> None:
    assert not of_step(header)


PADDED = 4096 - 2_392
SEQ_1 = (1).to_bytes(8, "big")


@pytest.mark.parametrize(
    ("padded", "taken"),
    [
        (SEQ_1 + bytes(PADDED - 8), True),
        (bytes(PADDED), False),
        (SEQ_1 + bytes(PADDED - 9) + b"\1", False),
        (SEQ_1 + (PADDED - 12).to_bytes(4, "big") + bytes(PADDED - 12), True),
        (SEQ_1 + (PADDED - 11).to_bytes(4, "big") + bytes(PADDED - 12), False),
        (b"\xff" * 8 + bytes(PADDED - 8), True),
        (SEQ_1 + bytes(8192 - 2_392 - 8), True),
        (SEQ_1 + bytes(PADDED - 7), False),
    ],
)
def test_both_judge_what_is_sealed_alike(padded: bytes, taken: bool) -> None:
    assert of_step({}, padded) is taken


@pytest.mark.parametrize("point", LOW_ORDER_U)
def test_both_refuse_a_new_whose_keys_are_wrong(point: bytes) -> None:
    names, (_, ek) = Names(GEN, SID, DIALLER, ANSWERER), (b"", kem_peer.encapsulation_key(bytes(64)))
    for dh, key in ((point, ek), (b"\x09" + bytes(31), HIGH_EK), (b"\x09" + bytes(31), ek[:-1])):
        with pytest.raises(Refused):
            PeerRatchet.as_dialler(names, EXPORTER, dh, key)
        with pytest.raises(PeerError):
            Ratchet.as_dialler(EXPORTER, GEN, SID, dh, key, MlKem768())


def test_a_side_that_owes_a_step_refuses_another_in_both() -> None:
    beside = Beside()
    dialler = beside.pair.dialler
    assert beside.opens(beside.seal()[0])
    due = StepDue(beside.pair.offered.dh_public, beside.pair.offered.ek_public, 1)
    assert not beside.opens(Forger.stepping(dialler, due).envelope())
