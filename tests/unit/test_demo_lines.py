"""`tuichat demo` on a terminal that can draw nothing, with a node in memory in the place of the network."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.support.fixed_clock import FixedClock
from tests.support.memory_node import MemoryNode
from tests.support.scripted_lines import ScriptedLines
from tuichat.cli import plain
from tuichat.cli.run import run
from tuichat.tui.node_client import NodeClient


class Backstage:
    """Stands where the network is made."""

    closed = 0

    def parts(self) -> Iterator[str]:
        yield "Waiting"

    async def attach(self) -> NodeClient:
        return MemoryNode.sample(FixedClock())

    def close(self) -> None:
        Backstage.closed += 1


@pytest.mark.parametrize("arguments", [["demo"], ["--plain", "demo"]])
def test_the_demo_is_line_by_line_where_nothing_can_be_drawn_or_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    lines = ScriptedLines("/1", "/quit", "quit")
    monkeypatch.setattr("tuichat.bootstrap.backstage.Backstage", Backstage)
    monkeypatch.setattr(plain, "_lines", lambda _lost: lines)
    monkeypatch.setattr("tuichat.cli.run.fill_closed_streams", lambda: None)
    monkeypatch.setattr("os.isatty", lambda _descriptor: True)
    monkeypatch.setenv("TERM", "dumb" if len(arguments) == 1 else "xterm")
    for name in [name for name in os.environ if name.startswith("TUICHAT_")]:
        monkeypatch.setenv(name, "")
    before = Backstage.closed
    assert run(arguments) == 0
    assert "\nTry: /1" in lines.text
    assert Backstage.closed == before + 1
    assert "nothing is left of it." in capfd.readouterr().out
