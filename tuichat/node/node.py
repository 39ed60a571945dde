"""An unlocked node: the local API's methods, each checked, done durably, and told to the links."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from tuichat import __version__
from tuichat.clock import Clock, Rng
from tuichat.crypto.identity import Identity, safety_number
from tuichat.crypto.kem import Kem
from tuichat.errors import NotFoundError, TuichatError, UsageError
from tuichat.i18n import _
from tuichat.model import (
    MAX_REQUEST_BYTES,
    MAX_TEXT_BYTES,
    AnyEvent,
    Contact,
    ContactCounts,
    Message,
    OutboxCounts,
    SafetyNumber,
    ServiceEvent,
    Status,
    TorEvent,
    TorState,
    from_milliseconds,
)
from tuichat.network.addresses import address_of, onion_of
from tuichat.network.transport import NetworkState, Transport
from tuichat.node.callers import Callers
from tuichat.node.calls import CallParts
from tuichat.node.contact_book import ContactBook, Presence
from tuichat.node.events import EventHub
from tuichat.node.first_contact import FirstContact, check_request_text
from tuichat.node.links import Links
from tuichat.node.outbox import Outbox
from tuichat.protocol.knock import PROTOCOL_VERSION
from tuichat.protocol.sanitize import sanitize_text
from tuichat.store.records import ContactRow
from tuichat.store.store import Store

MESSAGE_ID_LENGTH: Final = 16
LARGEST_PAGE: Final = 5000


@dataclass(frozen=True, slots=True)
class NodeParts:
    """The concrete parts of a node; `name` is what this person calls themself, "" for nothing."""

    store: Store
    identity: Identity
    name: str
    transport: Transport
    clock: Clock
    rng: Rng
    kem: Kem


class Node:
    """One unlocked profile at work. It implements NodeApi but for what concerns locking and ending."""

    def __init__(self, parts: NodeParts) -> None:
        self._with = parts
        self._store = parts.store
        presence = Presence(
            lambda contact: self._links.stage(contact),
            lambda contact, message: self._links.in_flight(contact, message),
        )
        self._book = ContactBook(parts.store, presence)
        self._hub = EventHub(parts.store, parts.clock, self._book.contact, self._book.message)
        self._first_contact = FirstContact(parts.store, self._hub, self._book, parts.rng)
        self._callers = Callers(
            parts.identity, parts.store, self._first_contact, parts.clock, parts.rng, parts.kem
        )
        calling = CallParts(
            identity=parts.identity,
            own_name=parts.name,
            store=parts.store,
            first_contact=self._first_contact,
            transport=parts.transport,
            clock=parts.clock,
            rng=parts.rng,
            kem=parts.kem,
        )
        self._links = Links(calling, self._hub, self._callers)
        self._network = parts.transport.state

    # -- life --

    async def start(self) -> None:
        """Begin; offline until `go_online`."""
        self._with.transport.watch(self._on_network)
        self._links.start()

    async def go_online(self) -> None:
        """Start the transport; contacts are dialled as soon as it is ready."""
        await self._with.transport.start(self._callers.answer)

    async def close(self) -> None:
        """End every link, go offline, and close the store."""
        await self._links.close()
        await self._with.transport.stop()
        self._hub.close()
        self._store.close()

    def queued_count(self) -> int:
        """How many messages wait for an acknowledgement."""
        return self._store.outbox.totals()[0]

    async def status(self) -> Status:
        queued, oldest = self._store.outbox.totals()
        state = self._with.transport.state
        return Status(
            address=address_of(self._with.identity.onion),
            node="none",
            locked=False,
            tor=state.tor,
            service=state.service,
            contacts=ContactCounts(
                accepted=self._store.contacts.count("accepted"), online=self._links.online
            ),
            outbox=OutboxCounts(
                queued=queued, oldest_at=None if oldest is None else from_milliseconds(oldest)
            ),
            version=__version__,
        )

    def subscribe(self, since: int | None = None) -> AsyncIterator[AnyEvent]:
        return self._hub.subscribe(since)

    def _on_network(self, state: NetworkState) -> None:
        before, self._network = self._network, state
        at = from_milliseconds(self._hub.now())
        if state.tor != before.tor:
            self._hub.tell(TorEvent(at=at, tor=state.tor))
        if state.service != before.service:
            self._hub.tell(ServiceEvent(at=at, service=state.service))
        if (_usable(state.tor), state.service.reachable) > (_usable(before.tor), before.service.reachable):
            self._links.network_back()

    # -- contacts --

    async def contact_add(self, address: str, name: str | None = None, message: str = "") -> Contact:
        onion = onion_of(address)
        if onion == self._with.identity.onion:
            raise UsageError(_("This is your own address."), _("Give it to others; add theirs here."))
        text = check_request_text(message, MAX_REQUEST_BYTES)
        existing = self._store.contacts.by_onion(onion)
        if existing is not None:
            return await self._add_existing(existing, name)
        petname = self._book.default_petname(onion) if name is None else self._book.check_petname(name)
        row = self._first_contact.ask(onion, petname, text)
        self._links.add(row.id)
        await self.go_online()
        return self._record(row.id)

    async def _add_existing(self, row: ContactRow, name: str | None) -> Contact:
        """Adding an address whose request is pending accepts it; one that is a contact already is shown."""
        if row.state == "blocked":
            raise UsageError(
                _("You have blocked {name}.").format(name=row.petname),
                _("Unblock first: tuichat contact unblock {name}").format(name=row.petname),
            )
        if row.state == "pending":
            petname = None if name is None else self._book.check_petname(name, row.id)
            return await self._accept(row, petname)
        if name is not None and self._book.check_petname(name, row.id) != row.petname:
            raise UsageError(
                _("This address is your contact {name} already.").format(name=row.petname),
                _("To rename: tuichat contact rename {name} NAME").format(name=row.petname),
                (row.petname,),
            )
        return self._record(row.id)

    async def contact_list(self) -> list[Contact]:
        return self._book.all()

    async def contact_accept(self, ref: str) -> Contact:
        row = self._book.find(ref)
        if row.state == "accepted":
            return self._record(row.id)
        if row.state != "pending":
            raise UsageError(
                _("{name} has not asked to be your contact.").format(name=row.petname),
                _("See who has: tuichat contact requests"),
            )
        return await self._accept(row, None)

    async def _accept(self, row: ContactRow, petname: str | None) -> Contact:
        self._first_contact.accept(row, petname)
        self._links.add(row.id)
        await self.go_online()
        return self._record(row.id)

    async def contact_reject(self, ref: str) -> None:
        row = self._book.find(ref)
        if row.state != "pending":
            raise UsageError(
                _("{name} is no pending request.").format(name=row.petname),
                _("To end contact: tuichat contact remove {name}").format(name=row.petname),
            )
        self._first_contact.forget(row)

    async def contact_block(self, ref: str) -> Contact:
        row = self._book.find(ref)
        if row.state != "blocked":
            self._first_contact.block(row)
            await self._cut_off(row)
        return self._record(row.id)

    async def contact_unblock(self, ref: str) -> Contact:
        row = self._book.find(ref)
        if row.state != "blocked":
            raise UsageError(_("{name} is not blocked.").format(name=row.petname))
        if self._first_contact.unblock(row).state == "requested":
            self._links.add(row.id)
            await self.go_online()
        return self._record(row.id)

    async def contact_remove(self, ref: str) -> None:
        row = self._book.find(ref)
        self._first_contact.forget(row)
        await self._cut_off(row)

    async def _cut_off(self, row: ContactRow) -> None:
        """Close what is open to them; fresh introduction points, for they knew the old ones (C8)."""
        await self._links.drop(row.id)
        await self._with.transport.hang_up(row.onion)
        if row.state != "pending":
            await self._with.transport.renew()

    async def contact_rename(self, ref: str, name: str) -> Contact:
        row = self._book.find(ref)
        petname = self._book.check_petname(name, row.id)
        with self._hub.change() as changes:
            self._store.contacts.update(row.id, petname=petname)
            changes.contact(row.id)
        return self._record(row.id)

    async def contact_verify(self, ref: str, digits: str | None = None) -> SafetyNumber:
        row = self._book.find(ref)
        if not row.confirmed or row.sig is None or row.state != "accepted":
            raise UsageError(
                _("{name} cannot be verified yet.").format(name=row.petname),
                _("A safety number exists once you have reached each other."),
            )
        me = self._with.identity
        number = safety_number(PROTOCOL_VERSION, (me.onion, me.sig), (row.onion, row.sig))
        if digits is not None:
            self._compare(row, number, digits)
        return SafetyNumber(contact=row.id, digits=number, verified=row.verified or digits is not None)

    def _compare(self, row: ContactRow, number: str, digits: str) -> None:
        if "".join(digits.split()) != number:
            raise TuichatError(
                _("The safety number does not match. Nothing was changed."),
                _("Compare again; if it stays different, somebody may be between you."),
            )
        with self._hub.change() as changes:
            self._store.contacts.update(row.id, verified=True)
            changes.contact(row.id)

    # -- messages --

    async def send(self, ref: str, text: str) -> Message:
        row = self._book.find(ref)
        self._check_may_send(row)
        clean = _checked_text(text)
        at_once = self._links.takes_at_once(row.id)
        with self._hub.change() as changes:
            message = Outbox(self._store, row.id).queue_text(
                self._with.rng.bytes(MESSAGE_ID_LENGTH), clean, self._hub.now(), given=at_once
            )
            changes.message(message.id, new=True)
        self._links.queued(row.id)
        await self.go_online()
        return self._message(message.id)

    def _check_may_send(self, row: ContactRow) -> None:
        if row.state == "pending":
            raise UsageError(
                _("{name} waits for your answer.").format(name=row.petname),
                _("Accept first: tuichat contact accept {name}").format(name=row.petname),
            )
        if row.state == "blocked":
            raise UsageError(
                _("You have blocked {name}.").format(name=row.petname),
                _("Unblock first: tuichat contact unblock {name}").format(name=row.petname),
            )

    async def cancel(self, message: int) -> Message:
        record = self._message(message)
        row = self._store.outbox.by_message(message)
        if record.direction == "in" or row is None or record.state == "cancelled":
            raise UsageError(_("Only a message that still waits can be cancelled."))
        if row.given:
            raise UsageError(
                _("This message may have left already, so it cannot be cancelled."),
                _("It counts as delivered only once your contact has acknowledged it."),
            )
        with self._hub.change() as changes:
            Outbox(self._store, row.contact).cancel(row, self._with.rng.bytes(MESSAGE_ID_LENGTH))
            self._store.messages.set_state(message, "cancelled")
            changes.message(message)
        return self._message(message)

    async def message_get(self, message: int) -> Message:
        return self._message(message)

    async def messages(
        self, ref: str, limit: int = 50, before: int | None = None, after: int | None = None
    ) -> list[Message]:
        row = self._book.find(ref)
        if not 1 <= limit <= LARGEST_PAGE:
            raise UsageError(_("A page has 1 to {most} messages.").format(most=LARGEST_PAGE))
        if before is not None and after is not None:
            raise UsageError(_("Ask for messages before one or after one, not both."))
        rows = self._store.messages.page(row.id, limit, before, after)
        return [self._book.message_record(each) for each in rows]

    async def mark_read(self, ref: str, up_to: int) -> None:
        row = self._book.find(ref)
        if self._store.messages.unread(row.id):
            with self._hub.change() as changes:
                if self._store.messages.mark_read(row.id, up_to):
                    changes.contact(row.id)

    def _record(self, contact: int) -> Contact:
        record = self._book.contact(contact)
        if record is None:
            raise NotFoundError(_("This contact is gone."))
        return record

    def _message(self, message: int) -> Message:
        record = self._book.message(message)
        if record is None:
            raise NotFoundError(_("There is no message {id}.").format(id=message))
        return record


def _usable(tor: TorState) -> bool:
    """Whether circuits can be built, as far as tor knows."""
    return tor.running and tor.bootstrap == 100 and not tor.problem


def _checked_text(text: str) -> str:
    """The text as both histories keep it: sanitised here, so that the peer's sanitising changes nothing."""
    clean = sanitize_text(text)
    if not clean.strip():
        raise UsageError(_("There is nothing to send: the message is empty."))
    size = len(clean.encode())
    if size > MAX_TEXT_BYTES:
        raise UsageError(
            _("The message has {size} bytes; at most {most} fit.").format(size=size, most=MAX_TEXT_BYTES),
            _("Send it in parts. Sending as a file (--file) is not in this version."),
        )
    return clean
