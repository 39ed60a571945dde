"""Builds tests/vectors/ratchet.json: a session of twenty messages, from fixed randomness.

    python -m tests.vectors.rebuild_ratchet

Whoever writes another client can check each key and each byte against it; a test fails when the code no
longer gives the same. Every value is hexadecimal unless it is a number or text. `events` stand in their
order: a message is sealed at its place, and opened by the other side where "opens" names it. `draws` are in
the order in which they are used: for a step x, the seed of k (d || z) and what encapsulation takes (m); then
the nonces of header and body.
"""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.deterministic_kem import DeterministicMlKem768, encapsulate_with
from tests.support.ratchets import GEN, SID, Pair, Side, sending_of, state_of
from tests.support.seeded_rng import SeededRng
from tuichat.crypto.curve25519 import x25519, x25519_public
from tuichat.crypto.kdf import blake2b_256
from tuichat.crypto.ratchet_header import Header
from tuichat.crypto.ratchet_keys import Step, message_key, session_keys
from tuichat.crypto.ratchet_state import RatchetState, SendingChain, StepDue

PATH = Path(__file__).with_name("ratchet.json")

# D: the dialler seals; A: the answerer seals; a number: that message, counted from 1, is opened by the other.
# Both begin at once; messages are late, overtake others, and outlive the step that ends their chain.
SCRIPT = (
    *("D", "A", "A", "2", "1", "3"),
    *("D", "D", "5", "A", "4", "6"),
    *("A", "A", "8", "D", "D", "D", "11", "10", "9", "7"),
    *("A", "D", "D", "13", "14", "A", "12", "A", "16", "15"),
    *("D", "D", "A", "18", "A", "20", "17", "19"),
)
LONG_BODY = 10

Json = dict[str, object]


class RecordingRng(SeededRng):
    """Remembers what it gave since it was last asked."""

    def __init__(self, seed: bytes) -> None:
        super().__init__(seed)
        self._draws: list[str] = []

    def bytes(self, count: int) -> bytes:
        drawn = super().bytes(count)
        self._draws.append(drawn.hex())
        return drawn

    def drawn(self) -> list[str]:
        """Everything since the last call."""
        draws, self._draws = self._draws, []
        return draws


def body_of(number: int) -> bytes:
    """What message `number` says; one is too long for the smallest envelope."""
    return b"message %d" % number + (b"." * 1700 if number == LONG_BODY else b"")


def build() -> Json:
    """The whole file as one object."""
    rng = RecordingRng(b"ratchet transcript")
    pair = Pair(rng=rng, kem=DeterministicMlKem768())
    offered = pair.offered
    dh_secret, ek_seed = rng.drawn()
    keys = session_keys(pair.exporter, GEN, SID, offered.dh_public, offered.ek_public)
    return {
        "source": "tests/vectors/rebuild_ratchet.py; format in docs/protocol.md",
        "exporter": pair.exporter.hex(),
        "gen": GEN,
        "sid": SID.hex(),
        "dialler_onion": pair.dialler.onion.hex(),
        "answerer_onion": pair.answerer.onion.hex(),
        "answerer_dh_secret": dh_secret,
        "answerer_dh": offered.dh_public.hex(),
        "answerer_kem_d_z": ek_seed,
        "answerer_ek": offered.ek_public.hex(),
        "rk": keys.root.hex(),
        "hkD": keys.dialler_header.hex(),
        "hkR": keys.answerer_header.hex(),
        "nhkR": keys.answerer_next_header.hex(),
        "ckR": keys.answerer_chain.hex(),
        "events": _events(pair, rng),
    }


def _events(pair: Pair, rng: RecordingRng) -> list[Json]:
    names = {"D": "dialler", "A": "answerer"}
    sides = {"D": pair.dialler, "A": pair.answerer}
    sealed: list[tuple[Side, bytes]] = []
    events: list[Json] = []
    for word in SCRIPT:
        if word in sides:
            told = {"message": len(sealed) + 1, "from": names[word]}
            envelope, more = _sealed(sides[word], body_of(len(sealed) + 1), rng)
            sealed.append((sides[word], envelope))
            events.append(told | more)
        else:
            writer, envelope = sealed[int(word) - 1]
            reader = pair.answerer if writer is pair.dialler else pair.dialler
            events.append({"opens": int(word), "seq": reader.open(envelope)[0]})
    return events


def _sealed(side: Side, body: bytes, rng: RecordingRng) -> tuple[bytes, Json]:
    """Seal a message, and tell every key that had to do with it."""
    before = state_of(side.ratchet)
    envelope = side.seal(body)
    draws = rng.drawn()
    chain = sending_of(side.ratchet)
    step = _step(before, before.sending, draws) if isinstance(before.sending, StepDue) else {}
    chain_key = before.sending.chain_key if isinstance(before.sending, SendingChain) else step["ck"]
    keys = chain.keys
    header = bytes(Header(keys.dh_public, keys.ek_public, chain.ct, chain.pn, chain.n - 1))
    return envelope, {
        "seq": side.sealed,
        "body": body.hex(),
        "draws": draws,
        "step": {name: value.hex() for name, value in step.items()},
        "header_key": chain.header_key.hex(),
        "mk": message_key(chain_key).hex(),
        "pn": chain.pn,
        "n": chain.n - 1,
        "hash_of_header": blake2b_256(header).hex(),
        "envelope": envelope.hex(),
    }


def _step(before: RatchetState, due: StepDue, draws: list[str]) -> dict[str, bytes]:
    """What a step is made of, computed from its draws."""
    dh_secret, _, message = (bytes.fromhex(drawn) for drawn in draws[:3])
    ct, shared_kem = encapsulate_with(due.ek, message)
    shared_dh = x25519(dh_secret, due.dh)
    step = Step(SID, x25519_public(dh_secret), due.dh, due.ek, ct)
    root, chain_key, next_header = step.keys(before.root_key, shared_dh, shared_kem)
    return {"DH": shared_dh, "ss": shared_kem, "ct": ct, "rk": root, "ck": chain_key, "next": next_header}


def rendered() -> str:
    """The file's text."""
    return json.dumps(build(), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    PATH.write_text(rendered(), encoding="utf-8")
