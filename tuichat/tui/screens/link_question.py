"""A link before it is opened: where it really leads, what misleads in it, and all of it.

It may be as long as a message, so it comes last: what is to be known is seen without scrolling.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.types import CSSPathType
from textual.widgets import Static
from textual.worker import Worker

from tuichat.errors import TuichatError
from tuichat.i18n import _
from tuichat.tui.browser import browser, open_link
from tuichat.tui.clipboard import copied_words
from tuichat.tui.glyphs import Glyphs
from tuichat.tui.harmless import harmless
from tuichat.tui.links import cautions, host_of
from tuichat.tui.screens.dialog import Dialog
from tuichat.tui.widgets.keys_line import KeysLine
from tuichat.tui.words import error_text
from tuichat.tui.wrapping import wrap, wrap_whole


class LinkQuestion(Dialog[None]):
    """Nothing is opened before y is pressed: by o one has come here, and holds it perhaps. n goes on to the
    next link of the message.
    """

    CSS_PATH: ClassVar[CSSPathType | None] = "dialog.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "open", show=False),
        Binding("c", "copy", show=False),
        Binding("n", "next", show=False),
    ]

    def __init__(self, glyphs: Glyphs, urls: Sequence[str], first: int = 0) -> None:
        super().__init__(glyphs)
        self._urls = urls
        self._at = first
        self._opening: Worker[None] | None = None

    def compose(self) -> ComposeResult:
        """Where the link leads, what to beware of, and the link."""
        with VerticalScroll(classes="box", can_focus=False) as box:
            box.border_title = _("Open this link?")
            yield Static("", id="leads", markup=False)
            yield Static("", id="cautions", classes="problem", markup=False)
            yield Static(
                _("A browser that does not use Tor shows that place your internet address."),
                classes="quiet",
                markup=False,
            )
            yield Static("", id="link", markup=False)
            yield Static("", id="told", markup=False)
            yield KeysLine("", classes="keys")

    def on_mount(self) -> None:
        self._say("")

    def on_resize(self) -> None:
        more = [_("n next link")] if len(self._urls) > 1 else []
        keys = [_("y open"), _("c copy"), *more, _("Esc close")]
        self.query_one(KeysLine).update("\n".join(wrap_whole(keys, self._width)))
        self._show()

    @property
    def _width(self) -> int:
        return min(72, self.app.size.width) - 4

    def _show(self) -> None:
        url = self._urls[self._at]
        leads = _("leads to {host}").format(host=host_of(url))
        self.query_one("#leads", Static).update(Text("\n".join(wrap(leads, self._width)), "bold"))
        self.query_one("#link", Static).update(Text("\n" + "\n".join(wrap(harmless(url), self._width))))
        warned = [f"{self.glyphs.failed} {each}" for each in cautions(url)]
        self.query_one("#cautions", Static).update(Text("\n".join(warned)))
        self.query_one("#cautions").display = bool(warned)

    def action_next(self) -> None:
        """Another link of the same message."""
        self._at = (self._at + 1) % len(self._urls)
        self._say("")
        self._show()
        self.query_one(".box").scroll_home(animate=False)

    def action_copy(self) -> None:
        """Hand it to the terminal's clipboard."""
        self.app.copy_to_clipboard(self._urls[self._at])
        self._say(copied_words())

    def action_open(self) -> None:
        """In the browser; without a display it is copied. Once: it takes its time to say that it does."""
        if self._opening is None or self._opening.is_finished:
            self._say(_("Opening..."))
            self._opening = self._open()

    @work
    async def _open(self) -> None:
        program = browser(os.environ)
        if program is None:
            self.app.copy_to_clipboard(self._urls[self._at])
            none = _("No browser can be shown here; this copies the link.")
            self._say(f"{none} {copied_words()}")
            return
        try:
            await open_link(program, self._urls[self._at])
        except TuichatError as error:
            self._say(error_text(error))
        else:
            self.dismiss(None)

    def _say(self, text: str) -> None:
        told = self.query_one("#told", Static)
        told.display = bool(text)
        told.update(Text(text))
