"""The messages of an export with one contact, and what they said before: read, checked, and held together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tuichat.model import Message
from tuichat.node.import_checks import earlier_text, message_row, refused
from tuichat.store.deeds import EARLIER_KEPT
from tuichat.store.export_source import ExportSource
from tuichat.store.records import MessageRow


class Messages:
    """Read once, from the beginning to the end. Both methods raise NoExportError."""

    def __init__(self, source: ExportSource, contact: int, own_onion: bytes) -> None:
        self._source = source
        self._contact = contact
        self._own_onion = own_onion
        self._edited: set[int] = set()

    def lines(self) -> Iterator[tuple[Message, MessageRow]]:
        """Every message; what one answers is among them, before or behind it."""
        ids, awaited = set[int](), dict[int, int]()
        for line in self._source.messages(self._contact):
            row = message_row(line, self._contact, self._own_onion)
            ids.add(row.id)
            if row.edited:
                self._edited.add(row.id)
            if line.reply_to is not None and line.reply_to not in ids:
                awaited[line.reply_to] = row.id
            yield line, row
        for target, reply in awaited.items():
            if target not in ids:
                raise refused("message", reply)

    def earlier(self) -> Iterator[tuple[int, str]]:
        """Behind the lines: each earlier text, and the edited message that had it."""
        counts = Counter[int]()
        for line in self._source.earlier(self._contact):
            counts[line.message] += 1
            if line.message not in self._edited or counts[line.message] > EARLIER_KEPT:
                raise refused("message", line.message)
            yield line.message, earlier_text(line)
