"""A message that was found, as two rows: who and when, and the part of it that fits, marked."""

from __future__ import annotations

import msgspec
from rich.text import Text

from tuichat.deed_words import said, speaker
from tuichat.i18n import _
from tuichat.model import Found, Message, MessageEvent, takes_away
from tuichat.tui.dates import Calendar
from tuichat.tui.glyphs import Glyphs
from tuichat.tui.session import Happening
from tuichat.tui.wrapping import cells, fit, graphemes

MARKED = "bold underline"
"""How what was looked for looks: seen without colours, too."""

Span = tuple[int, int]


def after(found: list[Found], event: Happening) -> list[Found]:
    """What was found, as it is after an event: nothing that is gone stays in sight."""
    left = [each for each in found if not takes_away(event, each.message)]
    if isinstance(event, MessageEvent):
        now = event.message
        return [_changed(each, now) if each.message.id == now.id else each for each in left]
    return left


def _changed(found: Found, now: Message) -> Found:
    """The same message, where what was looked for is marked no more if it says another thing."""
    if (now.text, now.unsent) == (found.message.text, found.message.unsent):
        return msgspec.structs.replace(found, message=now)
    return Found(message=now, places=(), file_name="" if now.unsent else found.file_name, name_places=())


def head(found: Found, name: str, calendar: Calendar, width: int, glyphs: Glyphs) -> str:
    """Who wrote it to whom, and when it came or was written here."""
    message = found.message
    at = message.received_at or message.sent_at
    when = f"  {calendar.day(at):%Y-%m-%d} {calendar.time(at)}"
    who = speaker("in", name) if message.direction == "in" else _("me to {name}").format(name=name)
    return fit(who, max(8, width - len(when)), glyphs.ellipsis) + when


def excerpt(found: Found, width: int, glyphs: Glyphs) -> Text:
    """One row with the first place that fits in sight."""
    line, spans = _line(found)
    units = _marked_units(line, spans)
    first = next((index for index, unit in enumerate(units) if unit[2]), 0)
    start = 0
    if sum(size for _piece, size, _mark in units) > width:
        start = _start(units, first, width // 3)
    text = Text(no_wrap=True)
    room = width
    if start:
        text.append(glyphs.ellipsis)
        room -= cells(glyphs.ellipsis)
    for piece, marked in _runs(units[start:], room, glyphs.ellipsis):
        text.append(piece, MARKED if marked else "")
    return text


def _line(found: Found) -> tuple[str, list[Span]]:
    """The name of the file and the line of the text with the first place in it, as one line."""
    text, places = found.message.text, list(found.places)
    begin = text.rfind("\n", 0, places[0][0]) + 1 if places else 0
    line = text[begin:].split("\n", 1)[0]
    if found.message.unsent or found.message.kind in ("timer", "unsupported"):
        line, places = said(found.message, ""), []  # which names nobody
    before = f"{found.file_name}  " if found.file_name and line else found.file_name
    moved = [(start - begin + len(before), end - begin + len(before)) for start, end in places]
    return before + line, [*found.name_places, *moved]


def _marked_units(line: str, spans: list[Span]) -> list[tuple[str, int, bool]]:
    """What is seen as one, its cells, and whether any of it was looked for."""
    units: list[tuple[str, int, bool]] = []
    at = 0
    for piece, size in graphemes(line):
        end = at + len(piece)
        while spans and spans[0][1] <= at:
            spans = spans[1:]
        units.append((piece, size, bool(spans) and spans[0][0] < end))
        at = end
    return units


def _start(units: list[tuple[str, int, bool]], first: int, room: int) -> int:
    """Where to begin so that `room` cells stand before what was looked for."""
    start = first
    while start and room >= units[start - 1][1]:
        start -= 1
        room -= units[start][1]
    return start


def _runs(units: list[tuple[str, int, bool]], room: int, ellipsis: str) -> list[tuple[str, bool]]:
    """Pieces that are marked or not, in at most `room` cells."""
    if sum(size for _piece, size, _mark in units) > room:
        room -= cells(ellipsis)
        end = (ellipsis, False)
    else:
        end = ("", False)
    runs: list[tuple[str, bool]] = []
    for piece, size, marked in units:
        if size > room:
            break
        room -= size
        if runs and runs[-1][1] is marked:
            runs[-1] = (runs[-1][0] + piece, marked)
        else:
            runs.append((piece, marked))
    return [*((fit(piece, cells(piece)), marked) for piece, marked in runs), end]
