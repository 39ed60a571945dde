"""Behind a picture whose width terminals dispute the cursor is told its column, whatever was drawn."""

from __future__ import annotations

import pytest
from rich.cells import get_character_cell_size
from textual.drivers.linux_driver import LinuxDriver
from textual.widgets import Static
from wcwidth import wcwidth

from tests.support.fixed_clock import FixedClock
from tests.support.interface import interface, running, settle
from tests.support.memory_node import MemoryNode
from tuichat.tui.clusters import disputed
from tuichat.tui.columns import ColumnDriver, FarDriver, columns_told
from tuichat.tui.direction import isolated
from tuichat.tui.wrapping import pad

RED = "\x1b[31m"


class Terminal:
    """As much of a terminal as a row needs: it joins nothing, as tmux 3.3a does not."""

    def __init__(self, *, joins: bool) -> None:
        self.cells = ["~"] * 40
        self._joins = joins
        self._at = 0

    def write(self, data: str) -> None:
        while data:
            if data.startswith("\x1b["):
                end = next(index for index, letter in enumerate(data) if letter in "mGH")
                words = data[2:end].split(";")
                if data[end] != "m":
                    self._at = int(words[-1]) - 1
                data = data[end + 1 :]
            else:
                data = self._letter(data)

    def _letter(self, data: str) -> str:
        for joined in ("👩\u200d👩\u200d👧", "👍🏽", "❤\ufe0f"):
            if self._joins and data.startswith(joined):
                self._put(joined, 2)
                return data[len(joined) :]
        letter = data[0]
        if letter not in "\u200d\ufe0f":
            self._put(letter, 2 if letter > "\U0001f000" or letter == "第" else 1)
        return data[1:]

    def _put(self, drawn: str, width: int) -> None:
        self.cells[self._at : self._at + width] = [drawn, *[""] * (width - 1)]
        self._at += width


@pytest.mark.parametrize("joins", [False, True])
@pytest.mark.parametrize("picture", ["👩\u200d👩\u200d👧", "👍🏽", "❤\ufe0f"])
def test_what_follows_stands_in_its_column_and_nothing_older_is_left(picture: str, joins: bool) -> None:
    terminal = Terminal(joins=joins)
    row = pad(f"第 {picture} x", 12) + RED + "✓✓"
    terminal.write(columns_told(f"\x1b[3;6H{row}"))
    assert len(terminal.cells) == 40
    assert terminal.cells[17:19] == ["✓", "✓"]
    assert terminal.cells[11] == "x"
    assert "~" not in terminal.cells[5:19]
    assert terminal.cells[4] == terminal.cells[19] == "~"


@pytest.mark.parametrize("data", ["\x1b[1;1Hplain", "\x1b[2;3H第三页 é ✓✓", ""])
def test_what_nobody_disputes_is_left_as_it_is(data: str) -> None:
    assert columns_told(data) == data


def test_the_halves_of_a_flag_stay_together() -> None:
    assert "🇨🇳" in columns_told("\x1b[1;1H🇨🇳 x")


def test_nothing_is_told_where_the_column_is_not_known() -> None:
    assert columns_told("👍🏽 x") == "👍🏽 x"
    assert columns_told("\x1b[1;1Ha\n👍🏽") == "\x1b[1;1Ha\n👍🏽"


def test_titles_and_other_sequences_do_not_count_as_text() -> None:
    told = columns_told(f"\x1b[1;1H\x1b]2;title\x07{RED}👍🏽!!")
    assert told.endswith("👍🏽\x1b[3G!!")


def test_what_might_cover_cells_that_are_not_drawn_anew_is_drawn_by_its_first_character() -> None:
    family = "👩\u200d👩\u200d👧"
    assert columns_told(f"\x1b[1;1H{family}    ") == f"\x1b[1;1H  \x1b[1G{family}\x1b[3G    "
    assert columns_told(f"\x1b[1;1H{family}{RED}   ") == f"\x1b[1;1H  \x1b[1G👩\x1b[3G{RED}   "
    assert columns_told(f"\x1b[1;1H{family}\x1b[2;1H    ") == "\x1b[1;1H  \x1b[1G👩\x1b[3G\x1b[2;1H    "


def test_terminals_agree_on_what_is_not_told() -> None:
    for number in (*range(0xA0, 0xD800), *range(0xE000, 0x30000)):
        letter = chr(number)
        if not disputed(letter):
            assert get_character_cell_size(letter) == wcwidth(letter) in (1, 2), hex(number)


async def test_the_driver_of_a_terminal_tells_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr(LinuxDriver, "write", lambda _driver, data: written.append(data))
    app = interface(MemoryNode(FixedClock()))
    assert issubclass(app.driver_class, ColumnDriver)
    ColumnDriver(app).write("\x1b[1;1H👍🏽!")
    assert written == [columns_told("\x1b[1;1H👍🏽!")]


@pytest.mark.parametrize("term", ["linux", "xterm-256color"])
@pytest.mark.parametrize("driver", [ColumnDriver, FarDriver])
async def test_the_linux_console_is_sent_no_isolates(
    monkeypatch: pytest.MonkeyPatch, term: str, driver: type[ColumnDriver]
) -> None:
    written: list[str] = []
    monkeypatch.setattr(LinuxDriver, "write", lambda _driver, data: written.append(data))
    monkeypatch.setenv("TERM", term)
    driver(interface(MemoryNode(FixedClock()))).write(f"\x1b[1;1H{isolated('שלום')}")
    assert ("\u2068" in "".join(written)) is (term != "linux")
    assert set("שלום") <= set("".join(written))


async def test_the_hints_are_drawn_anew_behind_a_picture_that_may_have_covered_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with running(MemoryNode.sample(FixedClock())) as (screen, pilot):
        drawn: list[object] = []
        hints = screen.query_one("#hints", Static)
        monkeypatch.setattr(hints, "refresh", lambda *_, **__: drawn.append(hints))
        screen.composer.take("plain")
        await settle(pilot)
        assert not drawn
        screen.composer.take("👍🏽")
        await settle(pilot)
        assert drawn
