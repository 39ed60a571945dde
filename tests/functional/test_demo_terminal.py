"""`tuichat demo` as a person meets it: in a terminal, over real tor, and gone without a trace."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.support.process_tree import Process, living, processes_of
from tests.support.tmux_terminal import TmuxTerminal, tmux_terminal

pytestmark = pytest.mark.tor

# The demo and its backstage, four relays, two nodes with a tor each.
EVERYBODY = 10
ENDING_SECONDS = 60.0


@pytest.fixture
def place() -> Iterator[Path]:
    """Where the demo keeps its files; short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="d-") as directory:
        yield Path(directory)


@pytest.fixture
async def terminal(place: Path) -> AsyncIterator[TmuxTerminal]:
    """A terminal in which the demo has been started, with settings that are not meant for it."""
    environment = {
        "LANG": "C.UTF-8",
        "TMPDIR": str(place),
        "TUICHAT_HOME": str(place / "own"),
        "TUICHAT_PASSPHRASE_FILE": "/nonexistent/passphrase",
        "TUICHAT_TOR__BINARY": "/nonexistent/tor",
        "TUICHAT_UI__THEME": "none",
    }
    async with tmux_terminal() as made:
        made.start([sys.executable, "-m", "tuichat", "demo"], environment, (80, 24))
        yield made


def those_of(terminal: TmuxTerminal, place: Path) -> set[Process]:
    return processes_of(terminal.pid(), f"--home {place}")


async def test_typed_line_is_answered_over_tor_and_nothing_is_left_after_quitting(
    terminal: TmuxTerminal, place: Path
) -> None:
    await terminal.until_all("Hello, I am robin", "Try:")
    everybody = those_of(terminal, place)
    assert len(everybody) >= EVERYBODY
    terminal.type("第三页 page 3")
    terminal.press("Enter")
    await terminal.until_all("你写道：第三页 page 3", "✓✓")
    terminal.press("C-q")
    ended = await terminal.until("exit code")
    assert "exit code 0" in ended
    assert "Traceback" not in ended
    assert living(everybody) == set()
    assert list(place.iterdir()) == []


async def test_interrupted_while_it_comes_up_it_ends_with_130_and_leaves_nothing(
    terminal: TmuxTerminal, place: Path
) -> None:
    await terminal.until("first consensus", "exit code")
    everybody = those_of(terminal, place)
    terminal.press("C-c", "C-c", "C-c")
    ended = await terminal.until("exit code")
    assert "exit code 130" in ended
    assert "Traceback" not in ended
    assert living(everybody) == set()
    assert list(place.iterdir()) == []


async def test_closed_terminal_ends_everything(terminal: TmuxTerminal, place: Path) -> None:
    await terminal.until_all("Hello, I am robin")
    everybody = those_of(terminal, place)
    assert len(everybody) >= EVERYBODY
    terminal.close()
    async with asyncio.timeout(ENDING_SECONDS):
        while living(everybody):  # noqa: ASYNC110 - other processes bring it about
            await asyncio.sleep(0.1)
    assert list(place.iterdir()) == []
