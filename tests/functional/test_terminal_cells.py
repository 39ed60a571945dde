"""Asking a terminal for the width of texts: one that answers late, and one that answers too late."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

PROGRAM = """
import sys, time
from tuichat.cli import terminal_cells
terminal_cells._SECONDS = float(sys.argv[1])
print("taken:", terminal_cells.cells_taken(("第", "ä")), flush=True)
time.sleep(float(sys.argv[2]))
"""
QUESTION = b"\x1b[6n"
ANSWERS = b"\x1b[1;3R\x1b[1;2R"
PATIENCE = 30.0


class Asked:
    """A process that asks the terminal; what it shows and what the terminal echoes is read by `until`."""

    def __init__(self, *words: str) -> None:
        self.master, self.terminal = pty.openpty()
        command = [sys.executable, "-c", PROGRAM, *words]
        self.process = subprocess.Popen(
            command, stdin=self.terminal, stdout=self.terminal, env={**os.environ, "LANG": "C.UTF-8"}
        )
        self.shown = b""

    def until(self, wanted: bytes, count: int = 1) -> None:
        while self.shown.count(wanted) < count:
            assert select.select([self.master], [], [], PATIENCE)[0], self.shown
            self.shown += os.read(self.master, 4096)

    def is_read(self) -> bytes:
        """What the next program on the terminal would read, without waiting."""
        modes = termios.tcgetattr(self.terminal)
        assert modes[3] & termios.ECHO
        assert modes[3] & termios.ICANON
        os.write(self.master, b"next\n")
        return os.read(self.terminal, 4096)


@contextmanager
def asked(*words: str) -> Iterator[Asked]:
    process = Asked(*words)
    try:
        yield process
    finally:
        process.process.kill()
        process.process.wait()
        os.close(process.terminal)
        os.close(process.master)


def test_a_terminal_behind_a_slow_line_is_waited_for_once() -> None:
    with asked("20", "0") as process:
        process.until(QUESTION, 2)  # both at once: a line that is slow is not slow twice
        with pytest.raises(subprocess.TimeoutExpired):
            process.process.wait(0.6)
        os.write(process.master, ANSWERS)
        process.until(b"taken: [2, 1]")
        assert process.process.wait(PATIENCE) == 0
        assert process.is_read() == b"next\n"


def test_an_answer_that_comes_too_late_is_neither_seen_nor_typed_into_the_next_prompt() -> None:
    with asked("0.05", "0.4") as process:
        process.until(b"taken: None")
        os.write(process.master, ANSWERS)
        assert process.process.wait(PATIENCE) == 0
        assert process.is_read() == b"next\n"
        process.until(b"next")
        assert b"3R" not in process.shown
