"""The second implementation plays the frozen transcripts: the page and the secrets give the same bytes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.independent import envelope_peer, file_peer, frames_peer, invite_peer, kem_peer
from tests.independent.history_peer import PeerHistory
from tests.independent.identity_peer import Card, Person, read_certificate, safety_number
from tests.independent.noise_link import Answerer, Caller, PeerLink
from tests.independent.primitives_peer import Refused, h32, x25519_public
from tests.independent.ratchet_peer import KeyPairs, Names, PeerRatchet, draw_pairs, session_id
from tests.support.handshakes import flip

Json = dict[str, Any]

VECTORS = Path(__file__).parents[1] / "vectors"


class Playback:
    """Randomness that was written down."""

    def __init__(self, draws: list[str]) -> None:
        self._draws = [bytes.fromhex(draw) for draw in draws]

    def __call__(self, count: int) -> bytes:
        drawn = self._draws.pop(0)
        assert len(drawn) == count
        return drawn


def unhexed(table: Json) -> dict[str, bytes]:
    return {name: bytes.fromhex(value) for name, value in table.items() if isinstance(value, str)}


@pytest.fixture(scope="module")
def transcript() -> Json:
    frozen: Json = json.loads((VECTORS / "transcript.json").read_text(encoding="utf-8"))
    return frozen


@pytest.fixture(scope="module")
def timers() -> Json:
    frozen: Json = json.loads((VECTORS / "timers.json").read_text(encoding="utf-8"))
    return frozen


@pytest.fixture(scope="module")
def session() -> Json:
    frozen: Json = json.loads((VECTORS / "ratchet.json").read_text(encoding="utf-8"))
    return frozen


def person_in(transcript: Json, name: str) -> Person:
    told = transcript[name]
    seeds = [bytes.fromhex(told[key]) for key in ("onion_seed", "sig_seed", "ik_secret")]
    return Person(seeds[0], seeds[1], seeds[2], told["epoch"])


class Replayed:
    """The frozen handshake, done again from its secrets."""

    def __init__(self, transcript: Json) -> None:
        draws = unhexed(transcript["draws"])
        caller, callee = person_in(transcript, "caller"), person_in(transcript, "callee")
        psk, day = invite_peer.public_psk(callee.onion), int(transcript["now"]) // 86_400
        self.caller = Caller(caller, callee.onion, psk, day, draws["caller_e"], draws["caller_kem_d_z"])
        self.answerer = Answerer(
            callee,
            {"public": psk},
            day,
            draws["callee_e"],
            lambda ek: kem_peer.encapsulate(ek, draws["encapsulation_m"]),
        )

    def links(self, frame: bytes) -> tuple[list[bytes], PeerLink, PeerLink]:
        message_1 = self.caller.message_1()
        assert self.answerer.read_message_1(message_1) == "public"
        message_2 = self.answerer.message_2()
        self.caller.read_message_2(message_2)
        message_3, mine = self.caller.message_3([frame])
        frames, theirs = self.answerer.read_message_3(message_3)
        assert frames == [frame]
        return [message_1, message_2, message_3], mine, theirs


def test_the_frozen_handshake_is_rebuilt_byte_for_byte(transcript: Json) -> None:
    messages, mine, theirs = Replayed(transcript).links(bytes.fromhex(transcript["early_frame"]))
    assert [message.hex() for message in messages] == [transcript[f"message{i}"] for i in (1, 2, 3)]
    assert mine.exporter == theirs.exporter == bytes.fromhex(transcript["exporter"])
    mine.step_exporter()
    assert mine.exporter.hex() == transcript["next_exporter"]


def test_the_frozen_frames_are_sealed_and_opened_alike(transcript: Json) -> None:
    _, mine, theirs = Replayed(transcript).links(bytes.fromhex(transcript["early_frame"]))
    for told in transcript["transport"]:
        sender, receiver = (mine, theirs) if told["from"] == "caller" else (theirs, mine)
        frame = bytes.fromhex(transcript["frames"][told["frame"]])
        message = sender.sending.seal(frame)
        assert message.hex() == told["message"]
        assert receiver.receiving.open(message) == frame


def test_frozen_certificates_knocks_and_numbers_are_rebuilt(transcript: Json) -> None:
    caller, callee = person_in(transcript, "caller"), person_in(transcript, "callee")
    for name, person in (("caller", caller), ("callee", callee)):
        assert person.certificate().hex() == transcript[name]["certificate"]
        known = Card(person.epoch, person.onion, person.sig, person.ik)
        assert read_certificate(person.certificate()) == known
    sides = (caller.onion, caller.sig), (callee.onion, callee.sig)
    assert safety_number(*sides) == safety_number(*sides[::-1]) == transcript["safety_number"]
    psk, day = invite_peer.public_psk(callee.onion), int(transcript["now"]) // 86_400
    knocks = [invite_peer.knock(psk, callee.onion, d).hex() for d in (day - 1, day, day + 1)]
    assert (psk.hex(), knocks) == (transcript["public_psk"], transcript["knocks"])
    pair = invite_peer.pair_psk(bytes.fromhex(transcript["pair"]), caller.onion, callee.onion)
    assert pair.hex() == transcript["pair_psk"]


def test_the_frozen_invite_is_written_and_read(transcript: Json) -> None:
    told, callee = transcript["invite_of_callee"], person_in(transcript, "callee")
    invite = invite_peer.read_invite(told["text"], told["expires_at"] - 1)
    assert invite.text() == told["text"]
    assert (invite.secret.hex(), invite.sig_hash.hex()) == (told["secret"], told["sig_hash"])
    assert (invite.psk().hex(), invite.reach().hex()) == (told["psk"], told["reach"])
    assert invite.names(callee.sig)
    assert invite.onion == callee.onion


def test_frozen_frames_and_bodies_are_read_and_written_back(transcript: Json) -> None:
    for data in unhexed(transcript["frames"]).values():
        assert frames_peer.encode(frames_peer.decode(data)) == data
    bodies = unhexed(transcript["bodies"])
    for name in set(bodies) - {"unknown", "id_of_unknown"}:
        body = envelope_peer.decode_body(bodies[name])
        assert not isinstance(body, envelope_peer.Opaque)
        assert envelope_peer.encode_body(body) == bodies[name]
    unknown = envelope_peer.decode_body(bodies["unknown"])
    assert unknown == envelope_peer.Opaque(bodies["id_of_unknown"], bodies["unknown"])


def test_the_frozen_new_and_envelope_follow_from_the_exporter(transcript: Json) -> None:
    told, exporter = transcript["session"], bytes.fromhex(transcript["exporter"])
    caller, callee = person_in(transcript, "caller"), person_in(transcript, "callee")
    draw = Playback(list(told["draws"].values()))
    sid = session_id(exporter, told["gen"])
    own = draw_pairs(draw)
    new = frames_peer.New(told["gen"], sid, own.dh, own.ek)
    assert frames_peer.encode(new).hex() == transcript["frames"]["NEW"]
    answerer = PeerRatchet.as_answerer(Names(1, sid, callee.onion, caller.onion), exporter, own)
    env = frames_peer.decode(bytes.fromhex(transcript["frames"]["ENV"]))
    assert isinstance(env, frames_peer.Env)
    dialler = PeerRatchet.as_dialler(Names(1, sid, caller.onion, callee.onion), exporter, own.dh, own.ek)
    _, seq, body = dialler.open(env.envelope, 0)
    assert answerer.seal(seq, body, draw) == env.envelope
    text = envelope_peer.decode_body(body)
    assert isinstance(text, envelope_peer.Text)
    assert (seq, text.text) == (1, "hello")
    ack = frames_peer.Ack(sid, h32(env.envelope))
    assert frames_peer.encode(ack).hex() == transcript["frames"]["ACK"]


def ratchets_of(session: Json) -> dict[str, PeerRatchet]:
    known = unhexed({name: value for name, value in session.items() if name != "source"})
    exporter, sid = known["exporter"], known["sid"]
    dialler, answerer = known["dialler_onion"], known["answerer_onion"]
    x, seed = known["answerer_dh_secret"], known["answerer_kem_d_z"]
    own = KeyPairs(x, seed, x25519_public(x), kem_peer.encapsulation_key(seed))
    assert (own.dh, own.ek) == (known["answerer_dh"], known["answerer_ek"])
    gen = session["gen"]
    return {
        "dialler": PeerRatchet.as_dialler(Names(gen, sid, dialler, answerer), exporter, own.dh, own.ek),
        "answerer": PeerRatchet.as_answerer(Names(gen, sid, answerer, dialler), exporter, own),
    }


def test_the_frozen_session_is_sealed_and_opened_byte_for_byte(session: Json) -> None:
    sides = ratchets_of(session)
    sealed: dict[int, Json] = {}
    for event in session["events"]:
        if "message" in event:
            sealed[event["message"]] = event
            envelope = sides[event["from"]].seal(
                event["seq"], bytes.fromhex(event["body"]), Playback(event["draws"])
            )
            assert envelope.hex() == event["envelope"]
        else:
            message = sealed[event["opens"]]
            (reader,) = sides.keys() - {message["from"]}
            sides[reader], seq, body = sides[reader].open(bytes.fromhex(message["envelope"]), 0)
            assert (seq, body.hex()) == (message["seq"], message["body"])
    assert len(sealed) == 20


def test_frozen_envelopes_altered_or_cut_do_not_open(session: Json) -> None:
    dialler = ratchets_of(session)["dialler"]
    told = next(e for e in session["events"] if e.get("from") == "answerer")
    envelope = bytes.fromhex(told["envelope"])
    assert dialler.open(envelope, 0)[1] == told["seq"]
    for position in range(0, len(envelope), 13):
        for wrong in (envelope[:position], flip(envelope, position)):
            with pytest.raises(Refused):
                dialler.open(wrong, 0)


def test_frozen_files_are_sealed_named_and_opened_alike() -> None:
    frozen: Json = json.loads((VECTORS / "file.json").read_text(encoding="utf-8"))
    key, identity = bytes.fromhex(frozen["key"]), bytes.fromhex(frozen["id"])
    for told in frozen["files"]:
        size, listed = told["size"], b"".join(map(bytes.fromhex, told["sealed"]))
        data = bytes(j % 251 for j in range(size))
        offer = file_peer.Offer(identity, size, key, bytes.fromhex(told["root"]), bytes(32))
        author = file_peer.Authored(offer, listed, data)
        offer.check_list(listed)
        chunks = [author.chunk(i) for i in range(offer.layout.count)]
        assert b"".join(map(h32, chunks)) == listed
        assert h32(listed + b"".join(chunks)).hex() == told["blob"]
        assert (offer.layout.blob, offer.layout.chunk) == (told["blob_length"], told["chunk"])
        opened = [offer.open(i, chunk, listed[32 * i : 32 * (i + 1)]) for i, chunk in enumerate(chunks)]
        assert b"".join(opened) == data
        with pytest.raises(Refused):
            offer.check_list(listed + bytes(32))


def test_frozen_bodies_about_files_are_read_and_written_back() -> None:
    frozen: Json = json.loads((VECTORS / "file.json").read_text(encoding="utf-8"))
    bodies = frozen["bodies"]
    for raw in (bodies["file"], bodies["file_with_all"], *bodies["file_states"]):
        body = envelope_peer.decode_body(bytes.fromhex(raw))
        assert isinstance(
            body, envelope_peer.FileState if raw in bodies["file_states"] else envelope_peer.File
        )
        assert envelope_peer.encode_body(body).hex() == raw


def test_the_frozen_timers_come_to_the_same(timers: Json) -> None:
    for story in timers["stories"]:
        history = PeerHistory()
        for number, step in enumerate(story["said"]):
            body = envelope_peer.Timer(number.to_bytes(16, "big"), 0, step["seconds"], step["revision"])
            history.take(body, mine=number % 2 == 0)
            assert [history.revision, history.timer] == step["holds"]
            assert history.next_revision(timers["now"]) == step["next_revision"]
