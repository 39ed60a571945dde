"""Those who ask to be a contact, in place of a conversation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final, Literal

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message as WidgetMessage
from textual.strip import Strip

from tuichat.i18n import _
from tuichat.model import Contact
from tuichat.tui.glyphs import Glyphs
from tuichat.tui.panic import REPEAT_SECONDS
from tuichat.tui.widgets.keys_line import key_at, press_key
from tuichat.tui.widgets.pick_list import WHEEL_ROWS
from tuichat.tui.widgets.typed_over import TypedOver
from tuichat.tui.words import cautions
from tuichat.tui.wrapping import fit, wrap

_DECIDING: Final = frozenset({"a", "enter", "r", "b"})

Decision = Literal["accept", "reject", "block"]


class Requests(TypedOver, can_focus=True):
    """One request after the other: the address, the name they suggest, their words. It posts `Decided`.

    One that is taller than the view is gone through before the next is under the cursor.

    From a slash on letters are text: `/add` accepts nobody with its second letter.
    """

    DEFAULT_CSS = "Requests { width: 1fr; height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "step(-1)", show=False),
        Binding("down", "step(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home", "end(-1)", show=False),
        Binding("end", "end(1)", show=False),
        Binding("a,enter", "decide('accept')", show=False),
        Binding("r", "decide('reject')", show=False),
        Binding("b", "decide('block')", show=False),
    ]

    class Decided(WidgetMessage):
        """What is to be done with a request."""

        def __init__(self, decision: Decision, contact: Contact) -> None:
            super().__init__()
            self.decision = decision
            self.contact = contact

    def __init__(self, glyphs: Glyphs, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self._glyphs = glyphs
        self._requests: Sequence[Contact] = ()
        self._cursor = 0
        self._pressed = "", float("-inf")
        self._past = 0

    def show(self, requests: Sequence[Contact]) -> None:
        """Other requests; the cursor stays at the one where it is."""
        if list(requests) == list(self._requests):
            return
        meant = [person.id for person in self._requests][self._cursor : self._cursor + 1]
        self._requests = requests
        at = next((index for index, person in enumerate(requests) if person.id in meant), None)
        if at is None:
            at, self._past = self._cursor, 0
        self._cursor = max(0, min(at, len(requests) - 1))
        self.refresh()

    def action_step(self, step: int, rows: int = 1) -> None:
        """More rows of the request under the cursor where it is taller than the view, else another one."""
        below = self._view(self._rows(self.size.width))[1]
        here = min(self._past, below)
        self._past = max(0, min(below, here + step * rows))
        if self._past == here:
            self._go(self._cursor + step)
        self.refresh()

    def action_page(self, step: int) -> None:
        """As many rows as are seen at once, or another request."""
        self.action_step(step, max(1, self.size.height - 2))

    def action_end(self, step: int) -> None:
        """The beginning of the first request, or the end of the last."""
        self._go(len(self._requests) if step > 0 else 0)
        self._past = self._view(self._rows(self.size.width))[1] if step > 0 else 0
        self.refresh()

    def _go(self, cursor: int) -> None:
        """Another request is seen from its beginning: there it says whose it is."""
        cursor = max(0, min(len(self._requests) - 1, cursor))
        if cursor != self._cursor:
            self._cursor, self._past = cursor, 0

    def action_decide(self, decision: Decision) -> None:
        """Say what is to be done with the one under the cursor."""
        if self._requests:
            self.post_message(self.Decided(decision, self._requests[self._cursor]))

    async def _on_key(self, event: events.Key) -> None:
        """One who holds a key down decides about one request, not about those that take its place."""
        key, time = self._pressed
        self._pressed = event.key, event.time
        if event.key == key and event.time < time + REPEAT_SECONDS and key in _DECIDING and not self.typing:
            event.stop()
            event.prevent_default()
        else:
            await super()._on_key(event)

    def on_click(self, event: events.Click) -> None:
        """A key that is named is pressed; elsewhere the request is the one that is meant from now on."""
        rows = self._rows(self.size.width)
        y = event.y + self._first_row(rows)
        if not 0 <= y < len(rows):
            return
        role, text = rows[y]
        key = key_at(text, event.x) if role == "accent" else ""
        if key:
            self.focus()
            press_key(self.app, key)
        else:
            self._go(sum(not text for _role, text in rows[: y + 1]) - 1)  # each has a blank above
            self.refresh()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.action_step(-1, WHEEL_ROWS)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.action_step(1, WHEEL_ROWS)

    def render_line(self, y: int) -> Strip:
        """A row of the request under the cursor, or of those around it."""
        rows = self._rows(self.size.width)
        y += self._first_row(rows)
        if not 0 <= y < len(rows):
            return self.painted([])
        role, text = rows[y]
        here = role == "mark"
        return self.painted([("strong" if here else role, text)], focused=here and self.has_focus)

    def _first_row(self, rows: Sequence[tuple[str, str]]) -> int:
        """The row at the top: the request under the cursor is in sight; if there is room, all before it."""
        first, below = self._view(rows)
        return first + min(self._past, below)

    def _view(self, rows: Sequence[tuple[str, str]]) -> tuple[int, int]:
        """The row at the top while the request under the cursor is seen from its beginning, and how many of
        its rows are below the view then.
        """
        top = next((index for index, row in enumerate(rows) if row[0] == "mark"), 0)
        end = next((index for index in range(top, len(rows)) if not rows[index][1]), len(rows))
        if end <= self.size.height:
            return 0, 0
        first = max(0, min(top - 2, len(rows) - self.size.height))
        return first, max(0, end - self.size.height - first)

    def _rows(self, width: int) -> list[tuple[str, str]]:
        rows = [("muted", fit(" " + line, width)) for line in wrap(self._heading(), width - 2)]
        for index, person in enumerate(self._requests):
            rows.append(("text", ""))
            rows.extend(self._request_rows(person, width, here=index == self._cursor))
        return rows

    def _heading(self) -> str:
        if not self._requests:
            return _("Nobody is asking to be a contact. Who has your address can: /address shows it.")
        return _("They asked to be your contact. Until you accept they learn nothing about you.")

    def _request_rows(self, person: Contact, width: int, *, here: bool) -> list[tuple[str, str]]:
        mark = self._glyphs.chosen if here else " "
        address = [
            ("mark" if here and not row else "strong", f"{mark if not row else ' '} {line}")
            for row, line in enumerate(wrap(person.address, width - 3))
        ]
        rows = address
        if person.suggested_name:
            called = _("calls themselves {name}").format(name=self._glyphs.quoted(person.suggested_name))
            rows.append(("muted", fit("  " + called, width, self._glyphs.ellipsis)))
        for caution in cautions(person):
            marked = f"{self._glyphs.failed} {caution}"
            rows.extend(("danger", "  " + line) for line in wrap(marked, width - 3))
        if person.request_text:
            rows.extend(("text", "  " + line) for line in wrap(person.request_text, width - 3))
        if here:
            rows.append(("accent", fit("  " + _("a accept   r reject   b block"), width)))
        return rows
