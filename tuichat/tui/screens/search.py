"""Finding a message: words in a field, what fits below it, and the way to where it stands."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.types import CSSPathType
from textual.widgets import Input, Static

from tuichat.errors import TuichatError
from tuichat.i18n import _
from tuichat.model import Found, Message
from tuichat.tui.context import Context
from tuichat.tui.direction import enclosing, isolated_parts
from tuichat.tui.found_rows import after, excerpt, head
from tuichat.tui.screens.dialog import Dialog
from tuichat.tui.session import Happening
from tuichat.tui.widgets.field import Field
from tuichat.tui.widgets.keys_line import KeysLine
from tuichat.tui.widgets.row_list import RowList
from tuichat.tui.words import error_text
from tuichat.tui.wrapping import wrap_whole

PAGE = 50
"""How many messages are asked for at a time; more when the cursor comes near the last."""

_AROUND = 8
"""Rows of the window that the list itself does not get."""

_ROWS_EACH = 2
"""Rows of a message that was found."""

_TOLD = 3
"""Rows of the sentence below the list, if there is one, in a narrow window."""

_WIDEST = 100


class SearchScreen(Dialog[Message]):
    """Gives the message that was chosen. Enter in a field that was changed searches, else it chooses."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,ctrl+b", "step(-1)", show=False),
        Binding("down,ctrl+n", "step(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
    ]
    CSS_PATH: ClassVar[CSSPathType | None] = ["dialog.tcss", "search.tcss"]

    def __init__(self, shared: Context, words: str = "") -> None:
        super().__init__(shared.glyphs)
        self._shared = shared
        self._words = words
        self._asked = ""
        self._found: list[Found] = []
        self._cursor = 0
        self._at_end = False
        self._first = 0

    def compose(self) -> ComposeResult:
        """The field, what fits, and what can be pressed."""
        with Vertical(classes="box") as box:
            box.border_title = _("Search")
            yield Field(
                self._words, placeholder=_("words, in:NAME, has:file, before:2026-01-31"), compact=True
            )
            yield RowList("", id="found", markup=False)
            yield Static("", id="told", classes="quiet", markup=False)
            yield Static("", classes="problem", markup=False)
            yield KeysLine("", classes="keys")

    def on_mount(self) -> None:
        self._tell("")
        if self._words.strip():
            self._search(self._words)

    def on_resize(self) -> None:
        width = self._width
        keys = (_("Enter search, then go there"), _("Up Down choose"), _("Esc close"))
        self.query_one(".keys", KeysLine).update(Text("\n".join(wrap_whole(keys, width))))
        self._show()

    def happened(self, happening: Happening) -> None:
        """What was found may be gone, or say another thing; the cursor stays on its message."""
        left = after(self._found, happening)
        if left == self._found:
            return
        gone = {each.message.id for each in self._found} - {each.message.id for each in left}
        self._cursor -= sum(each.message.id in gone for each in self._found[: self._cursor])
        self._cursor = max(0, min(self._cursor, len(left) - 1))
        self._found = left
        self._show()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        if event.value != self._asked or not self._found:
            self._search(event.value)
        else:
            self.dismiss(self._found[self._cursor].message)

    @on(RowList.Clicked)
    def _clicked(self, event: RowList.Clicked) -> None:
        at = self._first + event.row // _ROWS_EACH
        if at < len(self._found):
            self.dismiss(self._found[at].message)

    @on(RowList.Wheeled)
    def _wheeled(self, event: RowList.Wheeled) -> None:
        self.action_step(event.step)

    @on(Input.Changed)
    def _changed(self) -> None:
        self.query_one(".problem").display = False

    def action_step(self, step: int) -> None:
        """Another message."""
        self._cursor = max(0, min(len(self._found) - 1, self._cursor + step))
        self._show()
        if self._found and not self._at_end and self._cursor > len(self._found) - PAGE // 2:
            self._more()

    def action_page(self, step: int) -> None:
        """So many messages as are on screen."""
        self.action_step(step * max(1, self._room - 1))

    @work(exclusive=True, group="search")
    async def _search(self, words: str) -> None:
        self._asked, self._found, self._cursor, self._at_end = words, [], 0, False
        self._show()
        self._tell(_("Looking..."))
        await self._ask(None)

    @work(exclusive=True, group="search")
    async def _more(self) -> None:
        if self._found:  # they may be gone
            await self._ask(self._found[-1].message.id)

    async def _ask(self, before: int | None) -> None:
        try:
            page = await self._shared.session.node.search(self._asked, PAGE, before)
        except TuichatError as error:
            self._tell("")
            problem = self.query_one(".problem", Static)
            problem.display = True
            problem.update(Text(error_text(error)))
            return
        self._found += page.found
        self._at_end = not page.found
        told = "" if self._found else _("Nothing found.")
        if not page.whole:
            unready = _("Older messages are still being made ready for the search.")
            told = f"{told} {unready}".strip()
        self._tell(told)
        self._show()

    def _tell(self, text: str) -> None:
        told = self.query_one("#told", Static)
        told.display = bool(text)
        told.update(Text(text))

    @property
    def _width(self) -> int:
        """Cells of a row, behind the cursor's mark."""
        return min(_WIDEST, self.app.size.width) - 6

    @property
    def _room(self) -> int:
        """How many messages are on screen."""
        told = _TOLD if self.query_one("#told").display else 0
        return max(1, (self.app.size.height - _AROUND - told) // _ROWS_EACH)

    def _show(self) -> None:
        first = self._first = max(0, min(self._cursor - self._room + 1, len(self._found) - self._room))
        shown = list(enumerate(self._found))[first : first + self._room]
        text = Text("\n").join(row for index, found in shown for row in self._rows(index, found))
        widget = self.query_one("#found", RowList)
        widget.display = bool(shown)
        widget.update(text)

    def _rows(self, index: int, found: Found) -> list[Text]:
        here = index == self._cursor
        mark = f"{self.glyphs.chosen if here else ' '} "
        person = self._shared.session.known.people.get(found.message.contact)
        name = "?" if person is None else person.name
        first = Text(no_wrap=True)
        first.append(
            mark + isolated_parts(head(found, name, self._shared.calendar(), self._width, self.glyphs))
        )
        first.stylize("bold" if here else "dim")
        shown = excerpt(found, self._width, self.glyphs)
        before, behind = enclosing(shown.plain)
        return [first, Text(mark, no_wrap=True).append(before).append_text(shown).append(behind)]
