"""Whether a conversation is to be in memory only: what that means, and what becomes of what was said."""

from __future__ import annotations

from typing import ClassVar, Literal

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from tuichat.i18n import _
from tuichat.model import Contact
from tuichat.tui.context import Context
from tuichat.tui.glyphs import Glyphs
from tuichat.tui.memory_words import changed, memory_question, where_kept
from tuichat.tui.screens.dialog import Dialog
from tuichat.tui.widgets.keys_line import KeysLine
from tuichat.tui.wrapping import fit

_NAME = 40


class MemoryQuestion(Dialog[Literal["keep", "erase"]]):
    """Gives "keep" for in memory only from now on, "erase" for that and to erase what was said, None for no.

    Args:
        said_before: there is a history.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer('keep')", show=False),
        Binding("e", "answer('erase')", show=False),
    ]

    def __init__(self, name: str, glyphs: Glyphs, *, said_before: bool) -> None:
        super().__init__(glyphs)
        self._person = name
        self._said_before = said_before

    def compose(self) -> ComposeResult:
        """What it means, and the keys."""
        with VerticalScroll(classes="box", can_focus=False):
            yield Static(memory_question(self._person, said_before=self._said_before), markup=False)
            yield KeysLine(self._keys(), classes="keys")

    def _keys(self) -> str:
        if self._said_before:
            return _("y  yes, and leave it there\ne  yes, and erase it\nEsc  no")
        return _("y  yes   Esc  no")

    def action_answer(self, answer: Literal["keep", "erase"]) -> None:
        """The person has decided."""
        if answer == "keep" or self._said_before:
            self.dismiss(answer)


async def change_memory(app: App[int], shared: Context, person: Contact, *, wanted: bool) -> str:
    """Ask if there is need to, and do it; what to say about it, "" if nothing was done.

    Belongs in a worker. Raises TuichatError.
    """
    node, name = shared.session.node, fit(person.name, _NAME)
    if wanted is person.conversation.memory:
        return where_kept(person)
    if not wanted:
        await node.conversation_memory(person.address, False)
        return changed(person, memory=False)
    question = MemoryQuestion(name, shared.glyphs, said_before=person.last_message_at is not None)
    answer: str | None = await app.push_screen_wait(question)
    if answer is None:
        return ""
    await node.conversation_memory(person.address, True, answer == "erase")
    return changed(person, memory=True)
