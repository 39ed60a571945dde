"""The list at the left: whom there is a conversation with, what is unread, who asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import msgspec
from rich.cells import cell_len
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message as WidgetMessage
from textual.strip import Strip

from tuichat.i18n import _
from tuichat.model import Contact
from tuichat.tui.glyphs import Glyphs
from tuichat.tui.widgets.pick_list import WHEEL_ROWS
from tuichat.tui.widgets.typed_over import TypedOver
from tuichat.tui.words import link_sign
from tuichat.tui.wrapping import pad

REQUESTS = 0
"""Stands for the list of requests where a contact's id is expected."""

BLOCKED = -1
"""Stands for those who were blocked."""

ARCHIVED = -2
"""Stands for the conversations that were archived."""


class Aside(msgspec.Struct, frozen=True):
    """How many are counted below the list: requests, archived conversations, those who were blocked."""

    requests: int = 0
    archived: int = 0
    blocked: int = 0

    def rows(self) -> list[int]:
        """What stands there, from top to bottom."""
        counted = {REQUESTS: self.requests, ARCHIVED: self.archived, BLOCKED: self.blocked}
        return [entry for entry, count in counted.items() if count]

    def label(self, entry: int) -> str:
        """The words of a row."""
        if entry == REQUESTS:
            return _("requests ({count})").format(count=self.requests)
        if entry == ARCHIVED:
            return _("archived ({count})").format(count=self.archived)
        return _("blocked ({count})").format(count=self.blocked)


class Conversations(TypedOver, can_focus=True):
    """Rows of a sign, a name and a count. It never opens anything itself: it posts `Opened`."""

    DEFAULT_CSS = "Conversations { width: 18; height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "step(-1)", show=False),
        Binding("down", "step(1)", show=False),
        Binding("enter", "open", show=False),
    ]

    class Opened(WidgetMessage):
        """The reader wants this conversation, or one of what is counted below the list."""

        def __init__(self, contact: int) -> None:
            super().__init__()
            self.contact = contact

    def __init__(self, glyphs: Glyphs, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self._glyphs = glyphs
        self._people: Mapping[int, Contact] = {}
        self._rows: list[int | None] = []
        self._places: Mapping[int | None, int] = {}
        self._aside = Aside()
        self._open: int | None = None
        self._cursor: int | None = None
        self._wheeled: int | None = None
        """The first row, where the wheel has brought it; None if the cursor is to be in sight."""

    def show(self, people: Sequence[Contact], aside: Aside, opened: int | None) -> None:
        """Other people, other numbers below them, another open conversation."""
        if (list(people), aside, opened) == (list(self._people.values()), self._aside, self._open):
            return
        self._people = {person.id: person for person in people}
        self._aside = aside
        if opened != self._open:
            self._wheeled = None
        self._open = opened
        below = aside.rows()
        self._rows = [*self._people, *([None] if below else []), *below]
        self._places = {entry: at for at, entry in enumerate(self._rows)}
        if not self.has_focus:
            self._cursor = opened
        self.refresh()

    def entries(self) -> list[int]:
        """The conversations and the requests, from top to bottom."""
        return [*self._people, *([REQUESTS] if self._aside.requests else [])]

    def action_step(self, step: int) -> None:
        """Move the cursor."""
        self._wheeled = None
        entries = [*self._people, *self._aside.rows()]
        if entries:
            here = entries.index(self._cursor) if self._cursor in entries else -1
            self._cursor = entries[max(0, min(len(entries) - 1, here + step))]
            self.refresh()

    def action_open(self) -> None:
        """Open what the cursor is on, if it is there still."""
        if self._cursor is not None and self._cursor in self._places:
            self.post_message(self.Opened(self._cursor))

    def on_click(self, event: events.Click) -> None:
        entry = self._entry_at(event.y)
        if entry is not None:
            self._cursor = entry
            self.action_open()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self._wheel(-WHEEL_ROWS)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self._wheel(WHEEL_ROWS)

    def _wheel(self, rows: int) -> None:
        """Look at other rows; neither what comes nor the focus that a click brings leads back from them."""
        self._wheeled = self._within(self._first_row() + rows)
        self.refresh()

    def on_focus(self) -> None:
        self._cursor = self._open
        self.refresh()

    def on_blur(self) -> None:
        self._cursor = self._open
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """A person, an empty row, or the requests."""
        width = self.size.width
        entry = self._entry_at(y)
        if entry is None:
            return self.painted([])
        if entry <= REQUESTS:
            role = "title" if entry == REQUESTS else "muted"
            parts = [("text", " "), (role, pad(self._aside.label(entry), width - 1))]
        else:
            parts = self._person_row(self._people[entry], width)
        here = entry == self._cursor
        if here:
            parts[0] = ("mark", self._glyphs.chosen)
        return self.painted(parts, chosen=here, focused=here and self.has_focus)

    def _entry_at(self, y: int) -> int | None:
        """Who, or what, stands there; below people is an empty row."""
        y += self._first_row()
        return self._rows[y] if 0 <= y < len(self._rows) else None

    def _first_row(self) -> int:
        """The list scrolls by itself so that the cursor stays in sight."""
        at = 0 if self._cursor is None else self._places.get(self._cursor, 0)
        return self._within(at - self.size.height // 2 if self._wheeled is None else self._wheeled)

    def _within(self, first: int) -> int:
        return max(0, min(first, len(self._rows) - self.size.height))

    def _person_row(self, person: Contact, width: int) -> list[tuple[str, str]]:
        tail = []
        if person.key_changed:
            tail.append(("danger", " " + _("key?")))
        if person.queued:
            tail.append(("waiting", " " + self._glyphs.waiting(person.queued)))
        if person.conversation.pinned:
            tail.append(("muted", f" {self._glyphs.pinned}"))
        if person.conversation.memory:
            tail.append(("waiting", f" {self._glyphs.memory}"))
        loud = person.unread > 0 and not person.conversation.muted
        if person.conversation.muted:
            tail.append(("muted", f" {self._glyphs.muted}"))
        if person.unread:
            tail.append(("unread" if loud else "muted", f" {person.unread:,}"))
        room = width - 4 - sum(cell_len(text) for _role, text in tail)
        name_role = "unread" if loud else "muted" if person.state == "requested" else "text"
        if person.id == self._cursor and not loud:
            name_role = "strong"
        name = pad(person.name, max(1, room), self._glyphs.ellipsis)
        sign = link_sign(person, self._glyphs)
        return [("text", " "), sign, ("text", " "), (name_role, name), *tail, ("text", " ")]
