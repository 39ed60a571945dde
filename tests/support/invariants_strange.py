"""The boundary to the libraries: whatever they raise over a peer's bytes becomes a refusal, never a crash."""

from __future__ import annotations

import itertools
from typing import Final

from tests.support.handshakes import LOW_ORDER_U, Meeting, NoRng
from tests.support.invariants import refused
from tests.support.seeded_rng import SeededRng
from tuichat.crypto.curve25519 import check_x25519_public, ed25519_verify, x25519
from tuichat.crypto.identity import parse_certificate
from tuichat.crypto.kem import CIPHERTEXT_LENGTH, PUBLIC_LENGTH, MlKem768
from tuichat.crypto.noise import CipherState
from tuichat.protocol import frames
from tuichat.protocol.knock import parse_preamble
from tuichat.protocol.link import MESSAGE1_LENGTH, MESSAGE2_LENGTH, MESSAGE3_OVERHEAD, Answering, Link

LENGTHS: Final = (0, 1, 15, 16, 17, 22, 31, 32, 33, 233, 300, 65535, 65536, 70_000)
KEY: Final = bytes(range(32))


def every_strange_message_is_refused() -> None:
    """Of any length, of zeros and of ones: where a handshake, a link or a certificate is read."""
    meeting = Meeting()
    dialling = meeting.dial()
    _, answering = meeting.until_answered()
    knocked = dialling.message1[:22]
    lengths = (*LENGTHS, MESSAGE1_LENGTH, MESSAGE2_LENGTH, MESSAGE3_OVERHEAD)
    for length, filling in itertools.product(lengths, (b"\0", b"\xff")):
        strange = filling * length
        refused("message 1", _read1, meeting, strange)
        refused("message 1", _read1, meeting, knocked + strange[22:])
        refused("message 2", dialling.read_message2, strange)
        refused("message 3", answering.read_message3, strange)
        refused("a link's message", _link().open, strange)
        refused("a sealed text", CipherState(KEY).decrypt, b"", strange)
        refused("a certificate", parse_certificate, strange)
        refused("a preamble", parse_preamble, strange)


def every_strange_point_is_refused() -> None:
    """Low order, another length, another spelling."""
    for point in LOW_ORDER_U:
        refused("a low-order point", x25519, KEY, point)
        refused("a low-order point", check_x25519_public, point)
    for length in (0, 31, 33):
        refused("a point of another length", x25519, KEY, b"\x09" * length)
        refused("a signing key of another length", ed25519_verify, b"\x09" * length, b"", bytes(64))
        refused("a signature of another length", ed25519_verify, KEY, b"", bytes(length))
    refused("a false signature", ed25519_verify, KEY, b"", bytes(64))
    refused("a point spelt otherwise", check_x25519_public, b"\xff" * 32)


def every_strange_encapsulation_is_refused() -> None:
    """Keys that are not reduced, keys and ciphertexts of another length."""
    kem, rng = MlKem768(), SeededRng()
    for public in (b"", bytes(PUBLIC_LENGTH - 1), b"\xff" * PUBLIC_LENGTH, bytes(PUBLIC_LENGTH + 1)):
        refused("an encapsulation key", kem.check_public, public)
        refused("an encapsulation key", kem.encapsulate, public, rng)
    secret = kem.generate(rng)[1]
    for length in (0, CIPHERTEXT_LENGTH - 1, CIPHERTEXT_LENGTH + 1):
        refused("a ciphertext", kem.decapsulate, secret, bytes(length))


def every_strange_frame_is_refused() -> None:
    """Unknown types, wrong lengths, fields out of their range, text that is no UTF-8."""
    request = b"\x01" + bytes(32)
    for strange in (
        b"",
        b"\x01",
        b"\x63",
        request + b"\0\0\0\x01\xff\0\0",
        request + b"\0\0\0\x03\xed\xa0\x80\0\0",
        request + b"\0\0\0\0\xff\xff",
        request + b"\0\x01r\0\0\0\0",
        b"\x02\0",
        b"\x03\0",
        b"\x10" + bytes(44) + b"\x02",
        b"\x12" + bytes(20),
        b"\x13" + bytes(16 + 4095),
        b"\x14" + bytes(47),
        b"\x15" + bytes(17),
    ):
        refused("a frame", frames.decode, strange)


def _read1(meeting: Meeting, message: bytes) -> Answering:
    return Answering.read_message1(meeting.callee, message, meeting.psks, NoRng(), meeting.kem)


def _link() -> Link:
    return _LINKS[0]


_LINKS: Final = Meeting().links()
