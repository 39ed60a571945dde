"""Ways around a block of Tor: bridge lines, pasted and checked at once, or snowflake."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.types import CSSPathType
from textual.widgets import Static, TextArea

from tuichat.errors import TuichatError
from tuichat.i18n import _
from tuichat.settings import bridge_transports
from tuichat.tui.bridge_words import bridges_lead, told
from tuichat.tui.context import Context
from tuichat.tui.screens.dialog import Dialog
from tuichat.tui.widgets.composer import pasted_text
from tuichat.tui.widgets.keys_line import KeysLine
from tuichat.tui.words import error_text

SNOWFLAKE = "snowflake"
"""The word that stands for all that snowflake takes."""


class Lines(TextArea):
    """Takes what is pasted without what terminals and pages put in between."""

    async def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        self.insert(pasted_text(event.text))


class Bridges(Dialog[bool]):
    """Gives True when the node uses what stands there now."""

    CSS_PATH: ClassVar[CSSPathType | None] = ["dialog.tcss", "bridges.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "use", show=False, priority=True),
        Binding("ctrl+t", "snowflake", show=False, priority=True),
    ]

    def __init__(self, shared: Context) -> None:
        super().__init__(shared.glyphs)
        self._shared = shared

    def compose(self) -> ComposeResult:
        """What bridges are, their lines, what is thought of them, and the keys."""
        with VerticalScroll(classes="box", can_focus=False) as box:
            box.border_title = _("Bridges")
            yield Static(bridges_lead(), classes="quiet", markup=False)
            yield Lines("\n".join(self._shared.options.bridges()), id="lines", compact=True)
            yield Static("", id="verdict", markup=False)
            yield KeysLine(_("Ctrl+S use   Ctrl+T snowflake   Esc close"), classes="keys")

    def on_mount(self) -> None:
        self._judge()

    @on(Lines.Changed)
    def _judge(self) -> None:
        """Say what the lines are, while they are written; they take the place of the words above them."""
        self.set_class(bool(self._lines.strip()), "-written")
        try:
            transports = bridge_transports(self._lines)
        except TuichatError as error:
            self._say(error.message, problem=True)
        else:
            self._say(told(transports))

    def action_snowflake(self) -> None:
        """Take what brings all that it needs."""
        self.query_one(Lines).text = SNOWFLAKE

    @work(exclusive=True)
    async def action_use(self) -> None:
        """Have tor use them, and keep them for its next start; stay if either fails."""
        try:
            bridge_transports(self._lines)
            await self._shared.session.node.use_bridges(self._lines.splitlines())
            if self._shared.options.save_bridges is not None:
                self._shared.options.save_bridges(self._lines)
        except TuichatError as error:
            self._say(error_text(error), problem=True)
        else:
            self.dismiss(True)

    @property
    def _lines(self) -> str:
        return self.query_one(Lines).text

    def _say(self, text: str, *, problem: bool = False) -> None:
        verdict = self.query_one("#verdict", Static)
        verdict.set_class(problem, "problem")
        verdict.update(Text(text))
