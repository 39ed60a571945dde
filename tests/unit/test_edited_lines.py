"""What the arrow keys bring back line by line, where readline edits."""

from __future__ import annotations

import readline

import pytest

from tuichat.plain.edited_lines import EditedLines


def test_what_comes_while_a_line_is_typed_can_be_called_back_from_the_next_one_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known: list[str] = []
    monkeypatch.setattr(readline, "add_history", known.append)
    monkeypatch.setattr(readline, "clear_history", known.clear)
    lines = EditedLines(lambda: None)
    lines.recall(["before"])

    def typed(_prompt: str) -> str:
        lines.remember("from elsewhere")
        lines.remember("two\nlines")
        assert known == ["before"]
        return "a line"

    monkeypatch.setattr("builtins.input", typed)
    assert lines._line("> ", secret=False) == "a line"
    lines.remember("a line")
    assert known == ["before", "from elsewhere", "a line"]
