"""The least that a Textual program can be: what the interface's first paint is measured beside."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import Static

PAINTED = "everything is painted"


class TrivialApp(App[None]):
    """One line of text."""

    def compose(self) -> ComposeResult:
        yield Static(PAINTED)


if __name__ == "__main__":
    TrivialApp().run()
