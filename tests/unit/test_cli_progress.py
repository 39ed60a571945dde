"""How long work takes is shown to whoever waits at a terminal, and to nobody else."""

from __future__ import annotations

import io
import threading
from pathlib import Path

import pytest

from tests.support.fixed_clock import FixedClock
from tuichat.cli.output import width_of
from tuichat.cli.progress import progress, size_of
from tuichat.cli.status_line import StatusLine

CLEAR = "\r\x1b[K"


class Terminal(io.StringIO):
    """Tells when something came."""

    def __init__(self) -> None:
        super().__init__()
        self.came = threading.Semaphore(0)

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.came.release()
        return super().write(text)


@pytest.mark.parametrize(("columns", "cut"), [("80", False), ("20", True)])
def test_work_says_what_it_does_and_how_far_it_is(
    monkeypatch: pytest.MonkeyPatch, columns: str, cut: bool
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("NO_COLOR", "1")
    terminal, clock = Terminal(), FixedClock()
    with progress("Writing the backup...", clock, lambda: 12_345_000, StatusLine(terminal)):
        clock.advance(0.9)
        assert terminal.came.acquire(timeout=10)
        assert terminal.came.acquire(timeout=10)
    _before, first, shown, *_more, end = terminal.getvalue().split(CLEAR)
    assert first.startswith("Writing the back")
    assert end == ""
    assert width_of(shown) < int(columns)
    assert (shown == "Writing the backup... 12.3 MB, 0 s") is not cut
    assert "\x1b" not in shown


def test_what_goes_nowhere_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    pipe = io.StringIO()
    with progress("Wiping...", FixedClock(), None, StatusLine(pipe)):
        pass
    assert pipe.getvalue() == ""


def test_size_is_that_of_the_one_file_there_is(tmp_path: Path) -> None:
    assert size_of(tmp_path, "made.*") is None
    (tmp_path / "made.1").write_bytes(b"123")
    assert size_of(tmp_path, "made.*") == 3
    (tmp_path / "made.2").touch()
    assert size_of(tmp_path, "made.*") is None
