"""The rows of a window of messages: made when asked for, kept until the width, message or file changes."""

from __future__ import annotations

from tuichat.i18n import _
from tuichat.model import File, Message
from tuichat.tui.files import KnownFiles
from tuichat.tui.pictures import Rows
from tuichat.tui.widgets.history_place import Place, place_at_end
from tuichat.tui.widgets.history_rows import Row, RowStyle, body_width, message_rows, separator
from tuichat.tui.widgets.history_window import CAPACITY, HistoryWindow

ShownRow = tuple[Row, int | None]
"""A row and the id of the message it belongs to."""


class HistoryPages:
    """Turns messages of `window` into blocks of rows, with the rules between days and before what is new.

    Attributes:
        chosen: the id of the message that shows its details.
        first_unread: the id of the message that has the "new" rule above it.
    """

    def __init__(self, window: HistoryWindow, style: RowStyle, files: KnownFiles) -> None:
        self.chosen: int | None = None
        self.first_unread: int | None = None
        self.style = style
        self._window = window
        self._files = files
        self._blocks: dict[int, tuple[Message, File | None, bool, Rows, list[Row]]] = {}

    def restyle(self, style: RowStyle) -> None:
        """Another width, name or state of the link."""
        self.style = style
        self._blocks.clear()

    def rows(self, place: Place, height: int, below: Row | None) -> list[ShownRow]:
        """Exactly `height` rows from `place` on; `below` takes the last one, blank rows fill the top."""
        rows: list[ShownRow] = []
        for index in range(place.index, len(self._window)):
            message = self._window.messages[index].id
            block = self._block(index)
            rows.extend((row, message) for row in (block[place.row :] if index == place.index else block))
            if len(rows) >= height:
                break
        rows = rows[:height]
        if below is not None:
            rows[height - 1 :] = [(below, None)]
        blank: list[ShownRow] = [([], None)] * (height - len(rows))
        return blank + rows

    def height_of(self, index: int) -> int:
        """How many rows the message at `index` takes, with the rules above it."""
        return len(self._block(index))

    def above(self, index: int) -> int:
        """How many of these are rules above it."""
        return len(self._rules_above(index))

    def end(self, height: int, count: int | None = None) -> Place:
        """Where a view of `height` rows ends with the last message, or with the last of the first `count`."""
        return place_at_end(len(self._window) if count is None else count, height, self.height_of)

    def _block(self, index: int) -> list[Row]:
        message = self._window.messages[index]
        file = self._files.get(message.file)
        chosen = message.id == self.chosen
        picture = self._files.pictures.rows(file, body_width(self.style))
        kept = self._blocks.get(message.id)
        if kept is None or any(
            one is not other for one, other in zip(kept, (message, file, chosen, picture), strict=False)
        ):
            if len(self._blocks) > 2 * CAPACITY:
                self._blocks.clear()
            rows = message_rows(message, self.style, file=file, chosen=chosen, picture=picture)
            kept = self._blocks[message.id] = (message, file, chosen, picture, rows)
        return self._rules_above(index) + kept[4]

    def _rules_above(self, index: int) -> list[Row]:
        calendar, message = self.style.calendar, self._window.messages[index]
        before = self._window.messages[index - 1] if index else None
        rules: list[Row] = []
        day = calendar.day(message.received_at or message.sent_at)
        if before is None or calendar.day(before.received_at or before.sent_at) != day:
            rules.append(separator(calendar.day_name(day), self.style, "muted"))
        if message.id == self.first_unread:
            rules.append(separator(_("new"), self.style, "new"))
        return rules
