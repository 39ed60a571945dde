"""Leaving while messages wait, files are under way, or something is in memory only."""

from __future__ import annotations

from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from tuichat.i18n import _, ngettext
from tuichat.tui.glyphs import Glyphs
from tuichat.tui.quit_words import waiting_lines
from tuichat.tui.screens.dialog import Dialog
from tuichat.tui.widgets.keys_line import KeysLine


class Quit(Dialog[Literal["keep", "leave"]]):
    """Gives "keep" to go on in the background, "leave" to let all that waits wait, None to stay.

    Args:
        queued: messages that are not delivered; transfers: files that are on their way or wait to be;
            in_memory: messages that are gone when the node ends.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("k", "answer('keep')", show=False),
        Binding("q,ctrl+q", "answer('leave')", show=False),
    ]

    def __init__(self, queued: int, transfers: int, in_memory: int, glyphs: Glyphs) -> None:
        super().__init__(glyphs)
        self._queued = queued
        self._transfers = transfers
        self._in_memory = in_memory

    def compose(self) -> ComposeResult:
        """What waits, and the three things one can do."""
        with VerticalScroll(classes="box", can_focus=False):
            yield Static(
                "\n".join(waiting_lines(self._queued, self._transfers, self._in_memory)), markup=False
            )
            yield KeysLine(self._keys(), classes="keys")

    def _keys(self) -> str:
        keep = (
            _("k  go on in the background") if self._transfers else _("k  keep delivering in the background")
        )
        leave = ngettext(
            "q  quit; it waits for next time",
            "q  quit; they wait for next time",
            self._queued + self._transfers,
        )
        if self._in_memory:
            leave = _("q  quit; what is in memory only is lost")
        waits = self._queued + self._transfers
        return "\n".join((*((keep,) if waits else ()), leave, _("Esc  stay")))

    def action_answer(self, answer: Literal["keep", "leave"]) -> None:
        """The person has decided."""
        if answer == "leave" or self._queued or self._transfers:
            self.dismiss(answer)
