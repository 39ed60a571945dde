"""The history as far as messages are answered, edited, taken back and reacted to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from textual.binding import Binding, BindingType
from textual.message import Message as WidgetMessage

from tuichat.model import Message
from tuichat.tui.message_keys import MessageKey, keys_of
from tuichat.tui.widgets.file_history import FileHistory, FileKey

_DEEDS: Final[Mapping[str, MessageKey]] = {"r": "r", "e": "e", "d": "d", "plus": "+"}


class DeedHistory(FileHistory):
    """Its letters are keys only where they do something with the chosen message; else they are text."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "do('r')", show=False),
        Binding("e", "do('e')", show=False),
        Binding("plus", "do('+')", show=False),
    ]

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
        if message is not None and key in keys_of(message):
            self.post_message(self.Do(key, message))

    def action_act_on_file(self, key: FileKey) -> None:
        """On a message without a file d takes it back."""
        if key == "d" and self.chosen_file() is None:
            self.action_do("d")
        else:
            super().action_act_on_file(key)

    def _means(self, key: str) -> bool:
        deed = _DEEDS.get(key)
        if deed is None or (deed == "d" and self.chosen_file() is not None):
            return super()._means(key)
        message = self.chosen_message()
        return message is not None and deed in keys_of(message)
