"""What the history says to the screen that it is on."""

from __future__ import annotations

from typing import Literal

from textual.message import Message as WidgetMessage

from tuichat.model import Message

PageName = Literal["older", "newer", "oldest", "newest"]


class PageWanted(WidgetMessage):
    """More messages are needed: those beyond message id `edge`."""

    def __init__(self, page: PageName, edge: int) -> None:
        super().__init__()
        self.page = page
        self.edge = edge


class Seen(WidgetMessage):
    """Everything of `contact` up to message id `up_to` was on screen."""

    def __init__(self, contact: int, up_to: int) -> None:
        super().__init__()
        self.contact = contact
        self.up_to = up_to


class Act(WidgetMessage):
    """The reader wants something done with a message."""

    def __init__(self, deed: Literal["copy", "cancel"], message: Message) -> None:
        super().__init__()
        self.deed = deed
        self.message = message


class Refused(WidgetMessage):
    """A key was pressed that does nothing with the chosen message; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason


class Chose(WidgetMessage):
    """Another message is chosen, or the chosen one changed."""


class ChoosingEnded(WidgetMessage):
    """No message is chosen any more."""
