"""Lines in and lines out, without a cursor that is moved and without colours.

Input is as the terminal's own line discipline gives it, so that this works on every terminal, in an editor's
shell, on a serial line, and in a pipe. It is read by a thread of its own: a loop cannot wait for a regular
file, and must not wait for a person.
"""

from __future__ import annotations

import asyncio
import os
import select
import sys
import termios
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from typing import Final, Protocol

from tuichat.tui.direction import without_directions
from tuichat.tui.harmless import harmless
from tuichat.tui.terminal import is_console, passed_on

_AT_ONCE_SECONDS: Final = 0.05
"""A line that comes so soon after another was not typed but pasted."""

_READ_BYTES: Final = 65_536
_LONGEST_LINE: Final = 1024 * 1024


class Lines(Protocol):
    """Where lines come from and go to.

    Attributes:
        interactive: a person is there who can be asked.
    """

    interactive: bool

    async def read(self, prompt: str, *, secret: bool = False) -> str | None:
        """The next line without its end, None when there is none any more; `secret`: not echoed."""

    async def more(self) -> bool:
        """Whether another line is there already."""

    def write(self, text: str) -> None:
        """Show lines, above what is being typed."""

    def ring(self) -> None:
        """Ring the bell, where there is one."""

    def signal(self, sequence: str) -> None:
        """Have the terminal tell of something by a control sequence; one that knows none rings its bell."""

    def complete_by(self, complete: Callable[[str], list[str]]) -> None:
        """What a line could become, where lines can be completed."""

    def recall(self, texts: Sequence[str]) -> None:
        """What was typed before, oldest first, where it can be brought back."""

    def remember(self, text: str) -> None:
        """One more of them."""


class StandardLines:
    """The process's own input and output.

    Args:
        lost: called once, from whatever thread, when nobody takes the output any more.
    """

    def __init__(self, lost: Callable[[], object]) -> None:
        self.interactive = os.isatty(0)
        self._lost: Callable[[], object] | None = lost
        self._rest = b""
        # A person types in the terminal's encoding; scripts give UTF-8, as they do to every command.
        self._encoding = sys.stdin.encoding if self.interactive and sys.stdin is not None else "utf-8"
        self._takes_isolates = os.isatty(1) and not is_console(os.environ)
        self._prompt: str | None = None
        self._jobs: SimpleQueue[Callable[[], None]] = SimpleQueue()
        threading.Thread(target=self._work, name="lines", daemon=True).start()

    async def read(self, prompt: str, *, secret: bool = False) -> str | None:
        """The next line; what cannot be read is the end."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[str | None] = loop.create_future()
        shown = harmless(prompt) if self.interactive else ""
        if not secret:
            self._prompt = shown
            self._show_prompt(shown)

        def job() -> None:
            line = self._line(shown, secret=secret)
            with suppress(RuntimeError):  # the loop was closed meanwhile
                loop.call_soon_threadsafe(_give, answer, line)

        self._jobs.put(job)
        try:
            return await answer
        finally:
            self._prompt = None
            if secret and self.interactive:
                self._put("\n")  # the Enter was not echoed either

    async def more(self) -> bool:
        """Whether another line came together with the last."""
        if b"\n" in self._rest:
            return True
        return await asyncio.to_thread(self._is_there)

    def write(self, text: str) -> None:
        """Show lines; what would move a terminal is made harmless."""
        shown = "\n".join(harmless(line.expandtabs(4), isolates=True) for line in text.split("\n"))
        if not self._takes_isolates:
            shown = without_directions(shown)
        if self._prompt:  # somebody may be typing behind it
            self._put(self._interrupting(shown, self._prompt))
        else:
            self._put(f"{shown}\n")

    def complete_by(self, complete: Callable[[str], list[str]]) -> None:
        """Nothing can be completed here."""

    def recall(self, texts: Sequence[str]) -> None:
        """Nothing can be brought back here."""

    def remember(self, text: str) -> None:
        """Nothing can be brought back here."""

    def ring(self) -> None:
        """Ring a terminal's bell; a log has none."""
        if self.interactive and os.isatty(1):
            self._put("\a")

    def signal(self, sequence: str) -> None:
        """Write it where a terminal reads it, and not what it would show."""
        if os.environ.get("TERM", "") in ("", "dumb"):
            self.ring()
        elif self.interactive and os.isatty(1):
            self._put(passed_on(sequence, os.environ))

    def _put(self, text: str) -> None:
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except OSError:
            if self._lost is not None:
                lost, self._lost = self._lost, None
                lost()

    def _work(self) -> None:
        while True:
            self._jobs.get()()

    def _show_prompt(self, prompt: str) -> None:
        self._put(prompt)

    def _interrupting(self, shown: str, prompt: str) -> str:
        """Lines below what is being typed, which nobody can know here, and the prompt anew."""
        return f"\n{shown}\n{prompt}"

    def _line(self, prompt: str, *, secret: bool) -> str | None:
        if not secret or not self.interactive:
            return self._next_line()
        with _without_echo():
            self._prompt = prompt
            self._put(prompt)  # whoever sees it may type at once
            return self._next_line()

    def _next_line(self) -> str | None:
        while b"\n" not in self._rest and len(self._rest) < _LONGEST_LINE:
            try:
                data = os.read(0, _READ_BYTES)
            except OSError:  # the terminal is gone
                data = b""
            if not data:
                break
            self._rest += data
        whole = b"\n" in self._rest
        line, _end, self._rest = self._rest.partition(b"\n")
        return line.decode(self._encoding, errors="replace").removesuffix("\r") if line or whole else None

    def _is_there(self) -> bool:
        with suppress(OSError, ValueError):
            return bool(select.select([0], [], [], _AT_ONCE_SECONDS)[0])
        return False


def _give(answer: asyncio.Future[str | None], line: str | None) -> None:
    if not answer.done():
        answer.set_result(line)


@contextmanager
def _without_echo() -> Iterator[None]:
    try:
        before = termios.tcgetattr(0)
    except termios.error:  # a terminal that was closed
        yield
        return
    silent = before.copy()
    silent[3] &= ~termios.ECHO
    try:
        termios.tcsetattr(0, termios.TCSANOW, silent)  # and not what flushes: keys are never lost
        yield
    finally:
        with suppress(termios.error):
            termios.tcsetattr(0, termios.TCSADRAIN, before)


@contextmanager
def kept_terminal() -> Iterator[None]:
    """Leave the terminal as it was, also if somebody is being asked for a passphrase when the end comes."""
    try:
        before = termios.tcgetattr(0)
    except termios.error:
        yield
        return
    try:
        yield
    finally:
        with suppress(termios.error):
            termios.tcsetattr(0, termios.TCSADRAIN, before)
