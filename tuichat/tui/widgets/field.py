"""A line to write into, whose cursor stands between what is seen as one and never within it."""

from __future__ import annotations

from rich.cells import cell_len
from rich.text import Text
from textual import events
from textual.app import App
from textual.widgets import Input
from textual.widgets.input import Selection

from tuichat.tui.cluster_document import ClusterLine
from tuichat.tui.clusters import cluster_end, cluster_start, countable, is_typed


class Field(Input):
    """Textual's, by clusters; of a passphrase every character counts for itself."""

    DEFAULT_CSS = """
    Field .input--cursor, Field:dark .input--cursor, Field:light .input--cursor {
        color: $foreground; background: $background; text-style: reverse;
    }
    """

    def on_mount(self) -> None:
        self.cursor_blink = blinks(self.app)

    def validate_selection(self, selection: Selection) -> Selection:
        """Where the cursor may be: within a cluster it goes on to the edge that it was moving to."""
        start, end = super().validate_selection(selection)
        if self.password:
            return Selection(start, end)
        edge = cluster_start if end < self.selection.end else cluster_end
        return Selection(edge(self.value, start), edge(self.value, end))

    def delete(self, start: int, end: int) -> None:
        """Delete all clusters that the characters from `start` to `end` belong to."""
        if not self.password:
            start, end = sorted((max(0, start), min(len(self.value), end)))
            if start < end:
                start, end = cluster_start(self.value, start), cluster_end(self.value, end)
        super().delete(start, end)

    async def _on_key(self, event: events.Key) -> None:
        """What joins is typed too, though it is not printable."""
        if is_typed(event.character):
            event.stop()
            event.prevent_default()
            self.replace(event.character or "", *self.selection)

    @property
    def _value(self) -> Text:
        if self.password:
            return super()._value
        return ClusterLine(countable(self.value), no_wrap=True, overflow="ignore", end="")

    def _position_to_cell(self, position: int) -> int:
        return position if self.password else cell_len(countable(self.value[:position]))


def blinks(app: App[object]) -> bool:
    """Whether anything may move that nobody touched."""
    return app.animation_level != "none"
