"""Letters that run from right to left turn nothing but themselves."""

from __future__ import annotations

import re

import pytest

from tests.support.fixed_clock import FixedClock
from tests.support.interface import enter, running, settle, top
from tests.support.memory_node import MemoryNode
from tests.support.scripted_lines import ScriptedLines, plain
from tuichat.plain.lines import StandardLines
from tuichat.tui.direction import MARK, enclosing, isolated, isolated_parts, turns, without_directions
from tuichat.tui.screens.main import MainScreen

LRI, RLI, FSI, PDI = "\u2066", "\u2067", "\u2068", "\u2069"


def bare(row: str) -> str:
    """What is outside of all isolates; a row in which one does not end is refused."""
    while FSI in row or RLI in row or LRI in row:
        row, found = re.subn(f"[{FSI}{RLI}{LRI}][^{FSI}{RLI}{LRI}{PDI}]*{PDI}", "", row)
        assert found, row
    assert PDI not in row
    return row


def rows_of(screen: MainScreen) -> list[str]:
    widgets = [screen.query_one(f"#{name}") for name in ("history", "list", "title")]
    return [widget.render_line(y).text for widget in widgets for y in range(widget.size.height)]


@pytest.mark.parametrize("size", [(80, 24), (40, 15)])
async def test_outside_of_isolates_nothing_runs_from_right_to_left(size: tuple[int, int]) -> None:
    node = MemoryNode.sample(FixedClock())
    node.person("שמעון", stage="linked")
    node.person("محمد")
    node.incoming("שמעון", "שלום @me, how are you? (3) " * 5)
    node.outgoing("שמעון", "ok - שלום!", state="delivered")
    node.incoming("محمد", "مرحبا 123")
    async with running(node, size=size) as (screen, pilot):
        screen.composer.take("/query שמעון")
        await pilot.press("enter")
        await settle(pilot)
        rows = rows_of(screen)
        assert sum(turns(row) for row in rows) >= 5
        assert not [row for row in rows if turns(bare(row))]


@pytest.mark.parametrize("size", [(80, 24), (40, 15)])
async def test_names_and_files_in_lists_turn_nothing_beside_them(size: tuple[int, int]) -> None:
    node = MemoryNode.sample(FixedClock())
    node.person("שמעון 5", stage="linked")
    node.person("محمد", state="blocked")
    node.incoming("שמעון 5", "שלום draft (3)")
    node.offer("שמעון 5", "דוח 3.pdf", 1000)
    node.person("ש" * 30 + " 7", stage="linked")
    async with running(node, size=size) as (screen, pilot):
        for line, place in (
            ("/switch", "#found"),
            ("/files", "#rows"),
            ("/blocked", "#rows"),
            ("/search draft", "#found"),
            ("/status", "#standing"),
        ):
            await enter(screen, pilot, line)
            widget = top(pilot).query_one(place)
            rows = [widget.render_line(y).text for y in range(widget.size.height)]
            assert any(turns(row) for row in rows), (line, rows)
            assert not [row for row in rows if turns(bare(row))], line
            await pilot.press("escape")
            await settle(pilot)


async def test_line_by_line_names_and_texts_turn_nothing_beside_them() -> None:
    node = MemoryNode.sample(FixedClock())
    node.person("שמעון 5", stage="linked")
    node.person("דוד 3", state="pending", request_text="שלום 3")
    first = node.incoming("שמעון 5", "שלום (3)\nמחר 4")
    node.offer("שמעון 5", "דוח 3.pdf", 1000)
    answer = f"/reply #{first.id} טוב 2"
    lines = ScriptedLines("/requests", "/query שמעון 5", answer, "/search שלום", None, "quit")
    await plain(node, lines)
    shown = [line for line in lines.text.split("\n") if turns(line) and not line.startswith("  /")]
    assert len(shown) >= 8
    assert not [line for line in shown if turns(bare(line))]


@pytest.mark.parametrize(("term", "at_terminal"), [("xterm", True), ("linux", True), ("xterm", False)])
def test_lines_keep_isolates_where_a_terminal_hides_them(
    monkeypatch: pytest.MonkeyPatch, term: str, at_terminal: bool
) -> None:
    monkeypatch.setenv("TERM", term)
    monkeypatch.setattr("os.isatty", lambda descriptor: at_terminal and descriptor == 1)
    put: list[str] = []
    lines = StandardLines(lambda: None)
    monkeypatch.setattr(lines, "_put", put.append)
    lines.write(f"14:00 {FSI}שלום{PDI}: \u202e{RLI}x")
    hidden = term == "xterm" and at_terminal
    assert put == [f"14:00 {FSI}שלום{PDI}: \ufffd\ufffdx\n" if hidden else "14:00 שלום: \ufffd\ufffdx\n"]


def test_parts_of_a_row_are_isolated_and_the_sign_before_them_is_none_of_them() -> None:
    assert isolated_parts("● שלום 5  1 new") == f"● {FSI}שלום 5{PDI}  1 new"
    assert isolated_parts("  from שלום  3 kB") == f"  {FSI}from שלום{PDI}  3 kB"
    assert isolated_parts("● bob  5") == "● bob  5"


def test_a_text_runs_as_its_first_letter_does_and_spaces_stay_outside() -> None:
    assert isolated("plain é") == "plain é"
    assert isolated(" שלום  ") == f" {FSI}שלום{PDI}  "
    assert enclosing("(3) שלום abc") == (RLI, PDI)
    assert enclosing("abc שלום") == (LRI, PDI)
    assert enclosing("abc") == ("", "")
    assert without_directions(f"{FSI}ש{PDI}{MARK}") == "ש"


async def test_what_stands_behind_the_input_does_not_belong_to_what_is_written() -> None:
    async with running(MemoryNode.sample(FixedClock())) as (screen, _pilot):
        screen.composer.take("שלום")
        assert screen.composer.render_line(0).text.endswith(f" {MARK}")
        screen.composer.take("abc")
        assert MARK not in screen.composer.render_line(0).text
