"""Delivery over one link: the session's frames in, and what they make us send (S2-S6).

Synchronous: each frame is handled whole, with at most one transaction, before the next. What is to leave is
handed to `send` in order; nothing is acknowledged that is not committed.

    state            HELLO (answerer)     KEEP (dialler)   NEW (dialler)      RESYNC (dialler)
    awaiting HELLO   KEEP or NEW, resend  -                -                  -
    HELLO is out     -                    go on            adopt, resend      say HELLO after the answer
    going on         KEEP or NEW, resend  nothing          exporter steps     HELLO, resend
    "-": the other role's frame, which ends the link.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from tuichat.crypto.envelope import ENVELOPE_SIZES, UnopenableError
from tuichat.crypto.kdf import blake2b_256
from tuichat.crypto.ratchet import Ratchet, fresh_keys
from tuichat.errors import PeerError
from tuichat.node.events import EventHub
from tuichat.node.inbox import Inbox
from tuichat.node.outbox import Outbox, Sealing
from tuichat.node.replaced_session import ReplacedSession
from tuichat.protocol.frames import Ack, Env, Frame, Hello, Keep, New, Resync
from tuichat.protocol.link import Link
from tuichat.protocol.session import (
    NO_SESSION,
    WINDOW_BEYOND_DELIVERED,
    SessionState,
    is_consistent,
    next_generation,
    session_id,
)
from tuichat.store.records import OutboxRow, SessionRow
from tuichat.store.store import Store

IN_FLIGHT: Final = 128
IN_FLIGHT_BYTES: Final = 1 << 20
"""How many envelopes may be on their way unacknowledged over a link: bounds memory, not the queue."""

OPENED_KEPT: Final = 8192
"""How many hashes of opened envelopes are remembered below the last delivered number."""

NEED_SECONDS: Final = 60.0
"""A new session for need, or a second one on the same link, is made and taken at most this often (S5)."""

MAX_SESSIONS: Final = 4
BEGUN_SECONDS: Final = 240.0
TAKEN_SECONDS: Final = 120.0
"""Over whatever links no more sessions than that are begun, and taken, in these times: for each, all that
waits is sealed afresh. They are counted apart, and taken more often than a peer begins any: otherwise each
side could use up its number on sessions that the other refuses, and they would never agree.
"""

MAX_HELLOS: Final = 8
HELLO_SECONDS: Final = 60.0
"""Over one link no more HELLOs than that in this time: after each everything unacknowledged is sent again."""


@dataclass(slots=True)
class SessionTroubles:
    """What outlives a link but not the process: an unopenable envelope, and what sessions came of links."""

    poisoned: bool = False
    last_need_at: float | None = None
    begun_at: deque[float] = field(default_factory=lambda: deque(maxlen=MAX_SESSIONS))
    taken_at: deque[float] = field(default_factory=lambda: deque(maxlen=MAX_SESSIONS))
    replaced: ReplacedSession = field(default_factory=ReplacedSession)


@dataclass(frozen=True, slots=True)
class DeliveryContext:
    """What a delivery works with.

    Attributes:
        sealing: whose envelopes these are.
        troubles: of the contact, shared by its links.
        send: takes frames for the link, in order.
        on_sent: told the ids of messages that are handed to the link.
        on_delivered: told the id of a message that was acknowledged.
        monotonic: seconds.
    """

    store: Store
    hub: EventHub
    contact: int
    link: Link
    dialler: bool
    sealing: Sealing
    troubles: SessionTroubles
    send: Callable[[Frame], None]
    on_sent: Callable[[list[int]], None]
    on_delivered: Callable[[int], None]
    monotonic: Callable[[], float]


class Delivery:
    """One contact's session over one link."""

    def __init__(self, context: DeliveryContext) -> None:
        self._on = context
        self._store = context.store
        self._contact = context.contact
        self._inbox = Inbox(context.store, context.contact)
        self._outbox = Outbox(context.store, context.contact, context.sealing)
        self._flowing = False
        self._cursor = 0
        self._in_flight: dict[bytes, int] = {}
        self._hellos: deque[float] = deque(maxlen=MAX_HELLOS)
        self._hello_out = False
        self._hello_due: bool | None = None
        self._resync_due = False
        self._judged = False
        self._waiting = True  # an earlier link may have ended between two parts

    @property
    def takes_at_once(self) -> bool:
        """Whether what is queued now leaves without waiting for anything."""
        return self._flowing and self._room > 0

    @property
    def _room(self) -> int:
        """How many envelopes, of whatever size, fit into the window."""
        room = IN_FLIGHT_BYTES - sum(self._in_flight.values())
        return min(IN_FLIGHT - len(self._in_flight), room // ENVELOPE_SIZES[-1])

    def begin(self) -> None:
        """The link stands. The dialler speaks first (S2)."""
        if self._on.dialler:
            self._say_hello(need=False)

    def handle(self, frame: Frame) -> None:
        """Take one frame.

        Raises:
            PeerError: it does not belong here; the link must close.
            StorageError: nothing of it was kept, and it was not acknowledged.
        """
        if isinstance(frame, Env):
            self._on_envelope(frame)
        elif isinstance(frame, Ack):
            self._on_ack(frame)
        elif self._on.dialler:
            self._as_dialler(frame)
        elif isinstance(frame, Hello):
            self._on_hello(frame)
        else:
            raise PeerError("a frame that belongs to the other role")

    def _as_dialler(self, frame: Frame) -> None:
        if isinstance(frame, Keep):
            self._on_keep()
        elif isinstance(frame, New):
            self._on_new(frame)
        elif isinstance(frame, Resync):
            self._need_hello(need=frame.sid == self._session().sid != NO_SESSION)
        else:
            raise PeerError("a frame that belongs to the other role")

    # -- what leaves --

    def pump(self) -> None:
        """Hand over what is queued and fits into the window."""
        while self._flowing and (room := self._room) > 0:
            rows = self._store.outbox.unacked(self._contact, after_id=self._cursor, limit=room)
            rows = [row for row in rows if row.seq]
            self._hand_over(rows)
            if len(rows) < room:
                return

    def _hand_over(self, rows: list[OutboxRow]) -> None:
        if not all(row.given for row in rows):
            with self._store.transaction():
                rows = self._outbox.given(rows)
        sid = self._session().sid
        for row in rows:
            assert row.envelope is not None
            assert row.envelope_hash is not None
            self._in_flight[row.envelope_hash] = len(row.envelope)
            self._cursor = row.id
            self._on.send(Env(sid, row.envelope))
        self._on.on_sent([row.message for row in rows if row.message is not None])

    def _restart(self) -> None:
        """Send everything unacknowledged, from the first on."""
        self._flowing = self._session().sid != NO_SESSION
        self._cursor = 0
        self._in_flight.clear()
        self.pump()

    def _on_ack(self, frame: Ack) -> None:
        session = self._session()
        if frame.sid != session.sid:
            return
        with self._on.hub.change() as changes:
            row = self._outbox.acknowledge(session, frame.hash, self._on.hub.now(), changes)
        if row is not None:
            self._in_flight.pop(frame.hash, None)
            if row.message is not None:
                self._on.on_delivered(row.message)
            elif row.subject is not None:
                self._on.hub.tell_message(row.subject)  # what was done to it waits no longer
            self.pump()

    # -- what arrives --

    def _on_envelope(self, frame: Env) -> None:
        session = self._session()
        if frame.sid != session.sid or session.sid == NO_SESSION:
            self._other_session()
            return
        if self._on.troubles.poisoned:
            return
        digest = blake2b_256(frame.envelope)
        seq = self._store.sessions.opened_seq(self._contact, digest)
        if seq is not None:
            if seq <= session.delivered:
                self._on.send(Ack(session.sid, digest))
            return
        ratchet = Ratchet.decode(session.ratchet)
        try:
            seq, body = self._open(session, ratchet, frame.envelope)
        except UnopenableError:
            self._unopenable(session)
            return
        self._take(replace(session, ratchet=ratchet.encode()), (digest, seq, body))

    def _open(self, session: SessionRow, ratchet: Ratchet, envelope: bytes) -> tuple[int, bytes]:
        """Open with a copy of the ratchet; what it has become is kept only with what it opened."""
        sealing = self._on.sealing
        seq, body = ratchet.open(envelope, sealing.arriving, self._on.hub.now() / 1000, sealing.kem)
        last = session.delivered + WINDOW_BEYOND_DELIVERED
        if not session.delivered < seq <= last or self._store.sessions.seq_taken(self._contact, seq):
            raise UnopenableError("an envelope's number is taken or too far ahead")
        return seq, body

    def _take(self, session: SessionRow, envelope: tuple[bytes, int, bytes]) -> None:
        with self._on.hub.change() as changes:
            delivered = self._inbox.take(session, envelope, self._on.hub.now(), changes)
            self._count(session, delivered)
        self._waiting = self._waiting or bool(delivered)
        self._acknowledge(session, delivered)

    def take_waiting(self) -> bool:
        """Deliver a part of what waited and is in order now; whether there may be more.

        To be called after each frame until it says no, with a turn of the loop in between: one frame may
        release thousands.
        """
        if not self._waiting:
            return False
        session = self._session()
        with self._on.hub.change() as changes:
            delivered = self._inbox.take_waiting(session.delivered, self._on.hub.now(), changes)
            self._count(session, delivered)
        self._waiting = bool(delivered)
        self._acknowledge(session, delivered)
        return self._waiting

    def _count(self, session: SessionRow, delivered: list[bytes]) -> None:
        count = session.delivered + len(delivered)
        self._store.sessions.put(replace(session, delivered=count))
        if count // OPENED_KEPT > session.delivered // OPENED_KEPT:
            self._store.sessions.prune_opened(self._contact, count - OPENED_KEPT)

    def _acknowledge(self, session: SessionRow, delivered: list[bytes]) -> None:
        for digest in delivered:
            self._on.send(Ack(session.sid, digest))

    def _unopenable(self, session: SessionRow) -> None:
        """Open nothing more of this session until it restarts, and say so (S5)."""
        self._on.troubles.poisoned = True
        if self._on.dialler:
            self._need_hello(need=True)
        else:
            self._on.send(Resync(session.sid))

    def _other_session(self) -> None:
        if self._on.dialler:
            self._need_hello(need=False)
        elif self._resync_due:
            self._resync_due = False
            self._on.send(Resync(NO_SESSION))

    # -- which session: the dialler's side --

    def _need_hello(self, need: bool) -> None:
        """Say HELLO, or after the answer to the one that is out."""
        if self._hello_out:
            self._hello_due = need or bool(self._hello_due)
        else:
            self._say_hello(need)

    def _say_hello(self, need: bool) -> None:
        self._limit_hellos()
        self._hello_out = True
        self._on.send(_state(self._session()).hello(need))
        self._restart()

    def _answered(self) -> None:
        self._judged = True
        self._hello_out = False
        if self._hello_due is not None:
            need, self._hello_due = self._hello_due, None
            self._say_hello(need)

    def _on_keep(self) -> None:
        if self._hello_out:
            self._on.troubles.poisoned = False
            self._answered()

    def _on_new(self, frame: New) -> None:
        exporter = self._on.link.exporter
        expected = session_id(exporter, frame.gen)
        self._on.link.next_exporter()
        if not self._hello_out:
            return
        if frame.sid != expected:
            raise PeerError("a session that does not belong to this link")
        mine = self._session()
        if (frame.gen, frame.sid) > (mine.gen, mine.sid):
            if self._judged:
                self._limit_need()
            self._limit_sessions(self._on.troubles.taken_at, TAKEN_SECONDS)
            self._adopt(exporter, frame)
            self._hello_due = None
            self._restart()
        self._answered()

    def _adopt(self, exporter: bytes, new: New) -> None:
        kem = self._on.sealing.kem
        self._begin(new.gen, new.sid, Ratchet.as_dialler(exporter, new.gen, new.sid, new.dh, new.ek, kem))

    # -- which session: the answerer's side --

    def _on_hello(self, theirs: Hello) -> None:
        self._limit_hellos()
        mine = _state(self._session())
        self._resync_due = True
        if is_consistent(mine, theirs):
            self._judged = True
            self._on.troubles.poisoned = False
            self._on.send(Keep())
            self._restart()
            return
        if theirs.need or self._judged:
            self._limit_need()
        self._judged = True
        gen = next_generation(mine, theirs)
        if gen is None:
            raise PeerError("there are no more sessions after this one")
        self._limit_sessions(self._on.troubles.begun_at, BEGUN_SECONDS)
        exporter = self._on.link.exporter
        sid = session_id(exporter, gen)
        keys = fresh_keys(self._on.sealing.rng, self._on.sealing.kem)
        doubted = theirs.need or theirs.sid == mine.sid != NO_SESSION
        self._begin(gen, sid, Ratchet.as_answerer(exporter, gen, sid, keys), doubted=doubted)
        self._on.link.next_exporter()
        self._on.send(New(gen, sid, keys.dh_public, keys.ek_public))
        self._restart()

    def _limit_need(self) -> None:
        now, last = self._on.monotonic(), self._on.troubles.last_need_at
        if last is not None and now - last < NEED_SECONDS:
            raise PeerError("new sessions are needed too often")
        self._on.troubles.last_need_at = now

    def _limit_sessions(self, earlier: deque[float], seconds: float) -> None:
        now = self._on.monotonic()
        if len(earlier) == MAX_SESSIONS and now - earlier[0] < seconds:
            raise PeerError("sessions are begun too often")
        earlier.append(now)

    def _limit_hellos(self) -> None:
        now = self._on.monotonic()
        if len(self._hellos) == MAX_HELLOS and now - self._hellos[0] < HELLO_SECONDS:
            raise PeerError("the session is compared too often")
        self._hellos.append(now)

    def _begin(self, gen: int, sid: bytes, ratchet: Ratchet, *, doubted: bool = False) -> None:
        """`doubted`: both have the present session, but it cannot go on."""
        with self._on.hub.change():
            self._outbox.begin_session(gen, sid, ratchet)
        contact = self._store.contacts.get(self._contact)
        if contact is not None and (doubted or self._on.troubles.poisoned):
            self._on.troubles.replaced.tell(self._on.hub, contact)
        self._on.troubles.poisoned = False

    def _session(self) -> SessionRow:
        return self._store.sessions.get(self._contact)


def _state(row: SessionRow) -> SessionState:
    return SessionState(row.gen, row.sid, row.sealed, row.delivered, row.acked)
