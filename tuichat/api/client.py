"""The client of the local API: a node over its UNIX socket, with the methods of `NodeApi`.

Imports nothing heavy: commands that only talk to a running node must start fast.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Literal, Self

import msgspec

from tuichat.api.bot_calls import BotCalls
from tuichat.api.calls import Result
from tuichat.api.desk_calls import DeskCalls
from tuichat.api.file_calls import FileCalls
from tuichat.api.line import ClosingReason, Line
from tuichat.api.resumed_events import ResumedEvents
from tuichat.api.token_calls import TokenCalls
from tuichat.api.wire import MAX_PAGE
from tuichat.errors import TuichatError, UnreachableError
from tuichat.event_buffer import EventBuffer
from tuichat.i18n import _
from tuichat.model import (
    Backup,
    Contact,
    DatabaseCheck,
    Found,
    FoundPage,
    Hello,
    Invite,
    Message,
    Reread,
    SafetyNumber,
    Status,
)

CONNECT_SECONDS = 10.0
"""How long `connect` waits for a node that starts, ends or hands over."""


class AsyncClient(BotCalls, DeskCalls, FileCalls, TokenCalls):
    """A node, over its socket: `async with AsyncClient.connect() as node:`.

    Every method raises the `TuichatError` that the node answered with, such as LockedError and NotFoundError,
    and UnreachableError once the node is gone. A call can be given up at any time, as by `asyncio.timeout`;
    whether the node did it is then unknown. What each method does is said by `NodeApi`, and so by `help()`.
    """

    def __init__(self, line: Line, dial: Callable[[], Awaitable[Line]] | None = None) -> None:
        """Made by `connect` and `open`; `dial` gives the line to the node that takes this one's place."""
        self._line = line
        self._dial = dial
        self._mending = asyncio.Lock()
        self._closed = asyncio.Event()

    @classmethod
    async def open(cls, path: Path) -> Self:
        """One connection to the node at the socket `path`, which nothing takes the place of.

        Raises UnreachableError if no node of ours listens there.
        """
        return cls(await Line.open(path))

    @classmethod
    @contextlib.asynccontextmanager
    async def connect(
        cls,
        path: Path | str | None = None,
        *,
        home: Path | str | None = None,
        profile: str | None = None,
        token: str = "",
        start: bool = False,
        timeout: float = CONNECT_SECONDS,
    ) -> AsyncIterator[Self]:
        """Connect to a profile's node, and hang up at the end of the block.

        Args:
            path: of the node's socket; else the profile is found as the command line finds it.
            home: as `--home`; else `TUICHAT_HOME`.
            profile: as `--profile`; else `TUICHAT_PROFILE`; else "default".
            token: what lets a bot in, as the node's owner made it; "" for the owner.
            start: start a detached node if none runs; it ends by itself after its last client. Not by `path`.
            timeout: seconds that a node may take to start, or to hand over to another one.

        Raises:
            UnreachableError: none runs, it does not answer, or it turned us away.
            TuichatError: the token is refused, or the profile keeps a node from running.
        """
        from tuichat.api.place import Place  # the node's side of the API does not look for nodes

        place = Place.find(path, home, profile, token)
        async with cls(await place.first(start=start, timeout=timeout), place.next) as client:
            yield client

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.close()

    @property
    def line(self) -> Line:
        """The connection of this moment."""
        return self._line

    @property
    def closing(self) -> ClosingReason | None:
        """Why the node ends, once it has said so to a subscribed client."""
        return self._line.closing

    @property
    def refusal(self) -> TuichatError | None:
        """Why the node turned this connection away, if it did."""
        return self._line.refusal

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed.is_set()

    async def close(self) -> None:
        """Hang up. Calls still under way end with UnreachableError, events just end."""
        self._closed.set()
        await self._line.close()

    async def reconnect(self, patience: float | None = None) -> None:
        """After the node has ended: wait for the next one. Calls that were under way are not made again.

        Args:
            patience: seconds, None for as long as it takes.

        Raises:
            UnreachableError: none came in time, it turned us away, or the profile was wiped; or this client
                was made by `open`, or is closed.
        """
        async with self._mending:
            if self._line.failure is None and self._line.closing is None:
                return
            if self._dial is None or self._closed.is_set() or self._line.closing == "wipe":
                raise self._line.failure or UnreachableError(_("The node has ended."))
            await self._line.close()
            try:
                async with asyncio.timeout(patience):
                    line = await self._dial()
            except TimeoutError:
                raise UnreachableError(_("No node is running."), _("Start one: tuichat daemon run")) from None
            if self._closed.is_set():
                await line.close()
                raise UnreachableError(_("The node has ended."))
            self._line = line

    async def call(self, method: str, params: Mapping[str, Any] | list[Any] | None = None) -> Any:
        """Any method by its name on the wire; gives the result as plain JSON values."""
        return msgspec.json.decode(await self._raw(method, {} if params is None else params))

    async def client_count(self) -> int:
        """How many clients the node has, this one included."""
        return await self._ask(int, "clients")

    async def hello(self, token: str | None = None) -> Hello:
        return await self._ask(Hello, "hello", token=token)

    async def status(self) -> Status:
        return await self._ask(Status, "status")

    async def unlock(self, passphrase: str, key_file: bytes | None = None) -> None:
        await self._raw("unlock", {"passphrase": passphrase, "key_file": key_file})

    async def lock(self) -> None:
        await self._raw("lock", {})

    async def active(self) -> None:
        await self._raw("active", {})

    async def passphrase(
        self,
        current: str,
        new: str | None,
        key_file: bytes | None = None,
        new_key_file: bytes | None = None,
    ) -> None:
        now = {"current": current, "key_file": key_file}
        await self._raw("passphrase", {**now, "new": new, "new_key_file": new_key_file})

    async def duress(self, current: str, passphrase: str | None, key_file: bytes | None = None) -> None:
        await self._raw("duress", {"current": current, "passphrase": passphrase, "key_file": key_file})

    async def wipe(self, keep_files: bool = False) -> None:
        await self._raw("wipe", {"keep_files": keep_files})

    async def go_online(self) -> None:
        await self._raw("go_online", {})

    async def use_bridges(self, lines: list[str]) -> None:
        await self._raw("use_bridges", {"lines": lines})

    async def reload(self) -> Reread:
        return await self._ask(Reread, "reload")

    async def stop(self, reason: Literal["stop", "handover"] = "stop") -> None:
        await self._raw("stop", {"reason": reason})

    async def keep_until_delivered(self) -> None:
        await self._raw("keep_until_delivered", {})

    async def backup(self, path: str, passphrase: str | None = None, force: bool = False) -> Backup:
        return await self._ask(Backup, "backup", path=path, passphrase=passphrase, force=force)

    async def check_database(self) -> DatabaseCheck:
        return await self._ask(DatabaseCheck, "check_database")

    async def contact_add(self, address: str, name: str | None = None, message: str = "") -> Contact:
        return await self._ask(Contact, "contact.add", address=address, name=name, message=message)

    async def contact_list(self) -> list[Contact]:
        return await self._ask(list[Contact], "contact.list")

    async def contact_accept(self, ref: str) -> Contact:
        return await self._ask(Contact, "contact.accept", ref=ref)

    async def contact_reject(self, ref: str) -> None:
        await self._raw("contact.reject", {"ref": ref})

    async def contact_block(self, ref: str) -> Contact:
        return await self._ask(Contact, "contact.block", ref=ref)

    async def contact_unblock(self, ref: str) -> Contact:
        return await self._ask(Contact, "contact.unblock", ref=ref)

    async def contact_remove(self, ref: str) -> None:
        await self._raw("contact.remove", {"ref": ref})

    async def contact_rename(self, ref: str, name: str) -> Contact:
        return await self._ask(Contact, "contact.rename", ref=ref, name=name)

    async def contact_verify(self, ref: str, digits: str | None = None) -> SafetyNumber:
        return await self._ask(SafetyNumber, "contact.verify", ref=ref, digits=digits)

    async def contact_trust(self, ref: str, accept: bool) -> Contact:
        return await self._ask(Contact, "contact.trust", ref=ref, accept=accept)

    async def invite_create(self, seconds: int = 86_400) -> Invite:
        return await self._ask(Invite, "invite.create", seconds=seconds)

    async def invite_list(self) -> list[Invite]:
        return await self._ask(list[Invite], "invite.list")

    async def invite_revoke(self, invite: int) -> None:
        await self._raw("invite.revoke", {"invite": invite})

    async def send(self, ref: str, text: str, reply_to: int | None = None) -> Message:
        return await self._ask(Message, "send", ref=ref, text=text, reply_to=reply_to)

    async def edit(self, message: int, text: str) -> Message:
        return await self._ask(Message, "edit", message=message, text=text)

    async def unsend(self, message: int) -> Message:
        return await self._ask(Message, "unsend", message=message)

    async def react(self, message: int, emoji: str) -> Message:
        return await self._ask(Message, "react", message=message, emoji=emoji)

    async def message_earlier(self, message: int) -> list[str]:
        return await self._ask(list[str], "message.earlier", message=message)

    async def cancel(self, message: int) -> Message:
        return await self._ask(Message, "cancel", message=message)

    async def message_get(self, message: int) -> Message:
        return await self._ask(Message, "message.get", message=message)

    async def messages(
        self, ref: str, limit: int = 50, before: int | None = None, after: int | None = None
    ) -> list[Message]:
        """As `NodeApi.messages`; what does not fit into an answer is fetched page by page."""
        found: list[Message] = []
        while True:
            count = min(limit - len(found), MAX_PAGE)
            page = await self._ask(
                list[Message], "messages", ref=ref, limit=count, before=before, after=after
            )
            found = page + found if after is None else found + page
            if not page or len(found) >= limit:
                return found
            if after is None:
                before = page[0].id
            else:
                after = page[-1].id

    async def search(self, query: str, limit: int = 50, before: int | None = None) -> FoundPage:
        """As `NodeApi.search`; what does not fit into an answer is fetched page by page."""
        found: list[Found] = []
        while True:
            count = min(limit - len(found), MAX_PAGE)
            page = await self._ask(FoundPage, "search", query=query, limit=count, before=before)
            found += page.found
            if not page.found or len(found) >= limit:
                return FoundPage(found=tuple(found), whole=page.whole)
            before = found[-1].message.id

    async def mark_read(self, ref: str, up_to: int) -> None:
        await self._raw("mark_read", {"ref": ref, "up_to": up_to})

    async def mark_shown(self, ref: str, first: int, last: int) -> None:
        await self._raw("mark_shown", {"ref": ref, "first": first, "last": last})

    async def typing(self, ref: str, now: bool) -> None:
        await self._raw("typing", {"ref": ref, "now": now})

    async def present(self, here: bool, writer: str = "") -> None:
        await self._raw("present", {"here": here, "writer": writer})

    def subscribe(self, since: int | None = None, log: str | None = None) -> EventBuffer:
        """Events of this node from now on, the durable ones after `since` first; see also `events`.

        It ends after a `ClosingEvent`, or at `close`; it raises UnreachableError when the node vanishes, and
        the node's refusal if it refuses. A later call on the same client takes the stream over. An iterator
        that is read too slowly says so with a `MissedEvent`.
        """
        return self._line.subscribe(since, log)

    def events(
        self, since: int | None = None, log: str | None = None, patience: float | None = None
    ) -> ResumedEvents:
        """Events from now on, also of the nodes that take this one's place; see `ResumedEvents`.

        Args:
            since: a durable event's `seq`: those after it come first.
            log: which log `since` is of, as `ResumedEvents.log` said; None if that is not known.
            patience: seconds that may be without a node, None for as long as it takes.
        """
        return ResumedEvents(self, since, log, patience)

    async def _ask(self, kind: type[Result], method: str, **params: object) -> Result:
        return msgspec.json.decode(await self._raw(method, params), type=kind)

    async def _raw(self, method: str, params: Mapping[str, Any] | list[Any]) -> msgspec.Raw:
        return await self._line.ask(method, params)
