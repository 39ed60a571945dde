"""Times of day and dates, by the country's habit and in the language of the sentence."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime

import msgspec
import pytest

from tests.support.fixed_clock import FixedClock
from tests.support.memory_node import MemoryNode
from tuichat import i18n
from tuichat.deed_words import state_word
from tuichat.plain.wording import person_line
from tuichat.timer_words import time_words
from tuichat.times import Hours, habit, moment, time_of_day
from tuichat.tui.dates import Calendar, span

AFTERNOON = datetime(2026, 11, 21, 14, 31, 5, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 21, 0, 5, tzinfo=UTC)


@pytest.fixture
def chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n, "_translations", i18n._translations)
    i18n.use_language("zh_CN")


@pytest.mark.parametrize(
    ("environment", "hours"),
    [
        ({}, "24h"),
        ({"LANG": "C.UTF-8"}, "24h"),
        ({"LANG": "en_US.UTF-8"}, "12h"),
        ({"LANG": "en_GB.UTF-8"}, "24h"),
        ({"LANG": "en"}, "24h"),
        ({"LANG": "zh_CN.UTF-8"}, "24h"),
        ({"LANG": "zh_Hans_SG.UTF-8"}, "12h"),
        ({"LANG": "en_US.UTF-8", "LC_TIME": "en_DK.UTF-8"}, "24h"),
        ({"LANG": "de_DE.UTF-8", "LC_TIME": "en_US"}, "12h"),
        ({"LANG": "de_DE.UTF-8", "LC_TIME": "de_DE", "LC_ALL": "en_AU.UTF-8"}, "12h"),
        ({"LANG": "de_DE@euro"}, "24h"),
    ],
)
def test_clock_is_read_as_in_the_country_of_the_times(environment: dict[str, str], hours: Hours) -> None:
    assert habit(environment) == hours


def test_times_of_day_in_english() -> None:
    assert [time_of_day(AFTERNOON, hours) for hours in ("24h", "12h")] == ["14:31", "2:31 PM"]
    assert [time_of_day(MIDNIGHT, hours) for hours in ("24h", "12h")] == ["00:05", "12:05 AM"]
    assert time_of_day(AFTERNOON, "12h", seconds=True) == "2:31:05 PM"


@pytest.mark.usefixtures("chinese")
def test_dates_times_and_lengths_of_time_in_chinese() -> None:
    calendar = Calendar(UTC, date(2026, 11, 22), "12h")
    assert calendar.day_name(date(2026, 11, 21)) == "11月21日 星期六"
    assert calendar.day_name(date(2025, 1, 1)) == "2025年1月1日 星期三"
    assert calendar.time(AFTERNOON) == "下午2:31"
    assert calendar.exact(MIDNIGHT) == "2026-11-21 上午12:05:00"
    assert Calendar(UTC, date(2026, 11, 22)).time(AFTERNOON) == "14:31"
    assert [time_words(seconds) for seconds in (604_800, 86_400, 7200)] == ["1 周", "1 天", "2 小时"]
    assert [span(seconds) for seconds in (5, 120, 7_200, 180_000)] == ["5 秒", "2 分钟", "2 小时", "2 天"]
    assert state_word("delivered") == "已送达"
    assert i18n.language() == "zh-CN"


def test_lengths_of_time_in_english() -> None:
    assert [time_words(seconds) for seconds in (604_800, 1_209_600, 691_200)] == [
        "1 week",
        "2 weeks",
        "8 days",
    ]
    assert i18n.language() == "en"


def test_calendars_that_read_the_clock_otherwise_are_not_the_same() -> None:
    day = date(2026, 11, 22)
    assert Calendar(UTC, day) == Calendar(UTC, day, "24h")
    assert len({Calendar(UTC, day), Calendar(UTC, day, "12h")}) == 2


async def test_thousands_are_grouped() -> None:
    person = await MemoryNode.sample(FixedClock()).contact_get("alice")
    many = msgspec.structs.replace(person, unread=1234, queued=56_789)
    assert "1,234 new, 56,789 queued" in person_line(many, 0)


def test_moments_of_the_command_line_are_on_this_computers_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "CST-8")
    time.tzset()
    try:
        assert moment(AFTERNOON, "24h") == "2026-11-21 22:31"
        assert moment(AFTERNOON, "12h") == "2026-11-21 10:31 PM"
    finally:
        monkeypatch.undo()
        time.tzset()
