"""The history keeps its place, bounds its memory, and makes rows only for what is on screen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from rich.cells import cell_len

from tests.support.fixed_clock import FixedClock
from tests.support.interface import enter, history_text, resize, running, settle
from tests.support.memory_node import MemoryNode
from tuichat import i18n
from tuichat.model import Message
from tuichat.tui.dates import Calendar
from tuichat.tui.files import KnownFiles
from tuichat.tui.glyphs import ASCII, UNICODE, Glyphs
from tuichat.tui.screens.main import MainScreen
from tuichat.tui.widgets.history_pages import HistoryPages
from tuichat.tui.widgets.history_place import Place, moved, place_at_end
from tuichat.tui.widgets.history_rows import RowStyle, message_rows
from tuichat.tui.widgets.history_window import CAPACITY, HistoryWindow

BEGIN = datetime(2026, 11, 21, 14, tzinfo=UTC)


def message(number: int, **changes: object) -> Message:
    fields: dict[str, object] = {
        "id": number,
        "contact": 1,
        "direction": "in",
        "kind": "text",
        "text": f"text {number}",
        "sent_at": BEGIN + timedelta(minutes=number),
        "received_at": BEGIN + timedelta(minutes=number),
        "state": "delivered",
    }
    return Message(**{**fields, **changes})  # type: ignore[arg-type]


def style(width: int = 80, glyphs: Glyphs = UNICODE, *, linked: bool = False) -> RowStyle:
    return RowStyle(width, "bob", linked, glyphs, Calendar(UTC, BEGIN.date()))


def rows(one: Message, look: RowStyle, *, chosen: bool = False) -> list[str]:
    return ["".join(text for _part, text in row) for row in message_rows(one, look, chosen=chosen)]


@pytest.mark.parametrize(
    ("language", "times"), [("en", ["10:59 AM", " 2:31 PM"]), ("zh_CN", ["上午10:59", " 下午2:31"])]
)
def test_times_of_twelve_hours_stand_below_each_other(
    monkeypatch: pytest.MonkeyPatch, language: str, times: list[str]
) -> None:
    monkeypatch.setattr(i18n, "_translations", i18n._translations)
    i18n.use_language(language)
    look = msgspec.structs.replace(style(), calendar=Calendar(UTC, BEGIN.date(), "12h"))
    for width in (80, 44):
        look = msgspec.structs.replace(look, width=width)
        shown = [
            rows(message(1, text="好 " * 60, received_at=BEGIN.replace(hour=hour, minute=minute)), look)
            for hour, minute in ((10, 59), (14, 31))
        ]
        assert [each[0].removeprefix(" ").partition("bob")[0].rstrip() for each in shown] == times
        column = 1 + cell_len(times[0]) + (2 if width == 80 else 1)
        assert {cell_len(each[0].partition("bob")[0]) for each in shown} == {column}
        assert all(cell_len(row) <= width for each in shown for row in each)


def test_the_window_is_bounded_at_both_ends() -> None:
    window = HistoryWindow()
    window.replace([message(n) for n in range(5_000, 5_200)], has_older=True)
    window.prepend([message(n) for n in range(2_900, 5_000)], has_older=True)
    assert len(window) == CAPACITY
    assert window.has_newer
    window.extend([message(n) for n in range(window.messages[-1].id + 1, 5_200)], has_newer=False)
    assert len(window) == CAPACITY
    assert window.messages[-1].id == 5_199
    assert window.has_older


def test_a_message_that_changed_replaces_itself_and_one_from_elsewhere_does_not_tear_the_run() -> None:
    window = HistoryWindow()
    window.replace([message(1), message(2)], has_older=False)
    assert window.put(message(2, text="changed"))
    assert [each.text for each in window.messages] == ["text 1", "changed"]
    window.has_newer = True
    assert not window.put(message(9))
    assert not window.put(message(0))
    assert len(window) == 2


def test_only_rows_on_screen_are_made_whatever_the_width() -> None:
    window = HistoryWindow()
    window.replace([message(n) for n in range(CAPACITY)], has_older=True)
    pages = HistoryPages(window, style(), KnownFiles())
    for width in (80, 40, 200):
        pages.restyle(style(width))
        pages.rows(pages.end(50), 50, None)
        assert len(pages._blocks) <= 52


@pytest.mark.parametrize("rows_down", [-7, -1, 0, 1, 7, 100])
def test_moving_down_and_up_again_comes_back(rows_down: int) -> None:
    heights = [1, 3, 2, 5, 1, 4, 2]
    place = moved(Place(3, 2), rows_down, len(heights), heights.__getitem__)
    assert 0 <= place.row < heights[place.index]
    if abs(rows_down) == 1:
        assert moved(place, -rows_down, len(heights), heights.__getitem__) == Place(3, 2)


def test_the_end_shows_the_last_row_at_the_bottom() -> None:
    heights = [4, 4, 4]
    assert place_at_end(3, 6, heights.__getitem__) == Place(1, 2)
    assert place_at_end(3, 100, heights.__getitem__) == Place(0, 0)


def test_a_queued_message_says_what_it_waits_for_unless_the_peer_is_there() -> None:
    queued = message(1, direction="out", state="queued")
    assert any("keep tuichat running" in row for row in rows(queued, style()))
    assert not any("keep tuichat running" in row for row in rows(queued, style(linked=True)))


@pytest.mark.parametrize("width", [20, 40, 56, 80, 200])
@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
def test_no_row_is_wider_than_the_view(width: int, glyphs: Glyphs) -> None:
    from rich.cells import cell_len

    text = "第三页有图表 👩‍🚀 and a_word_that_is_longer_than_any_narrow_terminal_is_wide"
    for state in ("queued", "sent", "delivered", "read", "failed", "cancelled"):
        one = message(1, direction="out", state=state, text=text)
        for chosen in (False, True):
            assert all(cell_len(row) <= width for row in rows(one, style(width, glyphs), chosen=chosen))


def test_every_state_differs_without_colour() -> None:
    def shown(state: str) -> str:
        return "\n".join(rows(message(1, direction="out", state=state), style(linked=True), chosen=True))

    states = ("queued", "sent", "delivered", "read", "failed", "cancelled")
    assert len({shown(state) for state in states}) == len(states)


@pytest.mark.parametrize("width", [40, 80])
def test_a_contact_called_as_i_am_differs_from_me_without_colour(width: int) -> None:
    look = msgspec.structs.replace(style(width), name="Me")
    theirs = rows(message(1), look)[0]
    assert '"Me"' in theirs
    assert '"' not in rows(message(1, direction="out"), look)[0]


def test_an_unsupported_message_says_so_instead_of_its_content() -> None:
    assert "needs a newer tuichat" in rows(message(1, kind="unsupported", text="x"), style())[0]


def test_the_senders_clock_is_shown_only_on_the_chosen_message() -> None:
    one = message(1, sent_at=BEGIN - timedelta(days=400))
    assert not any("2025" in row for row in rows(one, style()))
    details = " ".join(rows(one, style(120), chosen=True))
    assert "their clock" in details
    assert "2025" in details


def long_node() -> MemoryNode:
    node = MemoryNode.sample(FixedClock(), node="detached")
    node.fill("alice", 3_000)
    return node


async def open_alice(screen: MainScreen, pilot: object) -> None:
    people = screen.shared.session.known.conversations()
    screen.open(next(person.id for person in people if person.name == "alice"))
    await settle(pilot)  # type: ignore[arg-type]


async def test_an_arriving_message_makes_no_other_rows_anew() -> None:
    node = long_node()
    async with running(node) as (screen, pilot):
        await open_alice(screen, pilot)
        before = {number: kept[2] for number, kept in screen.history._pages._blocks.items()}
        node.incoming("alice", "one more")
        await settle(pilot)
        after = screen.history._pages._blocks
        assert "one more" in history_text(screen)
        assert all(after[number][2] is made for number, made in before.items())


async def test_paging_back_reaches_the_first_message_and_memory_stays_bounded() -> None:
    async with running(long_node()) as (screen, pilot):
        await open_alice(screen, pilot)
        for _page in range(140):
            screen.history.scroll_pages(-1)
            await pilot.pause()
            if screen.history.window.messages[0].text == "call me when you are back":
                break
        assert len(screen.history.window) <= CAPACITY
        screen.history.to_start()
        await settle(pilot)
        assert "call me when you are back" in history_text(screen)
        assert screen.history.window.has_newer
        screen.history.to_end()
        await settle(pilot)
        assert "line 3000" in history_text(screen)
        assert screen.history.at_end


async def test_another_width_keeps_the_place() -> None:
    async with running(long_node()) as (screen, pilot):
        await open_alice(screen, pilot)
        await pilot.press("pageup", "pageup", "pageup")
        first = next(line for line in history_text(screen).split("\n") if "line " in line)
        number = first.split("line ")[1].split()[0]
        for width in (50, 120, 40, 200, 80):
            await resize(pilot, width, 24)
            await settle(pilot)
            assert f"line {number} " in history_text(screen)


async def test_messages_that_arrive_while_scrolled_up_are_counted_and_do_not_move_the_view() -> None:
    node = long_node()
    async with running(node) as (screen, pilot):
        await open_alice(screen, pilot)
        await pilot.press("pageup", "pageup")
        await settle(pilot)
        before = history_text(screen).split("\n")[:-1]
        node.incoming("alice", "one")
        node.incoming("alice", "two")
        await settle(pilot)
        after = history_text(screen).split("\n")
        assert after[:-1] == before
        assert "2 new" in after[-1]
        await pilot.press("alt+end")
        await settle(pilot)
        assert "two" in history_text(screen)


async def test_a_thousand_arriving_messages_leave_the_keys_in_order() -> None:
    node = MemoryNode.sample(FixedClock(), node="detached")
    async with running(node) as (screen, pilot):
        for number in range(1_000):
            node.incoming("bob", f"message {number}")
        await pilot.press(*"abc")
        assert screen.composer.text == "abc"
        await settle(pilot)
        await pilot.press("alt+end")
        await settle(pilot)
        assert "message 999" in history_text(screen)


async def test_a_conversation_with_unread_messages_opens_where_they_begin() -> None:
    node = MemoryNode.sample(FixedClock(), node="detached")
    node.fill("alice", 100)
    for number in range(60):
        node.incoming("alice", f"fresh {number}")
    async with running(node) as (screen, pilot):
        await open_alice(screen, pilot)
        text = history_text(screen)
        assert " new " in text
        assert "fresh 0" in text
        assert "fresh 59" not in text


async def test_the_ends_are_reached_also_while_another_page_is_on_its_way() -> None:
    node = MemoryNode.sample(FixedClock())
    node.fill("bob", 1_500)
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "/query bob")
        screen.history._want("older")
        screen.history.to_start()
        await settle(pilot)
        assert "line 1 " in history_text(screen)
        screen.history._want("newer")
        screen.history.to_end()
        await settle(pilot)
        assert "line 1500 " in history_text(screen)
