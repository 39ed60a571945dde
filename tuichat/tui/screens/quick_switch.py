"""Going to a conversation by a few letters of its name, or by a tag."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.types import CSSPathType
from textual.widgets import Input

from tuichat.i18n import _, ngettext
from tuichat.model import Contact
from tuichat.tui.direction import isolated, isolated_parts
from tuichat.tui.fuzzy import best
from tuichat.tui.glyphs import Glyphs
from tuichat.tui.screens.dialog import Dialog
from tuichat.tui.widgets.field import Field
from tuichat.tui.widgets.row_list import RowList
from tuichat.tui.words import link_sign
from tuichat.tui.wrapping import cells, fit

_ROWS = 8
_ROOM = 32
_NAME = 10
"""Cells for a name and what stands behind it, and for the name at least."""


class QuickSwitch(Dialog[int]):
    """Gives the id of the contact that was chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,ctrl+b", "step(-1)", show=False),
        Binding("down,ctrl+n", "step(1)", show=False),
    ]
    CSS_PATH: ClassVar[CSSPathType | None] = ["dialog.tcss", "quick_switch.tcss"]

    def __init__(self, people: list[Contact], glyphs: Glyphs) -> None:
        super().__init__(glyphs)
        first = sorted(people, key=lambda person: not person.unread)
        self._people = {person.name: person for person in first}
        self._found = list(self._people)
        self._cursor = 0
        self._first = 0

    def compose(self) -> ComposeResult:
        """An input, and those who fit below it."""
        with Vertical(classes="box") as box:
            box.border_title = _("Go to")
            yield Field(placeholder=_("a few letters of a name, or #tag"), compact=True)
            yield RowList(self._list(), id="found", markup=False)

    @on(Input.Changed)
    def _search(self, event: Input.Changed) -> None:
        tags, letters = split_tags(event.value)
        fitting = [name for name, person in self._people.items() if has_tags(person, tags)]
        self._found = best(letters, fitting)
        self._cursor = 0
        self._show()

    @on(Input.Submitted)
    def _choose(self) -> None:
        if self._found:
            self.dismiss(self._people[self._found[self._cursor]].id)

    @on(RowList.Clicked)
    def _clicked(self, event: RowList.Clicked) -> None:
        at = self._first + event.row
        if at < len(self._found):
            self._cursor = at
            self._choose()

    @on(RowList.Wheeled)
    def _wheeled(self, event: RowList.Wheeled) -> None:
        self.action_step(event.step)

    def action_step(self, step: int) -> None:
        """Another one of those who fit."""
        self._cursor = max(0, min(len(self._found) - 1, self._cursor + step))
        self._show()

    def _show(self) -> None:
        self.query_one("#found", RowList).update(self._list())

    def _list(self) -> Text:
        first = self._first = max(0, min(self._cursor - _ROWS + 1, len(self._found) - _ROWS))
        text = Text(no_wrap=True, overflow="ellipsis")
        for index in range(first, min(first + _ROWS, len(self._found))):
            here = index == self._cursor
            mark = self.glyphs.chosen if here else " "
            person = self._people[self._found[index]]
            sign = link_sign(person, self.glyphs)[1]
            marks = fit(_marks(person), _ROOM - _NAME, self.glyphs.ellipsis)
            name = fit(person.name, _ROOM - cells(marks), self.glyphs.ellipsis)
            text.append(f"{mark} {sign} {isolated(name)}", "bold" if here else "")
            text.append(isolated_parts(marks) + "\n", "dim")
        if not self._people:
            return Text(_("Nobody here yet. /add asks somebody."))
        return text if self._found else Text(_("Nobody fits."))


def split_tags(text: str) -> tuple[list[str], str]:
    """What was typed: the tags, without their #, and the letters of a name."""
    words = text.split()
    tags = [word[1:].casefold() for word in words if word.startswith("#")]
    return tags, " ".join(word for word in words if not word.startswith("#"))


def has_tags(person: Contact, tags: list[str]) -> bool:
    """Whether each of `tags` is the beginning of one that the person has."""
    return all(any(own.startswith(tag) for own in person.tags) for tag in tags)


def _marks(person: Contact) -> str:
    """What stands behind a name."""
    marks = [ngettext("{count} new", "{count} new", person.unread).format(count=person.unread)]
    marks = [*(marks if person.unread else []), *(f"#{tag}" for tag in person.tags)]
    if person.conversation.archived:
        marks.append(_("archived"))
    return "".join(f"  {mark}" for mark in marks)
