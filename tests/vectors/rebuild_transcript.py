"""Builds tests/vectors/transcript.json: a whole handshake and what follows it, from fixed randomness.

    python -m tests.vectors.rebuild_transcript

Whoever writes another client can check each step against it; a test fails when the code no longer gives the
same bytes. Every value is hexadecimal unless it is a number or text. The session of NEW and of the envelope
is generation 1 under the handshake's exporter: its answerer sealed the envelope, its first.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from tests.support.deterministic_kem import DeterministicMlKem768
from tests.support.handshakes import Meeting
from tests.support.seeded_rng import SeededRng
from tuichat.crypto.identity import Identity, safety_number
from tuichat.crypto.kdf import blake2b_256
from tuichat.crypto.ratchet import Ratchet, fresh_keys
from tuichat.crypto.ratchet_header import Parties
from tuichat.protocol import frames
from tuichat.protocol.bodies import (
    THE_TWO_OF_US,
    Edit,
    Reaction,
    Receipt,
    Text,
    Timer,
    Unsend,
    Void,
    encode_body,
    opaque,
)
from tuichat.protocol.invites import Invite, sig_hash
from tuichat.protocol.knock import answered_knocks, pair_psk
from tuichat.protocol.link import Link
from tuichat.protocol.session import session_id

PATH = Path(__file__).with_name("transcript.json")

PAIR = bytes(range(32))
REACH = bytes(range(32, 64))
INVITE_SECRET = bytes(range(96, 128))
MESSAGE_ID = bytes(range(64, 80))
DEED_ID = bytes(range(80, 96))
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
        "session": _session(caller_link.exporter),
        "invite_of_callee": _invite(meeting.callee),
        "bodies": _bodies(),
        "frames": _frames(caller_link.exporter),
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
        "reply": encode_body(Text(THE_TWO_OF_US, DEED_ID, SENT_AT, "yes", reply=MESSAGE_ID)).hex(),
        "edit": encode_body(Edit(THE_TWO_OF_US, DEED_ID, SENT_AT, MESSAGE_ID, "good evening")).hex(),
        "unsend": encode_body(Unsend(THE_TWO_OF_US, DEED_ID, MESSAGE_ID)).hex(),
        "reaction": encode_body(Reaction(THE_TWO_OF_US, DEED_ID, MESSAGE_ID, "👩‍🚀", 1)).hex(),
        "reaction_taken_away": encode_body(Reaction(THE_TWO_OF_US, DEED_ID, MESSAGE_ID, "👩‍🚀", 0)).hex(),
        "receipt": encode_body(Receipt(THE_TWO_OF_US, DEED_ID, MESSAGE_ID)).hex(),
        "timer": encode_body(Timer(THE_TWO_OF_US, DEED_ID, SENT_AT, 3600, 1_795_269_600)).hex(),
        "timer_off": encode_body(Timer(THE_TWO_OF_US, DEED_ID, SENT_AT, 0, 1_795_269_601)).hex(),
        "void": encode_body(Void(THE_TWO_OF_US, MESSAGE_ID)).hex(),
        "unknown": unknown.hex(),
        "id_of_unknown": opaque(unknown).id.hex(),
    }


@dataclass(frozen=True)
class Session:
    """The session that begins under an exporter; the answerer is the callee, and has sealed one envelope."""

    new: frames.New
    envelope: bytes
    draws: list[str]


def session(exporter: bytes) -> Session:
    """Generation 1, from fixed randomness."""
    rng, kem = RecordingRng(b"session"), DeterministicMlKem768()
    people = Meeting()
    sid = session_id(exporter, 1)
    keys = fresh_keys(rng, kem)
    ratchet = Ratchet.as_answerer(exporter, 1, sid, keys)
    body = encode_body(Text(THE_TWO_OF_US, MESSAGE_ID, SENT_AT, "hello"))
    envelope = ratchet.seal(1, body, Parties(people.callee.onion, people.caller.onion), rng, kem)
    return Session(frames.New(1, sid, keys.dh_public, keys.ek_public), envelope, rng.draws)


def sample_frames(exporter: bytes = bytes(32)) -> dict[str, frames.Frame]:
    """One frame of each type."""
    began = session(exporter)
    sid = began.new.sid
    return {
        "REQUEST": frames.Request(PAIR, REACH, "小明", "we met at the fair"),
        "ACCEPTED": frames.Accepted(REACH),
        "RECEIVED": frames.Received(),
        "GONE": frames.Gone(),
        "HELLO": frames.Hello(1, sid, 7, 5, 3, True),
        "KEEP": frames.Keep(),
        "NEW": began.new,
        "ENV": frames.Env(sid, began.envelope),
        "ACK": frames.Ack(sid, blake2b_256(began.envelope)),
        "RESYNC": frames.Resync(sid),
        "PING": frames.Ping(),
        "PONG": frames.Pong(),
        "TYPING": frames.Typing(True),
        "PRESENCE": frames.Presence(True),
    }


def _frames(exporter: bytes) -> Json:
    return {name: frames.encode(frame).hex() for name, frame in sample_frames(exporter).items()}


def _session(exporter: bytes) -> Json:
    """What the answerer of the session drew, in this order."""
    began = session(exporter)
    names = ("answerer_x", "answerer_kem_d_z", "header_nonce", "body_nonce")
    return {"gen": 1, "sid": began.new.sid.hex(), "draws": dict(zip(names, began.draws, strict=True))}


def _invite(inviter: Identity) -> Json:
    invite = Invite(inviter.onion, INVITE_SECRET, sig_hash(inviter.sig), SENT_AT // 1000)
    return {
        "secret": INVITE_SECRET.hex(),
        "sig_hash": invite.sig_hash.hex(),
        "expires_at": invite.expires_at,
        "text": str(invite),
        "psk": invite.psk.hex(),
        "reach": invite.reach.hex(),
    }


def _transport(caller: Link, callee: Link) -> list[Json]:
    """The sample frames but ENV, sent in turn by both."""
    sent: list[Json] = []
    for name, frame in sample_frames(caller.exporter).items():
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
