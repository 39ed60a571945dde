"""How two people become contacts, and stop being so (C1-C8).

Synchronous and durable: each step is one transaction, and the same answer may be asked for again and again.
Whether a request was accepted, set aside, dropped or silently refused is seen by nobody but this person.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tuichat.clock import Rng
from tuichat.crypto.identity import Certificate
from tuichat.errors import PeerError
from tuichat.node.contact_book import ContactBook
from tuichat.node.events import Changes, EventHub
from tuichat.node.file_forgetting import forget_disappearing
from tuichat.node.invite_news import invite_used
from tuichat.node.invites import Invites
from tuichat.node.kept_queue import keep_what_left
from tuichat.node.keys import Keys
from tuichat.node.reach import Reach
from tuichat.node.request_text import kept_request_text
from tuichat.protocol.frames import Accepted, Gone, Received, Request
from tuichat.protocol.invites import parse_invite, sig_hash
from tuichat.protocol.sanitize import sanitize_name
from tuichat.store.records import ContactRow, SessionRow
from tuichat.store.store import Store

MAX_PENDING: Final = 300
"""How many requests may wait for this person's answer; the oldest makes room for the next."""

PAIR_LENGTH: Final = 32


@dataclass(frozen=True, slots=True)
class FirstContactParts:
    """What first contact works with."""

    store: Store
    hub: EventHub
    book: ContactBook
    keys: Keys
    invites: Invites
    reach: Reach
    rng: Rng


@dataclass(frozen=True, slots=True)
class Shown:
    """What a link shows of its other end: a certificate that was checked, and the link's version."""

    certificate: Certificate
    version: int

    def is_pinned(self, row: ContactRow) -> bool:
        """Whether nothing of it is new (K3)."""
        keys = (self.certificate.sig, self.certificate.ik, self.certificate.epoch)
        return (row.sig, row.ik, row.epoch, row.version) == (*keys, self.version)


class FirstContact:
    """Changes what contacts are to me.

    Attributes:
        keys: which of theirs are taken.
        pairs_drawn: how many pair secrets were drawn for contacts that had none to send: each is a new knock.
    """

    def __init__(self, parts: FirstContactParts) -> None:
        self._store = parts.store
        self._hub = parts.hub
        self.keys = parts.keys
        self._book = parts.book
        self._invites = parts.invites
        self._reach = parts.reach
        self._rng = parts.rng
        self.pairs_drawn = 0

    # -- what a peer asks --

    def on_request(
        self, request: Request, shown: Shown, invite: int | None
    ) -> tuple[Accepted | Received | Gone, int | None]:
        """Take a request in, in one transaction; the reply, and the contact if we are contacts now (C4).

        `invite` is the one under whose key the caller knocked.
        """
        certificate = shown.certificate
        row = self._store.contacts.by_onion(certificate.onion)
        if row is not None and row.state in ("accepted", "requested"):
            return self._accept_from(row, request, shown, invite), row.id
        if invite is not None and self._invites.is_gone(invite, certificate.onion):
            return Gone(), None
        if row is not None and row.state == "blocked":
            return Received(), None
        if invite is not None:
            return self._welcome(row, request, shown, invite)
        self._set_aside(row, request, certificate)
        return Received(), None

    def _accept_from(self, row: ContactRow, request: Request, shown: Shown, invite: int | None) -> Accepted:
        known = row.state == "accepted" and row.pair_received == request.pair and shown.is_pinned(row)
        if known and row.reach == (request.reach or row.reach) and invite is None:
            return Accepted(self._reach.key_for(row.id))
        with self._hub.change() as changes:
            self._keep_request(row, request, shown)
            if invite is not None:
                self._invites.bind(invite, row.onion)
            changes.contact(row.id)
            return Accepted(self._reach.key_for(row.id))

    def _welcome(
        self, row: ContactRow | None, request: Request, shown: Shown, invite: int
    ) -> tuple[Accepted, int]:
        """Somebody came with an invite that is open to them: a contact at once."""
        with self._hub.change() as changes:
            row = row or self._new_pending(shown.certificate)
            self._keep_request(row, request, shown)
            text = kept_request_text(request.text)
            self._store.contacts.update(row.id, request_text=text or row.request_text)
            self._invites.bind(invite, row.onion)
            changes.contact(row.id)
        self._hub.tell(invite_used(row.petname, sanitize_name(request.name), text, self._hub.now()))
        return Accepted(self._reach.key_for(row.id)), row.id

    def _keep_request(self, row: ContactRow, request: Request, shown: Shown) -> None:
        self._store.contacts.update(
            row.id,
            sig=shown.certificate.sig,
            ik=shown.certificate.ik,
            epoch=shown.certificate.epoch,
            version=shown.version,
            state="accepted",
            pair_received=request.pair,
            suggested_name=sanitize_name(request.name) or row.suggested_name,
            reach=request.reach or row.reach,
        )

    def _set_aside(self, row: ContactRow | None, request: Request, certificate: Certificate) -> None:
        name, text = sanitize_name(request.name), kept_request_text(request.text)
        same = row is not None and row.pair_received == request.pair and row.request_text == text
        if row is not None and same and row.reach == (request.reach or row.reach):
            return
        with self._hub.change() as changes:
            if row is None:
                self._make_room(changes)
                row = self._new_pending(certificate)
            self._store.contacts.update(
                row.id,
                pair_received=request.pair,
                suggested_name=name,
                request_text=text,
                reach=request.reach or row.reach,
                sig=certificate.sig,
                ik=certificate.ik,
                epoch=certificate.epoch,
            )
            changes.contact(row.id)

    def _make_room(self, changes: Changes) -> None:
        """The oldest request of a stranger goes when another comes and there are too many."""
        if self._store.contacts.count("pending") >= MAX_PENDING:
            oldest = self._store.contacts.oldest_pending()
            self._store.contacts.remove(oldest)
            changes.contact_removed(oldest)

    def _new_pending(self, certificate: Certificate) -> ContactRow:
        return self._store.contacts.add(
            certificate.onion,
            "pending",
            self._book.default_petname(certificate.onion),
            created_at=self._hub.now(),
        )

    # -- what a peer proves --

    def on_proven(self, row: ContactRow, shown: Shown, *, dialled: bool, pair: bytes | None) -> None:
        """A link was completed with a contact: keep its keys; under a pair secret it is acceptance (C6).

        Args:
            shown: checked by `keys`.
            dialled: by me, to its address (C7).
            pair: the secret under which the link was made, None for the public key.

        Raises:
            PeerError: the contact is no longer one that may link.
        """
        if row.state not in ("accepted", "requested"):
            raise PeerError("not a contact any more")
        state = "accepted" if pair is not None else row.state
        confirmed = row.confirmed or dialled
        last_pair = row.last_pair if pair is None else "sent" if pair == row.pair_sent else "received"
        same = (state, confirmed, last_pair) == (row.state, row.confirmed, row.last_pair)
        closes = pair is not None and self._invites.has_bound(row.onion)
        invite = "" if pair is not None else row.invite
        if same and shown.is_pinned(row) and not closes and invite == row.invite:
            return
        with self._hub.change() as changes:
            if pair is not None:
                self._invites.close_bound(row.onion)
            self._store.contacts.update(
                row.id,
                state=state,
                confirmed=confirmed,
                last_pair=last_pair,
                sig=shown.certificate.sig,
                ik=shown.certificate.ik,
                epoch=shown.certificate.epoch,
                version=shown.version,
                invite=invite,
            )
            if (state, confirmed) != (row.state, row.confirmed):
                changes.contact(row.id)

    def on_reached(self, row: ContactRow, shown: Shown) -> None:
        """A contact answered at its address, under the keys known here; the link is not wanted (C7)."""
        if row.state == "accepted" and not row.confirmed and shown.is_pinned(row):
            with self._hub.change() as changes:
                self._store.contacts.update(row.id, confirmed=True)
                changes.contact(row.id)

    def on_accepted(self, contact: int, reach: bytes) -> None:
        """The peer said ACCEPTED to my request, and by which key its service admits me."""
        row = self._store.contacts.get(contact)
        if row is None or row.state not in ("accepted", "requested"):
            raise PeerError("not a contact any more")
        kept = reach or row.reach
        if row.state != "accepted" or row.reach != kept:
            with self._hub.change() as changes:
                self._store.contacts.update(contact, state="accepted", reach=kept)
                changes.contact(contact)

    def on_gone(self, contact: int) -> None:
        """The invite by which I came is used, withdrawn or closed: next I ask as a stranger (C4)."""
        self._store.contacts.update(contact, invite="")

    def request(self, row: ContactRow, own_name: str) -> Request:
        """My request to a contact, the same at every repetition (C1)."""
        pair = row.pair_sent
        if pair is None:
            pair = self._rng.bytes(PAIR_LENGTH)
            self._store.contacts.update(row.id, pair_sent=pair)
            self.pairs_drawn += 1
        text = row.request_text if row.pair_received is None else ""
        return Request(pair, self._reach.key_for(row.id), own_name, text)

    def may_link(self, contact: int, certificate: Certificate) -> bool:
        """Whether the contact is still one to link with, under this SIG: both may change during a call."""
        row = self._store.contacts.get(contact)
        return row is not None and row.state in ("accepted", "requested") and row.sig == certificate.sig

    def on_linked(self, contact: int) -> None:
        """A link to the contact stands; recent contacts are dialled first."""
        self._store.contacts.update(contact, last_linked_at=self._hub.now())

    # -- what this person decides --

    def ask(self, onion: bytes, petname: str, text: str, invite: str = "") -> ContactRow:
        """Make somebody a contact whom I asked; a pair secret is drawn once for all repetitions (C1)."""
        with self._hub.change() as changes:
            row = self._store.contacts.add(
                onion,
                "requested",
                petname,
                created_at=self._hub.now(),
                request_text=text,
                pair_sent=self._rng.bytes(PAIR_LENGTH),
                invite=invite,
            )
            changes.contact(row.id)
        return row

    def invited(self, row: ContactRow, invite: str) -> ContactRow:
        """Somebody I asked, or who asked me, gave me an invite: the next call goes by it."""
        with self._hub.change() as changes:
            asked_as = None if row.sig is None else sig_hash(row.sig)
            if row.state == "pending" and asked_as != parse_invite(invite).sig_hash:
                # their request came under another key than the invite, which somebody gave me by hand
                self._store.contacts.update(row.id, sig=None, ik=None, epoch=0)
            if row.state == "pending" and row.pair_received is None:  # I ask now, and not in their words
                self._store.contacts.update(row.id, request_text="")
            pair = row.pair_sent or self._rng.bytes(PAIR_LENGTH)
            row = self._store.contacts.update(row.id, state="requested", pair_sent=pair, invite=invite)
            changes.contact(row.id)
        return row

    def keep_invite(self, row: ContactRow, invite: str) -> None:
        """A contact gave me an invite: it serves if they know none of our secrets any more."""
        self._store.contacts.update(row.id, invite=invite)

    def accept(self, row: ContactRow, petname: str | None = None) -> ContactRow:
        """Accept a pending request; if its secret is gone (it was blocked since), ask in turn."""
        with self._hub.change() as changes:
            if petname is not None:
                self._store.contacts.update(row.id, petname=petname)
            if row.pair_received is None:
                accepted = self._store.contacts.update(
                    row.id, state="requested", pair_sent=self._rng.bytes(PAIR_LENGTH), request_text=""
                )
            else:
                accepted = self._store.contacts.update(row.id, state="accepted")
            changes.contact(row.id)
        return accepted

    def forget(self, row: ContactRow) -> None:
        """Remove a contact or a request, with all that belongs to it (C8)."""
        with self._hub.change() as changes:
            self._invites.revoke_bound(row.onion)
            forget_disappearing(self._store, row.id, changes)
            self._store.contacts.remove(row.id)
            changes.contact_removed(row.id)

    def block(self, row: ContactRow) -> ContactRow:
        """Block: the secrets are erased and what has not left is cancelled (C8).

        The text of a request stays for `unblock`: of theirs if that makes it pending, of mine if I ask anew.
        """
        known = self._is_known(row)
        with self._hub.change() as changes:
            keep_what_left(self._store, row.id, self._hub.now(), changes, self._rng)
            self._end_files(row.id, changes)
            # numbers are missing from the session now: the next link begins another
            session = self._store.sessions.get(row.id)
            self._store.sessions.forget(row.id)
            self._store.sessions.put(SessionRow(row.id, gen=session.gen))
            self._store.reach_keys.take_back(row.id)
            self._invites.revoke_bound(row.onion)
            blocked = self._store.contacts.update(
                row.id,
                state="blocked",
                pair_sent=None,
                pair_received=None,
                last_pair="",
                verified=False,
                invite="",
                request_text="" if row.pair_received is not None and known else row.request_text,
            )
            changes.contact(row.id)
        return blocked

    def _end_files(self, contact: int, changes: Changes) -> None:
        """What is offered either way is over: no path of mine is answered any more."""
        for file in self._store.transfers.unfinished(contact):
            self._store.transfers.end(file.id, "cancelled", "", self._hub.now())
            changes.file(file.id)

    def unblock(self, row: ContactRow) -> ContactRow:
        """Undo a block: whom I asked or was in touch with is asked anew; else it is their request again."""
        with self._hub.change() as changes:
            if self._is_known(row):
                pair = self._rng.bytes(PAIR_LENGTH)
                row = self._store.contacts.update(row.id, state="requested", pair_sent=pair)
            else:
                row = self._store.contacts.update(row.id, state="pending")
            changes.contact(row.id)
        return row

    def _is_known(self, row: ContactRow) -> bool:
        """Whether this is more than somebody who asked: in touch with me, or nothing of theirs came."""
        written = bool(self._store.messages.page(row.id, 1, None, None))
        return row.confirmed or row.sig is None or written
