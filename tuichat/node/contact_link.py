"""One contact's link through time: dialled, carried, lost, dialled again; never two at once (L9)."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tuichat.clock import Clock, Rng
from tuichat.crypto.kem import Kem
from tuichat.errors import DamagedError, PeerError, StorageError
from tuichat.i18n import _
from tuichat.model import LinkEvent, LinkStage, NoticeEvent, from_milliseconds
from tuichat.network.transport import ConnectionLostError, Transport
from tuichat.node.calls import Calls, NotWantedError, SetAsideError
from tuichat.node.delivery import Delivery, DeliveryContext, SessionTroubles
from tuichat.node.dial_line import DialLine, Turn
from tuichat.node.events import EventHub
from tuichat.node.first_contact import FirstContact
from tuichat.node.live_link import LiveLink
from tuichat.node.old_copy import OldCopy
from tuichat.node.outbox import Sealing
from tuichat.node.reach import key_for
from tuichat.node.signs import Signs
from tuichat.protocol.frames import Accepted, Frame, Presence, Typing, decode
from tuichat.protocol.link import LinkStart, newest_link_wins
from tuichat.store.store import Store

FIRST_PAUSE: Final = 2.0
LONGEST_PAUSE: Final = 600.0
DAILY: Final = 86_400.0
HUNG_SECONDS: Final = 15.0
"""A dial that has taken longer when the network comes back is begun anew: tor may wait for minutes."""

LONGEST_REST: Final = 60.0
"""When links end early again and again, who was called waits so long at most: somebody is there. But two who
each dial as soon as the other's link has failed would do nothing else."""

STEADY_SECONDS: Final = 30.0
"""A link that lived so long was a good one: after it we dial at once and count pauses from the start."""

PARTED_SECONDS: Final = 30.0
PARTED_PAUSE: Final = 5.0
"""So long after a good link was lost no pause after a dial is longer than that: somebody was there just now.
Where both tors have lost their connections, the first dials fail within a second each, and pauses that double
with every failure would go on for a minute after the network has come back."""


@dataclass(frozen=True, slots=True)
class LinkParts:
    """What every contact's link works with; `line` says who dials when."""

    own_onion: bytes
    kem: Kem
    store: Store
    hub: EventHub
    first_contact: FirstContact
    calls: Calls
    transport: Transport
    line: DialLine
    old_copy: OldCopy
    signs: Signs
    clock: Clock
    rng: Rng


class ContactLink:
    """The one link of a contact.

    Attributes:
        stage: how far it is.
        in_flight: message ids handed to the present link and not acknowledged.

    Args:
        asked_for: a person has just asked for it.
    """

    def __init__(self, parts: LinkParts, contact: int, *, asked_for: bool) -> None:
        self._with = parts
        self._contact = contact
        self.stage: LinkStage = "offline"
        self.in_flight: set[int] = set()
        self._troubles = SessionTroubles()
        self._live: LiveLink | None = None
        self._delivery: Delivery | None = None
        self._wake = asyncio.Event()
        self._lost = asyncio.Event()
        self._lost.set()
        self._set_aside = False
        self._failures = 0
        self._parted_until = -math.inf
        self._rest = 0.0
        self._asked_for = asked_for
        self._turn: Turn | None = None
        self._call: asyncio.Task[LiveLink] | None = None
        self._called_at = 0.0

    # -- what is to leave --

    @property
    def takes_at_once(self) -> bool:
        """Whether a message queued now leaves at once."""
        return self._delivery is not None and self._delivery.takes_at_once

    def queued(self) -> None:
        """Something was queued: hand it over, or dial now instead of later."""
        if self._delivery is not None:
            self._delivery.pump()
        elif not self._set_aside:
            self._ask()

    def dial_now(self) -> None:
        """End a pause, also one for a request that was set aside."""
        self._set_aside = False
        self._failures = 0
        self._ask()

    def _ask(self) -> None:
        """A person waits for it now."""
        self._asked_for = True
        self._wake.set()
        if self._turn is not None:
            self._with.line.hurry(self._turn)

    def network_back(self) -> None:
        """The network was away and is back: pauses that came of it end, not that of a request they took."""
        if self._set_aside:
            return
        self._failures = 0
        self._wake.set()
        if self._with.clock.monotonic() - self._called_at > HUNG_SECONDS:
            self._give_up()

    # -- dialling --

    async def keep(self) -> None:
        """Dial whenever there is no link, for as long as the contact is one."""
        while True:
            await self._lost.wait()
            rest, self._rest = self._rest, 0.0
            if rest > 0 and not self._asked_for:
                await self._pause(rest)
                continue
            await self._with.transport.wait_ready()
            pause = await self._dial()
            if self._live is None and pause > 0 and not self._asked_for:
                await self._pause(pause)

    async def _dial(self) -> float:
        """One attempt and, if it succeeds, the whole life of its link; how long to wait then, in seconds."""
        try:
            live = await self._in_turn()
            return 0.0 if live is None else await self.carry(live, [])
        except SetAsideError:
            self._set_aside = self._live is None  # they may have accepted and called us meanwhile
            self._asked_for = False
            return DAILY * self._with.rng.uniform(0.9, 1.1)
        except NotWantedError:
            return FIRST_PAUSE
        except (ConnectionLostError, PeerError):
            return self._next_pause()
        except (StorageError, DamagedError) as error:
            self._tell_storage(error)
            return self._next_pause()

    async def _in_turn(self) -> LiveLink | None:
        """Dial when it is this contact's turn; None if there is a link by then."""
        self._turn = turn = self._next_turn()
        try:
            async with self._with.line.turn(turn):
                self._asked_for = False
                return await self._call_them() if self._live is None else None
        finally:
            self._turn = None

    def _next_turn(self) -> Turn:
        fresh, self._asked_for = self._asked_for, False
        row = self._with.store.contacts.get(self._contact)
        return Turn(
            fresh=fresh,
            queued=self._with.store.outbox.count(self._contact) > 0,
            failures=self._failures,
            met_at=0 if row is None else row.last_linked_at or row.created_at,
            give_way=self._give_up,
        )

    def _give_up(self) -> None:
        if self._call is not None:
            self._call.cancel()

    async def _call_them(self) -> LiveLink:
        """A link by dialling; ConnectionLostError also if the attempt was ended for something better."""
        call = self._call = asyncio.ensure_future(
            self._with.calls.call(self._contact, self._set_stage, self._wanted)
        )
        self._called_at = self._with.clock.monotonic()
        try:
            await asyncio.wait({call})
        except asyncio.CancelledError:
            call.cancel()
            done = await asyncio.gather(call, return_exceptions=True)
            if isinstance(done[0], LiveLink):  # it was complete already
                await done[0].hang_up()
            raise
        finally:
            self._call = None
        if call.cancelled():
            raise ConnectionLostError
        return call.result()

    def _next_pause(self, *, linked: bool = False) -> float:
        """The pause after one more failure; a link that ended early shows that not the network is ill."""
        parted = not linked and self._with.clock.monotonic() < self._parted_until
        longest = PARTED_PAUSE if parted else LONGEST_PAUSE
        pause = min(math.ldexp(FIRST_PAUSE, self._failures), longest)
        if not parted or pause < longest:
            self._failures = min(self._failures + 1, 20)
        return pause * self._with.rng.uniform(0.5, 1.0)

    async def _pause(self, seconds: float) -> None:
        self._wake.clear()
        at = self._with.clock.now() + seconds
        self._set_stage("waiting", from_milliseconds(int(at * 1000)))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()

    async def confirm(self) -> None:
        """Call beside a link that they made: only an answer at their address shows that it is theirs (C7)."""
        with contextlib.suppress(NotWantedError, ConnectionLostError, PeerError):
            await self._with.calls.call(self._contact, lambda _stage: None, lambda _start: False)

    def _wanted(self, start: LinkStart) -> bool:
        return self._live is None or self._live.closed or newest_link_wins(self._live.start, start)

    # -- the link's life --

    async def carry(self, live: LiveLink, early: list[bytes]) -> float:
        """Carry a completed link until it ends, unless another one stays; the pause that should follow."""
        if not self._wanted(live.start):
            await live.hang_up()
            return 0.0
        if not self._with.first_contact.may_link(self._contact, live.link.remote):
            await live.hang_up()
            return self._next_pause()
        if self._live is not None:
            self._live.close()
        began = self._with.clock.monotonic()
        delivery = self._begin(live)
        handle = self._handler(delivery)
        try:
            self._with.first_contact.on_linked(self._contact)
            delivery.begin()
            live.send(Accepted(key_for(self._with.store, self._with.rng, self._contact)))
            self._with.signs.link_began(self._contact)
            for frame in early:
                handle(decode(frame))
            await live.run(handle, delivery.take_waiting)
        except PeerError:
            await live.hang_up()
        except (StorageError, DamagedError) as error:
            self._tell_storage(error)
            await live.hang_up()
        finally:
            self._end(live)
        if live.silent:
            self._with.transport.doubt()
        return self._pause_after(live, began)

    def _pause_after(self, live: LiveLink, began: float) -> float:
        """How long to wait after a link that has lived since `began`."""
        now = self._with.clock.monotonic()
        is_steady = now - began >= STEADY_SECONDS
        if is_steady:
            self._failures = 0
        if self._failures == 0:
            self._parted_until = now + PARTED_SECONDS
        if is_steady:
            return 0.0
        if live.dialler:
            self._with.old_copy.ended_early(self._contact)
        pause = self._next_pause(linked=True)
        if self._live is None and not live.dialler and self._failures > 1:
            self._rest = min(pause, LONGEST_REST)
        return pause

    def _handler(self, delivery: Delivery) -> Callable[[Frame], None]:
        """Takes a link's frames: once the key by which their service admits me, else what is delivery's."""
        has_given_key = False

        def handle(frame: Frame) -> None:
            nonlocal has_given_key
            self._with.old_copy.heard(self._contact)
            if isinstance(frame, Accepted) and not has_given_key:
                has_given_key = True
                self._with.first_contact.on_accepted(self._contact, frame.reach)
            elif isinstance(frame, Typing | Presence):
                self._with.signs.hear(self._contact, frame)
            else:
                delivery.handle(frame)

        return handle

    def _begin(self, live: LiveLink) -> Delivery:
        self._live = live
        self._rest = 0.0
        self._lost.clear()
        self._wake.set()
        self._set_aside = False
        self._unsend()
        self._delivery = Delivery(
            DeliveryContext(
                store=self._with.store,
                hub=self._with.hub,
                contact=self._contact,
                link=live.link,
                dialler=live.dialler,
                sealing=Sealing(self._with.own_onion, live.link.remote.onion, self._with.rng, self._with.kem),
                troubles=self._troubles,
                send=live.send,
                on_sent=self._sent,
                on_delivered=self._delivered,
                monotonic=self._with.clock.monotonic,
            )
        )
        self._set_stage("linked")
        return self._delivery

    def _end(self, live: LiveLink) -> None:
        if self._live is live:
            self._live = self._delivery = None
            self._with.signs.link_ended(self._contact)
            self._set_stage("offline")
            self._unsend()
            self._lost.set()

    def pass_on(self, frame: Frame) -> bool:
        """Send what is only for the present link; False if there is none."""
        if self._live is None:
            return False
        self._live.send(frame)
        return True

    def doubt(self) -> None:
        """The present link may be dead, if there is one: let it prove that it is not."""
        if self._live is not None:
            self._live.doubt()

    def close(self) -> None:
        """End the present link, if there is one."""
        if self._live is not None:
            self._live.close()

    # -- what is told --

    def _sent(self, messages: list[int]) -> None:
        fresh = [message for message in messages if message not in self.in_flight]
        self.in_flight.update(fresh)
        for message in fresh:
            self._with.hub.tell_message(message)

    def _delivered(self, message: int) -> None:
        self.in_flight.discard(message)
        self._failures = 0  # a link that delivers is no failure, however short it lives

    def _unsend(self) -> None:
        """The link died with these: they are queued again until the next one takes them."""
        lost = sorted(self.in_flight)
        self.in_flight.clear()
        for message in lost:
            self._with.hub.tell_message(message)

    def _set_stage(self, stage: LinkStage, retry_at: datetime | None = None) -> None:
        if self._live is not None and stage != "linked":
            return  # a dial beside a standing link is nobody's business
        self.stage = stage
        now = from_milliseconds(self._with.hub.now())
        self._with.hub.tell(LinkEvent(at=now, contact=self._contact, stage=stage, retry_at=retry_at))

    def _tell_storage(self, error: StorageError | DamagedError) -> None:
        now = from_milliseconds(self._with.hub.now())
        text = _("{problem} Messages that arrive are not lost: they stay with their senders.").format(
            problem=error.message
        )
        self._with.hub.tell(NoticeEvent(at=now, text=text, level="error", contact=self._contact))
