"""Invariants of the handshake: whoever alters, relays, mirrors or swaps anything in it is refused."""

from __future__ import annotations

import asyncio
import socket

from tests.support.deterministic_kem import DeterministicMlKem768
from tests.support.handshakes import Meeting, NoRng, person
from tests.support.invariants import every_flip, holds, impossible, refused, taken
from tests.support.raw_callers import RawCaller, request
from tests.support.seeded_rng import SeededRng
from tuichat.crypto.identity import Identity
from tuichat.network.doorkeeper import Doorkeeper
from tuichat.network.transport import Answer
from tuichat.protocol.knock import PREAMBLE_LENGTH, public_psk
from tuichat.protocol.link import MESSAGE2_LENGTH, Answering, Dialling

MALLORY = person("mallory")


def every_bit_of_a_knock_counts() -> None:
    """And of the versions before it: they are bound into what follows."""
    meeting = Meeting()
    message, psks = meeting.dial().message1, meeting.psks
    for bit, altered in every_flip(message[:PREAMBLE_LENGTH]):
        refused(f"bit {bit}", _read1, meeting.callee, altered + message[PREAMBLE_LENGTH:], psks)


def every_bit_of_message_1_counts() -> None:
    """No key is made for an altered one."""
    meeting = Meeting()
    message, psks = meeting.dial().message1, meeting.psks
    for bit, altered in every_flip(message):
        refused(f"bit {bit}", _read1, meeting.callee, altered, psks)
    taken("the true message 1", meeting.answer, message)


def every_bit_of_message_2_counts() -> None:
    """And the true one is still taken: an altered one has changed nothing."""
    meeting = Meeting()
    dialling = meeting.dial()
    message = meeting.answer(dialling.message1).message2
    for bit, altered in every_flip(message):
        refused(f"bit {bit}", dialling.read_message2, altered)
    taken("the true message 2", dialling.read_message2, message)


def every_bit_of_message_3_counts() -> None:
    """And the true one is still taken, with the frame in it."""
    answered, answering = Meeting().until_answered()
    message, mine = answered.finish([b"frame"])
    for bit, altered in every_flip(message):
        refused(f"bit {bit}", answering.read_message3, altered)
    came: list[tuple[list[bytes], bytes]] = []

    def read() -> None:
        _, frames, theirs = answering.read_message3(message)
        came.append((frames, theirs.exporter))

    taken("the true message 3", read)
    holds("the two ends differ", came == [([b"frame"], mine.exporter)])


def a_relayed_call_is_refused() -> None:
    """Mallory, whom the caller dials, passes the call on to another person, whose keys she knows."""
    meeting = Meeting()
    refused("a call for somebody else", _read1, person("victim"), meeting.dial().message1, meeting.psks)


def a_reflected_message_is_refused() -> None:
    """What somebody has sent does not come back to them as another's, in a handshake or after."""
    meeting = Meeting()
    dialling = meeting.dial()
    mirrored = dict.fromkeys(meeting.psks, public_psk(meeting.caller.onion)) | meeting.psks
    refused("my own call", _read1, meeting.caller, dialling.message1, mirrored)
    refused("my own call", dialling.read_message2, dialling.message1.ljust(MESSAGE2_LENGTH, b"\0"))
    mine, theirs, _, _ = meeting.links()
    for link in (mine, theirs):
        refused("my own frame", link.open, link.seal(b"frame"))


def nobody_calls_in_my_own_name() -> None:
    """Nor do I call myself."""
    meeting = Meeting()
    answering, message = call_with(meeting, meeting.callee.ik_secret, meeting.callee.certificate)
    refused("my own certificate", answering.read_message3, message)
    own = Meeting(caller=meeting.callee)
    refused("dialling myself", own.dial, by=ValueError)


def a_swapped_certificate_is_refused() -> None:
    """Another's certificate over my own key, or my own where another was dialled."""
    meeting = Meeting()
    for certificate in (meeting.callee.certificate, MALLORY.certificate):
        dialling = meeting.dial()
        message = answer_with(meeting, dialling, MALLORY.ik_secret, b"\x01" + certificate)
        refused("a certificate in message 2", dialling.read_message2, message)
    answering, message = call_with(meeting, MALLORY.ik_secret, meeting.caller.certificate)
    refused("a certificate in message 3", answering.read_message3, message)


def a_rolled_back_version_is_refused() -> None:
    """Both speak two versions, and somebody between them says that the caller speaks the older alone."""
    meeting = Meeting()
    message1 = meeting.dial().message1
    for versions in (b"\x00\x01", b"\x01\x02", b"\x01\xff"):
        altered = message1[:4] + versions + message1[6:]
        refused("other versions than were said", _read1, meeting.callee, altered, meeting.psks)
    modern = meeting.preamble(1, 2)
    rest = meeting.raw_state(True, modern, meeting.caller.ik_secret).write_message(b"", meeting.rng)
    taken("a newer caller", meeting.answer, modern + rest)
    refused("an older version", _read1, meeting.callee, meeting.preamble(1, 1) + rest, meeting.psks)
    dialling = meeting.dial()
    payload = b"\x02" + meeting.callee.certificate
    message = answer_with(meeting, dialling, meeting.callee.ik_secret, payload)
    refused("a version that was not offered", dialling.read_message2, message)


def an_unknown_knock_learns_nothing() -> None:
    """No key is made for it, and it reads what somebody reads who asks for a page."""
    meeting, stranger = Meeting(), Meeting(psk=b"guessed".ljust(32))
    message = stranger.dial().message1
    refused("an unknown knock", _read1, meeting.callee, message, meeting.psks)
    overheard = meeting.dial().message1[:22]
    state = stranger.raw_state(True, overheard, stranger.caller.ik_secret)
    guessed = overheard + state.write_message(b"", SeededRng())
    refused("a knock without its key", _read1, meeting.callee, guessed, meeting.psks)
    asked = [request(message), b"GET / HTTP/1.1\r\nHost: nobody.onion\r\n\r\n", b"\0\r\n\r\n"]
    answers = {asyncio.run(_answer_at_the_door(each)) for each in asked}
    holds("the answers differ", len(answers) == 1 and b"101" not in answers.pop())


def the_callers_name_stays_unread_by_a_thief_of_the_callees_keys() -> None:
    """Who recorded a call and later has the callee's long-term keys can take their part, and no more."""
    meeting = Meeting(kem=DeterministicMlKem768())
    dialling = meeting.dial()
    answering = meeting.answer(dialling.message1)
    message3, _ = dialling.read_message2(answering.message2).finish()
    recorded = dialling.message1 + answering.message2 + message3
    for part in (meeting.caller.onion, meeting.caller.sig, meeting.caller.ik, meeting.callee.onion):
        holds("a name is on the wire", part not in recorded)
    thief = meeting.answer(dialling.message1, SeededRng(b"thief"))
    refused("message 3, by a thief", thief.read_message3, message3)


def a_phase_is_left_once() -> None:
    """Leaving it twice would put two plaintexts under one key and nonce."""
    meeting = Meeting()
    dialling = meeting.dial()
    answering = meeting.answer(dialling.message1)
    answered = dialling.read_message2(answering.message2)
    message3, _ = answered.finish([b"frame"])
    answering.read_message3(message3)
    impossible("message 2 once more", dialling.read_message2, answering.message2)
    impossible("another message 3", answered.finish, [b"other"])
    impossible("message 3 once more", answering.read_message3, message3)


def _read1(callee: Identity, message: bytes, psks: dict[bytes, bytes]) -> Answering:
    return Answering.read_message1(callee, message, psks, NoRng(), Meeting().kem)


def answer_with(meeting: Meeting, dialling: Dialling, static_secret: bytes, payload: bytes) -> bytes:
    """Message 2 of somebody who knows the psk and says what they like."""
    state = meeting.raw_state(False, dialling.message1[:22], static_secret)
    state.read_message(dialling.message1[22:])
    return state.write_message(payload, meeting.rng)


def call_with(meeting: Meeting, static_secret: bytes, payload: bytes) -> tuple[Answering, bytes]:
    """A call that went as far as message 3, with any name in it."""
    preamble = meeting.preamble()
    state = meeting.raw_state(True, preamble, static_secret)
    answering = meeting.answer(preamble + state.write_message(b"", meeting.rng))
    state.read_message(answering.message2)
    return answering, state.write_message(payload, meeting.rng)


async def _answer_at_the_door(data: bytes) -> bytes:
    """What a doorkeeper who knows nobody answers."""
    mine, theirs = socket.socketpair()
    loop = asyncio.get_running_loop()
    await loop.connect_accepted_socket(
        lambda: Doorkeeper(_knows_nobody, _admits_nobody, _has_no_files, {}), theirs
    )
    caller = await RawCaller.over(mine)
    caller.send(data)
    return await caller.answer()


def _knows_nobody(message1: bytes) -> Answer | None:
    return None


def _has_no_files() -> asyncio.Protocol:
    raise AssertionError("somebody was let in")


def _admits_nobody(transport: asyncio.Transport, answer: Answer) -> asyncio.Protocol:
    raise AssertionError("somebody was let in")
