"""What waits when somebody leaves."""

from __future__ import annotations

from tuichat.i18n import ngettext


def waiting_lines(queued: int, transfers: int, in_memory: int) -> list[str]:
    """Messages that are not delivered, files under way, and messages in memory only: a sentence each."""
    messages = ngettext(
        "{count} message is not delivered yet. It leaves only while tuichat runs.",
        "{count} messages are not delivered yet. They leave only while tuichat runs.",
        queued,
    )
    files = ngettext(
        "{count} file is under way. It goes on only while tuichat runs.",
        "{count} files are under way. They go on only while tuichat runs.",
        transfers,
    )
    memory = ngettext(
        "{count} message is in memory only. When tuichat ends, it is gone, sent or not.",
        "{count} messages are in memory only. When tuichat ends, they are gone, sent or not.",
        in_memory,
    )
    told = ((messages, queued), (files, transfers), (memory, in_memory))
    return [text.format(count=count) for text, count in told if count]
