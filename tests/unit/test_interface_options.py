"""What the interface is started with: pictures only if they are wanted and the extra for them is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.fixed_clock import FixedClock
from tests.support.interface import interface
from tests.support.memory_node import MemoryNode
from tuichat.cli import plain
from tuichat.cli.commands import parser_for
from tuichat.cli.context import Context
from tuichat.cli.interface import _options
from tuichat.cli.output import Output
from tuichat.cli.passphrase import PassphraseSources
from tuichat.clock import SystemClock
from tuichat.tui import terminal_pictures


def context(home: Path, *more: str) -> Context:
    arguments = ["--home", str(home), *more]
    return Context(
        words=parser_for(arguments).parse_args(arguments),
        output=Output(),
        environment={},
        passphrase=PassphraseSources(None, None, {}),
        clock=SystemClock(),
    )


@pytest.mark.parametrize(
    ("settings", "installed", "shown"),
    [
        ("", True, False),
        ("[ui]\nimages = false\n", True, False),
        ("[ui]\nimages = true\n", False, False),
        ("[ui]\nimages = true\n", True, True),
    ],
)
def test_pictures_need_the_setting_and_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: str, installed: bool, shown: bool
) -> None:
    found = {"textual_image": object()} if installed else {}
    monkeypatch.setattr(terminal_pictures, "find_spec", found.get)
    (tmp_path / "tuichat.toml").write_text(settings, encoding="utf-8")
    assert _options(context(tmp_path)).images is shown


@pytest.mark.parametrize(("variable", "moves"), [("SSH_CONNECTION", False), ("NOTHING", True)])
async def test_nothing_moves_by_itself_over_a_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, moves: bool
) -> None:
    for each in ("SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT"):
        monkeypatch.delenv(each, raising=False)
    monkeypatch.setenv(variable, "192.0.2.1 22 192.0.2.2 22")
    blink = _options(context(tmp_path)).blink
    app = interface(MemoryNode.sample(FixedClock()), blink=blink)
    async with app.run_test() as pilot:
        await pilot.pause()
        main = app.main_screen()
        assert main is not None
        assert (blink, app.animation_level != "none") == (moves, moves)
        assert main.composer.cursor_blink is moves


@pytest.mark.parametrize(
    ("arguments", "term", "terminal", "wanted"),
    [
        ([], "xterm", True, False),
        ([], "dumb", True, True),
        ([], "", True, True),
        ([], "dumb", False, False),
        (["--plain"], "xterm", True, True),
        (["--plain"], "xterm", False, True),
    ],
)
def test_line_by_line_is_asked_for_or_all_that_a_terminal_can_show(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    term: str,
    terminal: bool,
    wanted: bool,
) -> None:
    monkeypatch.setenv("TERM", term)
    monkeypatch.setattr("os.isatty", lambda _descriptor: terminal)
    assert plain.is_wanted(context(tmp_path, *arguments)) is wanted
