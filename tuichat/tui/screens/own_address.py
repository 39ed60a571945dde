"""One's own address, to be given to others."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.types import CSSPathType
from textual.widgets import Static

from tuichat.i18n import _
from tuichat.tui.clipboard import copied_words
from tuichat.tui.glyphs import Glyphs
from tuichat.tui.screens.dialog import Dialog
from tuichat.tui.widgets.keys_line import KeysLine
from tuichat.tui.widgets.qr_code import QrCode


class OwnAddress(Dialog[None]):
    """The address and its QR code."""

    CSS_PATH: ClassVar[CSSPathType | None] = ["dialog.tcss", "own_address.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [Binding("c", "copy", show=False)]

    def __init__(self, address: str, glyphs: Glyphs) -> None:
        super().__init__(glyphs)
        self._address = address

    def compose(self) -> ComposeResult:
        """The code last, for a small window cuts it off, and only where half blocks can be drawn."""
        with VerticalScroll(classes="box") as box:
            box.border_title = _("Your address")
            yield Static(_("Give it to people you want to hear from."), markup=False)
            yield Static(Text(self._address, "bold"), markup=False)
            yield KeysLine(_("c copy   Esc close"), classes="keys")
            if not self.glyphs.ascii_only:
                yield QrCode(self._address, id="own-code")

    def action_copy(self) -> None:
        """Copy the address."""
        self.app.copy_to_clipboard(self._address)
        self.query_one(".keys", KeysLine).update(f"{copied_words()}   {_('Esc close')}")
