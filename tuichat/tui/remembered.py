"""Whom a typed line is for, and whether it may be called back later."""

from __future__ import annotations

from typing import Final

from tuichat.model import Contact
from tuichat.tui.known import Known
from tuichat.tui.slash import Command, Text, Unknown, read_line, tells_no_secret

_SAYING: Final = frozenset({"me", "msg", "reply"})
"""What stands behind these is said to somebody."""


def addressee(line: str, person: Contact | None, known: Known) -> Contact | None:
    """Whom a line concerns that was typed in the conversation with `person`: `/msg` names somebody else."""
    read = read_line(line)
    if isinstance(read, Command) and read.name == "msg":
        return known.named_first(read.argument)[0]
    return person


def disappears(line: str, to: Contact | None) -> bool:
    """Whether what the line says goes after a while: called back, it would stay."""
    read = read_line(line)
    if isinstance(read, Command) and read.name == "edit":
        return bool(read.argument)  # its message may disappear though the timer is off by now
    says = isinstance(read, Text) or read.name in _SAYING or _has_caption(read)
    return says and to is not None and to.conversation.timer > 0


def _has_caption(read: Command | Unknown) -> bool:
    return isinstance(read, Command) and read.name == "file" and "--" in read.words()


def may_outlast(line: str, to: Contact | None) -> bool:
    """Whether a line may be called back after a restart: not what is said to a name that nobody has, for
    nobody knows how what it says was to be kept.
    """
    read = read_line(line)
    misses = to is None and isinstance(read, Command) and read.name == "msg"
    return tells_no_secret(line) and not misses
