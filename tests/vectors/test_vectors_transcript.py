"""The frozen transcript of a handshake and what follows."""

from __future__ import annotations

import json

import pytest

from tests.support.handshakes import Meeting, flip
from tests.vectors.rebuild_transcript import PATH, build, rendered, sample_frames
from tuichat.crypto.identity import parse_certificate
from tuichat.crypto.kem import MlKem768
from tuichat.crypto.ratchet import Ratchet
from tuichat.crypto.ratchet_header import Parties
from tuichat.errors import PeerError
from tuichat.protocol.bodies import Edit, Opaque, Reaction, Receipt, Text, Timer, Unsend, Void, decode_body
from tuichat.protocol.frames import Env, New, decode, encode
from tuichat.protocol.invites import parse_invite


@pytest.fixture
def frozen() -> dict[str, str]:
    transcript: dict[str, str] = json.loads(PATH.read_text(encoding="utf-8"))
    return transcript


def test_code_still_gives_the_frozen_transcript() -> None:
    """If the wire changed on purpose, run the script and say so in docs/protocol.md."""
    assert rendered() == PATH.read_text(encoding="utf-8")


def test_transcript_covers_every_frame() -> None:
    assert {type(decode(encode(frame))) for frame in sample_frames().values()} == {
        type(frame) for frame in sample_frames().values()
    }
    assert len(sample_frames()) == 14


def test_frozen_call_is_answered_by_the_real_encapsulation_too(frozen: dict[str, str]) -> None:
    answering = Meeting().answer(bytes.fromhex(frozen["message1"]))
    assert len(answering.message2) == len(bytes.fromhex(frozen["message2"]))
    with pytest.raises(PeerError):
        answering.read_message3(bytes.fromhex(frozen["message3"]))


def test_frozen_messages_altered_or_cut_are_refused(frozen: dict[str, str]) -> None:
    message = bytes.fromhex(frozen["message1"])
    for position in range(0, len(message), 7):
        for wrong in (message[:position], flip(message, position)):
            with pytest.raises(PeerError):
                Meeting().answer(wrong)


def test_frozen_certificates_hold_and_no_altered_one_does() -> None:
    transcript = build()
    for name in ("caller", "callee"):
        someone = transcript[name]
        assert isinstance(someone, dict)
        certificate = bytes.fromhex(someone["certificate"])
        assert parse_certificate(certificate).epoch == someone["epoch"]
        with pytest.raises(PeerError):
            parse_certificate(flip(certificate, 41))


def test_frozen_bodies_are_what_they_are_called() -> None:
    bodies = build()["bodies"]
    assert isinstance(bodies, dict)
    kinds = {name: type(decode_body(bytes.fromhex(raw))) for name, raw in bodies.items()}
    assert kinds == {
        "text": Text,
        "text_with_timer": Text,
        "reply": Text,
        "edit": Edit,
        "unsend": Unsend,
        "reaction": Reaction,
        "reaction_taken_away": Reaction,
        "receipt": Receipt,
        "timer": Timer,
        "timer_off": Timer,
        "void": Void,
        "unknown": Opaque,
        "id_of_unknown": Opaque,
    }


def test_frozen_new_begins_a_session_that_opens_the_frozen_envelope() -> None:
    transcript = build()
    exporter, sent = transcript["exporter"], transcript["frames"]
    assert isinstance(exporter, str)
    assert isinstance(sent, dict)
    new, env = (decode(bytes.fromhex(sent[name])) for name in ("NEW", "ENV"))
    assert isinstance(new, New)
    assert isinstance(env, Env)
    people, kem = Meeting(), MlKem768()
    reader = Ratchet.as_dialler(bytes.fromhex(exporter), new.gen, new.sid, new.dh, new.ek, kem)
    seq, body = reader.open(env.envelope, Parties(people.callee.onion, people.caller.onion), 0, kem)
    text = decode_body(body)
    assert isinstance(text, Text)
    assert (seq, text.text) == (1, "hello")


def test_frozen_invite_is_read() -> None:
    frozen = build()["invite_of_callee"]
    assert isinstance(frozen, dict)
    invite = parse_invite(frozen["text"])
    assert (invite.onion, invite.expires_at) == (Meeting().callee.onion, frozen["expires_at"])
    assert (invite.psk.hex(), invite.reach.hex()) == (frozen["psk"], frozen["reach"])
