"""The judgement on a session at the start of a link (S1-S3): go on with it, or begin another.

A session numbers the envelopes of each direction from 1. Both sides keep its generation, its 16-byte id
(zeros for none) and three counts; the dialler tells its own in HELLO, and the answerer judges.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tuichat.crypto.kdf import kdf
from tuichat.protocol.frames import Hello

NO_SESSION: Final = bytes(16)
LAST_GENERATION: Final = 2**32 - 1

WINDOW_BEYOND_DELIVERED: Final = 3000
"""How far ahead of the last delivered number an envelope's may be (S5)."""


@dataclass(frozen=True, slots=True)
class SessionState:
    """One side's view of a session (S1).

    Attributes:
        gen, sid: which session; sid is zeros when there is none.
        sealed: how many envelopes I have sealed; the number of the last.
        delivered: up to which number the peer's were delivered here.
        acked: the highest number of mine that the peer acknowledged.
    """

    gen: int = 0
    sid: bytes = NO_SESSION
    sealed: int = 0
    delivered: int = 0
    acked: int = 0

    def hello(self, need: bool) -> Hello:
        """What I say of it as the dialler; `need` when an envelope of it could not be opened."""
        return Hello(self.gen, self.sid, self.sealed, self.delivered, self.acked, need)


def is_consistent(mine: SessionState, theirs: Hello) -> bool:
    """Whether both sides can go on with the session (S3).

    They cannot when the dialler needs another, when they are in different ones or in none, or when a side
    has delivered more than the other has sealed, or has seen acknowledged more than the other delivered:
    then one of them lost what it knew.
    """
    return (
        not theirs.need
        and mine.sid == theirs.sid != NO_SESSION
        and theirs.delivered <= mine.sealed
        and mine.delivered <= theirs.sealed
        and theirs.acked <= mine.delivered
        and mine.acked <= theirs.delivered
    )


def next_generation(mine: SessionState, theirs: Hello) -> int | None:
    """The generation of the session that replaces both, or None when there are no more (S3)."""
    highest = max(mine.gen, theirs.gen)
    return None if highest >= LAST_GENERATION else highest + 1


def session_id(exporter: bytes, gen: int) -> bytes:
    """The 16-byte id of generation `gen`, which only the two ends of the link can know (S3)."""
    return kdf(exporter, "sid", gen.to_bytes(4, "big"), 16)
