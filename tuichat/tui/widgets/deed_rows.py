"""The rows that say what a message answers, what it says, and what was done to it since."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING

from tuichat.i18n import _
from tuichat.model import Message, Quote
from tuichat.timer_words import timer_line
from tuichat.tui.wrapping import fit, wrap

if TYPE_CHECKING:
    from tuichat.tui.widgets.history_rows import Row, RowStyle

_ACTION = "/me "


def quote_rows(message: Message, style: RowStyle, width: int) -> list[Row]:
    """One row above the text with the beginning of what it answers; none if it answers nothing."""
    if message.quote is None:
        return []
    words = " ".join(_quoted(message.quote, style).split())
    return [[("muted", fit(f"{style.glyphs.vertical} {words}", width, style.glyphs.ellipsis))]]


def text_rows(message: Message, style: RowStyle, width: int) -> list[Row]:
    """What a message says; names that are mentioned stand out, and nothing else in it means anything."""
    part = "muted" if message.unsent or message.kind in ("unsupported", "timer") else "text"
    part = "muted" if message.state == "cancelled" else part
    lines = wrap(_text(message, style), width)
    if part == "muted" or not style.mentions:
        return [[(part, line)] for line in lines]
    return [_with_mentions(line, style.mentions) for line in lines]


def deed_remarks(message: Message) -> list[tuple[str, str]]:
    """What stands below a message: that it was edited, and the reactions, each with how many there are."""
    remarks = [("muted", _("edited"))] if message.edited else []
    if message.reactions:
        counts = Counter(message.reactions)
        shown = (emoji if count == 1 else f"{emoji} {count}" for emoji, count in counts.items())
        remarks.append(("accent", "  ".join(shown)))
    return remarks


def _quoted(quote: Quote, style: RowStyle) -> str:
    if quote.message is None:
        return _("answers a message you do not have")
    name = _("me") if quote.direction == "out" else style.name
    return f"{name}: {_('taken back') if quote.unsent else quote.text}"


def _text(message: Message, style: RowStyle) -> str:
    if message.unsent == "asked":
        return _("taken back here; your contact's node was asked")
    if message.unsent:
        return _("taken back")
    if message.kind == "timer":
        return timer_line(message.timer or 0)
    if message.kind == "unsupported":
        return _("This message needs a newer tuichat.")
    if message.text.startswith(_ACTION):
        name = _("me") if message.direction == "out" else style.name
        return f"* {name} {message.text.removeprefix(_ACTION)}"
    return message.text


def _with_mentions(line: str, names: tuple[str, ...]) -> Row:
    row: Row = []
    at = 0
    for found in _pattern(names).finditer(line) if "@" in line else ():
        row += [("text", line[at : found.start()]), ("mention", found[0])]
        at = found.end()
    return [each for each in [*row, ("text", line[at:])] if each[1]] or [("text", "")]


@lru_cache(64)
def _pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)@(?:{'|'.join(map(re.escape, names))})(?!\w)", re.IGNORECASE)
