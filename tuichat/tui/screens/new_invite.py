"""An invite that was just made, to be given to one person."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.types import CSSPathType
from textual.widgets import Static

from tuichat.i18n import _
from tuichat.model import Invite
from tuichat.tui.clipboard import copied_words
from tuichat.tui.context import Context
from tuichat.tui.screens.dialog import Dialog
from tuichat.tui.widgets.keys_line import KeysLine
from tuichat.tui.widgets.qr_code import FRAME_ROWS, QrCode

LOW = 26
"""In a window of fewer rows a code that stands alone has no frame."""


class NewInvite(Dialog[None]):
    """The text, which is told this once, and its QR code."""

    CSS_PATH: ClassVar[CSSPathType | None] = ["dialog.tcss", "new_invite.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "copy", show=False),
        Binding("q", "toggle_alone", show=False),
    ]

    VERTICAL_BREAKPOINTS = [(0, "-short"), (20, "-tall")]  # noqa: RUF012 -- as Textual declares it

    def __init__(self, shared: Context, invite: Invite) -> None:
        super().__init__(shared.glyphs)
        self._invite = invite
        self._until = shared.calendar().exact(invite.expires_at)

    def compose(self) -> ComposeResult:
        """The keys stand above the code, which is higher than many windows."""
        says = _(
            "It works once, until {time}; give it by a way nobody else reads. "
            "It is not shown again, and your node must run when it is used."
        )
        with VerticalScroll(classes="box") as box:
            box.border_title = _("Your invite")
            yield Static(says.format(time=self._until), id="says", markup=False)
            yield Static(Text(self._invite.text, "bold", overflow="fold"), id="invite", markup=False)
            if self.glyphs.ascii_only:
                yield KeysLine(_("c copy   Esc close"), classes="keys")
            else:
                yield KeysLine(_("c copy   q QR code alone   Esc close"), classes="keys")
                yield QrCode(self._invite.text, id="invite-code")

    def action_toggle_alone(self) -> None:
        """The code and nothing else, in a low window not even the frame; or all again."""
        if not self.glyphs.ascii_only:
            self.toggle_class("-alone")
            self.fit_code()

    def fit_code(self) -> None:
        """Without a frame there are more rows for it."""
        frame = 0 if self.has_class("-alone", "-low") else FRAME_ROWS
        for code in self.query(QrCode):
            code.fit(self.app.size.height - frame)

    def on_resize(self) -> None:
        self.set_class(self.app.size.height < LOW, "-low")

    def action_copy(self) -> None:
        """Copy the invite."""
        self.app.copy_to_clipboard(self._invite.text)
        self.query_one(".keys", KeysLine).update(f"{copied_words()}   {_('Esc close')}")
