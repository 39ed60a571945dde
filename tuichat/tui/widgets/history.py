"""The messages of a conversation, drawn line by line from a window of records.

Rows are made for what is on screen and for nothing else, so that a page up, an arriving message or another
width costs the same in a history of ten messages and of a hundred thousand.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import msgspec
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.strip import Strip

from tuichat.i18n import _, ngettext
from tuichat.model import Message
from tuichat.tui.files import KnownFiles
from tuichat.tui.widgets.history_pages import HistoryPages, ShownRow
from tuichat.tui.widgets.history_place import Anchor, Place, is_past, moved
from tuichat.tui.widgets.history_rows import Row, RowStyle, edged, separator, unmarked
from tuichat.tui.widgets.history_said import (
    Act,
    ChoosingEnded,
    Chose,
    PageName,
    PageWanted,
    Seen,
)
from tuichat.tui.widgets.history_window import AROUND, HistoryWindow
from tuichat.tui.widgets.typed_over import TypedOver
from tuichat.tui.wrapping import wrap_table


class History(TypedOver, can_focus=True):
    """The view. It asks for pages with `PageWanted` and says with `Seen` how far the reader got."""

    DEFAULT_CSS = "History { width: 1fr; height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "choose(-1)", show=False),
        Binding("down", "choose(1)", show=False),
        Binding("escape,enter", "end_choosing", show=False),
        Binding("c", "act('copy')", show=False),
        Binding("x", "act('cancel')", show=False),
    ]

    def __init__(self, style: RowStyle, files: KnownFiles, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self.window = HistoryWindow()
        self._pages = HistoryPages(self.window, style, files)
        self._instead = ""
        self._person = 0
        self._top: Anchor | None = None
        self._shown = False
        self._unseen = 0
        self._seen = 0
        self._wanted: PageName | None = None
        self._rows: list[ShownRow] | None = None
        self._size_drawn = Size(0, 0)

    # What the screen does with it.

    def show(
        self,
        messages: Sequence[Message],
        style: RowStyle,
        person: int,
        *,
        has_older: bool,
        first_unread: int | None = None,
    ) -> None:
        """Another conversation: its newest messages, and where the unread ones begin.

        Where it is the same one, read anew, a message that is chosen stays so.
        """
        self.window.replace(messages, has_older=has_older)
        self._pages.first_unread = first_unread
        self._person = person
        self._top = None
        self._unseen = 0
        self._seen = 0
        self._wanted = None
        self._shown = True
        self.restyle(style)
        self._let_go()
        index = None if first_unread is None or self.choosing else self.window.index(first_unread)
        if index is not None and self.size.height and not is_past(Place(index, 0), self._end()):
            self._go(Place(index, 0))

    def say_instead(self, text: str) -> None:
        """What stands here while there is no message."""
        if text != self._instead:
            self._instead = text
            self._changed()

    def restyle(self, style: RowStyle) -> None:
        """Another name, link state or calendar; the width is always the view's own."""
        self._pages.restyle(msgspec.structs.replace(style, width=self.size.width))
        self._changed()

    def page_arrived(self, page: PageName, messages: Sequence[Message], *, more: bool) -> None:
        """The answer to `PageWanted`; `more` says whether the node has still more beyond it."""
        self._wanted = None
        if page == "older":
            self.window.prepend(messages, has_older=more)
        elif page == "newer":
            self.window.extend(messages, has_newer=more)
        elif page == "oldest":
            self.window.replace(messages, has_older=False, has_newer=more)
            self._go(Place(0, 0))
        else:
            self.window.replace(messages, has_older=more)
            self.to_end()
        self._let_go()
        self._changed()

    def refreshed(self, messages: Sequence[Message]) -> None:
        """The same messages, read anew; there may be newer ones."""
        self.window.replace(messages, has_older=self.window.has_older, has_newer=True)
        self._wanted = None
        self._changed()

    def look_again(self) -> None:
        """Say once more what is on screen: now somebody looks at it."""
        self._seen = 0
        self._changed()

    def put(self, message: Message, *, new: bool) -> None:
        """A message arrived or changed."""
        added = new and self.window.index(message.id) is None
        self.window.put(message, None if self._top is None else self._top.message)
        if added and self._top is not None and message.direction == "in":
            self._unseen += 1
        if message.id == self._pages.chosen:
            self.post_message(Chose())
        elif added and self._top is None:
            self._keep_chosen()  # it does not leave the view while keys are about it
            self._unseen = int(message.direction == "in" and not self.at_end)
        self._changed()

    @property
    def at_end(self) -> bool:
        """Whether the newest message is on screen."""
        return self._top is None and not self.window.has_newer

    @property
    def choosing(self) -> bool:
        """Whether a message is chosen."""
        return self._pages.chosen is not None

    def chosen_message(self) -> Message | None:
        """The message that is chosen."""
        index = None if self._pages.chosen is None else self.window.index(self._pages.chosen)
        return None if index is None else self.window.messages[index]

    # Moving.

    def scroll_rows(self, rows: int) -> None:
        """So many rows down, up if negative."""
        if self._ready():
            self._go(moved(self._place(), rows, len(self.window), self._pages.height_of))

    def scroll_pages(self, pages: int) -> None:
        """So many screens down, less two rows that stay in sight."""
        self.scroll_rows(pages * max(1, self.size.height - 2))

    def to_end(self) -> None:
        """To the newest message."""
        if self.window.has_newer:
            self._want("newest")
            return
        self._top = None
        self._unseen = 0
        self._changed()

    def to_start(self) -> None:
        """To the oldest message."""
        if self.window.has_older:
            self._want("oldest")
        elif self._ready():
            self._go(Place(0, 0))

    def to_first_unread(self) -> None:
        """To the message under the "new" rule, if there is one."""
        index = None if self._pages.first_unread is None else self.window.index(self._pages.first_unread)
        if index is not None and self._ready():
            self._go(Place(index, 0))

    def begin_choosing(self) -> None:
        """Choose the lowest message on screen and take the keys."""
        shown = [message for _row, message in self._layout() if message is not None]
        if shown:
            self.choose(shown[-1])

    def choose(self, message: int) -> None:
        """Choose a message that is in the window, bring it into view and take the keys."""
        index = self.window.index(message)
        if index is not None:
            self._pages.chosen = message
            self._bring_into_view(index)
            self.focus()
            self.post_message(Chose())

    def show_around(
        self, messages: Sequence[Message], message: int, *, has_older: bool, has_newer: bool
    ) -> None:
        """Another run of the same conversation's messages, with one of them chosen."""
        self.window.replace(messages, has_older=has_older, has_newer=has_newer)
        self._wanted = None
        self.choose(message)

    def action_choose(self, step: int) -> None:
        """The message above or below the chosen one; without one, scroll."""
        index = None if self._pages.chosen is None else self.window.index(self._pages.chosen)
        if index is None:
            self.scroll_rows(step)
            return
        index = max(0, min(len(self.window) - 1, index + step))
        self.choose(self.window.messages[index].id)

    def action_end_choosing(self) -> None:
        """Back to writing."""
        self._pages.chosen = None
        self._changed()
        self.post_message(ChoosingEnded())

    def action_act(self, deed: Literal["copy", "cancel"]) -> None:
        """Ask the screen to do something with the chosen message."""
        message = self.chosen_message()
        if message is not None:
            self.post_message(Act(deed, message))

    def means(self, key: str) -> bool:
        """Whether a printable key is about the chosen message, if only to say why it does nothing with it."""
        return self.choosing and super().means(key)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.scroll_rows(-3)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.scroll_rows(3)

    # Drawing.

    def render_line(self, y: int) -> Strip:
        """One row of cells; the rows of a view are made together, at the first of them."""
        row, message = self._layout()[y] if y < len(self._layout()) else ([], None)
        parts = [(f"person-{self._person}" if part == "person" else part, text) for part, text in row]
        chosen = message is not None and message == self._pages.chosen
        if chosen and not self.has_focus:
            parts = unmarked(parts)
        elif self.has_focus and not self.choosing and not self.screen.has_class("-bare"):
            parts = edged(parts, self._pages.style)
        return self.painted(parts, chosen=chosen)

    def get_content_width(self, container: Size, viewport: Size) -> int:
        return container.width

    def _layout(self) -> list[ShownRow]:
        """The rows on screen, each with the message it belongs to.

        Another size is noticed here, in the drawing that it causes: at its event all would be drawn twice.
        """
        if self._size_drawn != self.size:
            self._size_drawn = self.size
            self._rows = None
            self._keep_chosen()
        if self._rows is None:
            self._rows = self._make_rows() if self._ready() else self._empty_rows()
        return self._rows

    def _fit(self) -> None:
        if self._pages.style.width != self.size.width:  # then they have to be made anew
            self._pages.restyle(msgspec.structs.replace(self._pages.style, width=self.size.width))

    def _make_rows(self) -> list[ShownRow]:
        place = self._place()
        below = None if self._top is None else self._below_row()
        rows = self._pages.rows(place, self.size.height, below)
        self._tell(place, rows)
        return rows

    def _empty_rows(self) -> list[ShownRow]:
        lines = wrap_table(self._instead, self.size.width - 3) if self._instead else []
        top: list[ShownRow] = [([], None)] * max(0, (self.size.height - len(lines)) // 2)
        return top + [([("muted", "  " + line)], None) for line in lines]

    def _below_row(self) -> Row:
        if self._unseen:
            label = ngettext("{count} new · Alt+End", "{count} new · Alt+End", self._unseen)
            return separator(label.format(count=f"{self._unseen:,}"), self._pages.style, "new")
        return separator(_("newer below · Alt+End"), self._pages.style, "muted")

    def _tell(self, place: Place, rows: Sequence[ShownRow]) -> None:
        """Say what was seen and ask for what will be needed; drawing itself never waits."""
        seen = max((message for _row, message in rows if message is not None), default=0)
        if seen > self._seen:
            self._seen = seen
            self.post_message(Seen(self.window.messages[place.index].contact, seen))
        if self.window.has_older and place.index < AROUND:
            self._want("older")
        elif self.window.has_newer and place.index > len(self.window) - AROUND:
            self._want("newer")

    def _want(self, page: PageName) -> None:
        asked = page in {"oldest", "newest"}  # by somebody, who is not to be told to wait for a neighbour
        if len(self.window) and (self._wanted is None or (asked and self._wanted != page)):
            self._wanted = page
            edge = -1 if page in {"newer", "newest"} else 0
            self.post_message(PageWanted(page, self.window.messages[edge].id))

    # Places and heights.

    def _ready(self) -> bool:
        self._fit()
        return self._shown and len(self.window) > 0 and self.size.height > 0

    def _end(self) -> Place:
        return self._pages.end(self.size.height)

    def _place(self) -> Place:
        if self._top is None:
            return self._end()
        index = self.window.nearest(self._top.message)
        above = self._pages.above(index)
        if self.window.messages[index].id != self._top.message:  # it is gone
            return Place(index, above)
        return self._top.place(index, above, self._pages.height_of(index))

    def _hold(self, place: Place) -> None:
        """Stay there, whatever happens around it."""
        above = self._pages.above(place.index)
        own = self._pages.height_of(place.index) - above
        self._top = Anchor(self.window.messages[place.index].id, place.row - above, own)

    def _go(self, place: Place) -> None:
        if is_past(place, self._end()) and not self.window.has_newer:
            self.to_end()
            return
        self._hold(place)
        self._changed()

    def _bring_into_view(self, index: int) -> None:
        place = self._in_view(index)
        if place is not None:
            self._go(place)
        self._changed()

    def _in_view(self, index: int) -> Place | None:
        """Where the view has to go so that the message at `index` is in it; None if it can stay."""
        place = self._place()
        bottom = self._pages.end(max(1, self.size.height - 1), index + 1)
        if index < place.index or (index == place.index and place.row):
            return Place(index, 0)
        return bottom if is_past(bottom, place) and self._top is not None else None

    def _keep_chosen(self) -> None:
        """In a view of another size the chosen message is still to be seen."""
        index = None if self._pages.chosen is None else self.window.index(self._pages.chosen)
        if index is not None and self._ready() and (place := self._in_view(index)) is not None:
            self._hold(place)

    def _let_go(self) -> None:
        """A chosen message that is not here any more is chosen no longer."""
        if self._pages.chosen is None:
            return
        if self.window.index(self._pages.chosen) is None:
            self.action_end_choosing()
        else:
            self._keep_chosen()

    def _changed(self) -> None:
        self._rows = None
        self.refresh()
