"""The history for who points at it: with the mouse at a message, a link, a reaction; with o at a link."""

from __future__ import annotations

from rich.cells import cell_len
from textual import events
from textual.message import Message as WidgetMessage

from tuichat.model import Message
from tuichat.tui.links import links
from tuichat.tui.message_keys import FileKey
from tuichat.tui.widgets.deed_history import DeedHistory


class PointedHistory(DeedHistory):
    """A click chooses a message; on what it is chosen for already it does what a key would."""

    class LinkWanted(WidgetMessage):
        """A link of a message is to be looked at, by its number."""

        def __init__(self, message: Message, number: int) -> None:
            super().__init__()
            self.message = message
            self.number = number

    class QuoteWanted(WidgetMessage):
        """What a message answers is to be shown."""

        def __init__(self, message: int) -> None:
            super().__init__()
            self.message = message

    class Reacted(WidgetMessage):
        """A reaction was clicked: the same is wanted of oneself, or is wanted no more."""

        def __init__(self, message: Message, emoji: str) -> None:
            super().__init__()
            self.message = message
            self.emoji = emoji

    def on_click(self, event: events.Click) -> None:
        """What is under the mouse."""
        layout = self._layout()
        row, shown = layout[event.y] if event.y < len(layout) else ([], None)
        index = None if shown is None else self.window.index(shown)
        if index is None:
            self._clicked_beside(last=event.y == len(layout) - 1)
            return
        message = self.window.messages[index]
        part, text, cell = _part_at(row, event.x)
        if event.button == 1 and self._did(message, part, text, cell):
            return
        if event.button == 1 and message.id == self._pages.chosen and self.chosen_file() is not None:
            self.action_act_on_file("O")
        else:
            self.choose(message.id)

    def _clicked_beside(self, *, last: bool) -> None:
        """On a rule or where nothing stands."""
        if last and not self.at_end:
            self.to_end()
        elif self.choosing:
            self.action_end_choosing()

    def _did(self, message: Message, part: str, text: str, cell: int) -> bool:
        """Whether what was clicked means something by itself."""
        if part.startswith("link-"):
            self.post_message(self.LinkWanted(message, int(part.removeprefix("link-"))))
        elif part == "quote" and message.quote is not None and message.quote.message is not None:
            self.post_message(self.QuoteWanted(message.quote.message))
        elif part == "reaction" and (emoji := _reaction_at(text, cell)):
            self.post_message(self.Reacted(message, emoji))
        else:
            return False
        return True

    def action_act_on_file(self, key: FileKey) -> None:
        """On a message without a file o is about its links."""
        message = self.chosen_message()
        if key == "o" and message is not None and self.chosen_file() is None and links(message.text):
            self.post_message(self.LinkWanted(message, 0))
        else:
            super().action_act_on_file(key)


def _part_at(row: list[tuple[str, str]], x: int) -> tuple[str, str, int]:
    """The part of a row under a cell, its text, and the cell within it."""
    for part, text in row:
        width = cell_len(text)
        if x < width:
            return part, text, x
        x -= width
    return "", "", 0


def _reaction_at(text: str, cell: int) -> str:
    """The emoji under a cell of `👍 2  ❤`."""
    at = 0
    for each in text.split("  "):
        at += cell_len(each) + 2
        if cell < at:
            return each.partition(" ")[0]
    return ""
