"""A locked profile: the passphrase opens it, and nothing else is shown."""

from __future__ import annotations

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import Screen
from textual.widgets import Input, Static

from tuichat.errors import LockedError, TuichatError
from tuichat.i18n import _
from tuichat.model import LockedEvent
from tuichat.tui.context import Context
from tuichat.tui.session import Connected, Happening
from tuichat.tui.words import error_text


class Unlock(Screen[None]):
    """Closes itself as soon as the profile is open, whoever opened it."""

    CSS_PATH = "unlock.tcss"

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._shared = context

    def compose(self) -> ComposeResult:
        """A question and a place for the answer."""
        with Vertical(id="unlock"):
            yield Static(_("This profile is locked."), markup=False)
            yield Static(_("Passphrase"), classes="label", markup=False)
            yield Input(password=True, compact=True)
            yield Static("", id="answer", markup=False)
            yield Static(_("Enter unlock   Ctrl+Q quit"), classes="quiet", markup=False)

    def happened(self, happening: Happening) -> None:
        """Somebody opened the profile, here or elsewhere."""
        match happening:
            case LockedEvent(locked=False):
                self.dismiss(None)
            case Connected(hello=hello) if not hello.locked:
                self.dismiss(None)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        passphrase = event.value
        event.input.value = ""
        if passphrase:
            self._answer(_("Opening..."), "quiet")
            self._unlock(passphrase)

    @work(exclusive=True)
    async def _unlock(self, passphrase: str) -> None:
        try:
            await self._shared.session.node.unlock(passphrase)
        except LockedError:
            self._answer(_("That is not the passphrase. Nothing was opened; try again."))
        except TuichatError as error:
            self._answer(error_text(error))

    def _answer(self, text: str, kind: str = "problem") -> None:
        answer = self.query_one("#answer", Static)
        answer.set_classes(kind)
        answer.update(Text(text))
