"""An unlocked node: the local API's methods, each checked, done durably, and told to the links."""

from __future__ import annotations

import asyncio
import contextlib
from shlex import quote

from tuichat import __version__
from tuichat.errors import NotFoundError, StorageError, UsageError
from tuichat.i18n import _
from tuichat.model import (
    Contact,
    ContactCounts,
    Message,
    OutboxCounts,
    SafetyNumber,
    Status,
    from_milliseconds,
)
from tuichat.network.addresses import address_of, onion_of
from tuichat.node.backup_methods import BackupMethods
from tuichat.node.callers import Callers
from tuichat.node.calls import CallParts
from tuichat.node.contact_book import ContactBook, Presence, no_other_text
from tuichat.node.conversations import ConversationParts, Conversations
from tuichat.node.deed_methods import DeedMethods
from tuichat.node.deeds import Deeds
from tuichat.node.desk_methods import DeskMethods
from tuichat.node.desk_wiring import make_desk
from tuichat.node.event_methods import EventMethods
from tuichat.node.events import EventHub
from tuichat.node.figures import FigureBook, FigureMethods
from tuichat.node.file_methods import FileMethods
from tuichat.node.file_progress import FileBook
from tuichat.node.file_wiring import make_transfers
from tuichat.node.first_contact import FirstContact, FirstContactParts
from tuichat.node.hooks import Hooks
from tuichat.node.housekeeping import Housekeeper
from tuichat.node.invite_methods import InviteMethods
from tuichat.node.invites import Invites, read_invite
from tuichat.node.keys import Keys
from tuichat.node.late_bodies import LateBodies
from tuichat.node.links import Links
from tuichat.node.network_news import NetworkNews
from tuichat.node.parts import NodeParts
from tuichat.node.reach import Reach
from tuichat.node.receipts import Receipts
from tuichat.node.request_text import check_request_text
from tuichat.node.search_methods import SearchMethods
from tuichat.node.searching import Searching
from tuichat.node.settling import Settling
from tuichat.node.sign_methods import SignMethods
from tuichat.node.signs import Signs
from tuichat.node.timers import Timers
from tuichat.node.token_methods import TokenMethods
from tuichat.node.tokens import Tokens
from tuichat.node.verification import Verification
from tuichat.node.weaknesses import Weaknesses
from tuichat.protocol.invites import looks_like_invite
from tuichat.store.records import ContactRow
from tuichat.supervisor import supervise


class Node(
    BackupMethods,
    FileMethods,
    SearchMethods,
    DeskMethods,
    DeedMethods,
    SignMethods,
    EventMethods,
    TokenMethods,
    InviteMethods,
    FigureMethods,
    Settling,
):
    """One unlocked profile at work. It implements NodeApi but for what concerns locking and ending."""

    def __init__(self, parts: NodeParts) -> None:
        self._with = parts
        self._store = parts.store
        presence = Presence(
            lambda contact: self._links.stage(contact),
            lambda contact, message: self._links.in_flight(contact, message),
            lambda contact: self._signs.of(contact),
        )
        self._book = ContactBook(parts.store, presence)
        files = FileBook(parts.store, parts.clock.monotonic)
        self._hub = EventHub(parts.store, parts.clock, self._book.contact, self._book.message, files.get)
        self._figures = FigureBook(parts.store, self._hub)
        self._hooks = Hooks(parts.hooks, self._book.petname)
        self._hub.listen(self._hooks.take)
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
        self._signs = Signs(parts.signs, parts.store, self._hub, lambda: self._links)
        self._links = Links(calling, self._hub, self._callers, self._signs)
        self._weaknesses = Weaknesses(parts.store, self._hub)
        self._news = NetworkNews(self._hub, self._weaknesses, parts.transport.state, self._links.network_back)
        self._conversations = Conversations(
            ConversationParts(
                own_onion=parts.identity.onion,
                store=parts.store,
                hub=self._hub,
                book=self._book,
                keys=self._keys,
                links=self._links,
                rng=parts.rng,
                kem=parts.kem,
            )
        )
        self._receipts = Receipts(parts.store, self._hub, self._conversations, self._links, parts.rng)
        self._deeds = Deeds(parts.store, self._hub, self._conversations, self._links, parts.rng)
        self._timers = Timers(parts, self._hub, self._conversations, self._links)
        self._transfers = make_transfers(
            parts, self._hub, self._book, files, self._links, self._conversations
        )
        self._searching = Searching(parts.store, self._book)
        self._tokens = Tokens(parts.store, self._hub, self._book, parts.rng)
        self._desk = make_desk(parts, self._hub, self._book, files, self._links, self._transfers)
        self._housekeeper = Housekeeper(parts.store, self._hub, parts.clock, self._admit, self._tend)
        self._housekeeping: asyncio.Task[None] | None = None

    # -- life --

    async def start(self) -> None:
        """Begin; offline until `go_online`."""
        with contextlib.suppress(StorageError):  # the next start tries again
            LateBodies(self._store, self._hub).read()
            if not self._signs.rules.receipts:
                self._receipts.withdraw()  # the setting may be another than when they were queued
        self._with.transport.watch(self._news.heard)
        self._links.start()
        self._transfers.start()
        self._searching.start()
        self._timers.start()
        self._housekeeping = asyncio.create_task(supervise("house", self._housekeeper.keep), name="house")

    async def go_online(self) -> None:
        """Start the transport; contacts are dialled as soon as it is ready.

        Raises:
            TuichatError: the service is to admit contacts only, and they are too many.
        """
        self._reach.check_room(self._hub.now())
        await self._with.transport.start(self._callers.answer, self._admitted, self._transfers.find_blob)

    async def use_bridges(self, lines: list[str]) -> None:
        await self._with.transport.use_bridges(lines)

    def _admitted(self) -> list[bytes] | None:
        return self._reach.admitted(self._hub.now())

    async def _admit(self) -> None:
        """Publish anew if somebody holds a key that the service does not admit yet."""
        if self._reach.must_republish(self._hub.now()):
            await self._with.transport.renew()

    def _tend(self) -> None:
        self._transfers.tend()
        self._deeds.expire()

    async def close(self) -> None:
        """End every link, go offline, and close the store."""
        if self._housekeeping is not None:
            self._housekeeping.cancel()
            await asyncio.gather(self._housekeeping, return_exceptions=True)
        await self._hooks.close()
        await self._searching.close()
        await self._timers.close()
        await self._transfers.close()
        self._desk.memory.close()
        await self._links.close()
        self._signs.close()
        await self._with.transport.stop()
        self._hub.close()
        self._store.close()

    def queued_count(self) -> int:
        """How many messages wait for an acknowledgement."""
        return self._store.outbox.totals()[0]

    def has_work(self) -> bool:
        """Whether something is not delivered yet, or a file is on its way or waits to be."""
        return self.queued_count() > 0 or self._transfers.under_way() > 0

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
                queued=queued,
                oldest_at=None if oldest is None else from_milliseconds(oldest),
                in_memory=self._store.outbox.lost_at_the_end(),
            ),
            version=__version__,
            transfers=self._transfers.under_way(),
            name=self._with.name,
            in_memory=self._store.messages.held_in_memory(),
        )

    # -- contacts --

    async def contact_add(self, address: str, name: str | None = None, message: str = "") -> Contact:
        invite = read_invite(address, self._with.clock.now()) if looks_like_invite(address) else None
        onion = onion_of(address) if invite is None else invite.onion
        if onion == self._with.identity.onion:
            own = _("This is your own address.") if invite is None else _("This is your own invite.")
            raise UsageError(own, _("Give it to others; add theirs here."))
        text = check_request_text(message)
        existing = self._store.contacts.by_onion(onion)
        if existing is not None and (invite is None or existing.state in ("accepted", "blocked")):
            contact = await self._add_existing(existing, name, text)
            if invite is not None:
                self._first_contact.keep_invite(existing, str(invite))
                self._links.add(existing.id)
                await self.go_online()
            return contact
        is_new = existing is None or existing.state == "pending"
        self._reach.check_room(self._hub.now(), 1 if is_new else 0)
        invitation = "" if invite is None else str(invite)
        if existing is not None:
            if existing.state == "requested" and text not in ("", existing.request_text):
                raise no_other_text(existing)
            row = self._first_contact.invited(existing, invitation)
        else:
            petname = self._book.default_petname(onion) if name is None else self._book.check_petname(name)
            row = self._first_contact.ask(onion, petname, text, invitation)
        self._links.add(row.id)
        await self.go_online()
        return self._record(row.id)

    async def _add_existing(self, row: ContactRow, name: str | None, text: str) -> Contact:
        """Adding an address whose request is pending accepts it; one that is a contact already is shown.

        A request is repeated unchanged (C1), so that another text has no way to go.
        """
        if row.state == "blocked":
            raise UsageError(
                _("You have blocked {name}.").format(name=row.petname),
                _("Unblock first: tuichat contact unblock {name}").format(name=quote(row.petname)),
            )
        if row.state == "pending":
            petname = None if name is None else self._book.check_petname(name, row.id)
            return await self._accept(row, petname)
        if name is not None and self._book.check_petname(name, row.id) != row.petname:
            raise UsageError(
                _("This address is your contact {name} already.").format(name=row.petname),
                _("To rename: tuichat contact rename {name} NAME").format(name=quote(row.petname)),
                (row.petname,),
            )
        if text not in ("", row.request_text):
            raise no_other_text(row)
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
        self._reach.check_room(self._hub.now(), 1)
        self._first_contact.accept(row, petname)
        self._links.add(row.id)
        await self.go_online()
        return self._record(row.id)

    async def contact_reject(self, ref: str) -> None:
        row = self._book.find(ref)
        if row.state != "pending":
            raise UsageError(
                _("{name} has not asked to be your contact.").format(name=row.petname),
                _("To end contact: tuichat contact remove {name}").format(name=quote(row.petname)),
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
        self._reach.check_room(self._hub.now(), 1)
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
            await self._with.transport.renew(cut=True)

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
        if row.state == "accepted" and not row.confirmed:
            self._links.confirm(row.id)
        return self._verification.show(row) if digits is None else self._verification.compare(row, digits)

    async def contact_trust(self, ref: str, accept: bool) -> Contact:
        row = self._book.find(ref)
        if accept:
            self._reach.check_room(self._hub.now())
        self._keys.decide(row, accept=accept)
        if accept:
            await self._links.drop(row.id)  # the present one is the old key's, if there is one
            if row.state in ("accepted", "requested"):
                self._links.add(row.id)
                await self.go_online()
        return self._record(row.id)

    # -- messages --

    async def send(self, ref: str, text: str, reply_to: int | None = None) -> Message:
        self._reach.check_room(self._hub.now())
        message = self._conversations.send(ref, text, reply_to)
        await self.go_online()
        return message

    async def cancel(self, message: int) -> Message:
        return self._conversations.cancel(message)

    async def message_get(self, message: int) -> Message:
        return self._conversations.get(message)

    async def messages(
        self, ref: str, limit: int = 50, before: int | None = None, after: int | None = None
    ) -> list[Message]:
        return self._conversations.page(ref, limit, before, after)

    def _record(self, contact: int) -> Contact:
        record = self._book.contact(contact)
        if record is None:
            raise NotFoundError(_("This contact is gone."))
        return record
