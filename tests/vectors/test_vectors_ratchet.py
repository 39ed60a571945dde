"""The frozen session of twenty messages."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.deterministic_kem import DeterministicMlKem768
from tests.support.handshakes import flip
from tests.support.ratchets import SID
from tests.vectors.rebuild_ratchet import PATH, body_of, rendered
from tuichat.crypto import sealing
from tuichat.crypto.curve25519 import x25519_public
from tuichat.crypto.envelope import UnopenableError, parts, unpad
from tuichat.crypto.kem import MlKem768
from tuichat.crypto.ratchet import Ratchet
from tuichat.crypto.ratchet_header import Parties, open_header
from tuichat.crypto.ratchet_keys import session_keys
from tuichat.crypto.ratchet_state import RatchetKeys

Json = dict[str, Any]


class Playback:
    """Randomness that was written down; whoever asks for anything else is wrong."""

    def __init__(self, draws: list[str]) -> None:
        self._draws = [bytes.fromhex(draw) for draw in draws]

    def bytes(self, count: int) -> bytes:
        drawn = self._draws.pop(0)
        assert len(drawn) == count
        return drawn

    def uniform(self, low: float, high: float) -> float:
        raise AssertionError("nothing here is a matter of chance")


@pytest.fixture(scope="module")
def frozen() -> Json:
    session: Json = json.loads(PATH.read_text(encoding="utf-8"))
    return session


@pytest.fixture
def ratchets(frozen: Json) -> dict[str, Ratchet]:
    """Both sides as the session begins."""
    known = {
        name: bytes.fromhex(value)
        for name, value in frozen.items()
        if isinstance(value, str) and name != "source"
    }
    secret = known["answerer_dh_secret"]
    mine = RatchetKeys(secret, x25519_public(secret), known["answerer_kem_d_z"], known["answerer_ek"])
    session = known["exporter"], frozen["gen"], known["sid"]
    return {
        "answerer": Ratchet.as_answerer(*session, mine),
        "dialler": Ratchet.as_dialler(*session, known["answerer_dh"], known["answerer_ek"], MlKem768()),
    }


def parties(frozen: Json, writer: str) -> Parties:
    onions = {name: bytes.fromhex(frozen[f"{name}_onion"]) for name in ("dialler", "answerer")}
    (reader,) = onions.keys() - {writer}
    return Parties(onions[writer], onions[reader])


def messages(frozen: Json) -> list[Json]:
    return [event for event in frozen["events"] if "message" in event]


def test_code_still_gives_the_frozen_session() -> None:
    """If the wire changed on purpose, run the script and say so in docs/protocol.md."""
    assert rendered() == PATH.read_text(encoding="utf-8")


def test_session_has_twenty_messages_that_all_arrive_once_and_some_late(frozen: Json) -> None:
    sealed = [event["message"] for event in messages(frozen)]
    opened = [event["opens"] for event in frozen["events"] if "opens" in event]
    assert sealed == sorted(opened) == list(range(1, 21))
    assert opened != sealed
    assert {event["from"] for event in messages(frozen) if event["step"]} == {"dialler", "answerer"}
    assert {len(event["envelope"]) // 2 for event in messages(frozen)} == {4096, 8192}


def test_both_sides_play_the_frozen_session_from_its_draws(
    frozen: Json, ratchets: dict[str, Ratchet]
) -> None:
    sealed = {}
    for event in frozen["events"]:
        if "message" in event:
            writer, rng = event["from"], Playback(event["draws"])
            sealed[event["message"]] = event
            body = bytes.fromhex(event["body"])
            assert body == body_of(event["message"])
            envelope = ratchets[writer].seal(
                event["seq"], body, parties(frozen, writer), rng, DeterministicMlKem768()
            )
            assert envelope.hex() == event["envelope"]
        else:
            message = sealed[event["opens"]]
            (reader,) = ratchets.keys() - {message["from"]}
            opened = ratchets[reader].open(
                bytes.fromhex(message["envelope"]), parties(frozen, message["from"]), 0, MlKem768()
            )
            assert (
                opened == (event["seq"], body_of(event["opens"])) == (message["seq"], body_of(event["opens"]))
            )


def test_reader_alone_opens_the_frozen_messages_and_none_that_is_cut_or_altered(
    frozen: Json, ratchets: dict[str, Ratchet]
) -> None:
    """The answerer's first chain needs nothing that the dialler drew."""
    dialler = ratchets["dialler"]
    first = [event for event in messages(frozen) if event["from"] == "answerer" and event["pn"] == 0][:2]
    for event in first:
        envelope = bytes.fromhex(event["envelope"])
        positions = range(0, len(envelope), 13)
        for wrong in [envelope[:position] for position in positions] + [flip(envelope, p) for p in positions]:
            with pytest.raises(UnopenableError):
                dialler.open(wrong, parties(frozen, "answerer"), 0, MlKem768())
        assert dialler.open(envelope, parties(frozen, "answerer"), 0, MlKem768())[0] == event["seq"]


def test_every_frozen_key_opens_what_it_is_said_to(frozen: Json) -> None:
    for event in messages(frozen):
        sealed_header, sealed_body = parts(bytes.fromhex(event["envelope"]))
        who = parties(frozen, event["from"])
        header = open_header(bytes.fromhex(event["header_key"]), sealed_header, SID, who)
        assert header is not None
        assert (header.pn, header.n) == (event["pn"], event["n"])
        bound = who.bind(b"tuichat/1 body", SID) + sealed_header
        padded = sealing.unseal(bytes.fromhex(event["mk"]), sealed_body, bound)
        assert unpad(padded) == (event["seq"], bytes.fromhex(event["body"]))


def test_frozen_first_keys_are_derived_from_the_exporter(frozen: Json) -> None:
    names = ("exporter", "sid", "answerer_dh", "answerer_ek")
    exporter, sid, dh, ek = (bytes.fromhex(frozen[name]) for name in names)
    keys = session_keys(exporter, frozen["gen"], sid, dh, ek)
    assert [key.hex() for key in keys] == [frozen[name] for name in ("rk", "hkD", "hkR", "nhkR", "ckR")]
