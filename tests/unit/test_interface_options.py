"""What the interface is started with: pictures only if they are wanted and the extra for them is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tuichat.cli.commands import parser_for
from tuichat.cli.context import Context
from tuichat.cli.interface import _options
from tuichat.cli.output import Output
from tuichat.cli.passphrase import PassphraseSources
from tuichat.clock import SystemClock
from tuichat.tui import terminal_pictures


def context(home: Path) -> Context:
    arguments = ["--home", str(home)]
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
