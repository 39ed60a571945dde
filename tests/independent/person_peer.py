"""A whole person with one contact: calls and is called, asks, is asked and invites (L9, C1 to C6, K3).

Whoever runs it brings the network: connections that carry messages 1 to 3 and the link's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol

from tests.independent import frames_peer as frames
from tests.independent import kem_peer as kem
from tests.independent.envelope_peer import Body, Text, decode_body, encode_body
from tests.independent.history_peer import PeerHistory
from tests.independent.identity_peer import Card, Person
from tests.independent.invite_peer import Invite, invite_psk, pair_psk, public_psk
from tests.independent.noise_link import Answerer, Caller, PeerLink
from tests.independent.primitives_peer import Refused
from tests.independent.ratchet_peer import Draw
from tests.independent.session_peer import PeerSession

FAREWELL_SECONDS = 3.0
RACE_SECONDS = 30.0


class Connection(Protocol):
    async def send(self, message: bytes) -> None: ...
    async def receive(self) -> bytes: ...
    async def close(self) -> None: ...


class NotFoundError(Exception):
    """The bare 404."""


Dial = Callable[[bytes], Awaitable[tuple[bytes, Connection]]]
"""From message 1 to message 2 and the connection, or NotFoundError."""


@dataclass
class Live:
    """A link that stands. `at` is when message 1 was sent or read."""

    link: PeerLink
    connection: Connection
    dialled: bool
    at: float


class PeerPerson:
    """Attributes: `state` is the contact's, as C8's table has it; `asked` the REQUEST that came last."""

    def __init__(self, me: Person, other: bytes, draw: Draw, clock: Callable[[], float]) -> None:
        self.me, self.other, self.draw, self.clock = me, other, draw, clock
        self.state = "none"
        self.pair_sent: bytes | None = None
        self.pair_received: bytes | None = None
        self.reach_for_them, self.reach_from_them = draw(32), b""
        self.invite: Invite | None = None  # by which I come
        self.invited: bytes | None = None  # the secret of an invite of mine
        self.pinned: Card | None = None
        self.asked: frames.Request | None = None
        self.history = PeerHistory()
        self.session = PeerSession(me.onion, other, draw, clock)
        self.live: Live | None = None
        self.replies: list[frames.Frame] = []
        self._writing = asyncio.Lock()

    # what a person does

    def add(self, invite: Invite | None = None) -> None:
        self.state = "accepted" if self.state == "pending" and invite is None else "requested"
        self.pair_sent, self.invite = self.draw(32), invite

    def accept(self) -> None:
        self.state = "accepted"

    async def say(self, text: str) -> None:
        await self.say_body(Text(self.draw(16), int(self.clock() * 1000), text))

    async def say_body(self, body: Body) -> None:
        self.history.take(body, mine=True)
        said = self.session.say(encode_body(body))
        if self.live is not None:
            await self._send(self.live, said)

    async def hang_up(self) -> None:
        if self.live is not None:
            await self.live.connection.close()

    def read(self) -> list[str]:
        bodies = [decode_body(body) for body in self.session.inbox]
        return [body.text for body in bodies if isinstance(body, Text)]

    # calling

    async def call(self, dial: Dial) -> None:
        """One call by whichever psk is answered, and the whole life of its link."""
        ways = [(pair_psk(pair, self.me.onion, self.other), True) for pair in self._pairs()]
        ways += [(self.invite.psk(), False)] if self.invite else []
        for psk, by_pair in [*ways, (public_psk(self.other), False)]:
            at = self.clock()
            caller = Caller(self.me, self.other, psk, int(at) // 86_400, self.draw(32), self.draw(64))
            try:
                message_2, connection = await dial(caller.message_1())
            except NotFoundError:
                continue
            try:
                self._judge(caller.read_message_2(message_2))
                await (self._as_contact if by_pair else self._as_asker)(caller, connection, at)
            finally:
                await connection.close()
            return
        raise NotFoundError

    def _pairs(self) -> list[bytes]:
        return [pair for pair in (self.pair_sent, self.pair_received) if pair is not None]

    async def _as_contact(self, caller: Caller, connection: Connection, at: float) -> None:
        """HELLO comes with message 3, whose frames are sealed before the link is there to begin from."""
        self.state = "accepted"
        hello = self.session.greeting()
        message_3, link = caller.message_3([frames.encode(hello)])
        await connection.send(message_3)
        live = Live(link, connection, dialled=True, at=at)
        said = self.session.start(link, dialled=True)
        assert said[0] == hello
        await self._carry(live, said[1:])

    async def _as_asker(self, caller: Caller, connection: Connection, at: float) -> None:
        assert self.pair_sent is not None
        request = frames.Request(self.pair_sent, self.reach_for_them, "a second client", "let me in")
        message_3, link = caller.message_3([frames.encode(request)])
        await connection.send(message_3)
        reply = frames.decode(link.receiving.open(await connection.receive()))
        self.replies.append(reply)
        if isinstance(reply, frames.Accepted):
            self.state, self.reach_from_them = "accepted", reply.reach
            await self._carry(
                Live(link, connection, dialled=True, at=at), self.session.start(link, dialled=True)
            )
        elif reply == frames.GONE:
            self.invite = None

    # being called

    def answer(
        self, message_1: bytes
    ) -> tuple[bytes, Callable[[Connection], Coroutine[Any, Any, None]]] | None:
        """Message 2 and what runs then, or None: the bare 404."""
        at = self.clock()
        psks = {"public": public_psk(self.me.onion)}
        if self.invited is not None:
            psks["invite"] = invite_psk(self.invited, self.me.onion)
        if self.state in ("accepted", "requested"):
            pairs = enumerate(self._pairs())
            psks |= {f"pair {i}": pair_psk(pair, self.me.onion, self.other) for i, pair in pairs}
        answerer = Answerer(self.me, psks, int(at) // 86_400, self.draw(32), self._encapsulate)
        try:
            name = answerer.read_message_1(message_1)
        except Refused:
            return None
        return answerer.message_2(), lambda connection: self._attend(answerer, name, connection, at)

    def _encapsulate(self, ek: bytes) -> tuple[bytes, bytes]:
        return kem.encapsulate(ek, self.draw(32))

    async def _attend(self, answerer: Answerer, name: str, connection: Connection, at: float) -> None:
        by_pair = name.startswith("pair")
        try:
            early, link = answerer.read_message_3(await connection.receive(), self.other if by_pair else None)
            self._judge(link.other)
            live = Live(link, connection, dialled=False, at=at)
            if by_pair:
                self.state = "accepted"
                await self._carry(live, self.session.start(link, dialled=False), early)
            elif await self._asked_by(live, early, name):
                await self._carry(live, self.session.start(link, dialled=False))
        except Refused:
            pass
        finally:
            await connection.close()

    async def _asked_by(self, live: Live, early: list[bytes], name: str) -> bool:
        """Judge a REQUEST (C4); whether the link goes on."""
        request = frames.decode(early[0]) if len(early) == 1 else None
        if not isinstance(request, frames.Request):
            raise Refused("a stranger begins with a request")
        taken = self.state in ("accepted", "requested") or name == "invite"
        self.asked, self.pair_received, self.reach_from_them = request, request.pair, request.reach
        self.state = "accepted" if taken else "pending"
        await self._send(live, [frames.Accepted(self.reach_for_them) if taken else frames.RECEIVED])
        if not taken:
            await asyncio.sleep(FAREWELL_SECONDS)
        return taken

    def _judge(self, card: Card) -> None:
        """K3, for the one contact there is."""
        if card.onion != self.other:
            raise Refused("nobody I know")
        if self.invite is not None and self.pinned is None and not self.invite.names(card.sig):
            raise Refused("not the SIG that the invite names")
        if self.pinned is not None and (card.sig != self.pinned.sig or card.epoch < self.pinned.epoch):
            raise Refused("pins")
        self.pinned = card

    # the link

    def _stays(self, new: Live) -> bool:
        """L9: whether a new link takes the place of the one that stands."""
        old = self.live
        if old is None or old.dialled == new.dialled or abs(new.at - old.at) > RACE_SECONDS:
            return True
        return new.dialled is (self.me.onion < self.other)

    async def _carry(self, live: Live, said: list[frames.Frame], early: list[bytes] | None = None) -> None:
        if not self._stays(live):
            return
        if self.live is not None:
            await self.live.connection.close()
        self.live = live
        try:
            await self._send(live, [*said, frames.Accepted(self.reach_for_them)])
            for frame in early or []:
                await self._take(live, frame)
            while self.live is live:
                await self._take(live, live.link.receiving.open(await live.connection.receive()))
        finally:
            if self.live is live:
                self.live = None

    async def _take(self, live: Live, data: bytes) -> None:
        frame = frames.decode(data)
        if isinstance(frame, frames.Accepted) and frame.reach:
            self.reach_from_them = frame.reach
        await self._send(live, self.session.take(frame))

    async def _send(self, live: Live, said: list[frames.Frame]) -> None:
        async with self._writing:
            for frame in said:
                await live.connection.send(live.link.sending.seal(frames.encode(frame)))
