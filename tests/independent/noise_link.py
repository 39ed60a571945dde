"""The link (L1 to L8): `Noise_XXhfs+psk0_25519+MLKEM768_ChaChaPoly_SHA256` by its tokens, then its frames."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.independent import kem_peer as kem
from tests.independent.identity_peer import CERTIFICATE_BYTES, Card, Person, read_certificate
from tests.independent.invite_peer import knock
from tests.independent.primitives_peer import (
    Refused,
    chachapoly_open,
    chachapoly_seal,
    hmac_sha256,
    kdf,
    x25519,
    x25519_public,
)

NAME = b"Noise_XXhfs+psk0_25519+MLKEM768_ChaChaPoly_SHA256"
MESSAGE_1_BYTES, MESSAGE_2_BYTES = 1270, 1434
MESSAGE_3_LEAST, MESSAGE_3_MOST = 297, 65_535
FRAME_MOST = 65_519
REKEY_EVERY = 65_536


def noise_hkdf(ck: bytes, ikm: bytes, outputs: int) -> list[bytes]:
    """Noise rev 34, 4.3."""
    temp = hmac_sha256(ck, ikm)
    result = [hmac_sha256(temp, b"\x01")]
    while len(result) < outputs:
        result.append(hmac_sha256(temp, result[-1] + bytes([len(result) + 1])))
    return result


class Symmetric:
    """Noise's SymmetricState; its k is never empty after the psk."""

    def __init__(self, prologue: bytes) -> None:
        self.h = self.ck = hashlib.sha256(NAME).digest()
        self.k, self.n = b"", 0
        self.mix_hash(prologue)

    def twin(self) -> Symmetric:
        return copy.copy(self)

    def mix_hash(self, data: bytes) -> None:
        self.h = hashlib.sha256(self.h + data).digest()

    def mix_key(self, ikm: bytes) -> None:
        self.ck, self.k = noise_hkdf(self.ck, ikm, 2)
        self.n = 0

    def mix_psk(self, psk: bytes) -> None:
        self.ck, temp_h, self.k = noise_hkdf(self.ck, psk, 3)
        self.n = 0
        self.mix_hash(temp_h)

    def mix_e(self, e: bytes) -> None:
        self.mix_hash(e)
        self.mix_key(e)

    def seal(self, plain: bytes) -> bytes:
        sealed = chachapoly_seal(self.k, self.n, self.h, plain)
        self.mix_hash(sealed)
        self.n += 1
        return sealed

    def open(self, sealed: bytes) -> bytes:
        plain = chachapoly_open(self.k, self.n, self.h, sealed)
        self.mix_hash(sealed)
        self.n += 1
        return plain


@dataclass
class Direction:
    """Frames one way: one key, one counter, Rekey at each multiple of 65,536."""

    k: bytes
    n: int = 0

    def _advance(self) -> None:
        self.n += 1
        if self.n % REKEY_EVERY == 0:
            self.k = chachapoly_seal(self.k, 2**64 - 1, b"", bytes(32))[:32]

    def seal(self, frame: bytes) -> bytes:
        assert 1 <= len(frame) <= FRAME_MOST
        sealed = chachapoly_seal(self.k, self.n, b"", frame)
        self._advance()
        return sealed

    def open(self, sealed: bytes) -> bytes:
        frame = chachapoly_open(self.k, self.n, b"", sealed)
        if not 1 <= len(frame) <= FRAME_MOST:
            raise Refused("frame: length")
        self._advance()
        return frame


@dataclass
class PeerLink:
    """What is left when message 3 is through."""

    other: Card
    sending: Direction
    receiving: Direction
    exporter: bytes

    def step_exporter(self) -> None:
        self.exporter = kdf(self.exporter, "next", b"", 32)


def _finish(state: Symmetric, other: Card, *, dialled: bool) -> PeerLink:
    k1, k2, x = noise_hkdf(state.ck, b"", 3)
    exporter = hmac_sha256(x, b"tuichat/1 exporter" + state.h)
    ours, theirs = (k1, k2) if dialled else (k2, k1)
    return PeerLink(other, Direction(ours), Direction(theirs), exporter)


def _prologue(answerer: bytes, preamble: bytes) -> bytes:
    return b"tuichat/link/1\x00" + answerer + preamble


def pack_frames(frames: list[bytes]) -> bytes:
    return b"".join(len(frame).to_bytes(2, "big") + frame for frame in frames)


def unpack_frames(packed: bytes) -> list[bytes]:
    frames = []
    while packed:
        size = int.from_bytes(packed[:2], "big")
        frame, packed = packed[2 : 2 + size], packed[2 + size :]
        if size == 0 or len(frame) != size:
            raise Refused("message 3: the frames do not fill the payload")
        frames.append(frame)
    return frames


@dataclass
class Caller:
    """The dialler's three steps. `e_secret` and `kem_seed` (d || z) are the secrets of this one call."""

    me: Person
    answerer: bytes
    psk: bytes
    day: int
    e_secret: bytes
    kem_seed: bytes
    versions: tuple[int, int] = (1, 1)
    state: Symmetric = field(init=False)
    e_other: bytes = field(init=False)
    version: int = field(init=False)
    other: Card = field(init=False)

    def message_1(self) -> bytes:
        preamble = b"TUIC" + bytes(self.versions) + knock(self.psk, self.answerer, self.day)
        self.state = Symmetric(_prologue(self.answerer, preamble))
        self.state.mix_psk(self.psk)
        e = x25519_public(self.e_secret)
        self.state.mix_e(e)
        e1 = self.state.seal(kem.encapsulation_key(self.kem_seed))
        return preamble + e + e1 + self.state.seal(b"")

    def read_message_2(self, message: bytes) -> Card:
        if len(message) != MESSAGE_2_BYTES:
            raise Refused("message 2: length")
        self.e_other = message[:32]
        self.state.mix_e(self.e_other)
        self.state.mix_key(x25519(self.e_secret, self.e_other))  # ee
        ct = self.state.open(message[32:1136])
        self.state.mix_key(kem.decapsulate(self.kem_seed, ct))  # ekem1
        s = self.state.open(message[1136:1184])
        self.state.mix_key(x25519(self.e_secret, s))  # es
        payload = self.state.open(message[1184:])
        self.version = payload[0]
        if not self.versions[0] <= self.version <= self.versions[1]:
            raise Refused("message 2: a version that was not offered")
        self.other = read_certificate(payload[1:])
        if self.other.onion != self.answerer or self.other.ik != s:
            raise Refused("message 2: somebody else")
        return self.other

    def message_3(self, frames: list[bytes]) -> tuple[bytes, PeerLink]:
        s = self.state.seal(self.me.ik)
        self.state.mix_key(x25519(self.me.ik_secret, self.e_other))  # se
        payload = self.state.seal(self.me.certificate() + pack_frames(frames))
        return s + payload, _finish(self.state, self.other, dialled=True)


@dataclass
class Answerer:
    """The answerer's steps. `psks` are those it answers to, by whatever name the owner gives them.

    `encaps` gives (shared secret, ciphertext) for an encapsulation key.
    """

    me: Person
    psks: dict[str, bytes]
    day: int
    e_secret: bytes
    encaps: Callable[[bytes], tuple[bytes, bytes]]
    versions: tuple[int, int] = (1, 1)
    state: Symmetric = field(init=False)
    e_other: bytes = field(init=False)
    ek_other: bytes = field(init=False)
    version: int = field(init=False)

    def read_message_1(self, message: bytes) -> str:
        """The name of the psk that was knocked with."""
        if len(message) != MESSAGE_1_BYTES or message[:4] != b"TUIC":
            raise Refused("message 1: length or mark")
        self.version = min(message[5], self.versions[1])
        if self.version < max(message[4], self.versions[0]):
            raise Refused("message 1: no common version")
        name = self._named_by(message[6:22])
        self.state = Symmetric(_prologue(self.me.onion, message[:22]))
        self.state.mix_psk(self.psks[name])
        self.e_other = message[22:54]
        self.state.mix_e(self.e_other)
        ek = self.state.open(message[54:1254])
        self.state.open(message[1254:])
        self.ek_other = kem.check(ek)
        x25519(self.e_secret, self.e_other)
        return name

    def _named_by(self, knocked: bytes) -> str:
        for name, psk in self.psks.items():
            for day in (self.day - 1, self.day, self.day + 1):
                if day >= 0 and knock(psk, self.me.onion, day) == knocked:
                    return name
        raise Refused("message 1: a knock of nobody")

    def message_2(self) -> bytes:
        e = x25519_public(self.e_secret)
        self.state.mix_e(e)
        self.state.mix_key(x25519(self.e_secret, self.e_other))  # ee
        shared, ct = self.encaps(self.ek_other)
        sealed_ct = self.state.seal(ct)
        self.state.mix_key(shared)  # ekem1
        s = self.state.seal(self.me.ik)
        self.state.mix_key(x25519(self.me.ik_secret, self.e_other))  # es
        return e + sealed_ct + s + self.state.seal(bytes([self.version]) + self.me.certificate())

    def read_message_3(self, message: bytes, expected: bytes | None = None) -> tuple[list[bytes], PeerLink]:
        """`expected` is the contact's onion key, if the knock named one."""
        if not MESSAGE_3_LEAST <= len(message) <= MESSAGE_3_MOST:
            raise Refused("message 3: length")
        s = self.state.open(message[:48])
        self.state.mix_key(x25519(self.e_secret, s))  # se
        payload = self.state.open(message[48:])
        card = read_certificate(payload[:CERTIFICATE_BYTES])
        if card.ik != s or card.onion == self.me.onion or expected not in (None, card.onion):
            raise Refused("message 3: somebody else")
        return unpack_frames(payload[CERTIFICATE_BYTES:]), _finish(self.state, card, dialled=False)
