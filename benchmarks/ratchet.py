"""What sealing and opening an envelope costs, beside the bare primitives that it cannot do without.

Claims, on one core, for a message of 200 bytes (an envelope of 4 KiB):
  - seal and open within a chain: at most 0.5 ms together;
  - seal and open with a full step on both sides (X25519 and ML-KEM-768): at most 1.5 ms together;
  - 1,000 skipped messages, the keys kept first and then each used: less than 1 s.

Times are of the processor, so that another program's load counts for little. States are in memory; what the
database adds is not in these figures.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence

from benchmarks import options, report
from tuichat.clock import SystemRng
from tuichat.crypto import sealing
from tuichat.crypto.curve25519 import check_x25519_public, x25519, x25519_public
from tuichat.crypto.envelope import SEALED_HEADER_LENGTH, pad
from tuichat.crypto.kdf import hkdf_sha256, hmac_sha256
from tuichat.crypto.kem import MlKem768
from tuichat.crypto.ratchet import Ratchet, fresh_keys
from tuichat.crypto.ratchet_chains import MAX_SKIP
from tuichat.crypto.ratchet_header import NO_CIPHERTEXT, Header, Parties

AT_MOST_WITHIN_CHAIN = 0.0005
AT_MOST_WITH_STEP = 0.0015
AT_MOST_SKIPPED = 1.0

_BODY = b"x" * 200
_NOW = 0.0
_BATCH = 200
_RNG = SystemRng()
_KEM = MlKem768()


class _Side:
    """One of the two, with what it needs to write and read."""

    def __init__(self, ratchet: Ratchet, outgoing: Parties, incoming: Parties) -> None:
        self.ratchet = ratchet
        self._outgoing = outgoing
        self._incoming = incoming

    def seal(self) -> bytes:
        return self.ratchet.seal(1, _BODY, self._outgoing, _RNG, _KEM)

    def open(self, envelope: bytes) -> None:
        self.ratchet.open(envelope, self._incoming, _NOW, _KEM)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    made = options.parser("benchmarks.ratchet", __doc__, rounds=9)
    chosen = options.parse(made, arguments)
    within, stepping, skipped, bare_within, bare_step = [], [], [], [], []
    for _ in range(chosen.rounds):
        within.append(_within_chain())
        bare_within.append(_bare_within_chain())
        stepping.append(_with_step())
        bare_step.append(_bare_step())
        skipped.append(_skipped())
    report.heading(f"Seal and open within a chain ({chosen.rounds} rounds of {_BATCH})")
    _show("ratchet", within, AT_MOST_WITHIN_CHAIN)
    _show("bare ciphers and HMACs", bare_within)
    report.heading(f"Seal and open with a full step ({chosen.rounds} rounds of {_BATCH})")
    _show("ratchet", stepping, AT_MOST_WITH_STEP)
    _show("bare X25519, ML-KEM-768, ciphers, HKDFs", bare_step)
    report.heading(f"{MAX_SKIP:,} skipped messages ({chosen.rounds} rounds)")
    report.limit(report.Series("ratchet", skipped), at_most=AT_MOST_SKIPPED)
    return 0


def _show(label: str, seconds: Sequence[float], at_most: float | None = None) -> None:
    """A line in milliseconds with the digits that these need."""
    series = report.Series(label, seconds)
    low, high = min(seconds) * 1000, max(seconds) * 1000
    line = f"  {label:46} {series.median * 1000:>7.3f} ms   {low:.3f} to {high:.3f}"
    if at_most is not None:
        verdict = "met" if series.median <= at_most else "MISSED"
        line += f"   target: at most {at_most * 1000:g} ms: {verdict}"
    print(line)


def _pair() -> tuple[_Side, _Side]:
    """A dialler and an answerer who have both stepped."""
    exporter, sid, one, other = _RNG.bytes(32), _RNG.bytes(16), _RNG.bytes(32), _RNG.bytes(32)
    mine = fresh_keys(_RNG, _KEM)
    there, back = Parties(one, other), Parties(other, one)
    answerer = _Side(Ratchet.as_answerer(exporter, 1, sid, mine), back, there)
    dialling = Ratchet.as_dialler(exporter, 1, sid, mine.dh_public, mine.ek_public, _KEM)
    dialler = _Side(dialling, there, back)
    answerer.open(dialler.seal())
    dialler.open(answerer.seal())
    return dialler, answerer


def _each(times: int, work: Callable[[], None]) -> float:
    """Seconds of the processor that `work` takes, on average of so many."""
    began = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - began) / times


def _within_chain() -> float:
    dialler, answerer = _pair()
    answerer.open(dialler.seal())
    return _each(_BATCH, lambda: answerer.open(dialler.seal()))


def _with_step() -> float:
    """Half a round trip: each side answers the other, so each message is a step."""
    dialler, answerer = _pair()

    def round_trip() -> None:
        answerer.open(dialler.seal())
        dialler.open(answerer.seal())

    return _each(_BATCH // 2, round_trip) / 2


def _skipped() -> float:
    dialler, answerer = _pair()
    envelopes = [dialler.seal() for _ in range(MAX_SKIP + 1)]
    began = time.process_time()
    for envelope in reversed(envelopes):
        answerer.open(envelope)
    return time.process_time() - began


def _ciphers() -> Callable[[], None]:
    """Header and body, sealed and opened, and the chain's two HMACs on both sides."""
    key, padded = _RNG.bytes(32), pad(1, _BODY)
    header = bytes(Header(key, bytes(1184), NO_CIPHERTEXT, 0, 0))
    bound = bytes(100 + SEALED_HEADER_LENGTH)

    def work() -> None:
        for content in (header, padded):
            sealing.unseal(key, sealing.seal(key, content, bound, _RNG), bound)
        for _ in range(4):
            hmac_sha256(key, b"\x01")

    return work


def _bare_within_chain() -> float:
    return _each(_BATCH, _ciphers())


def _bare_step() -> float:
    ciphers = _ciphers()
    secret, key = _RNG.bytes(32), _RNG.bytes(32)
    public = x25519_public(secret)

    def work() -> None:
        x25519_public(secret)
        ek, seed = _KEM.generate(_RNG)
        check_x25519_public(public)
        _KEM.check_public(ek)
        ct, _ = _KEM.encapsulate(ek, _RNG)
        _KEM.decapsulate(seed, ct)
        for _ in range(2):
            x25519(secret, public)
            hkdf_sha256(key, bytes(64), bytes(142), 96)
        ciphers()

    return _each(_BATCH, work)


if __name__ == "__main__":
    sys.exit(main())
