"""What Textual does in another way than this interface needs it, wherever it runs."""

from __future__ import annotations

from tuichat.tui.line_breaks import break_as_messages
from tuichat.tui.single_timers import ring_for_certain


def mend_textual() -> None:
    """Before the first of anything; once more changes nothing."""
    break_as_messages()
    ring_for_certain()
