"""Pictures by a terminal's own graphics: which terminals have some, and that a picture gets there.

The terminal is this test: it answers what it is asked, as xterm, kitty or neither would.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from select import select
from time import sleep

import pytest

ROOT = Path(__file__).parents[2]

SHOWS = """
import sys
from textual.app import App
from tuichat.tui.columns import ColumnDriver
from tuichat.tui.terminal_pictures import find_graphics

make = find_graphics()

class Shows(App):
    BINDINGS = [("q", "quit")]

    def get_driver_class(self):
        return ColumnDriver

    def compose(self):
        if make is not None:
            shown = make(b"\\xff\\0\\0" * 3000, 60, 50)
            shown.styles.width = shown.styles.height = "auto"
            yield shown

    def on_ready(self):
        self.call_after_refresh(self.bell)

Shows().run()
print("graphics" if make else "none", "PIL" in sys.modules)
"""

# A busy machine is no slow terminal: these programs wait longer for answers that do come.
PATIENT = """
from textual_image import _posix
from tuichat.tui import terminal_pictures

read = _posix.read
_posix.read = lambda descriptor, length, timeout=None: read(descriptor, length, 30)
terminal_pictures.QUICK_SECONDS = terminal_pictures._PATIENCE_SECONDS = 30
"""

FINDS = """
import sys
from tuichat.tui.terminal_pictures import find_graphics
print("found" if find_graphics() else "none", "PIL" in sys.modules)
"""

FAR_AWAY = """
import tty
from select import select
from tuichat.tui import terminal_pictures
terminal_pictures.QUICK_SECONDS = 0
terminal_pictures._PATIENCE_SECONDS = 30
found = terminal_pictures.find_graphics()
tty.setcbreak(0)
print("found" if found else "none", "left" if select([0], [], [], 0)[0] else "taken in")
"""

WITHOUT_EXTRA = 'import sys; sys.modules["textual_image"] = None' + FINDS


_ASKS = re.compile(rb"\x1b\[c|\x1b_Gi=(\d+),[^;]*a=q[^\x1b]*\x1b\\")


class Terminal:
    """One end of a pty, with a program at the other.

    Args:
        sixel, kitty: what it says it can do.
        typed: before the program begins.
    """

    def __init__(
        self, code: str, *, sixel: bool = False, kitty: bool = False, typed: bytes = b"", columns: int = 80
    ) -> None:
        self.said = b""
        self.away = 0.0
        """How many seconds pass until an answer leaves."""
        self._sixel, self._kitty = sixel, kitty
        self._asked = 0
        own, other = pty.openpty()
        fcntl.ioctl(own, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 800, 480))
        if typed:
            os.write(own, typed)
        self.pid = os.fork()
        if self.pid == 0:
            os.login_tty(other)
            os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", PYTHONPATH=_path())
            os.execv(sys.executable, [sys.executable, "-c", code])
        os.close(other)
        self.own = own

    def until(self, wanted: bytes) -> None:
        """Read, and answer, until the program has said this."""
        while wanted not in self.said:
            ready, _writable, _wrong = select([self.own], [], [], 60)
            assert ready, f"never said {wanted!r}, but {self.said[-2000:]!r}"
            try:
                self.said += os.read(self.own, 65536)
            except OSError:  # it is gone
                assert wanted in self.said, self.said[-2000:]
                return
            self._answer()

    def press(self, key: bytes) -> None:
        os.write(self.own, key)

    def _answer(self) -> None:
        for asked in _ASKS.finditer(self.said, self._asked):
            self._asked = asked.end()
            sleep(self.away)
            if asked[1] is None:
                os.write(self.own, b"\x1b[?62;4c" if self._sixel else b"\x1b[?62c")
            elif self._kitty:
                os.write(self.own, b"\x1b_Gi=" + asked[1] + b";OK\x1b\\")


def _path() -> str:
    return os.pathsep.join(filter(None, [os.fspath(ROOT), os.environ.get("PYTHONPATH")]))


@contextmanager
def terminal(code: str, **kind: object) -> Iterator[Terminal]:
    """A terminal whose program is gone afterwards."""
    made = Terminal(code, **kind)  # type: ignore[arg-type]
    try:
        yield made
    finally:
        os.close(made.own)  # hangs up
        os.waitpid(made.pid, 0)


@pytest.mark.parametrize(("kind", "mark"), [("sixel", b"\x1bP0;0;0q"), ("kitty", "\U0010eeee".encode())])
def test_a_picture_reaches_a_terminal_with_graphics(kind: str, mark: bytes) -> None:
    with terminal(PATIENT + SHOWS, **{kind: True}) as shown:
        shown.until(mark)
        shown.press(b"q")
        shown.until(b"graphics True")


def test_a_terminal_without_graphics_gets_none() -> None:
    with terminal(SHOWS) as shown:  # as patient as it is: no answer would come later
        shown.until(b"\x07")
        shown.press(b"q")
        shown.until(b"none")
    assert b"\x1bP" not in shown.said


def test_what_was_typed_ahead_is_not_mixed_with_answers() -> None:
    with terminal(SHOWS, sixel=True, typed=b"secret\nq") as shown:
        shown.until(b"none")
    assert b"\x1b[c" not in shown.said


def test_the_answer_of_a_terminal_far_away_does_not_become_keys() -> None:
    with terminal(FAR_AWAY, sixel=True) as shown:
        shown.away = 0.5
        shown.until(b"none taken in")


def test_a_terminal_that_tells_no_size_gets_none() -> None:
    with terminal(PATIENT + FINDS, sixel=True, columns=0) as shown:
        shown.until(b"none True")


def test_without_the_extra_there_are_none() -> None:
    with terminal(WITHOUT_EXTRA, sixel=True, kitty=True) as shown:
        shown.until(b"none False")
