"""A thief who recorded a whole conversation and then copied one side's state.

What the thief reads tells what a state gives away, by every way in which keys come from one another and not
only by those that the ratchet itself goes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import msgspec

from tests.support.ratchets import SID, Pair, Side, sending_of, state_of
from tests.support.seeded_rng import FixedRng
from tuichat.crypto import sealing
from tuichat.crypto.curve25519 import x25519, x25519_public
from tuichat.crypto.envelope import parts
from tuichat.crypto.kem import MlKem768
from tuichat.crypto.ratchet_header import Parties
from tuichat.crypto.ratchet_keys import Step, message_key, next_chain
from tuichat.crypto.ratchet_state import StepDue


@dataclass(frozen=True)
class Sent:
    """A recorded envelope.

    Attributes:
        writer: who wrote it.
        chain: how many steps there had been before it.
        n: its number in its chain; that headers are sealed shall not be what keeps a body from the thief.
    """

    writer: Side
    chain: int
    n: int
    parties: Parties
    envelope: bytes

    def opens_with(self, key: bytes) -> bool:
        """Whether this is its message key."""
        sealed_header, sealed_body = parts(self.envelope)
        try:
            sealing.unseal(key, sealed_body, self.parties.bind(b"tuichat/1 body", SID) + sealed_header)
        except sealing.UnopenableError:
            return False
        return True


class Thief:
    """Tries each 32 bytes of the copy as root, chain key, message key and X25519 secret, each 64 as a seed.

    Args:
        copied: an encoded state.
        dh_secrets: X25519 secrets by public key: all of them for one who breaks X25519.
        kem_seeds: seeds by encapsulation key: all of them for one who breaks ML-KEM.
    """

    def __init__(
        self, copied: bytes, dh_secrets: Mapping[bytes, bytes], kem_seeds: Mapping[bytes, bytes]
    ) -> None:
        blobs = set(_blobs(msgspec.msgpack.decode(copied[1:])))
        self._keys = {blob for blob in blobs if len(blob) == 32}
        self._dh = {x25519_public(key): key for key in self._keys} | dict(dh_secrets)
        self._kem = {_public_of(blob): blob for blob in blobs if len(blob) == 64} | dict(kem_seeds)

    def reads(self, sent: list[Sent], steps: list[Step]) -> list[Sent]:
        """What it can read of all that was ever sent; `steps` in their order."""
        for number, step in enumerate(steps, 1):
            self._climb(step, [one for one in sent if one.chain == number])
        message_keys = set(self._keys)
        for key in self._keys:
            for _ in range(max(one.n for one in sent) + 1):
                message_keys.add(message_key(key))
                key = next_chain(key)
        return [one for one in sent if any(one.opens_with(key) for key in message_keys)]

    def _climb(self, step: Step, begun: list[Sent]) -> None:
        """Over this step, from every root; the right one opens what it began.

        A secret that is not known is guessed to be zeros, in case that it does not count.
        """
        pairs = ((step.new_dh, step.remote_dh), (step.remote_dh, step.new_dh))
        agreed = [x25519(self._dh[one], other) for one, other in pairs if one in self._dh]
        shared = bytes(32)
        if step.ek in self._kem:
            shared = MlKem768().decapsulate(self._kem[step.ek], step.ct)
        for candidate in list(self._keys):
            root, chain, _ = step.keys(candidate, agreed[0] if agreed else bytes(32), shared)
            if any(one.opens_with(message_key(chain)) for one in begun):
                self._keys |= {root, chain}


class Wiretap:
    """A pair whose every envelope is recorded, and every secret, for those who break one of the two."""

    def __init__(self, pair: Pair) -> None:
        self.sent: list[Sent] = []
        self.steps: list[Step] = []
        self.dh_secrets = {pair.offered.dh_public: pair.offered.dh_secret}
        self.kem_seeds = {pair.offered.ek_public: pair.offered.ek_secret}

    def seal(self, side: Side) -> Sent:
        """Let the side write, and note what it did."""
        before = state_of(side.ratchet).sending
        envelope = side.seal()
        chain = sending_of(side.ratchet)
        keys = chain.keys
        if isinstance(before, StepDue):
            self.steps.append(Step(SID, keys.dh_public, before.dh, before.ek, chain.ct))
            self.dh_secrets[keys.dh_public] = keys.dh_secret
            self.kem_seeds[keys.ek_public] = keys.ek_secret
        self.sent.append(Sent(side, self._number(keys.dh_public), chain.n - 1, side.outgoing, envelope))
        return self.sent[-1]

    def read_with(self, copied: bytes, *, broken_dh: bool = False, broken_kem: bool = False) -> list[Sent]:
        """What a thief who has a copied state and all the envelopes reads."""
        thief = Thief(copied, self.dh_secrets if broken_dh else {}, self.kem_seeds if broken_kem else {})
        return thief.reads(self.sent, self.steps)

    def _number(self, dh: bytes) -> int:
        """How many steps there were up to and including the one that made `dh`; 0 for the offered one."""
        return next((i for i, step in enumerate(self.steps, 1) if step.new_dh == dh), 0)


def _public_of(seed: bytes) -> bytes:
    return MlKem768().generate(FixedRng(seed))[0]


def _blobs(value: object) -> Iterator[bytes]:
    if isinstance(value, bytes):
        yield value
    elif isinstance(value, list):
        for inner in value:
            yield from _blobs(inner)
    elif isinstance(value, dict):
        yield from _blobs(list(value.values()))
