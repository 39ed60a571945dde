"""The two ends of a contact's delivery, without a network: a test carries their frames by hand."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.fixed_clock import FixedClock
from tests.support.handshakes import Meeting, person
from tests.support.seeded_rng import SeededRng
from tests.support.stores import add_contact, open_store
from tuichat.crypto.kem import MlKem768
from tuichat.crypto.ratchet import Ratchet
from tuichat.node.contact_book import ContactBook, Presence
from tuichat.node.delivery import Delivery, DeliveryContext, SessionTroubles
from tuichat.node.events import EventHub
from tuichat.node.outbox import Outbox, Sealing
from tuichat.protocol.bodies import THE_TWO_OF_US, Text
from tuichat.protocol.frames import Frame
from tuichat.protocol.link import Link
from tuichat.store.records import SessionRow
from tuichat.store.store import Store

KEM = MlKem768()


@dataclass
class End:
    """One side: a store with one contact, and the frames that it wants to send."""

    store: Store
    contact: int
    sealing: Sealing
    troubles: SessionTroubles = field(default_factory=SessionTroubles)
    leaving: deque[Frame] = field(default_factory=deque)
    sent: list[int] = field(default_factory=list)
    delivered: list[int] = field(default_factory=list)
    seconds: float = 0.0
    delivery: Delivery | None = None
    words: int = 0
    at_sending: Callable[[Frame], None] = lambda _frame: None

    def __post_init__(self) -> None:
        book = ContactBook(self.store, Presence(lambda _: "offline", lambda *_: False))
        self.hub = EventHub(self.store, FixedClock(), book.contact, book.message)

    def link(self, link: Link, *, dialler: bool) -> Delivery:
        self.leaving.clear()
        self.delivery = Delivery(
            DeliveryContext(
                store=self.store,
                hub=self.hub,
                contact=self.contact,
                link=link,
                dialler=dialler,
                sealing=self.sealing,
                troubles=self.troubles,
                send=self.send,
                on_sent=self.sent.extend,
                on_delivered=self.delivered.append,
                monotonic=lambda: self.seconds,
            )
        )
        self.delivery.begin()
        return self.delivery

    def send(self, frame: Frame) -> None:
        self.at_sending(frame)
        self.leaving.append(frame)

    @property
    def outbox(self) -> Outbox:
        return Outbox(self.store, self.contact, self.sealing)

    @property
    def ratchet(self) -> Ratchet:
        """As it is on disk; what is done with it stays here."""
        return Ratchet.decode(self.session.ratchet)

    def forge(self, seq: int, body: bytes) -> bytes:
        """An envelope that this side could have sealed next."""
        by = self.sealing
        return self.ratchet.seal(seq, body, by.leaving, by.rng, by.kem)

    def write(self, text: str) -> int:
        self.words += 1
        wire_id = self.sealing.own[:8] + self.words.to_bytes(8, "big")
        with self.hub.change():
            message = self.outbox.queue_text(
                Text(THE_TWO_OF_US, wire_id, self.words, text), self.words, given=False
            )
        if self.delivery is not None:
            self.delivery.pump()
        return message.id

    def read(self) -> list[str]:
        """What arrived, in order."""
        rows = self.store.messages.page(self.contact, 5000)
        return [row.text for row in rows if row.direction == "in"]

    @property
    def session(self) -> SessionRow:
        return self.store.sessions.get(self.contact)

    def give(self, frame: Frame) -> list[Frame]:
        """Handle one frame; what leaves because of it."""
        assert self.delivery is not None
        self.leaving.clear()
        self.handle(frame)
        return list(self.leaving)

    def handle(self, frame: Frame) -> None:
        """Handle one frame and all that it sets free."""
        assert self.delivery is not None
        self.delivery.handle(frame)
        while self.delivery.take_waiting():
            pass


class Ends:
    """The dialler and the answerer."""

    def __init__(self, directory: Path) -> None:
        self.dialler = self._end(directory / "dialler", "caller", "callee")
        self.answerer = self._end(directory / "answerer", "callee", "caller")
        self.links: list[tuple[Link, Link]] = []

    @staticmethod
    def _end(directory: Path, own: str, peer: str) -> End:
        directory.mkdir()
        store = open_store(directory)
        rng = SeededRng(own.encode())
        return End(store, add_contact(store).id, Sealing(person(own).onion, person(peer).onion, rng, KEM))

    def connect(self) -> None:
        mine, theirs, _, _ = Meeting(rng=SeededRng(b"link %d" % len(self.links))).links()
        self.links.append((mine, theirs))
        self.answerer.link(theirs, dialler=False)
        self.dialler.link(mine, dialler=True)

    def carry(self, most: int = 10_000) -> int:
        """Carry frames both ways until none leaves; how many were carried."""
        carried = 0
        while carried < most and (self.dialler.leaving or self.answerer.leaving):
            for one, other in ((self.dialler, self.answerer), (self.answerer, self.dialler)):
                if one.leaving:
                    carried += 1
                    other.handle(one.leaving.popleft())
        return carried
