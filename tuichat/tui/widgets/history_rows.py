"""How one message becomes rows: columns where there is room, a heading and a text where there is not.

A row is a list of (part, text) pairs; the part names the colour, which the view knows. Making rows is cheap,
so that only what is on screen is ever turned into styled cells.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from rich.cells import cell_len

from tuichat.deed_words import speaker, state_word
from tuichat.i18n import _
from tuichat.model import File, Message, MessageState
from tuichat.tui.dates import Calendar
from tuichat.tui.glyphs import Glyphs
from tuichat.tui.widgets.deed_rows import deed_remarks, quote_rows, text_rows
from tuichat.tui.wrapping import fit, pad, wrap

Row = list[tuple[str, str]]

NARROW = 56
"""Below this many cells a message's heading takes a row of its own."""

NAME_LIMIT = 12
"""The widest name column, in cells."""

_STATE_WIDTH = 4


class RowStyle(msgspec.Struct, frozen=True):
    """What all rows of one view have in common.

    Attributes:
        linked: the peer is there, so nothing waits for long.
        mentions: names that stand out behind an @, the longest first.
        in_memory: nothing that is said is kept on disk.
    """

    width: int
    name: str
    linked: bool
    glyphs: Glyphs
    calendar: Calendar
    mentions: tuple[str, ...] = ()
    in_memory: bool = False

    @property
    def narrow(self) -> bool:
        """Whether headings take a row of their own."""
        return self.width < NARROW

    @property
    def time_width(self) -> int:
        """Cells of the column of times."""
        return max(map(cell_len, self.calendar.longest_times()))

    @property
    def name_width(self) -> int:
        """Cells of the name column."""
        return min(NAME_LIMIT, max(cell_len(speaker("in", self.name)), cell_len(_("me"))))


def message_rows(
    message: Message,
    style: RowStyle,
    *,
    file: File | None = None,
    chosen: bool = False,
    picture: Sequence[Row] = (),
) -> list[Row]:
    """All rows of one message, with its details below if it is the chosen one.

    Args:
        file: what is known of the file that the message is about.
        picture: what that looks like, in rows of at most `body_width` cells.
    """
    lines = [*_body(message, file, style, chosen=chosen), *picture]
    body = _narrow_rows(message, lines, style) if style.narrow else _wide_rows(message, lines, style)
    indent = _indent(style)
    for part, text in _remarks(message, style, chosen):
        room = style.width - indent - 1
        body.extend([("", " " * indent), (part, line)] for line in wrap(text, room))
    if chosen:
        body = [_marked(row, style) for row in body]
    return body


def separator(label: str, style: RowStyle, part: str) -> Row:
    """A rule over the whole width with a word in its middle."""
    line = style.glyphs.horizontal
    label = fit(f" {label} ", style.width, style.glyphs.ellipsis)
    left = (style.width - cell_len(label)) // 2
    right = style.width - cell_len(label) - left
    return [("rule", line * left), (part, label), ("rule", line * right)]


def state_sign(state: MessageState, glyphs: Glyphs) -> str:
    """The sign of an own message's state."""
    signs = {
        "queued": glyphs.queued,
        "sent": glyphs.sent,
        "delivered": glyphs.delivered,
        "read": glyphs.delivered,
        "failed": glyphs.failed,
        "cancelled": glyphs.failed,
    }
    return signs[state]


def _body(message: Message, file: File | None, style: RowStyle, *, chosen: bool) -> list[Row]:
    """What a message says, in rows of the width that `style` leaves for it."""
    width = body_width(style)
    if message.kind != "file":
        return quote_rows(message, style, width) + text_rows(message, style, width)
    from tuichat.tui.widgets.file_rows import FileLook, file_rows  # what most first pictures do without

    look = FileLook(width, style.name, style.linked, style.narrow, style.glyphs, style.calendar)
    declined = style.in_memory and message.direction == "in"
    look = msgspec.structs.replace(look, declined=declined)
    rows = text_rows(message, style, width) if message.unsent else []
    return rows or quote_rows(message, style, width) + file_rows(message, file, look, chosen=chosen)


def body_width(style: RowStyle) -> int:
    """Cells of a row that what a message says may take."""
    return style.width - (4 if style.narrow else _indent(style) + _STATE_WIDTH + 1)


def _wide_rows(message: Message, lines: list[Row], style: RowStyle) -> list[Row]:
    indent = _indent(style)
    sign_part, sign = _sign(message, style)
    author_part, author = _author(message, style)
    unfilled = body_width(style) - sum(cell_len(text) for _part, text in lines[0])
    first: Row = [
        ("", " "),
        ("muted", _time(message, style)),
        ("", "  "),
        (author_part, pad(author, style.name_width, style.glyphs.ellipsis)),
        ("", "  "),
        *lines[0],
        ("", " " * (unfilled + _STATE_WIDTH - cell_len(sign))),
        (sign_part, sign),
    ]
    return [first] + [[("", " " * indent), *line] for line in lines[1:]]


def _narrow_rows(message: Message, lines: list[Row], style: RowStyle) -> list[Row]:
    sign_part, sign = _sign(message, style)
    author_part, author = _author(message, style)
    room = style.width - 2 - style.time_width - _STATE_WIDTH - 1
    heading: Row = [
        ("", " "),
        ("muted", _time(message, style)),
        ("", " "),
        (author_part, pad(author, room, style.glyphs.ellipsis)),
        ("", " " * (_STATE_WIDTH - cell_len(sign))),
        (sign_part, sign),
    ]
    return [heading] + [[("", "   "), *line] for line in lines]


def _time(message: Message, style: RowStyle) -> str:
    time = style.calendar.time(message.received_at or message.sent_at)
    return " " * (style.time_width - cell_len(time)) + time


def _indent(style: RowStyle) -> int:
    return 3 if style.narrow else 5 + style.time_width + style.name_width


def _author(message: Message, style: RowStyle) -> tuple[str, str]:
    return "me" if message.direction == "out" else "person", speaker(message.direction, style.name)


def _sign(message: Message, style: RowStyle) -> tuple[str, str]:
    if message.direction == "in":
        return "", ""
    parts = {"queued": "waiting", "failed": "danger", "read": "read", "cancelled": "muted"}
    return parts.get(message.state, "muted"), state_sign(message.state, style.glyphs)


def _remarks(message: Message, style: RowStyle, chosen: bool) -> list[tuple[str, str]]:
    """The sentences below a message: what it waits for, and about the chosen one everything else."""
    remarks = []
    if message.direction == "out":
        if message.state == "queued" and not style.linked:
            remarks.append(("waiting", _("waits until you are both online; keep tuichat running")))
        elif message.state == "failed":
            remarks.append(("danger", _("was not sent and will not be; write it again")))
        elif message.state == "cancelled":
            remarks.append(("muted", _("taken back before it left")))
    remarks += deed_remarks(message)
    if chosen:
        remarks.append(("muted", _details(message, style)))
    return remarks


def _details(message: Message, style: RowStyle) -> str:
    exact = style.calendar.exact
    if message.direction == "in":
        return _("arrived {arrived} · written {written} by their clock").format(
            arrived=exact(message.received_at or message.sent_at), written=exact(message.sent_at)
        )
    return _("{state} · written {written}").format(
        state=state_word(message.state), written=exact(message.sent_at)
    )


def edged(row: Row, style: RowStyle) -> Row:
    """A row of a view that has the focus while no message is chosen: a line along its edge tells so."""
    part, text = row[0] if row else ("", " ")
    return [("mark", style.glyphs.vertical), (part, text[1:]), *row[1:]] if text[:1] == " " else row


def unmarked(row: Row) -> Row:
    """A row of the chosen message while the focus is elsewhere."""
    return [("", " "), *row[1:]]


def _marked(row: Row, style: RowStyle) -> Row:
    """A row of the chosen message: its first cell, always empty, carries the mark."""
    part, text = row[0]
    return [("mark", style.glyphs.chosen), (part, text[1:]), *row[1:]]
