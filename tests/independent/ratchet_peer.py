"""The ratchet (R1 to R5): one side of one session."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.independent import kem_peer as kem
from tests.independent.envelope_peer import SIZES, pad, unpad
from tests.independent.primitives_peer import (
    Refused,
    check_x25519,
    h32,
    hkdf,
    hmac_sha256,
    kdf,
    x25519,
    x25519_public,
    xchacha_open,
    xchacha_seal,
)

Draw = Callable[[int], bytes]

NO_CT = bytes(1088)
SEALED_HEADER_END = 2_352
SKIP_MOST, KEPT_MOST, PAST_MOST = 1_000, 2_000, 8
KEPT_SECONDS = 30 * 86_400


@dataclass
class KeyPairs:
    """What one side brings to a step: x of X25519, and the seed (d || z) of its ML-KEM key."""

    x: bytes
    kem_seed: bytes
    dh: bytes
    ek: bytes


def draw_pairs(draw: Draw) -> KeyPairs:
    x, seed = draw(32), draw(64)
    return KeyPairs(x, seed, x25519_public(x), kem.encapsulation_key(seed))


@dataclass
class Sending:
    hk: bytes
    ck: bytes
    own: KeyPairs
    ct: bytes
    pn: int
    n: int = 0


@dataclass
class Due:
    """A step that I owe: towards whose keys, and how long my last chain was."""

    dh: bytes
    ek: bytes
    pn: int


@dataclass
class Receiving:
    hk: bytes
    ck: bytes
    shared: bytes  # dh, ek, ct and pn as they stand in each of its headers
    n: int = 0
    skipped: dict[int, tuple[bytes, float]] = field(default_factory=dict)

    def skip_to(self, n: int, now: float) -> None:
        while self.n < n:
            number = self.n
            self.skipped[number] = (self.next_key(), now)

    def next_key(self) -> bytes:
        mk, self.ck = hmac_sha256(self.ck, b"\x01"), hmac_sha256(self.ck, b"\x02")
        self.n += 1
        return mk

    def take_skipped(self, n: int) -> bytes:
        if n not in self.skipped:
            raise Refused("envelope: its key is used up")
        return self.skipped.pop(n)[0]


def open_header(hk: bytes, envelope: bytes, aad: bytes) -> bytes | None:
    try:
        return xchacha_open(hk, envelope[:24], aad, envelope[24:SEALED_HEADER_END])
    except Refused:
        return None


@dataclass
class PeerRatchet:
    sid: bytes
    me: bytes
    other: bytes
    rk: bytes
    next_sending: bytes
    next_receiving: bytes
    sending: Sending | None = None
    due: Due | None = None
    receiving: Receiving | None = None
    past: list[Receiving] = field(default_factory=list)

    # R1

    @classmethod
    def as_answerer(cls, names: Names, exporter: bytes, own: KeyPairs) -> PeerRatchet:
        rk, hkd, hkr, nhkr, ckr = _first_keys(exporter, names, own.dh, own.ek)
        begun = cls(names.sid, names.me, names.other, rk, next_sending=nhkr, next_receiving=hkd)
        begun.sending = Sending(hkr, ckr, own, NO_CT, 0)
        return begun

    @classmethod
    def as_dialler(cls, names: Names, exporter: bytes, dh: bytes, ek: bytes) -> PeerRatchet:
        check_x25519(dh)
        kem.check(ek)
        rk, hkd, hkr, nhkr, ckr = _first_keys(exporter, names, dh, ek)
        begun = cls(names.sid, names.me, names.other, rk, next_sending=hkd, next_receiving=nhkr)
        begun.due = Due(dh, ek, 0)
        begun.receiving = Receiving(hkr, ckr, dh + ek + NO_CT + bytes(4))
        return begun

    # R2, R3, R4

    def seal(self, seq: int, body: bytes, draw: Draw) -> bytes:
        if self.due is not None:
            self._step(self.due, draw)
        chain = self.sending
        assert chain is not None
        mk, ck = hmac_sha256(chain.ck, b"\x01"), hmac_sha256(chain.ck, b"\x02")
        header = chain.own.dh + chain.own.ek + chain.ct
        header += chain.pn.to_bytes(4, "big") + chain.n.to_bytes(4, "big")
        nonce = draw(24)
        envelope = nonce + xchacha_seal(chain.hk, nonce, self._aad("header", self.me, self.other), header)
        nonce = draw(24)
        aad = self._aad("body", self.me, self.other) + envelope
        chain.ck, chain.n = ck, chain.n + 1
        return envelope + nonce + xchacha_seal(mk, nonce, aad, pad(seq, body))

    def _step(self, due: Due, draw: Draw) -> None:
        own = draw_pairs(draw)
        ss, ct = kem.encapsulate(due.ek, draw(32))
        info = own.dh + due.dh + h32(due.ek) + h32(ct)
        self.rk, ck, following = self._mixed(x25519(own.x, due.dh) + ss, info)
        self.sending = Sending(self.next_sending, ck, own, ct, due.pn)
        self.next_sending, self.due = following, None

    def _mixed(self, ikm: bytes, info: bytes) -> tuple[bytes, bytes, bytes]:
        keys = hkdf(self.rk, ikm, b"tuichat/1 step" + self.sid + info, 96)
        return keys[:32], keys[32:64], keys[64:]

    def _aad(self, what: str, writer: bytes, reader: bytes) -> bytes:
        return b"tuichat/1 " + what.encode() + self.sid + writer + reader

    # R5

    def open(self, envelope: bytes, now: float) -> tuple[PeerRatchet, int, bytes]:
        """What this side becomes, the seq and the body. Whoever finds the seq good takes the new state."""
        if len(envelope) not in SIZES:
            raise Refused("envelope: size")
        after = copy.deepcopy(self)
        after._forget_old(now)
        mk = after._message_key(envelope, now)
        aad = self._aad("body", self.other, self.me) + envelope[:SEALED_HEADER_END]
        nonce = envelope[SEALED_HEADER_END : SEALED_HEADER_END + 24]
        seq, body = unpad(xchacha_open(mk, nonce, aad, envelope[SEALED_HEADER_END + 24 :]))
        after._keep_limits()
        return after, seq, body

    def _message_key(self, envelope: bytes, now: float) -> bytes:
        aad = self._aad("header", self.other, self.me)
        if self.receiving and (header := open_header(self.receiving.hk, envelope, aad)):
            return self._from_receiving(self.receiving, header, now)
        if header := open_header(self.next_receiving, envelope, aad):
            return self._from_next(header, now)
        for chain in self.past:
            if header := open_header(chain.hk, envelope, aad):
                return self._from_past(chain, header)
        raise Refused("envelope: a header under no key of mine")

    def _from_receiving(self, chain: Receiving, header: bytes, now: float) -> bytes:
        n = _number_in(chain, header)
        if n < chain.n:
            return chain.take_skipped(n)
        if n - chain.n > SKIP_MOST:
            raise Refused("envelope: too many skipped")
        chain.skip_to(n, now)
        return chain.next_key()

    def _from_past(self, chain: Receiving, header: bytes) -> bytes:
        mk = chain.take_skipped(_number_in(chain, header))
        self._drop_empty()
        return mk

    def _from_next(self, header: bytes, now: float) -> bytes:
        dh, ek, ct = header[:32], header[32:1216], header[1216:2304]
        pn, n = int.from_bytes(header[2304:2308], "big"), int.from_bytes(header[2308:], "big")
        own, last = self.sending, self.receiving
        if own is None:
            raise Refused("envelope: a step towards nothing")
        reached = last.n if last else 0
        if pn < reached or (last is None and pn) or pn - reached + n > SKIP_MOST:
            raise Refused("envelope: pn or too many skipped")
        check_x25519(dh)
        kem.check(ek)
        if last:
            last.skip_to(pn, now)
            self.past.append(last)
            self._drop_empty()
        info = dh + own.own.dh + h32(own.own.ek) + h32(ct)
        ikm = x25519(own.own.x, dh) + kem.decapsulate(own.own.kem_seed, ct)
        self.rk, ck, following = self._mixed(ikm, info)
        self.receiving = Receiving(self.next_receiving, ck, header[:2308])
        self.next_receiving = following
        self.sending, self.due = None, Due(dh, ek, own.n)
        self.receiving.skip_to(n, now)
        return self.receiving.next_key()

    def _chains(self) -> list[Receiving]:
        return self.past + ([self.receiving] if self.receiving else [])

    def _drop_empty(self) -> None:
        self.past = [chain for chain in self.past if chain.skipped]

    def _forget_old(self, now: float) -> None:
        for chain in self._chains():
            chain.skipped = {n: kept for n, kept in chain.skipped.items() if now - kept[1] <= KEPT_SECONDS}
        self._drop_empty()

    def _keep_limits(self) -> None:
        self.past = self.past[-PAST_MOST:]
        over = sum(len(chain.skipped) for chain in self._chains()) - KEPT_MOST
        for chain in self._chains():
            for n in sorted(chain.skipped)[: max(over, 0)]:
                del chain.skipped[n]
                over -= 1
        self._drop_empty()


@dataclass(frozen=True)
class Names:
    """Of a session: its number and id, and the onion keys of the two people."""

    gen: int
    sid: bytes
    me: bytes
    other: bytes


def session_id(exporter: bytes, gen: int) -> bytes:
    return kdf(exporter, "sid", gen.to_bytes(4, "big"), 16)


def _first_keys(exporter: bytes, names: Names, dh: bytes, ek: bytes) -> list[bytes]:
    keys = kdf(exporter, "session", names.gen.to_bytes(4, "big") + names.sid + dh + ek, 160)
    return [keys[i : i + 32] for i in range(0, 160, 32)]


def _number_in(chain: Receiving, header: bytes) -> int:
    if header[:2308] != chain.shared:
        raise Refused("envelope: another header than its chain's")
    return int.from_bytes(header[2308:], "big")
