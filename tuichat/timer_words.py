"""How people say the timer of a conversation, and how it is said to them."""

from __future__ import annotations

from typing import Final

from tuichat.durations import parse_duration
from tuichat.errors import UsageError
from tuichat.i18n import _, ngettext

_OFF: Final = "off"
_WEEK: Final = 7 * 86_400
_UNITS: Final = ((86_400, "d"), (3600, "h"), (60, "m"), (1, "s"))


def parse_timer(text: str) -> int:
    """The seconds of a timer, 0 for "off". Raises UsageError."""
    if text.strip().lower() == _OFF:
        return 0
    seconds = parse_duration(text)
    if not seconds:
        raise UsageError(
            _("{text} is no length of time.").format(text=repr(text)), _("For example: 1h, 7d, or off")
        )
    return seconds


def short_time(seconds: int) -> str:
    """A length of time as it can be typed, in the largest unit that it has a whole number of."""
    size, unit = next((size, unit) for size, unit in _UNITS if seconds % size == 0)
    return f"{seconds // size}{unit}"


def time_words(seconds: int) -> str:
    """A length of time in the largest unit that it has a whole number of."""
    if seconds % _WEEK == 0:
        return _counted("w", seconds // _WEEK)
    size, unit = next((size, unit) for size, unit in _UNITS if seconds % size == 0)
    return _counted(unit, seconds // size)


def timer_line(seconds: int) -> str:
    """What somebody did who set the timer, behind their name."""
    if seconds:
        return _("set messages to disappear after {time}").format(time=time_words(seconds))
    return _("set messages to stay")


def _counted(unit: str, count: int) -> str:
    words = {
        "w": ngettext("{count} week", "{count} weeks", count),
        "d": ngettext("{count} day", "{count} days", count),
        "h": ngettext("{count} hour", "{count} hours", count),
        "m": ngettext("{count} minute", "{count} minutes", count),
        "s": ngettext("{count} second", "{count} seconds", count),
    }
    return words[unit].format(count=count)


def parse_retention(text: str) -> int | None:
    """Seconds after which messages are deleted here; 0 never, None as the settings say. Raises UsageError."""
    return None if text == "default" else parse_timer(text)


def retention_words(seconds: int | None) -> str:
    """After how long messages are deleted here."""
    if seconds is None:
        return _("as the settings say")
    return _("here after {time}").format(time=time_words(seconds)) if seconds else _("never here")


def retention_sentence(seconds: int | None) -> str:
    """When messages of a conversation are deleted here, and how that is changed."""
    if seconds is None:
        return _("Messages are deleted here as privacy.retention says. /retention 90d: in this conversation.")
    if not seconds:
        return _("Messages here are not deleted by their age. /retention default goes by the settings.")
    text = _("Messages are deleted here after {time}; theirs stay. /retention default goes by the settings.")
    return text.format(time=time_words(seconds))
