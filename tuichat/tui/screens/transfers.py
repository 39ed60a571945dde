"""All files that were offered, by me and to me: what moves stands first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, overload

from textual import work
from textual.binding import Binding, BindingType

from tuichat.errors import TuichatError
from tuichat.file_words import percent
from tuichat.i18n import _
from tuichat.model import File, MissedEvent
from tuichat.sizes import shown_size
from tuichat.tui import file_words
from tuichat.tui.context import Context
from tuichat.tui.conversation import FILES
from tuichat.tui.file_deeds import FileDeeds
from tuichat.tui.pace import Pace
from tuichat.tui.screens.listing import Listing
from tuichat.tui.session import Connected, Happening
from tuichat.tui.widgets.keys_line import KeysLine
from tuichat.tui.wrapping import cells, wrap_whole

PICTURE_SECONDS = 0.2
"""What happens to the files is drawn at most so often."""

_BAR = 12
_WIDE = 40


class Transfers(Listing):
    """Two rows a file. The cursor stays on a file when others pass it by.

    Args:
        go_to: shows the message that a file belongs to.
    """

    ROWS_EACH = 2
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "go", show=False),
        Binding("o", "press('o')", show=False),
        Binding("O,shift+o", "press('O')", show=False),
        Binding("d", "press('d')", show=False),
        Binding("p", "press('p')", show=False),
    ]

    def __init__(self, shared: Context, go_to: Callable[[File], object]) -> None:
        super().__init__(shared)
        self._go_to = go_to
        self._deeds = FileDeeds(shared, self)
        self._files: list[int] = []
        self._loaded = False
        self._here: int | None = None
        self._pace = Pace(self, PICTURE_SECONDS, self.show)

    @property
    def file(self) -> File | None:
        """The one under the cursor."""
        return self.shared.session.known.files.get(self._here)

    def title_text(self) -> str:
        """What is listed."""
        return _("Files")

    def nothing_text(self) -> str:
        """What stands there while the list is empty."""
        return _("No files yet. /file PATH offers one.") if self._loaded else _("Looking...")

    def keys_text(self) -> str:
        """The keys."""
        keys = (_("Enter message"), _("o fetch, show"), _("d decline, cancel"), _("p pause, go on"))
        return "\n".join(wrap_whole([*keys, _("Esc close")], self.row_width))

    def lines(self) -> Sequence[str]:
        """Made for what is on screen only: there may be thousands."""
        return _Lines(self._files, self._rows)

    def on_mount(self) -> None:
        self._load()

    @work(exclusive=True, group="load")
    async def _load(self) -> None:
        """The newest files are on screen while older ones are still being read."""
        known, before = self.shared.session.known, None
        missing = set(known.files.ids())
        try:
            while page := await self.shared.session.node.file_list(limit=FILES, before=before):
                before = page[0].id
                for file in page:
                    known.files.put(file)
                    missing.discard(file.id)
                self.show()
        except TuichatError as error:
            self.fail(error)
            return
        for number in missing:
            known.files.remove(number)  # the node has it no more, and nobody was told
        known.files.were_all_read(known.people)
        self._loaded = True
        self.show()

    def happened(self, happening: Happening) -> None:
        """A file may have gone on; after a time without the node, any of them."""
        if isinstance(happening, Connected | MissedEvent):
            self._load()
        self._pace.ask()

    def show(self) -> None:
        """Draw the rows anew; the cursor stays on its file."""
        if not self.query("#rows"):
            return
        self._files = self.shared.session.known.files.listed()
        if self._here in self._files:
            self.cursor = self._files.index(self._here)
        super().show()
        self._here = self._files[self.cursor] if self._files else None
        self.query_one(".keys", KeysLine).update(self.keys_text())

    def action_step(self, step: int) -> None:
        """Another file."""
        self._here = None
        super().action_step(step)

    def clicked_again(self) -> None:
        """All there is to know of it."""
        self.action_press("O")

    def action_go(self) -> None:
        """To the message that offers it."""
        file = self.file
        if file is not None:
            self.dismiss(None)
            self._go_to(file)

    @work(exclusive=True, group="deed")
    async def action_press(self, key: str) -> None:
        """Do something with the file under the cursor."""
        file = self.file
        if file is not None:
            await self._deeds.press(key, file)

    def _rows(self, number: int) -> str:
        """Name, size and person; below, how it stands."""
        file = self.shared.session.known.files.get(number)
        if file is None:
            return "\n"
        person = self.shared.session.known.people.get(file.contact)
        name = "?" if person is None else person.name
        sign = self.glyphs.incoming if file.direction == "in" else self.glyphs.outgoing
        behind = f"  {shown_size(file.size)}  {name}"
        room = max(8, self.row_width - cells(behind) - 2)
        label = file_words.short_name(file_words.full_name(file), room, self.glyphs)
        return f"{sign} {label}{behind}\n  {self._standing(file, name)}"

    def _standing(self, file: File, name: str) -> str:
        person = self.shared.session.known.people.get(file.contact)
        linked = person is not None and person.stage == "linked"
        if file.state == "active":
            return self._moving(file)
        words = file_words.standing(file, name, self.glyphs, self.shared.calendar(), linked=linked)[1]
        if file.state in {"waiting", "paused"} and file.bytes_done:
            return f"{words}  {percent(file)}%"
        return words

    def _moving(self, file: File) -> str:
        done, wide = percent(file), self.row_width > _WIDE
        bar = self.glyphs.bar(done, _BAR if wide else _BAR // 2)
        return "  ".join([f"{bar} {done}%", *file_words.pace(file, with_circuits=wide)])


class _Lines(Sequence[str]):
    """The rows of each file, made when they are asked for."""

    def __init__(self, files: Sequence[int], rows: Callable[[int], str]) -> None:
        self._files = files
        self._rows = rows

    def __len__(self) -> int:
        return len(self._files)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        if isinstance(index, slice):
            return [self._rows(file) for file in self._files[index]]
        return self._rows(self._files[index])
