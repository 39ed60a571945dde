"""What clients talk to: a node that may be locked, and that ends when it is asked to."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Literal

import msgspec

from tuichat import __version__
from tuichat.clock import Clock
from tuichat.crypto.passphrase import DuressError, Secret
from tuichat.errors import LockedError, StorageError, UnreachableError, UsageError
from tuichat.event_buffer import EventBuffer
from tuichat.i18n import _
from tuichat.model import (
    API_VERSION,
    AnyEvent,
    ClosingEvent,
    Contact,
    DatabaseCheck,
    EventLog,
    FoundPage,
    Hello,
    Invite,
    LockedEvent,
    Message,
    NodeKind,
    SafetyNumber,
    Status,
    from_milliseconds,
)
from tuichat.node.activity import LOOK_SECONDS, Activity
from tuichat.node.custody import Custody, custody_of
from tuichat.node.figures import Figures
from tuichat.node.gate_calls import Result
from tuichat.node.gate_copies import GateCopies
from tuichat.node.gate_deeds import GateDeeds
from tuichat.node.gate_desk import GateDesk
from tuichat.node.gate_files import GateFiles
from tuichat.node.gate_settings import GateSettings
from tuichat.node.gate_tokens import GateTokens
from tuichat.node.node import Node
from tuichat.node.parts import Settled
from tuichat.node.stream import Stream

StopReason = Literal["handover", "stop", "idle", "wipe"]

_log = logging.getLogger("tuichat.node")

GRACE = 5.0
"""Seconds that calls under way may still take when the profile is being locked."""


class Gate(GateCopies, GateDeeds, GateDesk, GateFiles, GateSettings, GateTokens):
    """Implements `NodeApi`, locked or open.

    While it is locked only `hello`, `status`, `unlock`, `active`, `passphrase`, `duress`, `reload`, `wipe`
    and `stop` do anything. Clients' streams of events go on over locking and unlocking.

    Args:
        open_node: from a secret to a running node, an empty one for a profile without passphrase; raises
            LockedError for a wrong one.
        kind: what this process is; a daemon goes online as soon as it is open, a detached node when asked
            to or when something is to be sent.
        clock: what time it is.
        custody: the profile's own files; None for a node that has none.
    """

    def __init__(
        self,
        open_node: Callable[[Secret], Awaitable[Node]],
        *,
        kind: NodeKind,
        clock: Clock,
        custody: Custody | None = None,
    ) -> None:
        self._open_node = open_node
        self._kind = kind
        self._clock = clock
        self._custody = custody
        self._activity = Activity(clock)
        self._clearing: asyncio.Future[None] | None = None
        self._node: Node | None = None
        self._streams: list[Stream] = []
        self._changing = asyncio.Lock()
        self._in_use = 0
        self._unused = asyncio.Event()
        self._unused.set()
        self._online = kind == "daemon"
        self._bridges: list[str] | None = None
        self._kept = False
        self._stopping = asyncio.Event()
        self._reason: StopReason = "stop"

    def settle(self, settled: Settled) -> None:
        """Have the node, if one is open, go by this from now on."""
        if self._node is not None:
            self._node.settle(settled)

    def keeps_running(self) -> bool:
        """Whether it was asked to stay without clients until all is done, and something is not yet."""
        if not self._kept or self._node is None:
            return False
        self._kept = self._node.has_work()
        return self._kept

    async def wait_stop(self) -> StopReason:
        """Return once somebody has asked it to stop: why."""
        await self._stopping.wait()
        return self._reason

    def ask_stop(self, reason: StopReason) -> None:
        """Ask it to stop; the first reason counts."""
        if not self._stopping.is_set():
            self._reason = reason
            self._stopping.set()

    async def close(self, reason: StopReason) -> None:
        """Tell clients that it ends, and close the node if one is open."""
        self._emit(ClosingEvent(at=self._now(), reason=reason))
        for stream in self._streams:
            stream.end()
        async with self._changing:
            await self._shut()
        if self._clearing is not None:
            await asyncio.gather(self._clearing, return_exceptions=True)

    async def hello(self, token: str | None = None) -> Hello:
        if token is not None:
            await self.admit(token)
        return Hello(
            api=API_VERSION,
            version=__version__,
            node=self._kind,
            pid=os.getpid(),
            locked=self._node is None,
        )

    async def status(self) -> Status:
        own = {"node": self._kind, "version": __version__, "pid": os.getpid()}
        if self._node is None:
            return msgspec.convert({**own, "address": None, "locked": True}, Status)
        found = await self._ask(lambda node: node.status())
        return msgspec.structs.replace(found, locked=False, kept=self.keeps_running(), **own)

    async def figures(self) -> Figures | None:
        """What the node counts, None while it is locked."""
        return None if self._node is None else await self._ask(lambda node: node.figures())

    async def unlock(self, passphrase: str, key_file: bytes | None = None) -> None:
        async with self._changing:
            self._activity.note()
            if self._node is not None or self._stopping.is_set():
                return
            async with self._answering_duress():
                node = await self._open_node(Secret(passphrase, key_file))
            self._node = node
            self._emit(LockedEvent(at=self._now(), locked=False))
            for stream in self._streams:
                stream.join(node)
            self._activity.note()
            if self._bridges is not None:  # they were changed since the settings were read
                with suppress(UsageError):
                    await node.use_bridges(self._bridges)
            if self._online:
                await node.go_online()

    async def lock(self) -> None:
        async with self._changing:
            self._opened()
            await self._shut()
            self._emit(LockedEvent(at=self._now(), locked=True))

    async def active(self) -> None:
        self._activity.note()

    async def lock_when_idle(self, seconds: float) -> None:
        """Lock whenever nobody was active for so long, if a passphrase opens it again; goes on for ever."""
        while True:
            left = seconds - self._activity.idle_seconds()
            if left <= 0 and self._node is not None and self._custody is not None:
                if self._custody.is_sealed():
                    with suppress(LockedError):  # somebody else was quicker
                        await self.lock()
                self._activity.note()
            await asyncio.sleep(min(max(left, 0.0), LOOK_SECONDS) or LOOK_SECONDS)

    async def passphrase(
        self,
        current: str,
        new: str | None,
        key_file: bytes | None = None,
        new_key_file: bytes | None = None,
    ) -> None:
        secret = None if new is None else Secret(new, new_key_file)
        async with self._changing, self._answering_duress():
            sealed_by = await custody_of(self._custody).change(Secret(current, key_file), secret)
            if self._node is not None:
                self._node.sealed_by(sealed_by)

    async def duress(self, current: str, passphrase: str | None, key_file: bytes | None = None) -> None:
        async with self._changing, self._answering_duress():
            sealed_by = await custody_of(self._custody).set_duress(Secret(current, key_file), passphrase)
            if self._node is not None:
                self._node.sealed_by(sealed_by)

    @asynccontextmanager
    async def _answering_duress(self) -> AsyncIterator[None]:
        """Whoever gives the duress passphrase hears what follows a wrong one, and the profile is wiped."""
        try:
            yield
        except DuressError as error:
            with suppress(StorageError):  # what can be destroyed is; nobody is told of the rest
                custody = custody_of(self._custody)
                order = custody.begin_wipe(decoy=True)
                try:
                    if self._node is not None:
                        self._emit(LockedEvent(at=self._now(), locked=True))
                        await self._shut()
                finally:
                    self._clearing = asyncio.ensure_future(custody.finish_wipe(order))
            raise LockedError(error.message, error.hint) from None

    async def wipe(self, keep_files: bool = False) -> None:
        custody = custody_of(self._custody)
        order = custody.begin_wipe(keep_files=keep_files)  # the keys wait for nobody
        try:
            async with self._changing:
                try:
                    await self._shut()
                finally:
                    await custody.finish_wipe(order)
        finally:
            self.ask_stop("wipe")

    async def go_online(self) -> None:
        await self._ask(lambda node: node.go_online())
        self._online = True

    async def use_bridges(self, lines: list[str]) -> None:
        await self._ask(lambda node: node.use_bridges(lines))
        self._bridges = lines

    async def stop(self, reason: Literal["stop", "handover"] = "stop") -> None:
        self.ask_stop(reason)

    async def keep_until_delivered(self) -> None:
        self._opened()
        self._kept = True

    async def check_database(self) -> DatabaseCheck:
        return await self._ask(lambda node: node.check_database())

    async def contact_add(self, address: str, name: str | None = None, message: str = "") -> Contact:
        return await self._ask_online(lambda node: node.contact_add(address, name, message))

    async def contact_list(self) -> list[Contact]:
        return await self._ask(lambda node: node.contact_list())

    async def contact_accept(self, ref: str) -> Contact:
        return await self._ask_online(lambda node: node.contact_accept(ref))

    async def contact_reject(self, ref: str) -> None:
        await self._ask(lambda node: node.contact_reject(ref))

    async def contact_block(self, ref: str) -> Contact:
        return await self._ask(lambda node: node.contact_block(ref))

    async def contact_unblock(self, ref: str) -> Contact:
        return await self._ask(lambda node: node.contact_unblock(ref))

    async def contact_remove(self, ref: str) -> None:
        await self._ask(lambda node: node.contact_remove(ref))

    async def contact_rename(self, ref: str, name: str) -> Contact:
        return await self._ask(lambda node: node.contact_rename(ref, name))

    async def contact_verify(self, ref: str, digits: str | None = None) -> SafetyNumber:
        return await self._ask(lambda node: node.contact_verify(ref, digits))

    async def contact_trust(self, ref: str, accept: bool) -> Contact:
        return await self._ask_online(lambda node: node.contact_trust(ref, accept))

    async def invite_create(self, seconds: int = 86_400) -> Invite:
        return await self._ask_online(lambda node: node.invite_create(seconds))

    async def invite_list(self) -> list[Invite]:
        return await self._ask(lambda node: node.invite_list())

    async def invite_revoke(self, invite: int) -> None:
        await self._ask(lambda node: node.invite_revoke(invite))

    async def send(self, ref: str, text: str, reply_to: int | None = None) -> Message:
        return await self._ask_online(lambda node: node.send(ref, text, reply_to))

    async def cancel(self, message: int) -> Message:
        return await self._ask(lambda node: node.cancel(message))

    async def message_get(self, message: int) -> Message:
        return await self._ask(lambda node: node.message_get(message))

    async def messages(
        self, ref: str, limit: int = 50, before: int | None = None, after: int | None = None
    ) -> list[Message]:
        return await self._ask(lambda node: node.messages(ref, limit, before, after))

    async def search(self, query: str, limit: int = 50, before: int | None = None) -> FoundPage:
        return await self._ask(lambda node: node.search(query, limit, before))

    async def mark_read(self, ref: str, up_to: int) -> None:
        await self._ask(lambda node: node.mark_read(ref, up_to))

    async def mark_shown(self, ref: str, first: int, last: int) -> None:
        await self._ask(lambda node: node.mark_shown(ref, first, last))

    async def event_log(self) -> EventLog:
        return await self._ask(lambda node: node.event_log())

    def subscribe(self, since: int | None = None, log: str | None = None) -> EventBuffer:
        """As `NodeApi.subscribe`; it may be asked while locked, and then goes on when unlocked."""
        return self._joined(Stream(since, log))

    def follow(self, since: int | None = None, log: str | None = None) -> EventBuffer:
        """As `subscribe`, for the holder of a token."""
        return self._joined(Stream(since, log, is_guest=True))

    def _joined(self, stream: Stream) -> EventBuffer:
        for other in self._streams:
            if other.left:
                other.end()
        self._streams = [other for other in self._streams if not other.left]
        if self._node is not None:
            stream.join(self._node)
        self._streams.append(stream)
        return stream.buffer

    def token_lives(self, token: int) -> bool:
        """Whether a token that was admitted is still good; a locked node does not know, and tells nothing."""
        return self._node is None or self._node.token_lives(token)

    def _opened(self) -> Node:
        if self._node is None:
            if self._stopping.is_set():  # another may take its place, which is not locked
                raise UnreachableError(_("The node has ended."))
            raise LockedError(_("The profile is locked."), _("Unlock it: tuichat unlock"))
        return self._node

    async def _ask(self, call: Callable[[Node], Awaitable[Result]]) -> Result:
        node = self._opened()
        self._in_use += 1
        self._unused.clear()
        try:
            return await call(node)
        finally:
            self._in_use -= 1
            if not self._in_use:
                self._unused.set()

    async def _ask_online(self, call: Callable[[Node], Awaitable[Result]]) -> Result:
        """As `_ask`, for what has to reach somebody: the node goes online if it is not."""
        result = await self._ask(call)
        if not self._online:
            await self.go_online()
        return result

    async def _ask_at_work(self, call: Callable[[Node], Awaitable[Result]]) -> Result:
        with self._activity.going_on():
            return await self._ask(call)

    async def _shut(self) -> None:
        """Take no new calls, let those under way end, close the node and let streams have its last events."""
        node, self._node = self._node, None
        if node is None:
            return
        try:
            async with asyncio.timeout(GRACE):
                await self._unused.wait()
        except TimeoutError:
            pass  # What still runs finds a closed node.
        try:
            await node.close()
        finally:
            await asyncio.gather(*(stream.part() for stream in self._streams))

    def _emit(self, event: AnyEvent) -> None:
        if isinstance(event, LockedEvent):
            _log.info("the profile is %s", "locked" if event.locked else "unlocked")
        for stream in self._streams:
            stream.buffer.put(event)

    def _now(self) -> datetime:
        return from_milliseconds(int(self._clock.now() * 1000))
