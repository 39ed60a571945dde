"""Two people who can shake hands, honestly and otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.support.fixed_clock import START
from tests.support.seeded_rng import SeededRng
from tuichat.clock import Rng
from tuichat.crypto.identity import Certificate, Identity
from tuichat.crypto.kem import Kem, MlKem768
from tuichat.crypto.noise import XXHFS_PSK0, HandshakeState
from tuichat.protocol.knock import Preamble, answered_knocks, knock, public_psk
from tuichat.protocol.link import Answered, Answering, Dialling, Link

# Encodings of points of order 1, 2, 4 and 8 on Curve25519 and its twist, canonical and not (RFC 7748, 6.1).
LOW_ORDER_U = [
    bytes(32),
    (1).to_bytes(32, "little"),
    (325606250916557431795983626356110631294008115727848805560023387167927233504).to_bytes(32, "little"),
    (39382357235489614581723060781553021112529911719440698176882885853963445705823).to_bytes(32, "little"),
    (2**255 - 20).to_bytes(32, "little"),
    (2**255 - 19).to_bytes(32, "little"),
    (2**255 - 18).to_bytes(32, "little"),
]


class NoRng:
    """Randomness that nobody may ask for."""

    def bytes(self, count: int) -> bytes:
        raise AssertionError("a key was made")

    def uniform(self, low: float, high: float) -> float:
        raise AssertionError("randomness was used")


def flip(data: bytes, position: int) -> bytes:
    """The same bytes with one bit of one byte turned."""
    altered = bytearray(data)
    altered[position] ^= 1 << position % 8
    return bytes(altered)


def person(name: str) -> Identity:
    """The identity that this name always has."""
    return Identity.generate(SeededRng(name.encode()), START)


@dataclass
class Meeting:
    """A caller, a callee and what they know in common."""

    caller: Identity = field(default_factory=lambda: person("caller"))
    callee: Identity = field(default_factory=lambda: person("callee"))
    psk: bytes = b""
    now: float = START
    kem: Kem = field(default_factory=MlKem768)
    rng: Rng = field(default_factory=lambda: SeededRng(b"meeting"))

    def __post_init__(self) -> None:
        self.psk = self.psk or public_psk(self.callee.onion)

    @property
    def psks(self) -> dict[bytes, bytes]:
        return dict.fromkeys(answered_knocks(self.psk, self.callee.onion, self.now), self.psk)

    def dial(self) -> Dialling:
        return Dialling(self.caller, self.callee.onion, self.psk, self.now, self.rng, self.kem)

    def answer(self, message1: bytes, rng: Rng | None = None) -> Answering:
        return Answering.read_message1(self.callee, message1, self.psks, rng or self.rng, self.kem)

    def until_answered(self) -> tuple[Answered, Answering]:
        dialling = self.dial()
        answering = self.answer(dialling.message1)
        return dialling.read_message2(answering.message2), answering

    def links(self, frames: Sequence[bytes] = ()) -> tuple[Link, Link, Certificate, list[bytes]]:
        """The caller's link, the callee's, and what the callee learnt."""
        answered, answering = self.until_answered()
        message3, mine = answered.finish(frames)
        certificate, received, theirs = answering.read_message3(message3)
        return mine, theirs, certificate, received

    def preamble(self, lowest: int = 1, highest: int = 1) -> bytes:
        return bytes(Preamble(lowest, highest, knock(self.psk, self.callee.onion, self.now)))

    def raw_state(self, initiator: bool, preamble: bytes, static_secret: bytes) -> HandshakeState:
        """The handshake beneath the link, for those who put something else into it."""
        prologue = b"tuichat/link/1\0" + self.callee.onion + preamble
        return HandshakeState(XXHFS_PSK0, initiator, prologue, static_secret, self.psk, self.kem)
