"""How a file becomes rows of a history: what it is, what was said with it, and how it stands.

    figures.ods  2.1 MB  spreadsheet
    ▓▓▓▓▓▓▓▓▓▓▓░░░░░ 68%  1.9 MB/s  8 circuits  1 s

and where there is little room `figures.ods  2.1 MB ▓▓▓▓▓░░░ 68% 1 s`. Where a row is too short for all of it
what matters least, which stands last, is left out.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from tuichat.file_words import is_open, percent, time_left
from tuichat.i18n import _
from tuichat.model import File, Message
from tuichat.sizes import shown_size
from tuichat.timer_words import time_words
from tuichat.tui import file_words
from tuichat.tui.dates import Calendar
from tuichat.tui.glyphs import Glyphs
from tuichat.tui.harmless import harmless
from tuichat.tui.wrapping import cells, wrap

Row = list[tuple[str, str]]

_BAR = 16
_SHORT_BAR = 8
_SHORTEST_NAME = 16
_SHORTEST_PATH = 24


class FileLook(msgspec.Struct, frozen=True):
    """What the rows of one file are made with.

    Attributes:
        width: cells of a row.
        name: the petname of whom it is exchanged with; `linked` if they are there.
        narrow: every row counts.
        declined: what is not known is no file that was there once, but one that was not taken.
    """

    width: int
    name: str
    linked: bool
    narrow: bool
    glyphs: Glyphs
    calendar: Calendar
    declined: bool = False


def file_rows(message: Message, file: File | None, look: FileLook, *, chosen: bool) -> list[Row]:
    """All rows of a message with a file; the chosen one tells the whole path."""
    said: list[Row] = [[("text", line)] for line in wrap(message.text, look.width)] if message.text else []
    if file is None:
        gone = _("a file that is not known here any more")
        if look.declined:
            gone = _("a file that was declined: nothing of this conversation goes to disk")
        return [[("muted", line)] for line in wrap(gone, look.width)] + said
    short = _in_one_row(file, look) if look.narrow and file.state == "active" else None
    if short is not None:
        return [short, *said]
    rows = [_heading(file, look), *said, *_fate_rows(message, file, look)]
    if has_bar(file):
        rows.append(_bar_row(file, look))
    if message.state not in {"queued", "failed", "cancelled"}:
        rows += _standing_rows(file, look, chosen=chosen)
    if file_words.is_disguised(file):
        warning = f"{look.glyphs.failed} {file_words.disguise(file)}"
        rows += [[("danger", line)] for line in wrap(warning, look.width)]
    return rows


def has_bar(file: File) -> bool:
    """Whether it is under way, or rests on its way."""
    return file.state == "active" or (file.state in {"waiting", "paused"} and file.bytes_done > 0)


def _in_one_row(file: File, look: FileLook) -> Row | None:
    """Name, size, bar and what is left; None if the name does not fit into what remains."""
    done, left = percent(file), time_left(file)
    bar = look.glyphs.bar(done, _SHORT_BAR)
    row: Row = [
        ("strong", file_words.full_name(file)),
        ("muted", f" {shown_size(file.size)} "),
        ("accent", bar),
        ("text", f" {done}%"),
        ("muted", f" {left}" if left else ""),
    ]
    return row if _width(row) <= look.width else None


def _heading(file: File, look: FileLook) -> Row:
    name, told = file_words.full_name(file), file_words.facts(file, look.glyphs)
    while len(told) > 1 and look.width - _gapped(told) < min(cells(name), _SHORTEST_NAME):
        told.pop()
    room = max(look.width - _gapped(told), 2)
    return [
        ("strong", file_words.short_name(name, room, look.glyphs)),
        *[("muted", f"  {each}") for each in told],
    ]


def _fate_rows(message: Message, file: File, look: FileLook) -> list[Row]:
    """That a file goes with its message, once its time is over."""
    if message.timer is None:
        return []
    words = _("disappears after {time}").format(time=time_words(message.timer))
    if file.direction == "in":
        words = _("disappears {time} after it was seen, from the inbox, too").format(
            time=time_words(message.timer)
        )
    return [[("muted", line)] for line in wrap(words, look.width)]


def _bar_row(file: File, look: FileLook) -> Row:
    done, active = percent(file), file.state == "active"
    told = file_words.pace(file) if active else []
    room = look.width - len(f" {done}%")
    if active and _SHORT_BAR + _gapped(told) > room:
        told = file_words.pace(file, with_circuits=False)
    bar = max(min(_BAR, room - _gapped(told)), min(_SHORT_BAR, room), 1)
    row: Row = [
        ("accent" if active else "muted", look.glyphs.bar(done, bar)),
        ("text", f" {done}%"),
    ]
    return _filled(row, told, look.width)


def _standing_rows(file: File, look: FileLook, *, chosen: bool) -> list[Row]:
    """The state where the bar does not tell it all, with what is to be done or where the file is."""
    if file.state == "active":
        return []
    part, words = file_words.standing(file, look.name, look.glyphs, look.calendar, linked=look.linked)
    if file.state == "complete" and file.path and file.direction == "in":
        return _whereabouts(file, part, words, look, chosen=chosen)
    rows: list[Row] = [[(part, line)] for line in wrap(words, look.width)]
    hint = "" if chosen else _hint(file)
    if hint and cells(words) + cells(hint) + 3 <= look.width:
        rows[-1].append(("accent", f"   {hint}"))
    elif hint:
        rows += [[("accent", line)] for line in wrap(hint, look.width)]
    return rows


def _whereabouts(file: File, part: str, words: str, look: FileLook, *, chosen: bool) -> list[Row]:
    """Where a file is; a path is cut in its middle unless somebody looks at it."""
    path, room = harmless(file.path), look.width - cells(words) - 2
    if chosen:
        return [[(part, words)], *[[("text", line)] for line in wrap(path, look.width)]]
    if room < min(_SHORTEST_PATH, cells(path)):
        return [[(part, words)], [("muted", file_words.short_name(path, look.width, look.glyphs))]]
    return [[(part, words), ("muted", "  " + file_words.short_name(path, room, look.glyphs))]]


def _hint(file: File) -> str:
    """What somebody who has to decide can do; others find the keys when they choose the message."""
    if is_open(file):
        return _("Esc, then o fetch, d decline")
    return _("Esc, then p go on") if file.state == "paused" and file_words.can_resume(file) else ""


def _filled(row: Row, told: Iterable[str], width: int) -> Row:
    for each in told:
        if _width(row) + cells(each) + 2 > width:
            break
        row.append(("muted", f"  {each}"))
    return row


def _width(row: Row) -> int:
    return sum(cells(text) for _part, text in row)


def _gapped(told: list[str]) -> int:
    return sum(cells(each) + 2 for each in told)
