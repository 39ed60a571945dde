"""Passphrases that are asked for: each is typed unseen, a new one twice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.types import CSSPathType
from textual.widgets import Input, Static

from tuichat.errors import TuichatError
from tuichat.i18n import _
from tuichat.tui.glyphs import Glyphs
from tuichat.tui.screens.dialog import Dialog
from tuichat.tui.typed_ahead import ANSWER
from tuichat.tui.widgets.field import Field
from tuichat.tui.widgets.keys_line import KeysLine
from tuichat.tui.words import error_text

Deed = Callable[[str, str], Awaitable[str]]
"""Takes the current passphrase, "" for none, and the new one; gives what is said when it is done."""


class Secrets(Dialog[str]):
    """Gives what `deed` says.

    Args:
        title, explained: what this is about, and what follows from it.
        current: whether the profile's own passphrase is asked for first.
        without: what an empty new passphrase means, asked once more; "" if there has to be one.
    """

    CSS_PATH: ClassVar[CSSPathType | None] = "dialog.tcss"

    def __init__(
        self, glyphs: Glyphs, texts: tuple[str, str], deed: Deed, *, current: bool, without: str = ""
    ) -> None:
        super().__init__(glyphs)
        self._title, self._explained = texts
        self._deed = deed
        self._current = current
        self._without = without
        self._warned = False

    def compose(self) -> ComposeResult:
        """What this is about, the fields, and what was wrong."""
        labels = {"new": _("New passphrase"), "again": _("The same passphrase again")}
        if self._current:
            labels = {"current": _("Your passphrase now"), **labels}
        with VerticalScroll(classes="box", can_focus=False) as box:
            box.border_title = self._title
            yield Static(self._explained, markup=False)
            for name, label in labels.items():
                yield Static(label, classes="quiet", markup=False)
                yield Field(password=True, id=name, compact=True)
            yield Static("", classes="problem", markup=False)
            yield KeysLine(_("Enter next, then do it   Esc close"), classes="keys")

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        names: Sequence[str] = [field.id or "" for field in self.query(Field)]
        at = names.index(event.input.id or "")
        if at + 1 < len(names):
            self.query_one(f"#{names[at + 1]}", Field).focus()
        elif self._value("new") != self._value("again"):
            self._again(_("The two were not the same. Please choose it again."))
        elif not self._value("new") and not self._without:
            self._again(_("It cannot be empty."))
        elif not self._value("new") and not self._warned:
            self._warned = True
            self._say(self._without)
        else:
            self._warned = False  # the next may come behind a refusal, and be another
            self._say("")
            self._do(self._value("current") if self._current else "", self._value("new"))

    @work(exclusive=True, group=ANSWER)
    async def _do(self, current: str, new: str) -> None:
        try:
            said = await self._deed(current, new)
        except TuichatError as error:
            self._say(error_text(error))
            self.query(Field).first().focus()
        else:
            self.dismiss(said)

    def _again(self, why: str) -> None:
        self._warned = False
        for name in ("new", "again"):
            self.query_one(f"#{name}", Field).value = ""
        self._say(why)
        self.query_one("#new", Field).focus()

    def _value(self, name: str) -> str:
        return self.query_one(f"#{name}", Field).value

    def _say(self, text: str) -> None:
        self.query_one(".problem", Static).update(Text(text))
