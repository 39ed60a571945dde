"""The least that an interface with an input can be: what a key's time is measured beside."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import TextArea


class BareTextArea(App[None]):
    """One input, and nothing else."""

    def compose(self) -> ComposeResult:
        yield TextArea()


if __name__ == "__main__":
    BareTextArea().run()
