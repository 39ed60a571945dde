"""Tor's control port, asynchronously. The only module that imports stem.

stem frames and parses messages in a thread of its own; each call has a deadline, and a tor that misses one is
treated as lost: the connection closes, since later answers could not be told apart from this one's.

Authentication is SAFECOOKIE (control-spec, 3.24), in which tor proves that it knows the cookie before we do.
A tor that asks for nothing is believed on a UNIX socket only: while tor is down any user of this machine can
listen on its TCP port, and would be given the onion service's key. For the same reason a cookie that is named
there counts only if it lies in a file that no other person could have written or read.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import os
import secrets
import socket
import stat
import threading
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

import stem
import stem.socket

from onion.endpoint import Endpoint
from onion.errors import TorError
from onion.events import Event
from onion.sentence import reason_of

CALL_SECONDS = 20.0
_COOKIE_BYTES = 32
_FIRST_PERSON = 1000
"""User ids from here on belong to people, lower ones to the system's services."""

_SERVER_HASH = b"Tor safe cookie authentication server-to-controller hash"
_CLIENT_HASH = b"Tor safe cookie authentication controller-to-server hash"

# stem logs every message at its lowest level, keys included, and passes it on to the root logger.
logging.getLogger("stem").disabled = True


class _ControlSocket(stem.socket.ControlSocket):  # type: ignore[misc]
    """stem's framing over a socket that we connect: its own classes leave theirs open when that fails."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__()
        self._endpoint = endpoint

    def _make_socket(self) -> socket.socket:
        place = self._endpoint
        family = socket.AF_UNIX if place.path else socket.AF_INET6 if ":" in place.host else socket.AF_INET
        made = socket.socket(family, socket.SOCK_STREAM)
        try:
            made.connect(str(place.path) if place.path else (place.host, place.port))
        except OSError as error:
            made.close()
            raise stem.SocketError(error) from error
        return made


class Controller:
    """An authenticated control connection. Make one with `connect`."""

    def __init__(self, connection: _ControlSocket, on_event: Callable[[Event], None]) -> None:
        self.closed = asyncio.Event()
        self._socket = connection
        self._on_event = on_event
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[asyncio.Future[list[tuple[str, str]]]] = deque()
        self._sending = asyncio.Lock()
        threading.Thread(target=self._read, name="tor control", daemon=True).start()

    @classmethod
    async def connect(
        cls,
        endpoint: Endpoint,
        on_event: Callable[[Event], None],
        cookie: Path | None = None,
        timeout: float = CALL_SECONDS,
    ) -> Controller:
        """Connect and authenticate.

        Args:
            endpoint: tor's control port.
            on_event: told every event, on this event loop.
            cookie: the cookie's file, if it is known better than tor tells it.
            timeout: seconds for all of it.

        Raises:
            TorError: nobody there ("control"), or the cookie may not be read ("permission").
        """
        connection = _ControlSocket(endpoint)
        try:
            async with asyncio.timeout(timeout):
                await asyncio.to_thread(_authenticate, connection, endpoint, cookie)
        except stem.ControllerError as error:
            connection.close()
            raise _unreachable(endpoint, error) from error
        except TimeoutError as error:
            connection.close()
            raise TorError(
                "control", "Tor's control port, {place}, does not answer.", place=str(endpoint)
            ) from error
        except BaseException:
            connection.close()
            raise
        return cls(connection, on_event)

    async def call(self, command: str, timeout: float = CALL_SECONDS) -> list[str]:
        """Send one command; returns the lines of the answer without their codes.

        Raises:
            TorError: tor refused it ("refused", with its words), or the connection is lost ("control").
        """
        if "\n" in command or "\r" in command:
            raise ValueError("a command is one line")
        answer: asyncio.Future[list[tuple[str, str]]] = self._loop.create_future()
        answer.add_done_callback(_forgive)
        try:
            async with asyncio.timeout(timeout):
                async with self._sending:
                    if self.closed.is_set():
                        raise _lost()
                    self._waiting.append(answer)
                    await asyncio.to_thread(self._socket.send, command)
                lines = await answer
        except (TimeoutError, stem.ControllerError) as error:
            await self.close()
            raise _lost() from error
        if not lines[0][0].startswith("2"):
            raise TorError("refused", "Tor refused: {reason}", reason=lines[0][1])
        return [text for _, text in lines]

    async def get_info(self, key: str, timeout: float = CALL_SECONDS) -> str:
        """The value of a GETINFO key; several lines are joined by line breaks."""
        first = (await self.call(f"GETINFO {key}", timeout))[0]
        return first.partition("=")[2].lstrip("\n")

    async def close(self) -> None:
        """End the connection; a child tor that we own ends with it."""
        if not self.closed.is_set():
            self._lose()
        await asyncio.to_thread(self._socket.close)

    def _read(self) -> None:
        """The thread: hand every message to the loop, until the connection ends."""
        hand: Callable[[], None]
        ended = False
        while not ended:
            try:
                lines = [(code, _text(content)) for code, _, content in self._socket.recv().content()]
                hand = _handing(self._receive, lines)
            except stem.ControllerError:
                hand, ended = self._lose, True
            try:
                self._loop.call_soon_threadsafe(hand)
            except RuntimeError:
                # The loop has ended before us: there is nobody to tell.
                return

    def _receive(self, lines: list[tuple[str, str]]) -> None:
        if lines[-1][0] == "650":
            self._on_event(Event.parse(lines[0][1]))
        elif self._waiting:
            answer = self._waiting.popleft()
            if not answer.done():
                answer.set_result(lines)

    def _lose(self) -> None:
        self.closed.set()
        while self._waiting:
            answer = self._waiting.popleft()
            if not answer.done():
                answer.set_exception(_lost())


def _forgive(answer: asyncio.Future[list[tuple[str, str]]]) -> None:
    """A call that ended while it was still being sent looks at no answer: asyncio need not complain."""
    if not answer.cancelled():
        answer.exception()


def _handing(
    function: Callable[[list[tuple[str, str]]], None], lines: list[tuple[str, str]]
) -> Callable[[], None]:
    return lambda: function(lines)


def _authenticate(connection: _ControlSocket, endpoint: Endpoint, cookie: Path | None) -> None:
    """Connect and authenticate, in a thread."""
    connection.connect()
    protocol = Event.parse(" ".join(_ask(connection, "PROTOCOLINFO 1")))
    methods = protocol.fields.get("METHODS", "").split(",")
    if "SAFECOOKIE" in methods:
        content = _read_cookie(
            cookie or Path(protocol.fields.get("COOKIEFILE", "")),
            own_only=cookie is None and endpoint.path is None,
        )
        _ask(connection, f"AUTHENTICATE {_prove(connection, content)}")
    elif "NULL" in methods and endpoint.path is not None:
        _ask(connection, "AUTHENTICATE")
    elif "NULL" in methods:
        raise TorError(
            "permission",
            "What answers on {place} asks for no proof, so anybody could be there instead of tor.",
            "Set CookieAuthentication 1 in tor's torrc and restart it.",
            place=str(endpoint),
        )
    else:
        raise TorError(
            "permission",
            "This tor's control port wants a password.",
            "Set CookieAuthentication 1 in its torrc and restart it.",
        )


def _prove(connection: _ControlSocket, cookie: bytes) -> str:
    nonce = secrets.token_bytes(32)
    challenge = Event.parse(_ask(connection, f"AUTHCHALLENGE SAFECOOKIE {nonce.hex()}")[0]).fields
    server_hash = bytes.fromhex(challenge.get("SERVERHASH", ""))
    message = cookie + nonce + bytes.fromhex(challenge.get("SERVERNONCE", ""))
    if not hmac.compare_digest(server_hash, hmac.new(_SERVER_HASH, message, hashlib.sha256).digest()):
        raise TorError("control", "What answers on the control port does not know tor's cookie.")
    return hmac.new(_CLIENT_HASH, message, hashlib.sha256).hexdigest()


def _read_cookie(path: Path, *, own_only: bool) -> bytes:
    """The cookie in a file, with `own_only` in none that another person could have put there or read."""
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            cookie = file.read(_COOKIE_BYTES + 1)
    except OSError as error:
        raise TorError(
            "permission",
            "Tor's cookie, {path}, cannot be read: {reason}.",
            "Join the group that may: sudo adduser $USER debian-tor, then log in again.",
            path=str(path),
            reason=reason_of(error),
        ) from error
    if own_only and not _is_kept_from_people(status):
        raise TorError(
            "permission",
            "Another user may know tor's cookie, {path}, so anybody could be there instead of tor.",
            "Give tor a ControlSocket, or make the cookie's file unreadable for others.",
            path=str(path),
        )
    if len(cookie) != _COOKIE_BYTES:
        raise TorError("permission", "{path} is no cookie of tor's.", path=str(path))
    return cookie


def _is_kept_from_people(status: os.stat_result) -> bool:
    """Whether a file is ours or a system account's, such as tor's own, and closed to everybody else."""
    has_owner = status.st_uid == os.getuid() or status.st_uid < _FIRST_PERSON
    return has_owner and not status.st_mode & stat.S_IRWXO


def _ask(connection: _ControlSocket, command: str) -> Sequence[str]:
    connection.send(command)
    lines = [(code, _text(content)) for code, _, content in connection.recv().content()]
    if not lines[0][0].startswith("2"):
        raise TorError("control", "Tor's control port refused us: {reason}", reason=lines[0][1])
    return [text for _, text in lines]


def _text(content: str | bytes) -> str:
    return content.decode(errors="replace") if isinstance(content, bytes) else content


def _unreachable(endpoint: Endpoint, error: stem.ControllerError) -> TorError:
    if any(isinstance(cause, PermissionError) for cause in error.args):
        return TorError(
            "permission",
            "Tor's control port, {place}, may not be used by this user.",
            "Join the group that may: sudo adduser $USER debian-tor, then log in again.",
            place=str(endpoint),
        )
    return TorError(
        "control",
        "No tor answers on the control port {place}.",
        "Start tor, and check the ControlPort or ControlSocket in its torrc.",
        place=str(endpoint),
    )


def _lost() -> TorError:
    return TorError("control", "The connection to tor's control port is lost.", "It is tried again.")
