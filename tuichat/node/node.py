"""An unlocked node: the local API's methods, each checked, done durably, and told to the links."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from tuichat import __version__
from tuichat.clock import Clock, Rng
from tuichat.crypto.identity import Identity
from tuichat.crypto.kem import Kem
from tuichat.errors import NotFoundError, StorageError, UsageError
from tuichat.i18n import _
from tuichat.model import (
    MAX_REQUEST_BYTES,
    MAX_TEXT_BYTES,
    AnyEvent,
    Contact,
    ContactCounts,
    Invite,
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
from tuichat.node.first_contact import FirstContact, FirstContactParts, check_request_text
from tuichat.node.invites import Invites, read_invite
from tuichat.node.keys import Keys
from tuichat.node.links import Links
from tuichat.node.outbox import Outbox, Sealing
from tuichat.node.reach import Reach, Visibility
from tuichat.node.supervisor import supervise
from tuichat.node.verification import Verification
from tuichat.protocol.invites import looks_like_invite
from tuichat.protocol.sanitize import sanitize_text
from tuichat.store.records import ContactRow
from tuichat.store.store import Store

MESSAGE_ID_LENGTH: Final = 16
LARGEST_PAGE: Final = 5000
HOUSE_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class NodeParts:
    """The concrete parts of a node; `name` is what this person calls themself, "" for nothing.

    `visibility` is who may connect to our service: everybody, or who holds a key of ours.
    """

    store: Store
    identity: Identity
    name: str
    transport: Transport
    clock: Clock
    rng: Rng
    kem: Kem
    visibility: Visibility = "public"


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
        self._keys = Keys(parts.store, self._hub)
        self._verification = Verification(parts.store, self._hub, parts.identity)
        self._invites = Invites(parts.store, parts.identity, parts.rng)
        self._reach = Reach(parts.store, parts.identity.onion, parts.visibility, parts.rng)
        self._first_contact = FirstContact(
            FirstContactParts(
                store=parts.store,
                hub=self._hub,
                book=self._book,
                keys=self._keys,
                invites=self._invites,
                reach=self._reach,
                rng=parts.rng,
            )
        )
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
        self._housekeeper: asyncio.Task[None] | None = None

    # -- life --

    async def start(self) -> None:
        """Begin; offline until `go_online`."""
        self._with.transport.watch(self._on_network)
        self._links.start()
        self._housekeeper = asyncio.create_task(supervise("house", self._keep_house), name="house")

    async def go_online(self) -> None:
        """Start the transport; contacts are dialled as soon as it is ready."""
        await self._with.transport.start(self._callers.answer, self._admitted)

    def _admitted(self) -> list[bytes] | None:
        return self._reach.admitted(self._hub.now())

    async def _admit(self) -> None:
        """Publish anew if somebody holds a key that the service does not admit yet."""
        if self._reach.must_republish(self._hub.now()):
            await self._with.transport.renew()

    async def close(self) -> None:
        """End every link, go offline, and close the store."""
        if self._housekeeper is not None:
            self._housekeeper.cancel()
            await asyncio.gather(self._housekeeper, return_exceptions=True)
        await self._links.close()
        await self._with.transport.stop()
        self._hub.close()
        self._store.close()

    async def _keep_house(self) -> None:
        """Old ratchet states must not lie in the write-ahead log: it is emptied soon after each commit.

        And who was given a key when there was none to spare is admitted by another publication.
        """
        while True:
            await asyncio.sleep(HOUSE_SECONDS)
            await self._admit()
            if self._hub.committed:
                self._hub.committed = False
                with contextlib.suppress(StorageError):  # the next commit tells the person of it
                    self._store.checkpoint()

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
        invite = read_invite(address, self._with.clock.now()) if looks_like_invite(address) else None
        onion = onion_of(address) if invite is None else invite.onion
        if onion == self._with.identity.onion:
            raise UsageError(_("This is your own address."), _("Give it to others; add theirs here."))
        text = check_request_text(message, MAX_REQUEST_BYTES)
        existing = self._store.contacts.by_onion(onion)
        if existing is not None and (invite is None or existing.state in ("accepted", "blocked")):
            return await self._add_existing(existing, name)
        self._reach.check_room(self._hub.now())
        invitation = "" if invite is None else str(invite)
        if existing is not None:
            row = self._first_contact.invited(existing, invitation)
        else:
            petname = self._book.default_petname(onion) if name is None else self._book.check_petname(name)
            row = self._first_contact.ask(onion, petname, text, invitation)
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
        self._reach.check_room(self._hub.now())
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
            for contact in [row.id, *self._book.mistakable(row.id, row.petname, petname)]:
                changes.contact(contact)
        return self._record(row.id)

    async def contact_verify(self, ref: str, digits: str | None = None) -> SafetyNumber:
        row = self._book.find(ref)
        return self._verification.show(row) if digits is None else self._verification.compare(row, digits)

    async def contact_trust(self, ref: str, accept: bool) -> Contact:
        row = self._book.find(ref)
        self._keys.decide(row, accept=accept)
        if accept:
            await self._links.drop(row.id)  # the present one is the old key's, if there is one
            if row.state in ("accepted", "requested"):
                self._links.add(row.id)
                await self.go_online()
        return self._record(row.id)

    # -- invites --

    async def invite_create(self, seconds: int = 86_400) -> Invite:
        now = self._hub.now()
        self._reach.check_room(now)
        with self._hub.change():
            invite = self._invites.create(seconds, now)
        await self._invites_changed()
        return invite

    async def invite_list(self) -> list[Invite]:
        return self._invites.list(self._hub.now())

    async def invite_revoke(self, invite: int) -> None:
        with self._hub.change():
            self._invites.revoke(invite)
        await self._invites_changed()

    async def _invites_changed(self) -> None:
        self._callers.forget_knocks()
        await self._admit()

    # -- messages --

    async def send(self, ref: str, text: str) -> Message:
        row = self._book.find(ref)
        self._check_may_send(row)
        clean = _checked_text(text)
        at_once = self._links.takes_at_once(row.id)
        with self._hub.change() as changes:
            message = self._outbox(row).queue_text(
                self._with.rng.bytes(MESSAGE_ID_LENGTH), clean, self._hub.now(), given=at_once
            )
            changes.message(message.id, new=True)
        self._links.queued(row.id)
        await self.go_online()
        return self._message(message.id)

    def _outbox(self, row: ContactRow) -> Outbox:
        me = self._with
        return Outbox(self._store, row.id, Sealing(me.identity.onion, row.onion, me.rng, me.kem))

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
        self._keys.check_may_send(row)

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
        contact = self._store.contacts.get(row.contact)
        assert contact is not None
        with self._hub.change() as changes:
            self._outbox(contact).cancel(row, self._with.rng.bytes(MESSAGE_ID_LENGTH))
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
