"""The messages of an export with one contact, and what they said before: read, checked, and held together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tuichat.model.exported import ExportedMessage
from tuichat.node.import_checks import WireNames, earlier_text, message_row, refused
from tuichat.store.deeds import EARLIER_KEPT
from tuichat.store.export_source import ExportSource
from tuichat.store.records import MessageRow


class Messages:
    """Read once, from the beginning to the end. Both methods raise NoExportError."""

    def __init__(self, source: ExportSource, contact: int, names: WireNames) -> None:
        self._source = source
        self._contact = contact
        self._names = names
        self._edited: set[int] = set()

    def lines(self) -> Iterator[tuple[ExportedMessage, MessageRow]]:
        """Every message; what one answers is among them under that name, before or behind it, and of each
        author no two have one name.
        """
        named, taken = dict[int, bytes](), {"in": set[bytes](), "out": set[bytes]()}
        awaited = dict[int, tuple[int, bytes]]()
        for line in self._source.messages(self._contact):
            row = message_row(line, self._contact, self._names)
            if row.wire_id in taken[row.direction]:
                raise refused("message", row.id)
            taken[row.direction].add(row.wire_id)
            named[row.id] = row.wire_id
            if row.edited:
                self._edited.add(row.id)
            if line.reply_to is not None and row.reply_to is not None:
                if named.get(line.reply_to, row.reply_to) != row.reply_to:
                    raise refused("message", row.id)
                if line.reply_to not in named:
                    awaited[line.reply_to] = row.id, row.reply_to
            yield line, row
        for target, (reply, name) in awaited.items():
            if named.get(target) != name:
                raise refused("message", reply)

    def earlier(self) -> Iterator[tuple[int, str]]:
        """Behind the lines: each earlier text, and the edited message that had it."""
        counts = Counter[int]()
        for line in self._source.earlier(self._contact):
            counts[line.message] += 1
            if line.message not in self._edited or counts[line.message] > EARLIER_KEPT:
                raise refused("message", line.message)
            yield line.message, earlier_text(line)
