"""Builds tests/vectors/transcript.json: a whole handshake and what follows it, from fixed randomness.

    python -m tests.vectors.rebuild_transcript

Whoever writes another client can check each step against it; a test fails when the code no longer gives the
same bytes. Every value is hexadecimal unless it is a number or text.
"""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.deterministic_kem import DeterministicMlKem768
from tests.support.handshakes import Meeting
from tests.support.seeded_rng import SeededRng
from tuichat.crypto.identity import Identity, safety_number
from tuichat.crypto.kdf import blake2b_256, kdf
from tuichat.protocol import frames
from tuichat.protocol.bodies import THE_TWO_OF_US, Text, Void, encode_body, opaque
from tuichat.protocol.knock import answered_knocks, pair_psk
from tuichat.protocol.link import Link
from tuichat.protocol.padding import seal_envelope

PATH = Path(__file__).with_name("transcript.json")

PAIR = bytes(range(32))
REACH = bytes(range(32, 64))
MESSAGE_ID = bytes(range(64, 80))
SENT_AT = 1_795_269_600_000

Json = dict[str, object]


class RecordingRng(SeededRng):
    """Remembers what it gave."""

    def __init__(self, seed: bytes) -> None:
        super().__init__(seed)
        self.draws: list[str] = []

    def bytes(self, count: int) -> bytes:
        drawn = super().bytes(count)
        self.draws.append(drawn.hex())
        return drawn


def build() -> Json:
    """The whole file as one object."""
    rng = RecordingRng(b"transcript")
    meeting = Meeting(rng=rng, kem=DeterministicMlKem768())
    request = frames.Request(PAIR, REACH, "小明", "we met at the fair")
    dialling = meeting.dial()
    answering = meeting.answer(dialling.message1)
    message3, caller_link = dialling.read_message2(answering.message2).finish([frames.encode(request)])
    _, _, callee_link = answering.read_message3(message3)
    return {
        "source": "tests/vectors/rebuild_transcript.py; format in docs/protocol.md",
        "caller": _person(meeting.caller),
        "callee": _person(meeting.callee),
        "safety_number": _safety_number(meeting.caller, meeting.callee),
        "now": meeting.now,
        "public_psk": meeting.psk.hex(),
        "knocks": [knock.hex() for knock in answered_knocks(meeting.psk, meeting.callee.onion, meeting.now)],
        "pair": PAIR.hex(),
        "pair_psk": pair_psk(PAIR, meeting.caller.onion, meeting.callee.onion).hex(),
        "draws": dict(
            zip(
                ("caller_e", "caller_kem_d_z", "callee_e", "encapsulation_m"),
                rng.draws,
                strict=True,
            )
        ),
        "early_frame": frames.encode(request).hex(),
        "message1": dialling.message1.hex(),
        "message2": answering.message2.hex(),
        "message3": message3.hex(),
        "exporter": caller_link.exporter.hex(),
        "sid_of_generation_1": kdf(caller_link.exporter, "sid", (1).to_bytes(4, "big"), 16).hex(),
        "bodies": _bodies(),
        "frames": _frames(),
        "transport": _transport(caller_link, callee_link),
        "next_exporter": _next_exporter(caller_link),
    }


def _person(identity: Identity) -> Json:
    return {
        "onion_seed": identity.onion_seed.hex(),
        "sig_seed": identity.sig_seed.hex(),
        "ik_secret": identity.ik_secret.hex(),
        "epoch": identity.epoch,
        "certificate": identity.certificate.hex(),
    }


def _safety_number(one: Identity, other: Identity) -> str:
    return safety_number(1, (one.onion, one.sig), (other.onion, other.sig))


def _bodies() -> Json:
    unknown = b"\x93\x63\x01\x02"
    return {
        "text": encode_body(Text(THE_TWO_OF_US, MESSAGE_ID, SENT_AT, "hello 👩‍🚀")).hex(),
        "text_with_timer": encode_body(Text(THE_TWO_OF_US, MESSAGE_ID, SENT_AT, "hello", 3600)).hex(),
        "void": encode_body(Void(THE_TWO_OF_US, MESSAGE_ID)).hex(),
        "unknown": unknown.hex(),
        "id_of_unknown": opaque(unknown).id.hex(),
    }


def sample_frames() -> dict[str, frames.Frame]:
    """One frame of each type."""
    sid = bytes(range(80, 96))
    envelope = seal_envelope(1, encode_body(Text(THE_TWO_OF_US, MESSAGE_ID, SENT_AT, "hello")))
    return {
        "REQUEST": frames.Request(PAIR, REACH, "小明", "we met at the fair"),
        "ACCEPTED": frames.Accepted(REACH),
        "RECEIVED": frames.Received(),
        "GONE": frames.Gone(),
        "HELLO": frames.Hello(1, sid, 7, 5, 3, True),
        "KEEP": frames.Keep(),
        "NEW": frames.New(2, sid),
        "ENV": frames.Env(sid, envelope),
        "ACK": frames.Ack(sid, blake2b_256(envelope)),
        "RESYNC": frames.Resync(sid),
        "PING": frames.Ping(),
        "PONG": frames.Pong(),
    }


def _frames() -> Json:
    """Each frame's bytes; trailing zeros of an envelope's padding are left out."""
    return {
        name: {"length": len(raw), "without_trailing_zeros": raw.rstrip(b"\0").hex()}
        for name, raw in ((name, frames.encode(frame)) for name, frame in sample_frames().items())
    }


def _transport(caller: Link, callee: Link) -> list[Json]:
    """The sample frames but ENV, sent in turn by both."""
    sent: list[Json] = []
    for name, frame in sample_frames().items():
        if name != "ENV":
            for sender, link in (("caller", caller), ("callee", callee)):
                sent.append({"from": sender, "frame": name, "message": link.seal(frames.encode(frame)).hex()})
    return sent


def _next_exporter(link: Link) -> str:
    link.next_exporter()
    return link.exporter.hex()


def rendered() -> str:
    """The file's text."""
    return json.dumps(build(), ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    PATH.write_text(rendered(), encoding="utf-8")
