"""One picture, as large as fits: by the terminal's own graphics where it has any, else of half blocks."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Final

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.types import CSSPathType
from textual.widget import Widget
from textual.widgets import Static

from tuichat.errors import NotFoundError, TuichatError
from tuichat.i18n import _
from tuichat.media.drawing import MOST_PIXELS, Pixels, UnshownError, draw
from tuichat.model import (
    ContactRemovedEvent,
    ConversationErasedEvent,
    File,
    FileEvent,
    FileRemovedEvent,
    MissedEvent,
)
from tuichat.tui import file_words
from tuichat.tui.context import Context
from tuichat.tui.pictures import half_blocks, kind_of
from tuichat.tui.screens.dialog import Dialog
from tuichat.tui.session import Connected, Happening
from tuichat.tui.widgets.half_blocks import HalfBlocks
from tuichat.tui.widgets.keys_line import KeysLine

_NAME_ROW_AND_KEYS: Final = 2
_CELL: Final = (10, 20)
"""Pixels of a cell that graphics are asked for in; the terminal makes them fit its own."""


class PictureScreen(Dialog[None]):
    """The picture is decoded anew for each size of the window, by a process of its own."""

    CSS_PATH: ClassVar[CSSPathType | None] = ["dialog.tcss", "picture_screen.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [Binding("v,q,enter", "close", show=False)]

    def __init__(self, shared: Context, file: File) -> None:
        super().__init__(shared.glyphs)
        self._shared = shared
        self._file = file
        self._gone = False

    def compose(self) -> ComposeResult:
        """Its name, the place for it, and how to leave."""
        name = file_words.short_name(
            file_words.full_name(self._file), max(8, self.app.size.width - 2), self.glyphs
        )
        yield Static(name, classes="name", markup=False)
        with Container(id="place"):
            yield Static(_("Looking..."), markup=False)
        yield KeysLine(_("Esc close"), classes="keys")

    def on_resize(self) -> None:
        self._draw()

    def happened(self, happening: Happening) -> None:
        """The file may be gone, and with it goes its picture."""
        match happening:
            case FileRemovedEvent(file=number) if number == self._file.id:
                self._leave()
            case ContactRemovedEvent(contact=number) if number == self._file.contact:
                self._leave()
            case FileEvent(file=file) if file.id == self._file.id and file.message is None:
                self._leave()
            case Connected() | MissedEvent() | ConversationErasedEvent():
                self._look()  # what is known here of an old file may be forgotten while it is read anew

    @work(exclusive=True, group="look")
    async def _look(self) -> None:
        """Ask the node whether the file is still there; one that does not answer takes nothing away."""
        try:
            file = await self._shared.session.node.file_get(self._file.id)
        except NotFoundError:
            self._leave()
        except TuichatError:
            return
        else:
            if file.message is None:
                self._leave()

    def _leave(self) -> None:
        if self.is_active:  # else a question in front would be closed in its place
            self.dismiss(None)
        else:
            self._gone = True

    def on_screen_resume(self) -> None:
        """It went while a question stood in front."""
        if self._gone:
            self._gone = False  # it is told more than once
            self.dismiss(None)

    @work(exclusive=True, group="draw")
    async def _draw(self) -> None:
        try:
            shown = self._widget(await self._pixels())
        except UnshownError as error:
            shown = Static(str(error), markup=False)
        place = self.query_one("#place", Container)
        async with self.batch():
            await place.remove_children()
            await place.mount(shown)

    async def _pixels(self) -> Pixels:
        columns, rows = self.app.size.width, max(1, self.app.size.height - _NAME_ROW_AND_KEYS)
        width, height = columns, 2 * rows
        if self._shared.options.graphics is not None:
            width, height = columns * _CELL[0], rows * _CELL[1]
        while width * height > MOST_PIXELS:
            width, height = width * 9 // 10, height * 9 // 10
        return await draw(Path(self._file.path), kind_of(self._file), width, height)

    def _widget(self, pixels: Pixels) -> Widget:
        make = self._shared.options.graphics
        if make is None:
            return HalfBlocks(half_blocks(pixels))
        return make(pixels.data, pixels.width, pixels.height)
