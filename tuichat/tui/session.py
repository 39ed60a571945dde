"""The node as the interface holds it: attached to, listened to, and found again when it hands over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

import msgspec

from tuichat.errors import NotFoundError, TuichatError, UnreachableError
from tuichat.i18n import _
from tuichat.model import AnyEvent, ClosingEvent, Hello, LockedEvent
from tuichat.tui.known import Known

if TYPE_CHECKING:
    from tuichat.api.node_api import NodeApi
    from tuichat.tui.node_client import NodeClient

FIND_AGAIN_SECONDS = 10.0
"""How long a node that went away is looked for."""

ANSWER_SECONDS = 1.0
"""How long somebody who leaves waits for the node to say what is under way."""

_PAUSE_SECONDS = 0.2
_READ_ONE_BY_ONE = 8
_EVENTS_A_TURN = 20
_ENDS: Mapping[str, Literal["stop", "wiped"]] = {"stop": "stop", "wipe": "wiped"}


Attach = Callable[[], Awaitable["NodeClient"]]


class Connected(msgspec.Struct, frozen=True):
    """A node answers; everything should be read anew."""

    hello: Hello


class Lost(msgspec.Struct, frozen=True):
    """No node answers: it is being looked for ("handover"), was stopped on purpose, was
    wiped with its profile, or cannot be had.
    """

    reason: Literal["handover", "stop", "wiped", "failed"]
    error: TuichatError | None = None


Happening = AnyEvent | Connected | Lost


class Session:
    """Holds at most one client.

    Args:
        attach: gives a client of the profile's node, starting a node if there is none.
        tell: called with everything that happens, from the event loop.
    """

    def __init__(self, attach: Attach, tell: Callable[[Happening], None]) -> None:
        self.known = Known()
        self.locked = False
        self._attach = attach
        self._tell = tell
        self._client: NodeClient | None = None

    @property
    def node(self) -> NodeApi:
        """The node to ask. Raises UnreachableError while there is none."""
        if self._client is None:
            raise UnreachableError(
                _("There is no connection to your node, so nothing was done."),
                _("Try again in a moment; /connect starts it anew."),
            )
        return self._client

    @property
    def connected(self) -> bool:
        """Whether there is a node to ask."""
        return self._client is not None

    async def run(self) -> None:
        """Attach and follow, until the node is stopped on purpose or cannot be had."""
        client = await self._try_to_attach()
        while client is not None:
            reason = await self._follow(client)
            self._client = None
            self._lost(Lost(reason))
            await client.close()
            client = await self._find_again() if reason == "handover" else None

    async def load(self) -> None:
        """Read status and people anew. Raises TuichatError."""
        status = await self.node.status()
        self.known.load(status, await self.node.contact_list())

    async def recount(self, contacts: Collection[int] | None = None) -> None:
        """Read people anew: what is unread and queued, after messages came or went.

        Args:
            contacts: of whom; None for all. Among a thousand a few are read much faster than all.
        """
        if contacts is None or len(contacts) > _READ_ONE_BY_ONE:
            people = await self.node.contact_list()
            self.known.people = {person.id: person for person in people}
            return
        for person in [self.known.people[each] for each in contacts if each in self.known.people]:
            with suppress(NotFoundError):  # removed meanwhile
                read = await self.node.conversation_timer(person.address)  # only asks
                self.known.people[read.id] = read

    async def have_settings_read(self) -> None:
        """Have the node that runs go by what was changed in the file; a later one reads it by itself.

        Raises TuichatError: the file is wrong, or the node does not answer.
        """
        if self._client is not None:
            await self._client.reload()

    async def under_way(self) -> tuple[int, int, int]:
        """How many messages wait, how many files are on their way or wait to be, and how many messages are in
        memory only; none without a node.

        A node that does not answer at once keeps nobody: then it is what is known here.
        """
        if self._client is None:
            return 0, 0, 0
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                status = await self._client.status()
        except (TimeoutError, TuichatError):
            return self.known.queued(), self.known.files.under_way(), 0
        return status.outbox.queued, status.transfers, status.in_memory

    async def leave(self, writer: str) -> None:
        """Nobody is at the front end of this name any more; a node that keeps silent keeps nobody."""
        if self._client is not None and not self.locked:
            with suppress(TimeoutError, TuichatError):
                async with asyncio.timeout(ANSWER_SECONDS):
                    await self._client.present(False, writer)

    async def close(self) -> None:
        """Let go of the node."""
        if self._client is not None:
            client, self._client = self._client, None
            await client.close()

    def _lost(self, lost: Lost) -> None:
        if lost.reason != "handover":  # the next node is there in a moment: until then all is as it was
            self.known.node_went()
        self._tell(lost)

    async def _try_to_attach(self) -> NodeClient | None:
        try:
            return await self._attach()
        except TuichatError as error:
            self._lost(Lost("failed", error))
            return None

    async def _find_again(self) -> NodeClient | None:
        """Try to attach until it works or the time is over."""
        failure: TuichatError | None = None
        try:
            async with asyncio.timeout(FIND_AGAIN_SECONDS):
                while True:
                    try:
                        return await self._attach()
                    except TuichatError as error:
                        failure = error
                    await asyncio.sleep(_PAUSE_SECONDS)
        except TimeoutError:
            self._lost(Lost("failed", failure))
            return None

    async def _follow(self, client: NodeClient) -> Literal["handover", "stop", "wiped"]:
        """Tell every event of this client until its node goes."""
        try:
            events = client.subscribe()
            hello = await client.hello()
            self._client = client
            self.known.without_node = False
            self.locked = hello.locked
            self._tell(Connected(hello))
            count = 0
            async for event in events:
                if isinstance(event, ClosingEvent):
                    return _ENDS.get(event.reason, "handover")
                if isinstance(event, LockedEvent):
                    self.locked = event.locked
                self.known.apply(event)
                self._tell(event)
                count += 1
                if count % _EVENTS_A_TURN == 0:
                    await asyncio.sleep(0)
        except UnreachableError:
            return "handover"
        return "handover"
