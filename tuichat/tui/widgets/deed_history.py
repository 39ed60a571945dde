"""The history as far as messages are answered, edited, taken back and reacted to."""

from __future__ import annotations

from typing import ClassVar, Literal

from textual.binding import Binding, BindingType
from textual.message import Message as WidgetMessage

from tuichat.model import Message
from tuichat.tui.message_keys import FileKey, MessageKey, keys_of, why_not
from tuichat.tui.widgets.file_history import FileHistory
from tuichat.tui.widgets.history_said import Refused


class DeedHistory(FileHistory):
    """Has keys for the chosen message; of one that does nothing with it, it says why."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "do('r')", show=False),
        Binding("e", "do('e')", show=False),
        Binding("plus", "do('+')", show=False),
    ]

    turning: ClassVar[frozenset[str]] = frozenset({"r", "e", "d", "x", "o", "O", "v", "plus", "escape"})

    class Do(WidgetMessage):
        """The reader pressed a key on a message."""

        def __init__(self, key: MessageKey, message: Message) -> None:
            super().__init__()
            self.key = key
            self.message = message

    def take_away(self, message: int) -> None:
        """A message is gone."""
        if self.window.take_away(message):
            if message == self._pages.chosen:
                self.action_end_choosing()
            self._changed()

    def action_do(self, key: MessageKey) -> None:
        """Ask the screen to do this with the chosen message."""
        message = self.chosen_message()
        if message is not None:
            self.post_message(self.Do(key, message) if key in keys_of(message) else _refusal(key, message))

    def action_act(self, deed: Literal["copy", "cancel"]) -> None:
        """As above; what cannot be taken back is left alone."""
        message = self.chosen_message()
        if deed == "cancel" and message is not None and "d" not in keys_of(message):
            self.post_message(_refusal("d", message))
        else:
            super().action_act(deed)

    def action_act_on_file(self, key: FileKey) -> None:
        """On a message without a file d takes it back."""
        if key == "d" and self.chosen_file() is None:
            self.action_do("d")
        else:
            super().action_act_on_file(key)


def _refusal(key: MessageKey, message: Message) -> Refused:
    return Refused(why_not(key, message))
