"""The history as far as it is about files: keys on them, offers that come into sight, bars that move."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message as WidgetMessage

from tuichat.model import File, Message
from tuichat.tui.files import KnownFiles
from tuichat.tui.message_keys import FileKey, why_not
from tuichat.tui.widgets.history import History
from tuichat.tui.widgets.history_pages import ShownRow
from tuichat.tui.widgets.history_place import Place
from tuichat.tui.widgets.history_rows import RowStyle, body_width
from tuichat.tui.widgets.history_said import Chose, Refused


class FileHistory(History):
    """Has keys for the file of the chosen message."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "act_on_file('o')", show=False),
        Binding("O,shift+o", "act_on_file('O')", show=False),
        Binding("d", "act_on_file('d')", show=False),
        Binding("p", "act_on_file('p')", show=False),
        Binding("v", "act_on_file('v')", show=False),
    ]

    class ActOnFile(WidgetMessage):
        """The reader pressed a key on a file."""

        def __init__(self, key: FileKey, file: File) -> None:
            super().__init__()
            self.key = key
            self.file = file

    class OfferSeen(WidgetMessage):
        """A file that may be fetched came into sight."""

        def __init__(self, file: File) -> None:
            super().__init__()
            self.file = file

    class PictureSeen(WidgetMessage):
        """A file came into sight whose picture was not drawn in this width, in cells."""

        def __init__(self, file: File, width: int) -> None:
            super().__init__()
            self.file = file
            self.width = width

    def __init__(self, style: RowStyle, files: KnownFiles, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(style, files, id=id)
        self._files = files
        self._offers_seen: set[int] = set()

    def mark_unread(self, message: int) -> None:
        """The "new" rule stands above this message; nothing is scrolled."""
        if message != self._pages.first_unread:
            self._pages.first_unread = message
            self._changed()

    def chosen_file(self) -> File | None:
        """The file of the chosen message."""
        message = self.chosen_message()
        return None if message is None else self._files.get(message.file)

    def action_act_on_file(self, key: FileKey) -> None:
        """Ask the screen to do something with the file of the chosen message."""
        message, file = self.chosen_message(), self.chosen_file()
        if file is not None:
            self.post_message(self.ActOnFile(key, file))
        elif message is not None:
            self.post_message(Refused(why_not(key, message)))

    def file_changed(self, message: int) -> None:
        """The file of a message is another now: only rows that differ are drawn anew."""
        before = self._rows
        if before is None or self.window.index(message) is None:
            return
        self._rows = None
        after = self._layout()
        differing = [y for y in range(len(after)) if y >= len(before) or after[y] != before[y]]
        if differing:
            height = differing[-1] - differing[0] + 1
            self.refresh(Region(0, differing[0], self.size.width, height))
        if message == self._pages.chosen:
            self.post_message(Chose())

    def look_again(self) -> None:
        """Say once more what is on screen: now somebody looks at it."""
        self._offers_seen.clear()
        super().look_again()

    def _tell(self, place: Place, rows: Sequence[ShownRow]) -> None:
        super()._tell(place, rows)
        for shown in dict.fromkeys(message for _row, message in rows):
            index = None if shown is None else self.window.index(shown)
            if index is not None:
                self._tell_offer(self.window.messages[index])
                self._tell_picture(self.window.messages[index])

    def _tell_offer(self, message: Message) -> None:
        file = self._files.get(message.file)
        if file is None or file.id in self._offers_seen or message.direction == "out":
            return
        if file.state == "offered":
            self._offers_seen.add(file.id)
            self.post_message(self.OfferSeen(file))

    def _tell_picture(self, message: Message) -> None:
        file, width = self._files.get(message.file), body_width(self._pages.style)
        if file is not None and self._files.pictures.is_wanted(file, width):
            self.post_message(self.PictureSeen(file, width))
