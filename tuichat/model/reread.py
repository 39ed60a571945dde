"""What came of reading the settings again."""

from __future__ import annotations

from tuichat.model.records import Record


class Reread(Record, frozen=True, kw_only=True):
    """Settings that differ from what was in force, by name.

    Attributes:
        now: those that the node goes by from now on.
        later: those that take effect when a node next starts.
    """

    now: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
