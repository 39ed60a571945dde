"""One connection to a node, as its client holds it: calls that wait for answers, and a stream of events."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

import msgspec

from tuichat.api.peer import check_listener
from tuichat.api.wire import (
    MAX_ANSWER_LINE,
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
from tuichat.model import ClosingEvent, EventLog

ClosingReason = Literal["handover", "stop", "idle", "wipe"]

MAX_WAITING_EVENTS = 20_000
"""Events that may wait for a slow reader here; beyond them it is told what it missed."""

_LINES_AT_ONCE = 100


class Line:
    """One connection; once it has broken, every call on it raises why.

    Attributes:
        closing: why the node ends, once it has said so to a subscribed client.
        refusal: why the node turned this connection away, if it did.
        failure: what every call raises from now on, None while the connection holds.
        log: which log the durable events are of, and where it was as the stream began; None if that is not
            known, as of a profile that was locked then.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.closing: ClosingReason | None = None
        self.refusal: TuichatError | None = None
        self.failure: TuichatError | None = None
        self.log: EventLog | None = None
        self._reader = reader
        self._writer = writer
        self._next_id = 1
        self._waiting: dict[int, asyncio.Future[msgspec.Raw]] = {}
        self._subscribing: dict[int, EventBuffer] = {}
        self._events: EventBuffer | None = None
        self._task = asyncio.get_running_loop().create_task(self._receive())

    @classmethod
    async def open(cls, path: Path, *, anybodys: bool = False) -> Self:
        """Connect to the node at the socket `path`. Raises UnreachableError if none of ours listens there.

        `anybodys`: it may be another user's; what is said to it must be made for that.
        """
        try:
            reader, writer = await asyncio.open_unix_connection(path, limit=MAX_ANSWER_LINE)
        except OSError as error:
            raise UnreachableError(_("No node is running."), _("Start one: tuichat daemon run")) from error
        try:
            if not anybodys:
                check_listener(writer.get_extra_info("socket"), path)
        except UnreachableError:
            writer.close()
            raise
        return cls(reader, writer)

    async def close(self) -> None:
        """Hang up. Calls still under way end with UnreachableError, events just end."""
        if self._events is not None:
            self._events.close()
        self._task.cancel()
        await asyncio.wait([self._task])
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def ask(self, method: str, params: Mapping[str, Any] | list[Any]) -> msgspec.Raw:
        """Call a method by its name on the wire; the answer as it came."""
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

    def subscribe(self, since: int | None, log: str | None) -> EventBuffer:
        """As `AsyncClient.subscribe`."""
        buffer = EventBuffer(MAX_WAITING_EVENTS)
        request_id = self._take_id()
        self._subscribing[request_id] = buffer
        try:
            self._send(request_id, "subscribe", {"since": since, "log": log})
        except TuichatError as error:
            del self._subscribing[request_id]
            buffer.close(error)
        return buffer

    def has_ended_under(self, events: EventBuffer) -> bool:
        """Whether the node ended while it was telling `events`: no later subscription had taken over."""
        return events is self._events and (self.closing is not None or self.failure is not None)

    def _take_id(self) -> int:
        self._next_id += 1
        return self._next_id - 1

    def _send(self, request_id: int, method: str, params: Mapping[str, Any] | list[Any]) -> None:
        if self.failure is not None:
            raise self.failure
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
            self._subscribed(buffer, error, incoming.result)
        elif (answer := self._waiting.get(incoming.id)) is not None and not answer.done():
            if error is not None:
                answer.set_exception(error)
            else:
                answer.set_result(incoming.result)

    def _subscribed(self, buffer: EventBuffer, error: TuichatError | None, answer: msgspec.Raw) -> None:
        if error is not None:
            buffer.close(error)
            return
        self.log = msgspec.json.decode(answer, type=EventLog | None)
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
        self.failure = failure
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(failure)
        for buffer in self._subscribing.values():
            buffer.close(failure)
        if self._events is not None:
            self._events.close(failure)
