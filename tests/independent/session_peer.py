"""Session and delivery (S1 to S7) of one contact: what is kept, and what each frame of a link does.

Left out are limits that guard their owner: how often S5 has sessions begin, and S1's last 8,192 hashes.

"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.independent.frames_peer import (
    KEEP,
    PING,
    PONG,
    Accepted,
    Ack,
    Env,
    Frame,
    Hello,
    New,
    Resync,
    Sign,
)
from tests.independent.noise_link import PeerLink
from tests.independent.primitives_peer import Refused, h32
from tests.independent.ratchet_peer import Draw, Names, PeerRatchet, draw_pairs, session_id

NO_SID = bytes(16)
WINDOW = 3_000


@dataclass
class Queued:
    body: bytes
    seq: int = 0
    envelope: bytes = b""


class PeerSession:
    """One side of one session, over as many links as it takes."""

    def __init__(self, me: bytes, other: bytes, draw: Draw, clock: Callable[[], float]) -> None:
        self.me, self.other, self.draw, self.clock = me, other, draw, clock
        self.gen, self.sid = 0, NO_SID
        self.queue: list[Queued] = []
        self.inbox: list[bytes] = []
        self.ratchet: PeerRatchet | None = None
        self._zero()

    def _zero(self) -> None:
        self.sealed = self.delivered = self.acked = 0
        self.seqs: dict[bytes, int] = {}  # of the envelopes opened, by hash
        self.held: dict[int, tuple[bytes, bytes]] = {}  # hash and body, by seq
        self.stopped = False

    # the link

    def start(self, link: PeerLink, *, dialled: bool) -> list[Frame]:
        self.link, self.dialled = link, dialled
        self.waiting = False
        self.due: int | None = None
        self.hellos = self.complaints = 0
        self.accepted = False
        return self._say_hello(0) if dialled else []

    def greeting(self, need: int = 0) -> Hello:
        return Hello(self.gen, self.sid, self.sealed, self.delivered, self.acked, need)

    def _say_hello(self, need: int) -> list[Frame]:
        self.waiting, self.due = True, None
        return [self.greeting(need), *self._unacknowledged()]

    def _unacknowledged(self) -> list[Frame]:
        return [Env(self.sid, queued.envelope) for queued in self.queue if queued.seq]

    def say(self, body: bytes) -> list[Frame]:
        """Queues a body; with a session it is sealed at once and may be sent."""
        queued = Queued(body)
        self.queue.append(queued)
        if self.sid == NO_SID:
            return []
        self._seal(queued)
        return [Env(self.sid, queued.envelope)]

    def _seal(self, queued: Queued) -> None:
        assert self.ratchet is not None
        self.sealed += 1
        queued.seq = self.sealed
        queued.envelope = self.ratchet.seal(queued.seq, queued.body, self.draw)

    def _begin(self, gen: int, sid: bytes, ratchet: PeerRatchet) -> None:
        self.gen, self.sid, self.ratchet = gen, sid, ratchet
        self._zero()
        for queued in self.queue:
            self._seal(queued)

    # frames

    def take(self, frame: Frame) -> list[Frame]:
        """What is said in answer. `Refused` ends the link."""
        match frame:
            case Hello() if not self.dialled:
                return self._hello(frame)
            case New() if self.dialled:
                return self._new(frame)
            case Resync() if self.dialled:
                return self._want(1 if frame.sid == self.sid != NO_SID else 0)
            case Env():
                return self._env(frame)
            case Ack():
                return self._ack(frame)
            case Sign():
                return []
            case Accepted() if not self.accepted:
                self.accepted = True
                return []
        if frame == KEEP and self.dialled:
            return self._keep()
        if frame == PING:
            return [PONG]
        if frame == PONG:
            return []
        raise Refused("a frame that does not belong")

    def _want(self, need: int) -> list[Frame]:
        if not self.waiting:
            return self._say_hello(need)
        self.due = max(need, self.due or 0)
        return []

    def _answered(self) -> list[Frame]:
        self.waiting = False
        return [] if self.due is None else self._say_hello(self.due)

    def finds_bad(self, theirs: Hello) -> bool:
        """S3's judgement."""
        bad = theirs.need == 1 or theirs.sid != self.sid or self.sid == NO_SID
        bad = bad or theirs.delivered > self.sealed or self.delivered > theirs.sealed
        return bad or theirs.acked > self.delivered or self.acked > theirs.delivered

    def _hello(self, theirs: Hello) -> list[Frame]:
        self.hellos += 1
        if not self.finds_bad(theirs):
            self.stopped = False
            return [KEEP, *self._unacknowledged()]
        gen = max(theirs.gen, self.gen) + 1
        if gen >= 2**32:
            raise Refused("no session is left")
        names = Names(gen, session_id(self.link.exporter, gen), self.me, self.other)
        own = draw_pairs(self.draw)
        self._begin(gen, names.sid, PeerRatchet.as_answerer(names, self.link.exporter, own))
        self.link.step_exporter()
        return [New(gen, names.sid, own.dh, own.ek), *self._unacknowledged()]

    def _keep(self) -> list[Frame]:
        if not self.waiting:
            return []
        self.stopped = False
        return self._answered()

    def _new(self, new: New) -> list[Frame]:
        if not self.waiting:
            self.link.step_exporter()
            return []
        if new.sid != session_id(self.link.exporter, new.gen):
            raise Refused("NEW: sid")
        if (new.gen, new.sid) <= (self.gen, self.sid):
            self.link.step_exporter()
            return self._answered()
        names = Names(new.gen, new.sid, self.me, self.other)
        self._begin(new.gen, new.sid, PeerRatchet.as_dialler(names, self.link.exporter, new.dh, new.ek))
        self.link.step_exporter()
        self.waiting, self.due = False, None
        return self._unacknowledged()

    # envelopes

    def _env(self, env: Env) -> list[Frame]:
        if self.sid == NO_SID or env.sid != self.sid:
            return self._other_session()
        if self.stopped:
            return []
        digest = h32(env.envelope)
        if digest in self.seqs:
            return [Ack(self.sid, digest)] if self.seqs[digest] <= self.delivered else []
        assert self.ratchet is not None
        try:
            after, seq, body = self.ratchet.open(env.envelope, self.clock())
            if seq in self.seqs.values() or not 1 <= seq <= self.delivered + WINDOW:
                raise Refused("envelope: seq")
        except Refused:
            self.stopped = True
            return self._want(1) if self.dialled else [Resync(self.sid)]
        self.ratchet, self.seqs[digest], self.held[seq] = after, seq, (digest, body)
        return self._deliver()

    def _other_session(self) -> list[Frame]:
        if self.dialled:
            return self._want(0)
        if self.complaints == self.hellos:
            return []
        self.complaints = self.hellos
        return [Resync(NO_SID)]

    def _deliver(self) -> list[Frame]:
        said: list[Frame] = []
        while self.delivered + 1 in self.held:
            self.delivered += 1
            digest, body = self.held.pop(self.delivered)
            if body not in self.inbox:  # the same bytes carry the same message id
                self.inbox.append(body)
            said.append(Ack(self.sid, digest))
        return said

    def _ack(self, ack: Ack) -> list[Frame]:
        for queued in list(self.queue):
            if ack.sid == self.sid != NO_SID and queued.seq and h32(queued.envelope) == ack.hash:
                self.queue.remove(queued)
                self.acked = max(self.acked, queued.seq)
        return []
