"""A locked profile: the passphrase opens it, and nothing else is shown."""

from __future__ import annotations

from typing import Final

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message as WidgetMessage
from textual.screen import Screen
from textual.widgets import Input, Static

from tuichat.errors import LockedError, TuichatError
from tuichat.i18n import _
from tuichat.model import LockedEvent
from tuichat.tui.context import Context
from tuichat.tui.session import Connected, Happening, Lost
from tuichat.tui.widgets.field import Field
from tuichat.tui.widgets.keys_line import KeysLine
from tuichat.tui.words import error_text, not_found_text


class Unlock(Screen[None]):
    """Closes itself as soon as the profile is open, whoever opened it.

    It may come before there is a node: then the passphrase waits here until one answers.
    """

    CSS_PATH = "unlock.tcss"
    opens_profile: Final = True

    class NodeWanted(WidgetMessage):
        """There is no node to unlock; it should be looked for again."""

    def __init__(self, context: Context, *, sealed: bool) -> None:
        super().__init__()
        self._shared = context
        self._sealed = sealed
        self._failed = False
        self._waiting: str | None = None

    def compose(self) -> ComposeResult:
        """A question and a place for the answer."""
        locked = _("This profile is locked.")
        if not self._sealed:
            locked = _("This profile is locked. It has no passphrase: Enter opens it.")
        elif not self._shared.session.connected:
            locked = _("This profile has a passphrase.")
        with Vertical(id="unlock"):
            yield Static(locked, markup=False)
            yield Static(_("Passphrase") if self._sealed else "", classes="label", markup=False)
            yield Field(password=True, compact=True)
            yield Static("", id="answer", markup=False)
            yield KeysLine(_("Enter unlock   Ctrl+Q quit"), classes="quiet")

    def happened(self, happening: Happening) -> None:
        """Somebody opened the profile, here or elsewhere; or the node came or went."""
        match happening:
            case LockedEvent(locked=False):
                self.dismiss(None)
            case Connected(hello=hello):
                self._failed = False
                if not hello.locked:
                    self.dismiss(None)
                elif self._waiting is not None:
                    passphrase, self._waiting = self._waiting, None
                    self._unlock(passphrase)
            case Lost(reason="failed", error=error):
                self._give_up(not_found_text(error))
            case Lost(reason="stop"):
                self._give_up(_("Your node was stopped."))

    def _give_up(self, reason: str) -> None:
        self._failed = True
        self._waiting = None
        self._answer(_("{reason} The passphrase and Enter start it again.").format(reason=reason))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        passphrase = event.value
        event.input.value = ""
        if not passphrase and self._sealed:
            return
        self._answer(_("Opening..."), "quiet")
        if self._shared.session.connected:
            self._unlock(passphrase)
            return
        self._waiting = passphrase
        if self._failed:
            self._failed = False
            self.post_message(self.NodeWanted())

    @work(exclusive=True)
    async def _unlock(self, passphrase: str) -> None:
        try:
            # Read anew each time: it may lie on what was put in just now.
            key_file = self._shared.options.key_file()
            await self._shared.session.node.unlock(passphrase, key_file)
        except LockedError as error:
            wrong = _("That is not the passphrase. Nothing was opened; try again.")
            self._answer(error_text(error) if error.hint else wrong)
        except TuichatError as error:
            self._answer(error_text(error))

    def _answer(self, text: str, kind: str = "problem") -> None:
        if self.is_mounted:
            answer = self.query_one("#answer", Static)
            answer.set_classes(kind)
            answer.update(Text(text))
