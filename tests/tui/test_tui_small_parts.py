"""Small parts without a screen: commands, names, earlier inputs, colours, days, sessions."""

from __future__ import annotations

import gc
import unicodedata
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from weakref import ref

import pytest
from textual.message_pump import MessagePump

from tests.support.fixed_clock import FixedClock
from tests.support.memory_node import MemoryNode, address_of
from tuichat.errors import UnreachableError
from tuichat.tui.dates import Calendar, span
from tuichat.tui.fuzzy import best
from tuichat.tui.garbage import look_for_garbage
from tuichat.tui.input_history import InputHistory
from tuichat.tui.known import colour_of
from tuichat.tui.node_client import NodeClient
from tuichat.tui.qr import qr_rows, qr_text, sextant_rows
from tuichat.tui.session import Connected, Happening, Lost, Session
from tuichat.tui.slash import Command, Names, Text, Unknown, as_typed, complete, read_line


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        ("hello", Text("hello")),
        ("//hello", Text("/hello")),
        ("/help", Command("help", "")),
        ("/ADD abc  zoe", Command("add", "abc  zoe")),
        ("/3", Command("open", "3")),
        ("/9999", Command("open", "9999")),
        ("/10000", Unknown("10000")),
        (f"/{'9' * 5000}", Unknown("9" * 5000)),
        ("/²", Unknown("²")),
        ("/helpme", Unknown("helpme")),
        (" /help", Text(" /help")),
        ("／help", Command("help", "")),
        ("／／喂", Text("／喂")),
        ("//／", Text("/／")),
        ("/", Unknown("")),
        ("喂／help", Text("喂／help")),
        ("/msg　小明　喂", Command("msg", "小明　喂")),
        ("/me\nwaves", Command("me", "waves")),
        ("/nothing　of the kind", Unknown("nothing")),
    ],
)
def test_a_line_is_read_as_what_it_means(line: str, meaning: object) -> None:
    assert read_line(line) == meaning


@pytest.mark.parametrize("text", ["hello", "/usr/bin", "//", "／喂", "/ME", "/me", "/me\nwaves", ""])
def test_a_text_is_read_as_itself_where_it_stands_to_be_changed(text: str) -> None:
    assert read_line(as_typed(text)) == Text(text)
    assert read_line(as_typed("/me waves")) == Command("me", "waves")


def test_completion_knows_commands_and_names() -> None:
    names = Names(("alice", "bob"))
    assert complete("/ren", names) == ["/rename "]
    assert complete("/query al", names) == ["/query alice "]
    assert complete("al", names) == ["alice: "]
    assert complete("see al", names) == ["see alice "]
    assert complete("", names) == []
    assert complete("/msg Ann L", Names(("Ann", "Ann Lee", "Lena"))) == ["/msg Ann Lee "]


def test_few_letters_find_a_name_and_beginnings_come_first() -> None:
    assert best("al", ["salad", "alice", "coral", "bob"]) == ["alice", "salad", "coral"]
    assert best("张 9", ["张三李四", "张三 99", "李四 9"]) == ["张三 99"]
    assert best("xm", ["xiao ming", "bob"]) == ["xiao ming"]
    assert best("xm", ["exam", "xenia marlowe", "xiao ming"]) == ["xiao ming", "xenia marlowe", "exam"]
    assert best("明", ["小红", "小明"]) == ["小明"]
    assert best("", ["b", "a"]) == ["b", "a"]


def test_earlier_inputs_keep_the_one_in_progress() -> None:
    inputs = InputHistory()
    for text in ("one", "two", "two", "  "):
        inputs.add(text)
    assert inputs.older("draft") == "two"
    assert inputs.older("two") == "one"
    assert inputs.older("one") is None
    assert inputs.newer() == "two"
    assert inputs.newer() == "draft"
    assert inputs.newer() is None
    assert inputs.search("O") == "two"
    assert inputs.search("o", skip=1) == "one"


def test_an_input_that_is_forgotten_leaves_the_place_and_what_is_in_progress() -> None:
    inputs = InputHistory()
    for text in ("first", "secret", "last"):
        inputs.add(text)
    assert inputs.older("in progress") == "last"
    inputs.forget("secret")
    assert inputs.older("last") == "first"
    assert [inputs.newer(), inputs.newer(), inputs.newer()] == ["last", "in progress", None]
    assert inputs.older("secret") == "last"
    inputs.forget("secret")
    assert inputs.newer() == ""


def test_a_colour_belongs_to_the_address_alone() -> None:
    assert colour_of(address_of("bob")) == colour_of(address_of("bob"))
    assert len({colour_of(address_of(str(number))) for number in range(64)}) == 8


def test_days_are_the_readers_and_other_years_are_named() -> None:
    calendar = Calendar(timezone(timedelta(hours=8)), date(2026, 11, 22))
    assert calendar.day(datetime(2026, 11, 21, 17, tzinfo=UTC)) == date(2026, 11, 22)
    assert calendar.day_name(date(2026, 11, 21)) == "Saturday 21 November"
    assert calendar.day_name(date(2025, 1, 1)).endswith("2025")
    assert [span(seconds) for seconds in (5, 120, 7_200, 180_000)] == ["5 s", "2 min", "2 hours", "2 days"]


@pytest.mark.parametrize("moment", [datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)])
@pytest.mark.parametrize("hours", [-12, 14])
def test_a_claimed_time_at_the_end_of_the_calendar_is_shown(moment: datetime, hours: int) -> None:
    calendar = Calendar(timezone(timedelta(hours=hours)), date(2026, 11, 22))
    assert abs(calendar.day(moment) - moment.date()) <= timedelta(days=1)
    assert len(calendar.time(moment)) == 5
    assert calendar.exact(moment).endswith(calendar.time(moment) + moment.strftime(":%S"))


def test_a_qr_code_of_an_address_fits_an_ordinary_terminal() -> None:
    rows = qr_rows(address_of("bob"))
    assert len(rows) <= 17
    assert {len(row) for row in rows} == {33}


def test_a_qr_code_in_sextants_has_the_modules_of_the_one_in_half_blocks() -> None:
    """Which sixths a sign has is said by its name."""
    older = {" ": "", "\u258c": "135", "\u2590": "246", "\u2588": "123456"}
    for text in (address_of("bob"), f"tuichat1:{'a7' * 90}"):
        halves = qr_rows(text)
        rows = sextant_rows(text)
        drawn = set()
        for y, row in enumerate(rows):
            for x, sign in enumerate(row):
                sixths = older[sign] if sign in older else unicodedata.name(sign).rpartition("-")[2]
                drawn |= {(3 * y + (int(at) - 1) // 2, 2 * x + (int(at) - 1) % 2) for at in sixths}
        dark = {(2 * y, x) for y, row in enumerate(halves) for x, half in enumerate(row) if half in "▀█"}
        dark |= {(2 * y + 1, x) for y, row in enumerate(halves) for x, half in enumerate(row) if half in "▄█"}
        assert drawn == dark
        assert len(rows) <= 2 * len(halves) / 3 + 1
        assert qr_text(text, len(halves)).plain.splitlines() == halves
        assert qr_text(text, len(halves) - 1).plain.splitlines() == rows


async def test_a_session_without_a_node_says_so_instead_of_failing_somewhere() -> None:
    told: list[Happening] = []

    async def attach() -> NodeClient:
        raise UnreachableError("No node.", "Start one.")

    session = Session(attach, told.append)
    await session.run()
    assert [type(happening) for happening in told] == [Lost]
    with pytest.raises(UnreachableError):
        _ = session.node


async def test_a_session_follows_a_handover_and_ends_with_a_stop() -> None:
    nodes = [MemoryNode(FixedClock()), MemoryNode(FixedClock())]
    waiting = list(nodes)
    told: list[Happening] = []

    async def attach() -> NodeClient:
        return waiting.pop(0)

    def tell(happening: Happening) -> None:
        told.append(happening)
        if isinstance(happening, Connected):
            left = len(waiting)
            nodes[1 - left].break_off("handover" if left else "stop")

    await Session(attach, tell).run()
    reasons = [happening.reason for happening in told if isinstance(happening, Lost)]
    assert reasons == ["handover", "stop"]


class _Pump(MessagePump):
    """Keeps what is to be done later."""

    def __init__(self) -> None:
        super().__init__()
        self.later: list[Callable[[], None]] = []

    def set_timer(self, delay: float, callback: Any = None, **_kinds: Any) -> Any:
        self.later.append(callback)

    def set_interval(self, interval: float, callback: Any = None, **_kinds: Any) -> Any:
        self.later.append(callback)


@pytest.fixture
def _own_garbage() -> Iterator[None]:
    before = gc.get_threshold()
    gc.disable()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)
    gc.enable()


class _Node:
    def __init__(self) -> None:
        self.itself = self


@pytest.mark.usefixtures("_own_garbage")
def test_garbage_is_looked_for_in_a_turn_of_its_own_and_not_before_the_interface_is_there() -> None:
    pump = _Pump()
    look_for_garbage(pump)
    assert not gc.isenabled()
    begin = pump.later.pop()
    begin()
    assert gc.isenabled()
    gc.collect()  # hardly anything is left that is not frozen
    old = [_Node() for _ in range(3_000)]
    for _ in range(30):
        gc.collect(1)  # now they are old, and Python by itself would look at them the next time
    gone = ref(old[0])
    del old
    for _ in range(20_000):
        _Node()
    assert gone() is not None
    pump.later.pop()()
    assert gone() is None


def test_garbage_is_left_to_python_where_that_looks_for_it() -> None:
    pump = _Pump()
    look_for_garbage(pump)
    assert not pump.later
