"""A file in the interface's words and signs: what it is, how it stands, which keys do something with it."""

from __future__ import annotations

from tuichat.file_words import ENDED, circuits, is_open, label, percent, rate, time_left
from tuichat.i18n import _
from tuichat.media.kinds import kind_of, mismatch
from tuichat.media.words import describe
from tuichat.model import MENDABLE, File, FileReason
from tuichat.sizes import shown_size
from tuichat.tui.dates import Calendar
from tuichat.tui.glyphs import Glyphs
from tuichat.tui.harmless import harmless
from tuichat.tui.pictures import is_picture
from tuichat.tui.words import Part
from tuichat.tui.wrapping import cells, fit_middle

_LONGEST_EXTENSION = 12


def full_name(file: File) -> str:
    """What it is called, with the folders that it was offered in."""
    return harmless(label(file))


def short_name(name: str, width: int, glyphs: Glyphs) -> str:
    """A name or a path in `width` cells: its middle goes first, so that the kind stays to be seen."""
    stem, dot, extension = name.rpartition(".")
    tail = cells(extension) + 4 if stem and dot and cells(extension) <= _LONGEST_EXTENSION else width // 3
    return fit_middle(name, width, max(tail, width // 3), glyphs.ellipsis)


def kind(file: File) -> str:
    """What sort of thing it is: by its bytes once they are here, before by its sender's word."""
    return describe(file.sniffed_type or file.media_type)


def facts(file: File, glyphs: Glyphs) -> list[str]:
    """Its size and kind, and the size of a picture."""
    told = [shown_size(file.size), kind(file)]
    if file.width and file.height:
        told.append(f"{file.width}{glyphs.times}{file.height}")
    return told


def is_disguised(file: File) -> bool:
    """Whether its bytes are of another kind than its name or its sender said."""
    return bool(file.sniffed_type) and mismatch(file.media_type, file.sniffed_type, file.name)


def disguise(file: File) -> str:
    """For a file that is not what it was said to be."""
    said = kind_of(file.media_type)
    if said in {"unknown", kind_of(file.sniffed_type)}:
        return _("not what its name says: it looks like a {found}").format(found=describe(file.sniffed_type))
    return _("not what was said: offered as {said}, looks like {found}").format(
        said=describe(file.media_type), found=describe(file.sniffed_type)
    )


def pace(file: File, *, with_circuits: bool = True) -> list[str]:
    """Rate, circuits if there is room for them, and the time that is left, as far as there are any."""
    told = (rate(file.rate), circuits(file.circuits) if with_circuits else "", time_left(file))
    return [each for each in told if each]


# What can be done.


def can_end(file: File) -> bool:
    """Whether there is something to decline, to cancel or to take back."""
    return file.state not in ENDED or can_resume(file)


def can_pause(file: File) -> bool:
    """Whether it moves, or will by itself."""
    return file.state in {"waiting", "active"}


def can_resume(file: File) -> bool:
    """Whether it rests because of me, or failed for a reason that may be gone."""
    if file.state == "failed":
        return file.direction == "in" and file.reason in MENDABLE
    return file.state == "paused" and file.paused_by in {"me", "both"}


def keys(file: File, *, every: bool = False, pictures: bool = False) -> list[str]:
    """The keys that do something with it, those that matter most first.

    Args:
        every: those for few, too.
        pictures: they can be shown.
    """
    view = [_("v view")] if pictures and is_picture(file) else []
    if is_open(file):
        return [_("o fetch"), *([_("O choose where")] if every else []), *ending_keys(file)]
    if file.state == "complete" and file.direction == "in":
        return [*view, _("o show")]
    return [*view, *(ending_keys(file) or [_("o details")])]


def ending_keys(file: File) -> list[str]:
    """The keys that end it, let it rest or go on."""
    if is_open(file):
        return [_("d decline")]
    if can_resume(file):
        return [_("p go on"), _("d cancel")]
    if can_pause(file):
        return [_("p pause"), _("d cancel")]
    if can_end(file):
        return [_("d take back") if file.state == "offered" else _("d cancel")]
    return []


def end_question(file: File, shown: str, name: str) -> str:
    """Whether a file is to be stopped, or its offer taken back; `shown` is its name,
    `name` the other person's.
    """
    if file.direction == "in":
        question = _("Stop fetching {file}? What came so far is removed, and {name} is told.")
    elif file.state == "offered":
        question = _("Take back the offer of {file}? {name} is told.")
    else:
        question = _("Stop sending {file}? {name} is told, and what came so far is removed there.")
    return question.format(file=shown, name=name)


# How it stands.


def standing(file: File, name: str, glyphs: Glyphs, calendar: Calendar, *, linked: bool) -> Part:
    """A colour's role, and the state with its sign, what it means and what to do.

    Args:
        name: the petname of whom it is exchanged with.
        linked: they are there now.
    """
    match file.state:
        case "offered":
            return _offered(file, name, glyphs, calendar)
        case "waiting":
            return "waiting", f"{glyphs.queued} {_waiting(file, name, linked=linked)}"
        case "active":
            return "text", "  ".join([f"{percent(file)}%", *pace(file)])
        case "paused":
            return "waiting", f"{glyphs.resting} {_paused(file, name)}"
        case "complete":
            return "linked", f"{glyphs.sent} {_complete(file, name)}"
        case "declined":
            return "muted", f"{glyphs.ended} {_declined(file, name)}"
        case "cancelled":
            return "muted", f"{glyphs.ended} {_cancelled(file, name)}"
        case "failed":
            return "danger", f"{glyphs.failed} {_failed(file, name)}"


def _offered(file: File, name: str, glyphs: Glyphs, calendar: Calendar) -> Part:
    if file.direction == "out":
        return "muted", f"{glyphs.outgoing} " + _("offered; {name} has not answered").format(name=name)
    until = calendar.day_name(calendar.day(file.expires_at))
    return "mark", f"{glyphs.incoming} " + _("offered until {day}").format(day=until)


def _waiting(file: File, name: str, *, linked: bool) -> str:
    if not linked:
        return _("waits until you are both online; keep tuichat running")
    if file.direction == "in":
        return _("accepted; waits for the first bytes from {name}").format(name=name)
    return _("{name} takes it; it is not being fetched now").format(name=name)


def _paused(file: File, name: str) -> str:
    if file.paused_by == "them" and is_open(file):
        return _("offered, and paused by {name}; once accepted it comes when it goes on").format(name=name)
    if file.paused_by == "them":
        return _("paused by {name}").format(name=name)
    if file.paused_by == "both":
        return _("paused by you and {name}").format(name=name)
    return _("paused by you")


def _complete(file: File, name: str) -> str:
    if file.direction == "out":
        return _("{name} has it").format(name=name)
    return _("complete")


def _declined(file: File, name: str) -> str:
    return _("declined by you") if file.direction == "in" else _("declined by {name}").format(name=name)


def _cancelled(file: File, name: str) -> str:
    if file.reason == "expired":
        return _("the offer has expired")
    if file.reason == "restored":
        return _("ended: this profile was restored from a backup")
    return _("cancelled by {name}").format(name=name) if file.reason == "peer" else _("cancelled by you")


def _failed(file: File, name: str) -> str:
    return _failed_in(file.reason, name) if file.direction == "in" else _failed_out(file.reason, name)


def _failed_in(reason: FileReason, name: str) -> str:
    again = _("ask {name} to offer it again").format(name=name)
    why: dict[FileReason, str] = {
        "changed": _("failed: {name} changed it meanwhile").format(name=name),
        "peer": _("failed: {name} ended it").format(name=name),
        "expired": _("failed: the offer has expired"),
        "restored": _("failed: this profile was restored from a backup"),
        "damaged": _("failed: what came is not what was offered, and was removed"),
    }
    if reason == "space":
        return _("failed: no room left on this disk; make room, then p goes on")
    if reason == "unreadable":
        return _("failed: it cannot be written here; mend that, then p goes on")
    return f"{why.get(reason, _('failed'))}; {again}"


def _failed_out(reason: FileReason, name: str) -> str:
    why: dict[FileReason, str] = {
        "changed": _("failed: the file was changed after it was offered"),
        "unreadable": _("failed: the file cannot be read any more"),
        "peer": _("failed: {name} ended it").format(name=name),
        "expired": _("failed: the offer has expired"),
        "restored": _("failed: this profile was restored from a backup"),
    }
    return f"{why.get(reason, _('failed'))}; {_('offer it again with /file')}"
