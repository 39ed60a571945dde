"""What `tuichat wipe` asks at a terminal, and what it does about settings that nobody can read."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import cast

import pytest

from tuichat.cli import wipe
from tuichat.cli.context import Context
from tuichat.errors import UsageError


def ask(typed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "isatty", lambda _descriptor: True)
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    wipe._ask(Path("/somewhere/work"))


@pytest.mark.parametrize("typed", ["", "\n", "y\n", "Work\n", "work \n", "/somewhere/work\n"])
def test_anything_but_the_name_wipes_nothing(typed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="not its name"):
        ask(typed, monkeypatch)


@pytest.mark.parametrize("typed", ["work\n", "work\r\n", "work"])
def test_the_name_is_told_and_taken(
    typed: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ask(typed, monkeypatch)
    said = capsys.readouterr().err
    assert "/somewhere/work" in said
    assert "type its name: work" in said


def test_settings_that_cannot_be_read_keep_nobody_from_wiping(capsys: pytest.CaptureFixture[str]) -> None:
    class Unreadable:
        def config(self, *, required: bool) -> None:
            raise UsageError(f"line 3: nonsense ({required})")

    assert wipe._inbox(cast(Context, Unreadable())) is None
    assert "line 3: nonsense (False)" in capsys.readouterr().err
