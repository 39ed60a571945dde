"""The second implementation's session and the product's delivery: two queues, over many links that break."""

from __future__ import annotations

import copy
import random
from collections import deque
from itertools import product
from pathlib import Path

import pytest

from tests.independent import frames_peer, kem_peer
from tests.independent.envelope_peer import Text, decode_body, encode_body
from tests.independent.identity_peer import Person
from tests.independent.invite_peer import public_psk
from tests.independent.noise_link import Answerer, Caller, PeerLink
from tests.independent.primitives_peer import Refused
from tests.independent.ratchet_peer import session_id
from tests.independent.session_peer import PeerSession
from tests.support.delivery_ends import End
from tests.support.fixed_clock import START
from tests.support.handshakes import Meeting, person
from tests.support.seeded_rng import SeededRng
from tests.support.stores import add_contact, open_store
from tuichat.crypto.kem import MlKem768
from tuichat.errors import PeerError
from tuichat.node.outbox import Sealing
from tuichat.protocol import frames
from tuichat.protocol.link import Link
from tuichat.protocol.session import SessionState, is_consistent

DAY = int(START) // 86_400
PEER, PRODUCT = person("peer"), person("product")


def crossed_links(rng: SeededRng, *, peer_dials: bool) -> tuple[PeerLink, Link]:
    """A link between the two, by a real handshake."""
    me, draw = Person(PEER.onion_seed, PEER.sig_seed, PEER.ik_secret, PEER.epoch), rng.bytes
    if peer_dials:
        meeting = Meeting(PEER, PRODUCT, rng=rng)
        caller = Caller(me, PRODUCT.onion, public_psk(PRODUCT.onion), DAY, draw(32), draw(64))
        answering = meeting.answer(caller.message_1())
        caller.read_message_2(answering.message2)
        message_3, mine = caller.message_3([])
        return mine, answering.read_message3(message_3)[2]
    dialling = Meeting(PRODUCT, PEER, rng=rng).dial()
    answerer = Answerer(
        me, {"": public_psk(PEER.onion)}, DAY, draw(32), lambda ek: kem_peer.encapsulate(ek, draw(32))
    )
    answerer.read_message_1(dialling.message1)
    message_3, theirs = dialling.read_message2(answerer.message_2()).finish()
    return answerer.read_message_3(message_3)[1], theirs


class Across:
    """The two ends, and the sealed frames between them."""

    def __init__(self, directory: Path, seed: int = 0) -> None:
        self.rng, self.chance = SeededRng(b"across %d" % seed), random.Random(seed)
        store = open_store(directory)
        sealing = Sealing(PRODUCT.onion, PEER.onion, self.rng, MlKem768())
        self.product = End(store, add_contact(store).id, sealing)
        self.peer = PeerSession(PEER.onion, PRODUCT.onion, self.rng.bytes, lambda: START)
        self.to_product: deque[bytes] = deque()
        self.to_peer: deque[bytes] = deque()
        self.said: dict[str, list[str]] = {"peer": [], "product": []}
        self.seen: list[str] = []

    def connect(self, *, peer_dials: bool) -> None:
        """Another link; what was on the way is lost."""
        self.product.seconds += 61
        self.to_product.clear()
        self.to_peer.clear()
        self.mine, self.theirs = crossed_links(self.rng, peer_dials=peer_dials)
        self.product.link(self.theirs, dialler=not peer_dials)
        self.from_peer(self.peer.start(self.mine, dialled=peer_dials))
        self.from_product()

    def from_peer(self, said: list[frames_peer.Frame]) -> None:
        self.to_product.extend(self.mine.sending.seal(frames_peer.encode(frame)) for frame in said)

    def from_product(self) -> None:
        while self.product.leaving:
            self.to_peer.append(self.theirs.seal(frames.encode(self.product.leaving.popleft())))

    def write(self, who: str) -> None:
        number = len(self.said[who])
        text = f"{who} {number} " + "x" * self.chance.choice([0, 10, 3_000])
        self.said[who].append(text)
        if who == "product":
            self.product.write(text)
            self.from_product()
        else:
            self.from_peer(self.peer.say(encode_body(Text(self.rng.bytes(16), number, text))))

    def carry_one(self) -> bool:
        """One frame each way, if there is any."""
        moved = bool(self.to_product or self.to_peer)
        if self.to_product:
            frame = frames.decode(self.theirs.open(self.to_product.popleft()))
            self.seen.append(type(frame).__name__)
            assert self.product.delivery is not None
            self.product.handle(frame)
            self.from_product()
        if self.to_peer:
            frame_read = frames_peer.decode(self.mine.receiving.open(self.to_peer.popleft()))
            self.seen.append(type(frame_read).__name__)
            self.from_peer(self.peer.take(frame_read))
        return moved

    def settle(self) -> None:
        while self.carry_one():
            pass

    def read_by_peer(self) -> list[str]:
        read = [decode_body(body) for body in self.peer.inbox]
        return [body.text for body in read if isinstance(body, Text)]


@pytest.mark.parametrize("seed", range(3))
def test_every_message_arrives_once_and_in_order_over_links_that_break(tmp_path: Path, seed: int) -> None:
    across = Across(tmp_path, seed)
    for _ in range(8):
        across.connect(peer_dials=across.chance.random() < 0.5)
        for _ in range(20):
            across.write(across.chance.choice(["peer", "product"]))
            for _ in range(across.chance.choice([0, 0, 1, 3])):
                across.carry_one()
    across.settle()
    assert across.product.read() == across.said["peer"]
    assert across.read_by_peer() == across.said["product"]
    assert not across.peer.queue
    assert len(across.product.delivered) == len(across.said["product"])


@pytest.mark.parametrize("peer_dials", [True, False])
def test_one_session_lasts_over_many_links(tmp_path: Path, peer_dials: bool) -> None:
    across = Across(tmp_path)
    for _ in range(4):
        across.connect(peer_dials=peer_dials)
        across.write("peer")
        across.write("product")
        across.settle()
    assert across.seen.count("New") == 1
    assert across.peer.gen == across.product.session.gen == 1
    assert across.peer.sid == across.product.session.sid
    assert across.mine.exporter == across.theirs.exporter


@pytest.mark.parametrize("peer_dials", [True, False])
@pytest.mark.parametrize("loser", ["peer", "product"])
def test_after_an_old_backup_both_begin_another_session(tmp_path: Path, peer_dials: bool, loser: str) -> None:
    """Who lost what it knew has sealed, opened or acknowledged what the other knows better."""
    across = Across(tmp_path)
    across.connect(peer_dials=peer_dials)
    across.settle()
    backup, row = copy.deepcopy(across.peer), across.product.session
    for _ in range(3):
        across.write("peer")
        across.write("product")
    across.settle()
    if loser == "peer":
        across.peer = backup
    else:
        with across.product.store.transaction():
            across.product.store.sessions.put(row)
    across.connect(peer_dials=peer_dials)
    across.settle()
    before = len(across.product.read()), len(across.read_by_peer())
    across.write("peer")
    across.write("product")
    across.settle()
    assert across.peer.gen == across.product.session.gen == 2
    assert across.product.read()[before[0] :] == across.said["peer"][-1:]
    assert across.read_by_peer()[before[1] :] == across.said["product"][-1:]


@pytest.mark.parametrize("peer_dials", [True, False])
@pytest.mark.parametrize("reader", ["peer", "product"])
def test_an_unopenable_envelope_makes_a_new_session_on_the_same_link(
    tmp_path: Path, peer_dials: bool, reader: str
) -> None:
    across = Across(tmp_path)
    across.connect(peer_dials=peer_dials)
    across.write("peer")
    across.write("product")
    across.settle()
    noise = across.rng.bytes(4096)
    if reader == "product":
        across.from_peer([frames_peer.Env(across.peer.sid, noise)])
    else:
        across.to_peer.append(
            across.theirs.seal(frames.encode(frames.Env(across.product.session.sid, noise)))
        )
    across.settle()
    across.write("peer")
    across.write("product")
    across.settle()
    assert across.seen.count("Resync") == (0 if (reader == "peer") is peer_dials else 1)
    assert across.seen.count("New") == 2
    assert across.product.read() == across.said["peer"]
    assert across.read_by_peer() == across.said["product"]


@pytest.mark.parametrize("peer_dials", [True, False])
@pytest.mark.parametrize("reader", ["peer", "product"])
def test_an_envelope_of_another_session_brings_a_hello_and_no_new_session(
    tmp_path: Path, peer_dials: bool, reader: str
) -> None:
    across = Across(tmp_path)
    across.connect(peer_dials=peer_dials)
    across.settle()
    strange = bytes(range(16)), across.rng.bytes(4096)
    for _ in range(3):
        if reader == "product":
            across.from_peer([frames_peer.Env(*strange)])
        else:
            across.to_peer.append(across.theirs.seal(frames.encode(frames.Env(*strange))))
    across.settle()
    assert across.seen.count("Resync") == (0 if (reader == "peer") is peer_dials else 1)
    across.write("peer")
    across.write("product")
    across.settle()
    assert across.seen.count("Hello") >= 2
    assert (across.seen.count("New"), across.peer.gen) == (1, 1)
    assert across.product.read() == across.said["peer"]
    assert across.read_by_peer() == across.said["product"]


def test_both_judge_every_hello_alike() -> None:
    """All counts from 0 to 2 on either side, with the same sid, another one and none."""
    mine = PeerSession(PEER.onion, PRODUCT.onion, SeededRng().bytes, lambda: START)
    sids = [bytes(16), bytes([1] * 16), bytes([2] * 16)]
    found = set()
    for sealed, delivered, acked, *counts in product(range(3), repeat=6):
        mine.sealed, mine.delivered, mine.acked = sealed, delivered, acked
        theirs = counts[0], counts[1], counts[2]
        for mine.sid, sid, need in product(sids, sids, (0, 1)):
            state = SessionState(1, mine.sid, sealed, delivered, acked)
            good = is_consistent(state, frames.Hello(1, sid, *theirs, need == 1))
            assert mine.finds_bad(frames_peer.Hello(1, sid, *theirs, need)) is not good
            found.add(good)
    assert found == {True, False}


@pytest.mark.parametrize("dialler", ["peer", "product"])
def test_dialler_ignores_a_new_that_is_not_greater_and_steps_its_exporter(
    tmp_path: Path, dialler: str
) -> None:
    across = Across(tmp_path)
    across.connect(peer_dials=dialler == "peer")
    across.settle()
    before = across.peer.sid
    exporter = across.mine.exporter
    dh, ek = bytes(32), b"\xff" * 1184  # no keys, but nobody looks at them
    if dialler == "peer":
        across.peer.take(frames_peer.Resync(bytes(16)))
        across.peer.take(frames_peer.New(0, session_id(exporter, 0), dh, ek))
        assert across.mine.exporter != exporter
        assert across.peer.sid == before
    else:
        across.product.give(frames.Resync(bytes(16)))
        across.product.give(frames.New(0, session_id(exporter, 0), dh, ek))
        assert across.theirs.exporter != exporter
        assert across.product.session.sid == before


FRAMES: dict[str, frames.Frame] = {
    type(frame).__name__: frame for frame in (frames.Keep(), frames.Resync(bytes(16)), frames.Gone())
}
FRAMES |= {
    "Hello": frames.Hello(0, bytes(16), 0, 0, 0, False),
    "New": frames.New(9, bytes(16), bytes(32), bytes(1184)),
}


@pytest.mark.parametrize("peer_dials", [True, False])
@pytest.mark.parametrize("name", FRAMES)
def test_both_agree_which_frames_belong_to_which_role(tmp_path: Path, peer_dials: bool, name: str) -> None:
    """The same frame is given to the peer in one role and to the product in the same role."""
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    as_peer, as_product = Across(one), Across(other)
    as_peer.connect(peer_dials=peer_dials)
    as_product.connect(peer_dials=not peer_dials)
    as_peer.settle()
    as_product.settle()
    assert as_product.product.delivery is not None
    try:
        as_product.product.delivery.handle(FRAMES[name])
    except PeerError:
        with pytest.raises(Refused):
            as_peer.peer.take(frames_peer.decode(frames.encode(FRAMES[name])))
        return
    as_peer.peer.take(frames_peer.decode(frames.encode(FRAMES[name])))
    assert name in (("Keep", "Resync", "New") if peer_dials else ("Hello",))
