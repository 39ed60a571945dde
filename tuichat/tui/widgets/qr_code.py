"""A QR code in a dialog, in a form that is seen whole."""

from __future__ import annotations

from textual.widgets import Static

from tuichat.tui.qr import qr_text

FRAME_ROWS = 2
"""What a dialog's frame takes of a window's rows."""


class QrCode(Static):
    """Drawn in half blocks where the window has the rows for them, else in sixths of a cell.

    Half of a code cannot be read, and scrolling does not help.
    """

    DEFAULT_CSS = "QrCode { width: auto; height: auto; }"

    def __init__(self, text: str = "", *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__("", id=id, markup=False)
        self._text = text
        self._rows = 0

    def on_mount(self) -> None:
        self.fit(self.app.size.height - FRAME_ROWS)

    def show(self, text: str) -> None:
        """The code of another text."""
        self._text, rows = text, self._rows
        self._rows = 0
        self.fit(rows)

    def fit(self, rows: int) -> None:
        """It is to be seen whole in so many rows, if that can be."""
        if rows != self._rows:
            self._rows = rows
            self.update(qr_text(self._text, rows) if self._text else "")
