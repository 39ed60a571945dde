"""The rows that say what a message answers, what it says, and what was done to it since."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from tuichat.deed_words import quoted, reactions, said
from tuichat.i18n import _
from tuichat.model import Message
from tuichat.tui.clusters import countable
from tuichat.tui.direction import enclosing
from tuichat.tui.links import links
from tuichat.tui.wrapping import fit, wrap

if TYPE_CHECKING:
    from tuichat.tui.widgets.history_rows import Row, RowStyle


def quote_rows(message: Message, style: RowStyle, width: int) -> list[Row]:
    """One row above the text with the beginning of what it answers; none if it answers nothing."""
    if message.quote is None:
        return []
    words = f"{style.glyphs.vertical} {quoted(message.quote, style.name)}"
    return [[("quote", fit(words, width, style.glyphs.ellipsis))]]


def text_rows(message: Message, style: RowStyle, width: int) -> list[Row]:
    """What a message says; names that are mentioned and links stand out, and nothing else means anything."""
    part = "muted" if message.unsent or message.kind in ("unsupported", "timer") else "text"
    part = "muted" if message.state == "cancelled" else part
    text = said(message, style.name)
    before, behind = enclosing(text)
    mentions = () if part == "muted" else style.mentions
    lines = wrap(text, width)
    found = [] if part == "muted" else links(text)
    rows = [_with_mentions(line, mentions, part) for line in lines] if not found else []
    if found:
        rows = _with_links(lines, countable(text), mentions, part)
    return [[("", before), *row, ("", behind)] for row in rows] if before else rows


def deed_remarks(message: Message) -> list[tuple[str, str]]:
    """What stands below a message: that it was edited, and the reactions, each with how many there are."""
    remarks = [("muted", _("edited"))] if message.edited else []
    if message.reactions:
        remarks.append(("reaction", reactions(message)))
    return remarks


def _with_links(lines: list[str], text: str, mentions: tuple[str, ...], part: str) -> list[Row]:
    """As `_with_mentions`, row by row; each piece of a link is named by its number, wherever it is broken."""
    rows, at, found = [], 0, links(text)
    for line in lines:
        start = max(text.find(line, at), at)
        row: Row = []
        done = start
        for number, link in enumerate(found):
            begin, end = max(link.start, start), min(link.end, start + len(line))
            if begin < end:
                row += _with_mentions(text[done:begin], mentions, part) if done < begin else []
                row.append((f"link-{number}", text[begin:end]))
                done = end
        at = start + len(line)
        rows.append([*row, *_with_mentions(text[done:at], mentions, part)] if done < at or not row else row)
    return rows


def _with_mentions(line: str, names: tuple[str, ...], part: str) -> Row:
    row: Row = []
    at = 0
    for found in _pattern(names).finditer(line) if names and "@" in line else ():
        row += [(part, line[at : found.start()]), ("mention", found[0])]
        at = found.end()
    return [each for each in [*row, (part, line[at:])] if each[1]] or [(part, "")]


@lru_cache(64)
def _pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)@(?:{'|'.join(map(re.escape, names))})(?!\w)", re.IGNORECASE)
