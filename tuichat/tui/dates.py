"""Times as people read them, in the zone of whoever looks."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, tzinfo

from tuichat.i18n import _, ngettext
from tuichat.times import Hours, time_of_day

_LENGTH = r"([0-9]{1,6})([smhdw])"
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


class Calendar:
    """Turns moments into local days and times of day.

    Args:
        zone: the reader's zone; None for the system's.
        today: the reader's day, so that only other years are named.
        hours: how the reader's clock is read.
    """

    def __init__(self, zone: tzinfo | None, today: date, hours: Hours = "24h") -> None:
        self._read = (zone, today, hours)
        self._zone, self._today, self._hours = zone, today, hours

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Calendar) and self._read == other._read

    def __hash__(self) -> int:
        return hash(self._read)

    def day(self, moment: datetime) -> date:
        """The local day of `moment`."""
        return self._local(moment).date()

    def time(self, moment: datetime) -> str:
        """Hours and minutes."""
        return time_of_day(self._local(moment), self._hours)

    def longest_times(self) -> tuple[str, str]:
        """Times of day before and after noon that are as long as any."""
        morning, evening = (datetime(2000, 1, 1, hour, tzinfo=UTC) for hour in (10, 22))
        return time_of_day(morning, self._hours), time_of_day(evening, self._hours)

    def exact(self, moment: datetime) -> str:
        """Day and time to the second, for a claim that is to be judged."""
        local = self._local(moment)
        return f"{local:%Y-%m-%d} {time_of_day(local, self._hours, seconds=True)}"

    def day_name(self, day: date) -> str:
        """A day as a heading; the year only if it is not this one."""
        weekday, month = _weekdays()[day.weekday()], _months()[day.month - 1]
        if day.year == self._today.year:
            return _("{weekday} {day} {month}").format(weekday=weekday, day=day.day, month=month)
        return _("{weekday} {day} {month} {year}").format(
            weekday=weekday, day=day.day, month=month, year=day.year
        )

    def _local(self, moment: datetime) -> datetime:
        """The moment on the reader's clock; on the one it came with where their year has no number."""
        try:
            return moment.astimezone(self._zone)
        except OverflowError:
            return moment


def span(seconds: float) -> str:
    """A length of time, roughly: seconds, minutes, hours or days."""
    whole = max(0, int(seconds))
    for size, text in (
        (86_400, ngettext("{count} day", "{count} days", whole // 86_400)),
        (3_600, ngettext("{count} hour", "{count} hours", whole // 3_600)),
        (60, ngettext("{count} min", "{count} min", whole // 60)),
    ):
        if whole >= size:
            return text.format(count=whole // size)
    return _("{count} s").format(count=whole)


def seconds_of(text: str) -> int | None:
    """The seconds of a length of time such as 30m, 24h or 7d; None if it is none, or no time at all."""
    found = re.fullmatch(_LENGTH, text.strip().lower())
    return int(found[1]) * _UNITS[found[2]] or None if found else None


def _weekdays() -> tuple[str, ...]:
    return (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"))


def _months() -> tuple[str, ...]:
    return (
        _("January"),
        _("February"),
        _("March"),
        _("April"),
        _("May"),
        _("June"),
        _("July"),
        _("August"),
        _("September"),
        _("October"),
        _("November"),
        _("December"),
    )
