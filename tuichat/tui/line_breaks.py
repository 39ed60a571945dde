"""Where Textual breaks the rows of its widgets: as messages are broken, so that Chinese has breaks at all."""

from __future__ import annotations

from textual import content

from tuichat.tui.wrapping import breaks


def break_as_messages() -> None:
    """Let Textual part lines by `wrapping.breaks`.

    Its own breaks stand at spaces only: a Chinese sentence has none, so a word of Latin letters in it began a
    new row, and a full stop could stand alone in one.
    """
    vars(content)["divide_line"] = _divided


def _divided(text: str, width: int, fold: bool = True) -> list[int]:
    return breaks(text, max(width, 2))
