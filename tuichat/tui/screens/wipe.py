"""The last question before a profile is wiped: its name, typed."""

from __future__ import annotations

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Input, Static

from tuichat.i18n import _
from tuichat.tui.glyphs import Glyphs
from tuichat.tui.screens.dialog import Dialog
from tuichat.tui.widgets.field import Field
from tuichat.tui.widgets.keys_line import KeysLine


class Wipe(Dialog[bool]):
    """Gives True once the name was typed, None for Esc."""

    def __init__(self, name: str, glyphs: Glyphs, *, keep_files: bool) -> None:
        super().__init__(glyphs)
        self._name = name
        self._keep_files = keep_files

    def compose(self) -> ComposeResult:
        """What goes, what stays, and the question."""
        what = _(
            "This destroys the keys, contacts, messages and received files of this profile, for every client "
            "of its node. There is no way back."
        )
        if self._keep_files:
            what = _(
                "This destroys the keys, contacts and messages of this profile, for every client of its "
                "node. Received files stay, not encrypted. There is no way back."
            )
        with VerticalScroll(classes="box", can_focus=False) as box:
            box.border_title = _("Wipe")
            yield Static(what, markup=False)
            yield Static(
                Text(_("To go on, type the profile's name: {name}").format(name=self._name)),
                classes="quiet",
                markup=False,
            )
            yield Field(id="name", compact=True)
            yield Static("", classes="problem", markup=False)
            yield KeysLine(_("Enter wipe   Esc close"), classes="keys")

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        if event.value.strip() == self._name:
            self.dismiss(True)
        else:
            self.query_one(".problem", Static).update(_("That is not its name. Nothing was done."))
