"""A file in words: how far it is, why it ended, and how long it still takes."""

from __future__ import annotations

from tuichat.cli.output import one_line
from tuichat.i18n import _, ngettext
from tuichat.model import File, FileReason
from tuichat.sizes import shown_size

ENDED = frozenset({"complete", "declined", "cancelled", "failed"})
"""The states in which a file stays."""


def full_name(file: File) -> str:
    """The name with the folders that it was offered in, safe to print: both are the sender's words."""
    return one_line(f"{file.place}/{file.name}" if file.place else file.name)


def how_far(file: File) -> str:
    """The state, and what there is to say about it."""
    if file.state == "active":
        return ", ".join(part for part in (f"{percent(file)}%", rate(file), circuits(file)) if part)
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
    return 100 if file.bytes_done >= file.size else file.bytes_done * 100 // file.size


def rate(file: File) -> str:
    """How fast it comes, "" while it does not."""
    return f"{shown_size(file.rate)}/s" if file.rate else ""


def circuits(file: File) -> str:
    """Over how many circuits it comes, "" while over none."""
    text = ngettext("{count} circuit", "{count} circuits", file.circuits)
    return text.format(count=file.circuits) if file.circuits else ""


def time_left(file: File) -> str:
    """How long the rest takes at the present rate; "" where nobody can say."""
    if not file.rate or file.bytes_done >= file.size:
        return ""
    seconds = -(-(file.size - file.bytes_done) // file.rate)
    minutes, hours = seconds // 60, seconds // 3600
    if seconds < 60:
        return _("{seconds} s").format(seconds=seconds)
    if minutes < 60:
        return _("{minutes} min {seconds} s").format(minutes=minutes, seconds=seconds % 60)
    if hours < 100:
        return _("{hours} h {minutes} min").format(hours=hours, minutes=minutes % 60)
    return ngettext("{days} day", "{days} days", hours // 24).format(days=hours // 24)
