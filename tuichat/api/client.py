"""The client of the local API: a node over its UNIX socket, with the methods of `NodeApi`.

Imports nothing heavy: commands that only talk to a running node must start fast.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, Literal, Self

import msgspec

from tuichat.api.calls import Result
from tuichat.api.desk_calls import DeskCalls
from tuichat.api.file_calls import FileCalls
from tuichat.api.peer import check_listener
from tuichat.api.wire import (
    MAX_ANSWER_LINE,
    MAX_PAGE,
    MAX_REQUEST_LINE,
    Incoming,
    decode_event,
    decode_incoming,
    encode_request,
    error_from,
)
from tuichat.errors import TuichatError, UnreachableError, UsageError
from tuichat.event_buffer import EventBuffer
from tuichat.i18n import _
from tuichat.model import (
    Backup,
    ClosingEvent,
    Contact,
    DatabaseCheck,
    Found,
    FoundPage,
    Hello,
    Invite,
    Message,
    SafetyNumber,
    Status,
)

MAX_WAITING_EVENTS = 20_000
"""Events that may wait for a slow reader here; beyond them it is told what it missed."""

_LINES_AT_ONCE = 100


class AsyncClient(DeskCalls, FileCalls):
    """One connection to a node. Every method raises the `TuichatError` that the node answered with, and
    `UnreachableError` once the node is gone.

    Attributes:
        closing: why the node ends, once it has said so to a subscribed client.
        refusal: why the node turned this connection away, if it did.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.closing: Literal["handover", "stop", "idle", "wipe"] | None = None
        self.refusal: TuichatError | None = None
        self._reader = reader
        self._writer = writer
        self._next_id = 1
        self._waiting: dict[int, asyncio.Future[msgspec.Raw]] = {}
        self._subscribing: dict[int, EventBuffer] = {}
        self._events: EventBuffer | None = None
        self._failure: TuichatError | None = None
        self._task = asyncio.get_running_loop().create_task(self._receive())

    @classmethod
    async def open(cls, path: Path) -> Self:
        """Connect to the node at the socket `path`. Raises UnreachableError if none of ours listens there."""
        try:
            reader, writer = await asyncio.open_unix_connection(path, limit=MAX_ANSWER_LINE)
        except OSError as error:
            raise UnreachableError(_("No node is running."), _("Start one: tuichat daemon run")) from error
        try:
            check_listener(writer.get_extra_info("socket"), path)
        except UnreachableError:
            writer.close()
            raise
        return cls(reader, writer)

    @classmethod
    @contextlib.asynccontextmanager
    async def connect(cls, path: Path) -> AsyncIterator[Self]:
        """`async with AsyncClient.connect(path) as node:` connects, and closes at the end."""
        async with await cls.open(path) as client:
            yield client

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Hang up. Calls still under way end with UnreachableError, events just end."""
        if self._events is not None:
            self._events.close()
        self._task.cancel()
        await asyncio.wait([self._task])
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def call(self, method: str, params: Mapping[str, Any] | list[Any] | None = None) -> Any:
        """Any method by its name on the wire; gives the result as plain JSON values."""
        return msgspec.json.decode(await self._raw(method, {} if params is None else params))

    async def client_count(self) -> int:
        """How many clients the node has, this one included."""
        return await self._ask(int, "clients")

    async def hello(self) -> Hello:
        """See `NodeApi.hello`; so for all methods below."""
        return await self._ask(Hello, "hello")

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

    async def typing(self, ref: str, now: bool) -> None:
        await self._raw("typing", {"ref": ref, "now": now})

    async def present(self, here: bool) -> None:
        await self._raw("present", {"here": here})

    def subscribe(self, since: int | None = None) -> EventBuffer:
        """Events from now on, the durable ones after `since` first.

        It ends after a `ClosingEvent`, or at `close`; it raises UnreachableError when the node vanishes, and
        the node's refusal if it refuses. A later call on the same client takes the stream over. An iterator
        that is read too slowly says so with a `MissedEvent`.
        """
        buffer = EventBuffer(MAX_WAITING_EVENTS)
        request_id = self._take_id()
        self._subscribing[request_id] = buffer
        try:
            self._send(request_id, "subscribe", {"since": since})
        except TuichatError as error:
            del self._subscribing[request_id]
            buffer.close(error)
        return buffer

    async def _ask(self, kind: type[Result], method: str, **params: object) -> Result:
        return msgspec.json.decode(await self._raw(method, params), type=kind)

    async def _raw(self, method: str, params: Mapping[str, Any] | list[Any]) -> msgspec.Raw:
        request_id = self._take_id()
        answer: asyncio.Future[msgspec.Raw] = asyncio.get_running_loop().create_future()
        self._waiting[request_id] = answer
        try:
            self._send(request_id, method, params)
            with contextlib.suppress(ConnectionError):  # the receiving side knows, and says why
                await self._writer.drain()
            return await answer
        finally:
            self._waiting.pop(request_id, None)

    def _take_id(self) -> int:
        self._next_id += 1
        return self._next_id - 1

    def _send(self, request_id: int, method: str, params: Mapping[str, Any] | list[Any]) -> None:
        if self._failure is not None:
            raise self._failure
        try:
            line = encode_request(request_id, method, params)
        except UnicodeEncodeError:
            raise UsageError(_("This text is not valid Unicode.")) from None
        if len(line) > MAX_REQUEST_LINE:
            raise UsageError(_("This is too long for one call."))
        self._writer.write(line)

    async def _receive(self) -> None:
        try:
            count = 0
            while line := await self._reader.readline():
                count += 1
                if count % _LINES_AT_ONCE == 0:
                    await asyncio.sleep(0)  # lines that are here already are read without a pause otherwise
                incoming = decode_incoming(line)
                if incoming.id is None and incoming.error is not None:
                    self.refusal = error_from(incoming.error)
                self._dispatch(incoming)
        except (OSError, ValueError):  # broken off, a line too long, or no line of ours
            pass
        finally:
            self._fail(self.refusal or UnreachableError(_("The node is gone.")))

    def _dispatch(self, incoming: Incoming) -> None:
        if incoming.method == "event":
            self._tell(incoming.params)
            return
        if not isinstance(incoming.id, int):
            return
        error = error_from(incoming.error) if incoming.error is not None else None
        if (buffer := self._subscribing.pop(incoming.id, None)) is not None:
            self._subscribed(buffer, error)
        elif (answer := self._waiting.get(incoming.id)) is not None and not answer.done():
            if error is not None:
                answer.set_exception(error)
            else:
                answer.set_result(incoming.result)

    def _subscribed(self, buffer: EventBuffer, error: TuichatError | None) -> None:
        if error is not None:
            buffer.close(error)
            return
        if self._events is not None:
            self._events.close()
        self._events = buffer

    def _tell(self, params: msgspec.Raw) -> None:
        event = decode_event(params)
        if event is None or self._events is None:
            return
        self._events.put(event)
        if isinstance(event, ClosingEvent):
            self.closing = event.reason
            self._events.close()

    def _fail(self, failure: TuichatError) -> None:
        self._failure = failure
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(failure)
        for buffer in self._subscribing.values():
            buffer.close(failure)
        if self._events is not None:
            self._events.close(failure)
