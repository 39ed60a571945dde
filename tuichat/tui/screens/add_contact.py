"""Asking somebody to be a contact."""

from __future__ import annotations

from rich.text import Text
from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Input, Static

from tuichat.errors import TuichatError
from tuichat.i18n import _
from tuichat.model import Contact
from tuichat.tui.context import Context
from tuichat.tui.screens.dialog import Dialog
from tuichat.tui.typed_ahead import ANSWER
from tuichat.tui.widgets.field import Field
from tuichat.tui.widgets.keys_line import KeysLine
from tuichat.tui.words import error_text


class AddressInput(Field):
    """Takes the whole of what is pasted: an invite is long, and whoever shows it may break it into lines."""

    def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()
        self.insert_text_at_cursor("".join(event.text.split()))


class AddContact(Dialog[Contact]):
    """Gives the contact that was asked, or that was there already."""

    def __init__(self, shared: Context, address: str = "") -> None:
        super().__init__(shared.glyphs)
        self._shared = shared
        self._address = address

    def compose(self) -> ComposeResult:
        """Three fields, of which the first is needed."""
        with VerticalScroll(classes="box", can_focus=False) as box:
            box.border_title = _("Add someone")
            yield Static(_("Their address or invite"), classes="quiet", markup=False)
            yield AddressInput(self._address, id="address", compact=True)
            yield Static(_("What you call them (may stay empty)"), classes="quiet", markup=False)
            yield Field(id="name", compact=True)
            yield Static(_("A word to them, so that they know who asks"), classes="quiet", markup=False)
            yield Field(id="message", compact=True)
            yield Static("", classes="problem", markup=False)
            yield KeysLine(_("Enter next, then ask   Esc close"), classes="keys")

    def on_mount(self) -> None:
        if self._address:
            self.query_one("#name", Input).focus()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        following = {"address": "name", "name": "message"}.get(event.input.id or "")
        if following and self._field("address"):
            self.query_one(f"#{following}", Input).focus()
        elif self._field("address"):
            self._ask(self._field("address"), self._field("name") or None, self._field("message"))

    @work(exclusive=True, group=ANSWER)
    async def _ask(self, address: str, name: str | None, message: str) -> None:
        try:
            contact = await self._shared.session.node.contact_add(address, name, message)
        except TuichatError as error:
            self.query_one(".problem", Static).update(Text(error_text(error)))
            self.query_one("#address", Input).focus()
        else:
            self.dismiss(contact)

    def _field(self, name: str) -> str:
        return self.query_one(f"#{name}", Input).value.strip()
