"""A tor of our own: started, supervised, stopped, and gone when we are."""

from __future__ import annotations

import asyncio
import os
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from onion.binary import ask_version, check_version, find_tor
from onion.bridges import bridges_torrc, parse_bridges
from onion.controlled import ControlledTor
from onion.controller import Controller
from onion.endpoint import Endpoint
from onion.errors import TorError
from onion.process import TorProcess
from onion.sentence import NOTHING, Sentence, reason_of
from onion.tor import Problem
from onion.torrc import quoted, socket_path

_START_SECONDS = 30.0
_POLL_SECONDS = 0.02
# Tor waits five seconds itself for another one to leave its data directory.
_START_ATTEMPTS = 3
_EXTRA_BYTES = 1 << 20
_VERIFY_SECONDS = 20.0
_STAMP = re.compile(r"^\w{3} \d\d [\d:.]+ \[\w+\] ")


@dataclass(frozen=True, slots=True)
class ChildOptions:
    """How to run a tor of our own.

    Args:
        data_directory: its own, made with mode 0700; it keeps its guards there.
        run_directory: for its sockets, made with mode 0700; 90 bytes long at most.
        binary: the executable; found by default.
        extra_torrc: a file whose lines are appended, such as a private network's authorities.
        bridges: bridge lines as people paste them.
    """

    data_directory: Path
    run_directory: Path
    binary: Path | None = None
    extra_torrc: Path | None = None
    bridges: Sequence[str] = ()


class ChildTor(ControlledTor):
    """See `onion.tor.Tor`.

    Control and SOCKS are UNIX sockets in a directory of mode 0700: no other user of the machine can use them.
    The tor ends when this process does, however that ends, since it is owned through its control connection.
    """

    _loss: Problem = "died"
    _is_ours = True

    def __init__(self, options: ChildOptions) -> None:
        super().__init__()
        self._options = options
        self._process: TorProcess | None = None
        self._ended: TorProcess | None = None
        self._control = options.run_directory.absolute() / "control"
        self._socks_path = options.run_directory.absolute() / "socks"
        self._cookie = options.data_directory.absolute() / "control_auth_cookie"

    @property
    def uses_bridges(self) -> bool:
        return bool(self._options.bridges)

    async def use_bridges(self, lines: Sequence[str]) -> None:
        bridges_torrc(parse_bridges(lines))
        self._options = replace(self._options, bridges=tuple(lines))
        # A tor that changes its bridges while it runs (SETCONF) may hang for minutes, seen with 0.4.9.11: it
        # connects to the transport's program that it has just ended, and as if that were the bridge.
        await self._begin_anew()

    @property
    def pid(self) -> int | None:
        """The process, if it runs."""
        return self._process.pid if self._process is not None and self._process.running else None

    async def _connect(self) -> Controller:
        binary = find_tor(self._options.binary)
        check_version(await ask_version(binary))
        torrc = self.torrc()
        for directory in (self._options.data_directory, self._options.run_directory):
            _make_private(directory)
        for attempt in range(1, _START_ATTEMPTS + 1):
            try:
                await self._spawn(binary, torrc)
                break
            except TorError as error:
                await self._disconnect()
                if error.code != "busy" or attempt == _START_ATTEMPTS:
                    raise
        self._socks = Endpoint(path=self._socks_path)
        controller = await Controller.connect(Endpoint(path=self._control), self._on_event, self._cookie)
        # From now on it ends with this connection; until now, only within 15 s of this process's end.
        await controller.call("TAKEOWNERSHIP")
        return controller

    async def _disconnect(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            await process.stop()
            self._ended = process

    def _last_words(self) -> Sentence:
        if self._ended is None:
            return NOTHING
        return last_words(self._ended.exit_status, self._ended.output())

    async def _spawn(self, binary: Path, torrc: str) -> None:
        """Start it, and return when its control socket listens."""
        for path in (self._control, self._socks_path):
            path.unlink(missing_ok=True)
        process = self._process = await TorProcess.spawn(binary, torrc)
        for _ in range(int(_START_SECONDS / _POLL_SECONDS)):
            if _listens(self._control):
                return
            if not process.running:
                await process.stop()
                raise _did_not_start(process.exit_status, process.output())
            await asyncio.sleep(_POLL_SECONDS)
        raise TorError("start", "tor does not open its control socket.")

    def torrc(self) -> str:
        """The configuration that tor is started with. Raises TorError if the options give none."""
        options = self._options
        lines = [
            f"DataDirectory {quoted(str(options.data_directory.absolute()))}",
            f"ControlPort {socket_path(str(self._control))}",
            "CookieAuthentication 1",
            f"CookieAuthFile {quoted(str(self._cookie))}",
            # Streams to anything but an onion service are refused: there is no way out to the clear network.
            f"SocksPort {socket_path(str(self._socks_path))} OnionTrafficOnly ExtendedErrors",
            f"__OwningControllerProcess {os.getpid()}",
            "ClientOnly 1",
            "DormantCanceledByStartup 1",
            # The country tables serve options that nobody sets here; tor is lighter without them.
            "GeoIPFile /dev/null",
            "GeoIPv6File /dev/null",
            "SafeLogging 1",
            "Log warn stdout",
        ]
        bridges = bridges_torrc(parse_bridges(options.bridges))
        return "\n".join(lines) + "\n" + bridges + _extra(options.extra_torrc)


async def verify_config(tor: ChildTor, binary: Path) -> None:
    """Have `binary` read the configuration of `tor` as it would be started with; nothing is started or made.

    Raises:
        TorError: it would not start with it; the message has tor's own words.
    """
    process = await TorProcess.spawn(binary, tor.torrc(), verify_only=True)
    try:
        async with asyncio.timeout(_VERIFY_SECONDS):
            status = await process.wait()
    except TimeoutError:
        raise TorError("start", "tor does not come to an end of reading its configuration.") from None
    finally:
        await process.stop()
    if status != 0:
        raise _did_not_start(status, process.output())


def last_words(status: int | None, output: Sequence[str]) -> Sentence:
    """How a tor ended, by its exit status, and its last line; "" for a plain end without a word."""
    said = [_STAMP.sub("", line) for line in output if line.strip()]
    if not status:
        return Sentence("{words}", words=said[-1]) if said else NOTHING
    if status < 0:
        end = Sentence("ended by signal {number}", number=-status)
    else:
        end = Sentence("ended with status {number}", number=status)
    return Sentence("{end}: {words}", end=end, words=said[-1]) if said else end


def _listens(path: Path) -> bool:
    """Whether a connection is accepted; tor makes the socket's file a moment before that."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def _make_private(directory: Path) -> None:
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        directory.chmod(0o700)
    except OSError as error:
        raise TorError(
            "directory",
            "tor's directory {path} cannot be used: {reason}.",
            "Check that it belongs to you and that the disk is not full.",
            path=str(directory),
            reason=reason_of(error),
        ) from error


def _extra(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(_EXTRA_BYTES) + "\n"
    except (OSError, UnicodeDecodeError) as error:
        reason = reason_of(error) if isinstance(error, OSError) else Sentence("it is not UTF-8")
        raise TorError(
            "extra_torrc",
            "The extra torrc {path} cannot be read: {reason}.",
            "Correct the path, or remove the setting.",
            path=str(path),
            reason=reason,
        ) from error


def _did_not_start(status: int | None, output: list[str]) -> TorError:
    complaints = [line for line in output if "[err]" in line or "[warn]" in line]
    text = " ".join(complaints)
    if "another Tor process is running" in text:
        return TorError(
            "busy", "Another tor uses the same data directory.", "End it, or wait until it has ended."
        )
    config = [line for line in complaints if "Failed to parse/validate config" in line]
    if config or complaints:
        reason = _STAMP.sub("", (config or complaints)[-1])
    else:
        reason = last_words(status, output) or Sentence("it gave no reason")
    return TorError(
        "start", "tor did not start: {reason}", "Check the bridges and the extra torrc.", reason=reason
    )
