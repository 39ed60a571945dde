"""All contacts' links: who is dialled, and whose link a caller's becomes."""

from __future__ import annotations

import asyncio

from tuichat.model import LinkStage
from tuichat.node.callers import Callers
from tuichat.node.calls import CallParts, Calls
from tuichat.node.clock_watch import ClockWatch
from tuichat.node.contact_link import ContactLink, LinkParts
from tuichat.node.dial_line import DialLine
from tuichat.node.events import EventHub
from tuichat.node.live_link import LiveLink
from tuichat.node.old_copy import OldCopy
from tuichat.node.signs import Signs
from tuichat.protocol.frames import Frame
from tuichat.store.records import ContactRow
from tuichat.supervisor import supervise


class Links:
    """Keeps one link with every accepted contact and everyone I asked."""

    def __init__(self, parts: CallParts, hub: EventHub, callers: Callers, signs: Signs) -> None:
        self._store = parts.store
        self._callers = callers
        self._links: dict[int, ContactLink] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._confirming: dict[int, asyncio.Task[None]] = {}
        self._parts = LinkParts(
            own_onion=parts.identity.onion,
            kem=parts.kem,
            store=parts.store,
            hub=hub,
            first_contact=parts.first_contact,
            calls=Calls(parts),
            transport=parts.transport,
            line=DialLine(parts.clock),
            old_copy=OldCopy(hub),
            signs=signs,
            clock=parts.clock,
            rng=parts.rng,
        )
        self._clock_watch = ClockWatch(parts.clock, self._doubt)
        self._watching: asyncio.Task[None] | None = None
        self._closed = False
        callers.attach(self._welcome)

    def start(self) -> None:
        """Begin with every contact that is to be linked; dials wait until the transport is ready."""
        for row in self._store.contacts.all():
            if row.state in ("accepted", "requested") and self._is_wanted(row):
                self._begin(row.id, asked_for=False)
        self._watching = asyncio.create_task(supervise("clock", self._clock_watch.keep), name="clock")

    def _is_wanted(self, row: ContactRow) -> bool:
        """Whoever comes out of somebody's export is not asked before this person writes to them."""
        return not row.never_met or self._store.outbox.count(row.id) > 0

    def add(self, contact: int) -> None:
        """A contact is to be linked; dial it at once if it was being dialled already."""
        self._callers.forget_knocks()
        if contact in self._links:
            self._links[contact].dial_now()
        else:
            self._begin(contact, asked_for=True)

    def _begin(self, contact: int, *, asked_for: bool) -> None:
        link = ContactLink(self._parts, contact, asked_for=asked_for)
        self._links[contact] = link
        self._tasks[contact] = asyncio.create_task(supervise("link", link.keep), name=f"link {contact}")

    def confirm(self, contact: int) -> None:
        """Call somebody who is linked because they called, unless that is under way (C7)."""
        link, under_way = self._links.get(contact), self._confirming.get(contact)
        if link is not None and link.stage == "linked" and (under_way is None or under_way.done()):
            task = asyncio.create_task(supervise("confirming", link.confirm), name=f"confirm {contact}")
            self._confirming[contact] = task

    def has(self, contact: int) -> bool:
        """Whether the contact has a link, or is being dialled."""
        return contact in self._links

    async def drop(self, contact: int) -> None:
        """A contact is not to be linked any more: whatever link it has ends now."""
        self._callers.forget_knocks()
        link = self._links.pop(contact, None)
        tasks = [each for kept in (self._tasks, self._confirming) if (each := kept.pop(contact, None))]
        if link is not None:
            link.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        """End all; who calls from now on is hung up on."""
        self._closed = True
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        for contact in list(self._links):
            await self.drop(contact)

    def stage(self, contact: int) -> LinkStage:
        """How far the contact's link is."""
        link = self._links.get(contact)
        return "offline" if link is None else link.stage

    def in_flight(self, contact: int, message: int) -> bool:
        """Whether the message is with the contact's present link, unacknowledged."""
        link = self._links.get(contact)
        return link is not None and message in link.in_flight

    def takes_at_once(self, contact: int) -> bool:
        """Whether what is queued for the contact now leaves at once."""
        link = self._links.get(contact)
        return link is not None and link.takes_at_once

    def queued(self, contact: int) -> None:
        """Something was queued for the contact; for somebody who is blocked it waits until they are not."""
        link = self._links.get(contact)
        if link is not None:
            link.queued()
        elif not self._closed:
            row = self._store.contacts.get(contact)
            if row is not None and row.state in ("accepted", "requested"):
                self.add(contact)

    def pass_on(self, contact: int, frame: Frame) -> bool:
        """Send a frame over the contact's link; False if there is none."""
        link = self._links.get(contact)
        return link is not None and link.pass_on(frame)

    def linked(self) -> list[int]:
        """The contacts with a link that stands."""
        return [contact for contact, link in self._links.items() if link.stage == "linked"]

    def network_back(self) -> None:
        """Dial at once whoever was out of reach while our own network was away."""
        for link in self._links.values():
            link.network_back()

    def _doubt(self) -> None:
        """The machine slept, or was somewhere else: what stood and was reachable before need not be now."""
        self._parts.transport.doubt()
        for link in self._links.values():
            link.doubt()

    @property
    def online(self) -> int:
        """How many contacts are linked."""
        return sum(1 for link in self._links.values() if link.stage == "linked")

    async def _welcome(self, live: LiveLink, contact: int, early: list[bytes]) -> None:
        link = self._links.get(contact)
        if self._closed:
            await live.hang_up()
            return
        if link is None:
            self.add(contact)
            link = self._links[contact]
        await link.carry(live, early)
