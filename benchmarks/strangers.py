"""A crowd that calls an onion service's socket, as fast as it is answered, and goes as far as it is let.

`python -m benchmarks.strangers SOCKET ONION CALLS AT_ONCE SECONDS` makes so many calls, a few at a time and
for so long at most, and prints as JSON how they ended and how many requests had a reply. ONION is the
service's public key in hexadecimal. Every tenth caller says what no tuichat says; all others knock rightly.
Of those who are let in, three in four ask to be a contact, with the longest text that a request may have, and
the fourth says nothing more. Both stay until they are sent away.

In life strangers' computers are elsewhere: here they run at the lowest priority.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections import Counter
from pathlib import Path

from tests.support.raw_callers import BINARY, RawCaller, Stranger, opened, request, web_frame
from tuichat.clock import SystemClock, SystemRng
from tuichat.crypto.identity import Identity
from tuichat.model import MAX_REQUEST_BYTES
from tuichat.network.doorkeeper import NOT_FOUND
from tuichat.protocol.frames import Received, Request
from tuichat.protocol.link import Link

_NONSENSE = b"GET / HTTP/1.1\r\nHost: nobody.onion\r\nConnection: close\r\n\r\n"
_TEXT = "x" * MAX_REQUEST_BYTES
_OVER = b"\r\n\r\n"
_LOWEST_PRIORITY = 19


class Crowd:
    """Strangers, each with an identity of their own.

    Attributes:
        ends: how many calls ended how.
        heard: how many of those who asked to be a contact had a reply.
    """

    def __init__(self, path: Path, onion: bytes) -> None:
        self.ends: Counter[str] = Counter()
        self.heard = 0
        self._path = path
        self._onion = onion
        self._unheard: list[Stranger] = []
        self._staying: set[asyncio.Task[None]] = set()

    async def call(self, count: int, at_once: int, seconds: float) -> None:
        """Make `count` calls, `at_once` of them at any time; those who were let in stay beside."""
        numbers = iter(range(count))
        end = time.monotonic() + seconds

        async def one_after_another() -> None:
            for number in numbers:
                if time.monotonic() > end:
                    return
                try:
                    await self._call(number)
                except (OSError, TimeoutError):
                    self.ends["not connected"] += 1

        await asyncio.gather(*(one_after_another() for _ in range(at_once)))

    async def leave(self) -> None:
        """Those who stay go home."""
        for task in self._staying:
            task.cancel()
        await asyncio.gather(*self._staying, return_exceptions=True)

    async def _call(self, number: int) -> None:
        caller = await RawCaller.connect(self._path)
        if number % 10 == 0:
            caller.send(_NONSENSE)
            self._note(await caller.answer(), "nonsense, turned away")
            return
        stranger = self._unheard.pop() if self._unheard else self._newcomer()
        caller.send(request(stranger.message1))
        stranger.upgrade = await caller.until(_OVER)
        if not stranger.upgrade.startswith(b"HTTP/1.1 101 "):
            self._unheard.append(stranger)  # nothing came of this call: the next can say the same
            self._note(stranger.upgrade, "knocked, turned away")
            caller.vanish()
            return
        task = asyncio.create_task(self._stay(caller, stranger, silent=number % 4 == 3))
        self._staying.add(task)
        task.add_done_callback(self._staying.discard)

    def _newcomer(self) -> Stranger:
        return Stranger(Identity.generate(SystemRng(), SystemClock().now()), self._onion)

    async def _stay(self, caller: RawCaller, stranger: Stranger, *, silent: bool) -> None:
        self.ends["let in, said nothing more" if silent else "let in, asked"] += 1
        link: Link | None = None
        try:
            if not silent:
                pair = SystemRng().bytes(32)
                message3, link = stranger.message3(Request(pair, b"", "A. Stranger", _TEXT))
                caller.send(web_frame(BINARY, message3))
            while not caller.closed:
                await caller.until(_OVER)
        except TimeoutError:
            pass
        finally:
            if link is not None:
                self.heard += opened(link, bytes(caller.received)) == [Received()]
            caller.vanish()

    def _note(self, answer: bytes, how: str) -> None:
        self.ends[how if answer == NOT_FOUND else "ended without an answer"] += 1


async def _run(path: Path, onion: bytes, count: int, at_once: int, seconds: float) -> None:
    os.nice(_LOWEST_PRIORITY)
    crowd = Crowd(path, onion)
    try:
        await crowd.call(count, at_once, seconds)
    finally:
        await crowd.leave()
    print(json.dumps({"ends": crowd.ends, "heard": crowd.heard}))


if __name__ == "__main__":
    socket, key, calls, together, most = sys.argv[1:]
    asyncio.run(_run(Path(socket), bytes.fromhex(key), int(calls), int(together), float(most)))
