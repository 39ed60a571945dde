"""One client of the local API, as the server sees it: its calls, its answers, its stream of events."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import select
import traceback
from collections.abc import AsyncIterator, Coroutine
from typing import Any, Protocol

from tuichat.api.guest import Guest
from tuichat.api.limits import Limits, Usages
from tuichat.api.methods import HELLO, METHODS, SUBSCRIBE, Method
from tuichat.api.scoped import ServedApi
from tuichat.api.wire import (
    INTERNAL_ERROR,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    BadRequest,
    Request,
    decode_request,
    encode_bad_request,
    encode_event,
    encode_refusal,
    encode_result,
)
from tuichat.errors import DeniedError, TuichatError
from tuichat.i18n import _
from tuichat.model import AnyEvent, EventLog

CLIENTS = "clients"
"""The method that the server answers by itself: how many clients are connected, the asker included."""

PATIENCE = 10.0
"""Seconds that the calls of a client that has left may still take."""

_log = logging.getLogger(__name__)


DISCOVER = "rpc.discover"
"""The other one: the OpenRPC document."""

GUESS = 1.0
"""Seconds after which a token that is none is answered, and hung up."""


class House(Protocol):
    """What every connection of a server shares."""

    @property
    def api(self) -> ServedApi:
        """What answers."""
        ...

    @property
    def limits(self) -> Limits:
        """What a client may use."""
        ...

    @property
    def usages(self) -> Usages:
        """What is used of tokens."""
        ...

    @property
    def client_count(self) -> int:
        """How many clients there are."""
        ...


class Connection:
    """Serves one client until it leaves, or until `close`.

    Memory is bounded whatever the client does: lines have a limit, calls are counted, and what it does not
    read waits in the node's own bounded buffer of events.
    """

    def __init__(self, house: House, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._house = house
        self._api = house.api
        self._reader = reader
        self._writer = writer
        self._guest: Guest | None = None
        self._over = False
        self._slots = asyncio.Semaphore(house.limits.calls)
        self._calls: set[asyncio.Task[None]] = set()
        self._stream: asyncio.Task[None] | None = None
        self._events: AsyncIterator[AnyEvent] | None = None
        self._writing = asyncio.Lock()

    @property
    def is_nameless(self) -> bool:
        """Whether a token is needed and none was presented yet."""
        return self._guest is None and self._house.limits.greeting is not None

    async def serve(self) -> None:
        """Read and answer calls until the client closes its end and has its answers, or breaks off."""
        try:
            async with asyncio.timeout(self._house.limits.greeting) as greeting:
                while not self._over and (line := await self._read_line()):
                    await self._heed(line)
                    if self._guest is not None:
                        greeting.reschedule(None)
            listens = True
            while self._calls and listens:
                listens = not _has_left(self._writer)  # a long file may well take longer than our patience
                await asyncio.wait(self._calls, timeout=PATIENCE)
        except TimeoutError:
            pass  # nobody who was asked in
        finally:
            await self._end()

    async def finish(self, seconds: float) -> None:
        """Let events and answers on their way reach the client, for `seconds` at most."""
        under_way = {*self._calls, *({self._stream} if self._stream else ())}
        if under_way:
            await asyncio.wait(under_way, timeout=seconds)

    async def _heed(self, line: bytes) -> None:
        """Take a line. One that asks nothing costs a guest a call, and who has no token the connection."""
        # Lines that have come already are read without waiting, so others have their turn here.
        await asyncio.sleep(0)
        if self._guest is not None:
            await self._guest.wait_line()
        if line.strip():
            await self._take(line)
        elif self.is_nameless:
            self._over = True

    async def _read_line(self) -> bytes:
        try:
            return await self._reader.readline()
        except ConnectionError:
            return b""
        except ValueError:
            bad = BadRequest(INVALID_REQUEST, _("The line is too long."))
            await self._write(encode_bad_request(bad))
            return b""

    async def _take(self, line: bytes) -> None:
        try:
            request = decode_request(line)
            if request.method in (CLIENTS, DISCOVER) and self._is_owner:
                await self._answer(request, encode_result(request.answer_id, self._own(request.method)))
                return
            method = self._method(request)
            arguments = method.arguments(request)
        except BadRequest as bad:
            await self._write(encode_bad_request(bad))
            self._over = self._over or self.is_nameless
            return
        if request.method == HELLO and arguments["token"] is not None:
            await self._present(request, arguments["token"])
        elif await self._may(request):
            if request.method == SUBSCRIBE:
                await self._subscribe(request, arguments)
            else:
                await self._slots.acquire()
                self._start(request, self._call(request, method, arguments))

    @property
    def _is_owner(self) -> bool:
        return self._guest is None and self._house.limits.greeting is None

    def _own(self, method: str) -> object:
        """What the server itself answers."""
        if method == CLIENTS:
            return self._house.client_count
        from tuichat.api.openrpc import document  # seldom asked for

        return document()

    def _method(self, request: Request) -> Method:
        """What is asked for. Raises BadRequest if there is no such method, for this client."""
        method = METHODS.get(request.method)
        if method is None or (self._guest is not None and not self._guest.allows(request.method)):
            message = _("There is no method {name}.").format(name=request.method[:64])
            raise BadRequest(METHOD_NOT_FOUND, message, request.answer_id)
        return method

    async def _may(self, request: Request) -> bool:
        """Whether the client may ask that now; it waits while it asks too much, and is told if it may not."""
        try:
            if self._guest is not None:
                await self._guest.wait_turn(request.method)
            elif self.is_nameless:
                raise DeniedError(_("A token comes first here."), _('Call "hello" with a token.'))
        except DeniedError as error:
            await self._turn_out(request, error)
            return False
        return True

    async def _present(self, request: Request, token: str) -> None:
        """The client has a token: it is a guest from here on."""
        try:
            if self._guest is not None:
                raise DeniedError(_("This connection has a token already."), _("Connect anew for another."))
            self._guest = await Guest.admitted(self._api, token, self._house.usages)
            await self._unsubscribe()
            await self._answer(request, encode_result(request.answer_id, await self._api.hello()))
        except DeniedError as error:
            await asyncio.sleep(GUESS)
            await self._turn_out(request, error)
        except TuichatError as error:
            await self._answer(request, encode_refusal(request.answer_id, error))

    async def _turn_out(self, request: Request, error: DeniedError) -> None:
        """Say no, and that is the end."""
        await self._answer(request, encode_refusal(request.answer_id, error))
        self._over = True

    def _start(self, request: Request, call: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(call)
        self._calls.add(task)
        task.add_done_callback(lambda done: self._called(request, done))

    def _called(self, request: Request, task: asyncio.Task[None]) -> None:
        """Supervise: a call that failed for an unforeseen reason is reported and answered all the same."""
        self._calls.discard(task)
        self._slots.release()
        if not task.cancelled() and (error := task.exception()) is not None:
            _report(request.method, error)
            message = _("The node stumbled; its log says where.")
            bad = BadRequest(INTERNAL_ERROR, message, request.answer_id)
            if request.wants_answer and not self._writer.is_closing():
                self._writer.write(encode_bad_request(bad))

    async def _call(self, request: Request, method: Method, arguments: dict[str, Any]) -> None:
        try:
            if self._guest is not None:
                result = await self._guest.call(method, arguments)
            else:
                result = await getattr(self._api, method.attribute)(**arguments)
        except TuichatError as error:
            line = encode_refusal(request.answer_id, error)
        else:
            line = encode_result(request.answer_id, result)
        await self._answer(request, line)

    async def _subscribe(self, request: Request, arguments: dict[str, Any]) -> None:
        await self._unsubscribe()
        log = await self._log()
        try:
            self._events = (self._guest or self._api).subscribe(**arguments)
        except TuichatError as error:
            await self._answer(request, encode_refusal(request.answer_id, error))
            return
        await self._answer(request, encode_result(request.answer_id, log))
        self._stream = asyncio.get_running_loop().create_task(self._tell(self._events))
        self._stream.add_done_callback(_told)

    async def _unsubscribe(self) -> None:
        """End the stream, also one that has not begun to be read."""
        if self._stream is not None:
            self._stream.cancel()
        if self._events is not None:
            await _close(self._events)

    async def _log(self) -> EventLog | None:
        """Where the log is as the stream begins: nothing gets between, for nothing is waited for."""
        try:
            return await self._api.event_log()
        except TuichatError:  # locked: the stream begins when it is not
            return None

    async def _tell(self, events: AsyncIterator[AnyEvent]) -> None:
        try:
            async for event in events:
                await self._write(encode_event(event))
            if self._guest is not None and not self._guest.lives:
                self._writer.close()
        finally:
            await _close(events)

    async def _answer(self, request: Request, line: bytes) -> None:
        if request.wants_answer:
            await self._write(line)

    async def _write(self, line: bytes) -> None:
        async with self._writing:
            if self._writer.is_closing():
                return
            with contextlib.suppress(ConnectionError):  # the reading side will see it and end
                self._writer.write(line)
                await self._drain()

    async def _drain(self) -> None:
        try:
            async with asyncio.timeout(self._house.limits.stall):
                await self._writer.drain()
        except TimeoutError:
            self._writer.transport.abort()

    async def _end(self) -> None:
        if self._guest is not None:
            self._guest.leave()
        await self._unsubscribe()
        tasks = {*self._calls, *({self._stream} if self._stream else ())}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        self._writer.close()
        try:
            async with asyncio.timeout(PATIENCE):
                await self._writer.wait_closed()
        except (OSError, TimeoutError):
            self._writer.transport.abort()


def _has_left(writer: asyncio.StreamWriter) -> bool:
    """Whether a client that asks no more does not listen, either."""
    if writer.is_closing():
        return True
    poll = select.poll()
    poll.register(writer.get_extra_info("socket"), 0)
    return bool(poll.poll(0))


async def _close(events: AsyncIterator[AnyEvent]) -> None:
    close = getattr(events, "aclose", None)
    if close is not None:
        await close()


def _told(stream: asyncio.Task[None]) -> None:
    if not stream.cancelled() and (error := stream.exception()) is not None:
        _report(SUBSCRIBE, error)


def _report(what: str, error: BaseException) -> None:
    """Log where a call failed; the message of a foreign exception might hold anything, so it stays out."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "unknown"
    _log.error("%s failed with %s at %s", what, type(error).__name__, place)
