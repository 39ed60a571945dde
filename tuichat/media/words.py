"""Kinds of files in a person's words, and what they may tell about their author."""

from __future__ import annotations

from tuichat.i18n import _
from tuichat.media.kinds import kind_of


def describe(media_type: str) -> str:
    """The kind in words for a person."""
    match kind_of(media_type):
        case "picture":
            return _("picture")
        case "drawing":
            return _("drawing")
        case "sound":
            return _("sound")
        case "film":
            return _("film")
        case "pdf":
            return _("PDF document")
        case "document":
            return _("document")
        case "spreadsheet":
            return _("spreadsheet")
        case "slides":
            return _("slides")
        case "office":
            return _("office document")
        case "book":
            return _("book")
        case "archive":
            return _("archive file")
        case "program":
            return _("program")
        case "web page":
            return _("web page")
        case "text":
            return _("text")
        case "database":
            return _("database")
        case "font":
            return _("font")
        case "unknown":
            return _("file of unknown kind")


def warnings(media_type: str) -> tuple[str, ...]:
    """What a file of this type may hold about its author; for pictures, if nothing is taken out of them."""
    match kind_of(media_type):
        case "picture":
            return (_("It may hold place and time, the camera, its owner and a small earlier version."),)
        case "pdf" | "document" | "spreadsheet" | "slides" | "office" | "book":
            return (_("It may hold its author's name, times, the program used and earlier versions."),)
        case "drawing":
            return (_("It may hold its author's name and the folders that it was saved in."),)
        case "sound" | "film":
            return (_("It may hold the place, the time and the device of the recording."),)
        case "archive":
            return (_("It may hold the names of users, times, and whatever is in the files inside."),)
        case "database":
            return (_("It may hold what was deleted from it."),)
        case _:
            return ()
