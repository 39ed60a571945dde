"""Lines that are edited while they are typed, on a terminal that can do that: by readline.

What was typed before comes from the node, which keeps it encrypted; readline's own file of it is never
written.
"""

from __future__ import annotations

import ctypes
import os
import readline
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

from tuichat.plain.lines import StandardLines
from tuichat.tui.wrapping import cells

_ERASE_LINE: Final = "\r\x1b[K"


def can_edit() -> bool:
    """Whether there is a terminal for it."""
    return os.isatty(0) and os.isatty(1) and os.environ.get("TERM", "") not in ("", "dumb")


def _behind_cursor() -> str:
    """What is typed already and stands behind the cursor, whose place Python's readline does not tell."""
    try:
        point = ctypes.c_int.in_dll(ctypes.CDLL(readline.__file__), "rl_point").value
    except (AttributeError, OSError, ValueError):  # another readline
        return ""
    line = readline.get_line_buffer().encode(sys.stdin.encoding, "surrogateescape")
    return line[point:].decode(sys.stdin.encoding, "replace")


class EditedLines(StandardLines):
    """As `StandardLines`, with what was typed before, completion by Tab, and a line that is not torn."""

    def __init__(self, lost: Callable[[], object]) -> None:
        super().__init__(lost)
        self._complete: Callable[[str], list[str]] = lambda _line: []
        self._found: list[str] = []
        self._editing = False
        self._learned: list[str] = []
        readline.set_auto_history(False)
        readline.set_completer_delims("")
        readline.set_completer(self._completed)
        if "libedit" in (readline.__doc__ or ""):
            readline.parse_and_bind("bind ^I rl_complete")
        else:
            readline.parse_and_bind("tab: complete")
            readline.parse_and_bind("set enable-bracketed-paste off")

    def complete_by(self, complete: Callable[[str], list[str]]) -> None:
        """Tab offers the whole lines that `complete` gives."""
        self._complete = complete

    def recall(self, texts: Sequence[str]) -> None:
        """What the arrow keys bring back, oldest first."""
        self._learned.clear()
        readline.clear_history()
        for text in texts:
            self.remember(text)

    def remember(self, text: str) -> None:
        """One more of them: from the next line on, if one is being typed, for readline walks through them
        in a thread of its own."""
        if "\n" not in text:
            self._learned.append(text)
        if not self._editing:
            self._learn()

    def _learn(self) -> None:
        for text in self._learned:
            readline.add_history(text)
        self._learned.clear()

    def _show_prompt(self, prompt: str) -> None:
        """Readline does."""

    def _line(self, prompt: str, *, secret: bool) -> str | None:
        if secret:
            return super()._line(prompt, secret=True)
        self._learn()
        self._editing = True
        try:
            return input(prompt)
        except (EOFError, OSError, ValueError):
            return None
        finally:
            self._editing = False

    def _interrupting(self, shown: str, prompt: str) -> str:
        """Lines in the place of what is being typed, and that anew below them."""
        if not self._editing:
            return super()._interrupting(shown, prompt)
        typed = prompt + readline.get_line_buffer()
        if len(typed) >= self._columns() // 2:  # each of them may be two cells wide
            return f"\n{shown}\n{typed}"
        behind = cells(_behind_cursor())
        back = f"\x1b[{behind}D" if behind else ""
        return f"{_ERASE_LINE}{shown}\n{typed}{back}"

    def _columns(self) -> int:
        with suppress(OSError):
            return os.get_terminal_size(sys.stdout.fileno()).columns
        return 0

    def _completed(self, line: str, state: int) -> str | None:
        """Readline's question for the match with this number."""
        if state == 0:
            self._found = []
            with suppress(RuntimeError):  # people came or went while they were looked through
                self._found = self._complete(line)
        return self._found[state] if state < len(self._found) else None
