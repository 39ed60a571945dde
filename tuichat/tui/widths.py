"""How the main screen divides a window among the list and the conversation."""

from __future__ import annotations

from typing import Final

BREAKPOINTS: Final = [(0, "-narrow"), (60, "-wide"), (120, "-broad")]
"""The screen's class from so many columns on: one pane at a time, both, the list with room for long names."""

LIST_COLUMNS: Final = {"-narrow": None, "-wide": 18, "-broad": 30}
"""How broad the list is beside a conversation, as the style sheet has it."""


def width_class(columns: int) -> str:
    """The class of a window of so many columns."""
    return next(name for least, name in reversed(BREAKPOINTS) if columns >= least)
