"""The process behind `tuichat demo`: it holds the network and the nodes, and outlives the interface a little.

The interface's process forks it off, and reads from a pipe what it has to say, a JSON object a line: a `Told`
for each part as it begins, then `Up` or `Failed`. When the other pipe's end is closed, by whatever ended the
interface, it clears everything up and exits. It is in a session of its own, so that neither Ctrl+C nor a
closed terminal breaks it off while it does so.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import msgspec

from tuichat.api.wire import REFUSED, ErrorData, ErrorObject, error_from
from tuichat.errors import TuichatError, UnreachableError
from tuichat.i18n import _

if TYPE_CHECKING:
    from tuichat.api.client import AsyncClient

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
CLEARING_SECONDS = 45.0
"""Longer than it takes to end everything one after the other by force."""


class Told(msgspec.Struct, frozen=True, tag="told"):
    """A sentence about the part that begins."""

    text: str


class Up(msgspec.Struct, frozen=True, tag="up"):
    """Everything is there; `home` is the profile to open."""

    home: str


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """It does not come up."""

    error: ErrorObject


_reports: msgspec.json.Decoder[Told | Up | Failed] = msgspec.json.Decoder(Told | Up | Failed)


class Backstage:
    """The interface's end: the demo in its process. Call `close` in any case."""

    def __init__(self) -> None:
        self._home = Path()
        reading, report = os.pipe()
        control, self._hold = os.pipe()
        # Until it is in its own session, Ctrl+C would hit it too.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
        self._pid = os.fork()
        if self._pid == 0:
            os.close(reading)
            os.close(self._hold)
            _be_backstage(report, control)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        os.close(report)
        os.close(control)
        self._reports = os.fdopen(reading, "rb")

    def parts(self) -> Iterator[str]:
        """What it is doing, a sentence for each part as it begins; ends when all is up.

        Raises:
            TuichatError: it does not come up.
        """
        for line in self._reports:
            match _reports.decode(line):
                case Told(text=text):
                    yield text
                case Up(home=home):
                    self._home = Path(home)
                    return
                case Failed(error=error):
                    raise error_from(error)
        raise UnreachableError(
            _("The demo ended before it was up."), _("See what tuichat doctor finds, and try again.")
        )

    async def attach(self) -> AsyncClient:
        """A client of the node of the person at this terminal. Raises TuichatError."""
        from tuichat.bootstrap.attaching import attach
        from tuichat.bootstrap.profiles import profile_paths

        return await attach(profile_paths(self._home, "default", None))

    def close(self) -> None:
        """End everything, and return when nothing of it is left."""
        os.close(self._hold)
        deadline = CLEARING_SECONDS
        while select.select([self._reports], [], [], deadline)[0] and os.read(self._reports.fileno(), 65536):
            pass
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)  # not yet waited for, so the number is still its own
        os.waitpid(self._pid, 0)
        self._reports.close()


def _be_backstage(report: int, control: int) -> NoReturn:
    """In the new process: do all of it, and never return to what this process was forked from."""
    try:
        os.setsid()
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        for number in _ENDING:
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
        asyncio.run(_perform(report, control))
    finally:
        os._exit(0)


async def _perform(report: int, control: int) -> None:
    from tuichat.bootstrap.demo import Demo  # the interface's process has no use for it

    def tell(said: Told | Up | Failed) -> None:
        with contextlib.suppress(OSError):  # nobody may listen any more
            os.write(report, msgspec.json.encode(said) + b"\n")

    over = asyncio.ensure_future(_end_wanted(control))
    try:
        async with Demo(lambda text: tell(Told(text))) as demo:
            building = asyncio.ensure_future(demo.build())
            await asyncio.wait({over, building}, return_when=asyncio.FIRST_COMPLETED)
            if not building.done():
                building.cancel()
                await asyncio.wait({building})
                return
            building.result()
            tell(Up(str(demo.you.paths.home)))
            await over
    except TuichatError as error:
        data = ErrorData(error.code, error.hint, error.exit_code, error.candidates)
        tell(Failed(ErrorObject(REFUSED, error.message, data)))


async def _end_wanted(control: int) -> None:
    """Wait until the interface's process has closed its end of the pipe, or a signal asks for the end."""
    loop, wanted = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(control, wanted.set)
    for number in _ENDING:
        loop.add_signal_handler(number, wanted.set)
    await wanted.wait()
    loop.remove_reader(control)
