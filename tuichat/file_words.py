"""A file in words, for the command line and the interface: how far it is, how long it takes, why it ended."""

from __future__ import annotations

from typing import Final

from tuichat.i18n import _, ngettext
from tuichat.model import File, FileReason, FileState
from tuichat.running_text import enumerated
from tuichat.sizes import shown_size

ENDED: Final[frozenset[FileState]] = frozenset({"complete", "declined", "cancelled", "failed"})
"""States in which nothing comes any more."""

_MOST_SECONDS: Final = 100 * 86_400
"""What would take longer takes so long that nobody can say."""


def label(file: File) -> str:
    """The name with the folders that it was offered in. Both are the sender's words: make them harmless."""
    return f"{file.place}/{file.name}" if file.place else file.name


def is_open(file: File) -> bool:
    """Whether it is an offer to me that waits for an answer, also one that its sender lets rest meanwhile."""
    unanswered = file.state == "offered" or (file.state == "paused" and not file.accepted)
    return file.direction == "in" and unanswered


def is_here(file: File) -> bool:
    """Whether it was fetched, and lies where it was put."""
    return file.direction == "in" and file.state == "complete" and bool(file.path)


def how_far(file: File) -> str:
    """The state, and what there is to say about it."""
    if file.state == "active":
        return enumerated(
            part for part in (f"{percent(file)}%", rate(file.rate), circuits(file.circuits)) if part
        )
    if file.state == "paused":
        return _paused(file)
    words = {
        "offered": _("offered"),
        "waiting": _("waiting"),
        "complete": _("complete"),
        "declined": _("declined"),
        "cancelled": _("cancelled"),
        "failed": _("failed"),
    }
    why = because(file.reason)
    return words[file.state] + (f": {why}" if why else "")


def _paused(file: File) -> str:
    words = {
        "me": _("paused by you"),
        "them": _("paused by the other side"),
        "both": _("paused by both sides"),
    }
    return words.get(file.paused_by, _("paused")) + f", {percent(file)}%"


def because(reason: FileReason) -> str:
    """Why a file failed or was cancelled; "" where there is nothing to say."""
    words: dict[FileReason, str] = {
        "changed": _("it is not what was offered any more"),
        "space": _("there is not enough room"),
        "unreadable": _("it could not be read"),
        "expired": _("the offer has expired"),
        "peer": _("by the other side"),
        "restored": _("the profile was restored from a backup"),
        "damaged": _("what came is not what was offered"),
    }
    return words.get(reason, "")


def percent(file: File) -> int:
    """How much of it there is; 100 only when all of it is there."""
    return 100 if file.bytes_done >= file.size else max(0, file.bytes_done) * 100 // file.size


def rate(bytes_a_second: int) -> str:
    """How fast something goes, "" if it does not."""
    return f"{shown_size(bytes_a_second)}/s" if bytes_a_second > 0 else ""


def circuits(count: int) -> str:
    """Over how many circuits something comes, "" if over none."""
    return ngettext("{count} circuit", "{count} circuits", count).format(count=count) if count > 0 else ""


def time_left(file: File) -> str:
    """How long the rest takes at the present rate; "" where nobody can say."""
    if file.rate <= 0 or file.bytes_done >= file.size:
        return ""
    seconds = -(-(file.size - file.bytes_done) // file.rate)
    if seconds >= _MOST_SECONDS:
        return ""
    minutes, hours = seconds // 60, seconds // 3600
    if seconds < 60:
        return _("{seconds} s").format(seconds=seconds)
    if minutes < 60:
        return _("{minutes} min {seconds} s").format(minutes=minutes, seconds=seconds % 60)
    if hours < 100:
        return _("{hours} h {minutes} min").format(hours=hours, minutes=minutes % 60)
    return ngettext("{days} day", "{days} days", hours // 24).format(days=hours // 24)
