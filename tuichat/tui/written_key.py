"""A key that was clicked where it is written: it means what stands beside it there, in every keymap."""

from __future__ import annotations

from textual import events


class WrittenKey(events.Key):
    """Goes the way of a key that was pressed, and no keymap changes it."""


WrittenKey.handler_name = events.Key.handler_name
