"""Leaving while messages wait."""

from __future__ import annotations

from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from tuichat.i18n import ngettext
from tuichat.tui.glyphs import Glyphs
from tuichat.tui.screens.dialog import Dialog


class Quit(Dialog[Literal["keep", "leave"]]):
    """Gives "keep" to deliver in the background, "leave" to let the messages wait, None to stay."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("k", "answer('keep')", show=False),
        Binding("q,ctrl+q", "answer('leave')", show=False),
    ]

    def __init__(self, queued: int, glyphs: Glyphs) -> None:
        super().__init__(glyphs)
        self._queued = queued

    def compose(self) -> ComposeResult:
        """What waits, and the three things one can do."""
        text = ngettext(
            "{count} message is not delivered yet. It leaves only while tuichat runs.",
            "{count} messages are not delivered yet. They leave only while tuichat runs.",
            self._queued,
        )
        with VerticalScroll(classes="box", can_focus=False):
            yield Static(text.format(count=self._queued), markup=False)
            keys = ngettext(
                "k  keep delivering in the background\nq  quit; it waits for next time\nEsc  stay",
                "k  keep delivering in the background\nq  quit; they wait for next time\nEsc  stay",
                self._queued,
            )
            yield Static(keys, classes="keys", markup=False)

    def action_answer(self, answer: Literal["keep", "leave"]) -> None:
        """The person has decided."""
        self.dismiss(answer)
