"""Holds each envelope that a link is given against the first one of its number: a retry is the same bytes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tuichat.clock import Rng
from tuichat.crypto.kem import Kem
from tuichat.crypto.ratchet import Ratchet
from tuichat.crypto.ratchet_header import Parties
from tuichat.node.live_link import LiveLink
from tuichat.protocol.frames import Env, Frame

Number = tuple[bytes, bytes, int]
"""Sender's key, session, and which message of the session."""


class SealedOnce:
    """What was sealed, and what of it has left."""

    def __init__(self) -> None:
        self._sealed: dict[bytes, Number] = {}
        self._left: dict[Number, bytes] = {}
        self._again: set[Number] = set()

    def again(self, sender: bytes) -> int:
        """Of how many numbers of this sender two different envelopes have left."""
        return sum(number[0] == sender for number in self._again)

    def sealed(self, envelope: bytes, number: Number) -> None:
        """Whatever becomes of it: the step that made it may fail."""
        self._sealed[envelope] = number

    def leaves(self, envelope: bytes) -> None:
        """A link is given an envelope."""
        number = self._sealed[envelope]
        if self._left.setdefault(number, envelope) != envelope:
            self._again.add(number)


@contextmanager
def watching_envelopes() -> Iterator[SealedOnce]:
    """See all that ratchets seal and links are given meanwhile."""
    seen = SealedOnce()
    seal, send = Ratchet.seal, LiveLink.send

    def watched_seal(self: Ratchet, seq: int, body: bytes, parties: Parties, rng: Rng, kem: Kem) -> bytes:
        envelope = seal(self, seq, body, parties, rng, kem)
        seen.sealed(envelope, (parties.sender, self._state.sid, seq))
        return envelope

    def watched_send(self: LiveLink, frame: Frame) -> None:
        if isinstance(frame, Env):
            seen.leaves(frame.envelope)
        send(self, frame)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Ratchet, "seal", watched_seal)
        patch.setattr(LiveLink, "send", watched_send)
        yield seen
