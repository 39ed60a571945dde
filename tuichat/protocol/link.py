"""The link: two onion services prove themselves to each other and then exchange frames (L1-L9).

    message 1, dialler, in the upgrade request's header, 1270 bytes:
        preamble 22 | e 32 | encapsulation key 1184 + 16 | empty payload + 16
    message 2, answerer, in the 101 response's header, 1434 bytes:
        e 32 | ciphertext 1088 + 16 | s 32 + 16 | (version 1 | certificate 233) + 16
    message 3, dialler, the first binary WebSocket message, 297 bytes and more:
        s 32 + 16 | (certificate 233 | (length 2 | frame)*) + 16
    then, both ways, one frame a message: frame + 16

A finished phase is another type: `Dialling` -> `Answered` -> `Link` on one side, `Answering` -> `Link` on the
other. Each phase is left once; a failed attempt to leave it changes nothing.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tuichat.clock import Rng
from tuichat.crypto.identity import CERTIFICATE_LENGTH, Certificate, Identity, parse_certificate
from tuichat.crypto.kdf import hmac_sha256, kdf
from tuichat.crypto.kem import Kem
from tuichat.crypto.noise import MAX_MESSAGE, TAG_LENGTH, XXHFS_PSK0, CipherState, HandshakeState, Split
from tuichat.errors import PeerError
from tuichat.protocol.knock import (
    PREAMBLE_LENGTH,
    PROTOCOL_VERSION,
    Preamble,
    knock,
    parse_preamble,
)

MESSAGE1_LENGTH: Final = 1270
MESSAGE2_LENGTH: Final = 1434
MESSAGE3_OVERHEAD: Final = 297
"""Bytes of message 3 without its frames."""

MAX_FRAME: Final = MAX_MESSAGE - TAG_LENGTH
"""The longest frame in bytes."""

MAX_EARLY_FRAMES: Final = MAX_MESSAGE - MESSAGE3_OVERHEAD
"""The most that message 3 carries: the sum of its frames' lengths and two bytes for each."""

REKEY_INTERVAL: Final = 1 << 16
"""Messages in one direction under one key (L8)."""

RACE_SECONDS: Final = 30.0
"""Within this time two links, dialled by either side, count as dialled at once (L9)."""

_EARLY_LENGTH = struct.Struct(">H")


class Link:
    """An authenticated connection: frames in, messages out, and the reverse.

    Attributes:
        remote: whom it leads to.
        exporter: 32 bytes that only the two ends know; sessions are named from it (L7).
    """

    def __init__(self, split: Split, remote: Certificate) -> None:
        self.remote = remote
        self.exporter = hmac_sha256(split.export_key, b"tuichat/1 exporter" + split.handshake_hash)
        self._sending = split.sending
        self._receiving = split.receiving
        self._dead = False

    def seal(self, frame: bytes) -> bytes:
        """The message that carries a frame.

        Raises:
            ValueError: the frame is empty or longer than `MAX_FRAME`.
            PeerError: the link is dead.
        """
        if not 1 <= len(frame) <= MAX_FRAME:
            raise ValueError("a frame has 1 to 65519 bytes")
        self._check_alive()
        message = self._sending.encrypt(b"", frame)
        _rekey_when_due(self._sending)
        return message

    def open(self, message: bytes) -> bytes:
        """The frame that a message carries.

        Raises:
            PeerError: altered, replayed, reordered, missing before it, or too long; the link is dead then.
        """
        self._check_alive()
        try:
            return self._open(message)
        except PeerError:
            self._dead = True
            raise

    def next_exporter(self) -> None:
        """Step the exporter, after each NEW made or received, also an ignored one (L7)."""
        self.exporter = kdf(self.exporter, "next", b"", 32)

    def _open(self, message: bytes) -> bytes:
        if not TAG_LENGTH < len(message) <= MAX_MESSAGE:
            raise PeerError("a message has a wrong length")
        frame = self._receiving.decrypt(b"", message)
        _rekey_when_due(self._receiving)
        return frame

    def _check_alive(self) -> None:
        if self._dead:
            raise PeerError("the link is dead")


def _rekey_when_due(cipher: CipherState) -> None:
    if cipher.nonce % REKEY_INTERVAL == 0:
        cipher.rekey()


class _Phase:
    """A handshake that can be left once: leaving it twice would use a key for two plaintexts."""

    def __init__(self, handshake: HandshakeState) -> None:
        self._handshake: HandshakeState | None = handshake

    def _current(self) -> HandshakeState:
        """The handshake to go on with, to be read on a copy of."""
        if self._handshake is None:
            raise RuntimeError("this phase of the handshake is over")
        return self._handshake

    def _leave(self) -> None:
        self._handshake = None


class Dialling(_Phase):
    """I have called and wait for message 2.

    Args:
        identity: who I am.
        remote_onion: whom I dial, 32 bytes.
        psk: 32 bytes, the public or the pair's (knock.py).
        now: Unix time in seconds, for the knock.

    Attributes:
        message1: 1270 bytes for the upgrade request's header.
    """

    def __init__(
        self, identity: Identity, remote_onion: bytes, psk: bytes, now: float, rng: Rng, kem: Kem
    ) -> None:
        if remote_onion == identity.onion:
            raise ValueError("a node does not dial itself")
        preamble = bytes(Preamble(PROTOCOL_VERSION, PROTOCOL_VERSION, knock(psk, remote_onion, now)))
        prologue = _prologue(remote_onion, preamble)
        handshake = HandshakeState(XXHFS_PSK0, True, prologue, identity.ik_secret, psk, kem)
        self.message1 = preamble + handshake.write_message(b"", rng)
        self._identity = identity
        self._remote_onion = remote_onion
        self._rng = rng
        super().__init__(handshake)

    def read_message2(self, data: bytes) -> Answered:
        """Check that the one dialled has answered (L5); pins are the caller's to judge before `finish`.

        Raises:
            PeerError: anything is wrong; the call may still be answered properly.
        """
        if len(data) != MESSAGE2_LENGTH:
            raise PeerError("message 2 has a wrong length")
        handshake = self._current().copy()
        payload = handshake.read_message(data)
        if payload[0] != PROTOCOL_VERSION:
            raise PeerError("the answerer chose a version that was not offered")
        certificate = _certificate_of(payload[1:], handshake.remote_static)
        if certificate.onion != self._remote_onion:
            raise PeerError("another onion answered")
        self._leave()
        return Answered(handshake, self._identity, certificate, payload[0], self._rng)


class Answered(_Phase):
    """The one I dialled has answered; nobody there knows yet who calls.

    Attributes:
        certificate: theirs, verified.
        version: of the protocol, the highest that both speak.
    """

    def __init__(
        self, handshake: HandshakeState, identity: Identity, certificate: Certificate, version: int, rng: Rng
    ) -> None:
        super().__init__(handshake)
        self.certificate = certificate
        self.version = version
        self._identity = identity
        self._rng = rng

    def finish(self, frames: Sequence[bytes] = ()) -> tuple[bytes, Link]:
        """Message 3, with my name and these first frames in it, and the link.

        Raises:
            ValueError: a frame is empty or too long, or they exceed `MAX_EARLY_FRAMES` together.
        """
        early = b"".join(_early(frame) for frame in frames)
        if len(early) > MAX_EARLY_FRAMES:
            raise ValueError("these frames do not fit into message 3")
        handshake = self._current()
        self._leave()
        message = handshake.write_message(self._identity.certificate + early, self._rng)
        return message, Link(handshake.split(), self.certificate)


class Answering(_Phase):
    """Somebody who knows a psk has called; I have answered and wait to hear who it is.

    Attributes:
        knock: the 16 bytes by which the psk was found.
        message2: 1434 bytes for the 101 response's header.
        version: of the protocol, the highest that both speak.
    """

    def __init__(
        self, handshake: HandshakeState, identity: Identity, knocked: bytes, version: int, rng: Rng
    ) -> None:
        self.knock = knocked
        self.version = version
        self.message2 = handshake.write_message(bytes([version]) + identity.certificate, rng)
        self._identity = identity
        super().__init__(handshake)

    @classmethod
    def read_message1(
        cls, identity: Identity, data: bytes, psks: Mapping[bytes, bytes], rng: Rng, kem: Kem
    ) -> Answering:
        """Check a call, the cheap things first and all of them before any key is made (L3), and answer it.

        Args:
            identity: who I am.
            data: message 1.
            psks: the psk of each knock that is answered now (`answered_knocks`).

        Raises:
            PeerError: anything is wrong. Nothing may be told to the caller but the bare 404.
        """
        if len(data) != MESSAGE1_LENGTH:
            raise PeerError("message 1 has a wrong length")
        preamble = parse_preamble(data[:PREAMBLE_LENGTH])
        version = preamble.version()
        psk = psks.get(preamble.knock)
        if psk is None:
            raise PeerError("an unknown knock")
        prologue = _prologue(identity.onion, data[:PREAMBLE_LENGTH])
        handshake = HandshakeState(XXHFS_PSK0, False, prologue, identity.ik_secret, psk, kem)
        handshake.read_message(data[PREAMBLE_LENGTH:])
        return cls(handshake, identity, preamble.knock, version, rng)

    def read_message3(self, data: bytes) -> tuple[Certificate, list[bytes], Link]:
        """Learn who called (L6): their certificate, the frames they sent along, and the link.

        The caller still judges the pins and that the onion belongs to the knock before anything else.

        Raises:
            PeerError: anything is wrong.
        """
        if not MESSAGE3_OVERHEAD <= len(data) <= MAX_MESSAGE:
            raise PeerError("message 3 has a wrong length")
        handshake = self._current().copy()
        payload = handshake.read_message(data)
        certificate = _certificate_of(payload[:CERTIFICATE_LENGTH], handshake.remote_static)
        if certificate.onion == self._identity.onion:
            raise PeerError("somebody calls with my own name")
        frames = _read_early(payload[CERTIFICATE_LENGTH:])
        self._leave()
        return certificate, frames, Link(handshake.split(), certificate)


def _prologue(answerer_onion: bytes, preamble: bytes) -> bytes:
    return b"tuichat/link/1\0" + answerer_onion + preamble


def _certificate_of(data: bytes, static: bytes) -> Certificate:
    """The certificate, if its IK is the key that the peer has just proved to hold."""
    certificate = parse_certificate(data)
    if certificate.ik != static:
        raise PeerError("the certificate belongs to another key")
    return certificate


def _early(frame: bytes) -> bytes:
    if not 1 <= len(frame) <= MAX_EARLY_FRAMES:
        raise ValueError("a frame does not fit into message 3")
    return _EARLY_LENGTH.pack(len(frame)) + frame


def _read_early(data: bytes) -> list[bytes]:
    frames = []
    while data:
        length = int.from_bytes(data[:2], "big")
        if not 1 <= length <= len(data) - 2:
            raise PeerError("the frames of message 3 are malformed")
        frames.append(data[2 : 2 + length])
        data = data[2 + length :]
    return frames


@dataclass(frozen=True, slots=True, repr=False)
class LinkStart:
    """Who dialled a link and when.

    Attributes:
        dialler_onion: 32 bytes.
        at: seconds on this node's monotonic clock, when it sent or read message 1.
    """

    dialler_onion: bytes
    at: float


def newest_link_wins(old: LinkStart, new: LinkStart) -> bool:
    """Which of two completed links with one contact stays (L9): True for the one completed last.

    If both sides dialled within `RACE_SECONDS`, both must choose the same one whatever each saw first: the
    lower onion key's stays.
    """
    crossed = old.dialler_onion != new.dialler_onion and abs(new.at - old.at) <= RACE_SECONDS
    return not crossed or new.dialler_onion < old.dialler_onion
