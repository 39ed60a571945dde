"""Two sides of a ratchet, and a peer who knows its keys but not its rules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from dataclasses import replace as changed
from typing import Self

import pytest

from tests.support.fixed_clock import START
from tests.support.seeded_rng import SeededRng
from tuichat.clock import Rng
from tuichat.crypto import sealing
from tuichat.crypto.curve25519 import x25519
from tuichat.crypto.envelope import UnopenableError, pad
from tuichat.crypto.kem import Kem, MlKem768
from tuichat.crypto.ratchet import Ratchet, fresh_keys
from tuichat.crypto.ratchet_header import Header, Parties, seal_header
from tuichat.crypto.ratchet_keys import Step, message_key, next_chain
from tuichat.crypto.ratchet_state import RatchetKeys, RatchetState, ReceivingChain, SendingChain, StepDue

EXPORTER = bytes(range(32))
SID = bytes(range(100, 116))
GEN = 7
DIALLER = b"\xd1" * 32
ANSWERER = b"\xa5" * 32
FAR = 20_000


def state_of(ratchet: Ratchet) -> RatchetState:
    """What it remembers, to look into."""
    return ratchet._state


def sending_of(ratchet: Ratchet) -> SendingChain:
    """Its sending chain, which it must have."""
    sending = state_of(ratchet).sending
    assert isinstance(sending, SendingChain)
    return sending


def receiving_of(ratchet: Ratchet) -> ReceivingChain:
    """Its receiving chain, which it must have."""
    receiving = state_of(ratchet).receiving
    assert receiving is not None
    return receiving


def skipped_in(ratchet: Ratchet) -> list[list[int]]:
    """The numbers of skipped messages: of each past chain, the oldest first, and of the receiving chain."""
    state = state_of(ratchet)
    past = [list(chain.skipped) for chain in state.past]
    return [*past, list(state.receiving.skipped) if state.receiving else []]


@dataclass
class Side:
    """One of the two, with everything its ratchet asks for."""

    ratchet: Ratchet
    onion: bytes
    other: bytes
    rng: Rng
    kem: Kem
    now: float = START
    sealed: int = 0

    @property
    def outgoing(self) -> Parties:
        return Parties(self.onion, self.other)

    @property
    def incoming(self) -> Parties:
        return Parties(self.other, self.onion)

    def seal(self, body: bytes | None = None) -> bytes:
        """The next message; its body says whose and which it is, unless one is given."""
        self.sealed += 1
        said = self.onion[:1] + self.sealed.to_bytes(4, "big") if body is None else body
        return self.ratchet.seal(self.sealed, said, self.outgoing, self.rng, self.kem)

    def open(self, envelope: bytes) -> tuple[int, bytes]:
        return self.ratchet.open(envelope, self.incoming, self.now, self.kem)

    def open_all(self, envelopes: Iterable[bytes]) -> list[int]:
        """The numbers of all of them."""
        return [self.open(envelope)[0] for envelope in envelopes]

    def opened(self, envelope: bytes) -> tuple[int, bytes] | None:
        """What an envelope holds; None if it is unopenable, which fails the test if it changed anything."""
        before = self.ratchet.encode()
        try:
            return self.open(envelope)
        except UnopenableError:
            assert self.ratchet.encode() == before
            return None

    def refuses(self, envelope: bytes) -> bool:
        """Whether the envelope is unopenable; fails the test if that changed anything."""
        return self.opened(envelope) is None


@dataclass
class Pair:
    """A dialler and an answerer whose session has just begun."""

    rng: Rng = field(default_factory=lambda: SeededRng(b"ratchet"))
    kem: Kem = field(default_factory=MlKem768)
    exporter: bytes = EXPORTER

    def __post_init__(self) -> None:
        self.offered = fresh_keys(self.rng, self.kem)
        offered = self.offered
        answerer = Ratchet.as_answerer(self.exporter, GEN, SID, offered)
        dialler = Ratchet.as_dialler(self.exporter, GEN, SID, offered.dh_public, offered.ek_public, self.kem)
        self.dialler = Side(dialler, DIALLER, ANSWERER, self.rng, self.kem)
        self.answerer = Side(answerer, ANSWERER, DIALLER, self.rng, self.kem)

    @property
    def sides(self) -> tuple[Side, Side]:
        return self.dialler, self.answerer

    def talk(self, turns: int) -> None:
        """So many messages in turn, the dialler's first, each a step."""
        for turn in range(turns):
            writer, reader = self.sides if turn % 2 == 0 else self.sides[::-1]
            reader.open(writer.seal())


@dataclass(frozen=True)
class Forger:
    """One who holds the keys of a side's next message and puts into it whatever it likes."""

    sid: bytes
    parties: Parties
    header_key: bytes
    chain_key: bytes
    header: Header

    @classmethod
    def within(cls, side: Side) -> Self:
        """On the chain that the side has."""
        chain = sending_of(side.ratchet)
        header = Header(chain.keys.dh_public, chain.keys.ek_public, chain.ct, chain.pn, chain.n)
        return cls(SID, side.outgoing, chain.header_key, chain.chain_key, header)

    @classmethod
    def stepping(
        cls, side: Side, towards: StepDue, mine: RatchetKeys | None = None, shared_dh: bytes | None = None
    ) -> Self:
        """With a step of its own making."""
        state = state_of(side.ratchet)
        mine = mine or fresh_keys(side.rng, side.kem)
        ct, shared_kem = side.kem.encapsulate(towards.ek, side.rng)
        step = Step(SID, mine.dh_public, towards.dh, towards.ek, ct)
        agreed = shared_dh or x25519(mine.dh_secret, towards.dh)
        _, chain_key, _ = step.keys(state.root_key, agreed, shared_kem)
        header = Header(mine.dh_public, mine.ek_public, ct, towards.pn, 0)
        return cls(SID, side.outgoing, state.next_sending, chain_key, header)

    def envelope(self, padded: bytes | None = None, /, **header: bytes | int) -> bytes:
        """An envelope with these fields of the header changed; its body's key is that of its number.

        A number that is very far away has another key: who checks numbers first never gets to the body.
        """
        forged: Header = changed(self.header, **header)  # type: ignore[arg-type]
        chain_key = self.chain_key
        for _ in range(self.header.n, min(forged.n, self.header.n + FAR)):
            chain_key = next_chain(chain_key)
        rng = SeededRng(bytes(forged))
        sealed_header = seal_header(self.header_key, forged, self.sid, self.parties, rng)
        bound = self.parties.bind(b"tuichat/1 body", self.sid) + sealed_header
        content = pad(1, b"forged") if padded is None else padded
        return sealed_header + sealing.seal(message_key(chain_key), content, bound, rng)


@dataclass(frozen=True)
class Sealing:
    """One sealing that happened."""

    key: bytes
    nonce: bytes
    plaintext: bytes


def record_sealings(monkeypatch: pytest.MonkeyPatch) -> list[Sealing]:
    """Every key and nonce that is used from now on; the sealing itself is the real one."""
    recorded: list[Sealing] = []
    real = sealing.seal

    def seal(key: bytes, plaintext: bytes, bound: bytes, rng: Rng) -> bytes:
        sealed = real(key, plaintext, bound, rng)
        recorded.append(Sealing(key, sealed[: sealing.NONCE_LENGTH], plaintext))
        return sealed

    monkeypatch.setattr(sealing, "seal", seal)
    return recorded
