"""Everything about one file: what it is, how it stands, where it is, and what can be done with it."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.color import Color
from textual.containers import VerticalScroll
from textual.types import CSSPathType
from textual.widgets import Input, Static

from tuichat.errors import TuichatError
from tuichat.file_words import is_here, is_open, percent
from tuichat.i18n import _, ngettext
from tuichat.model import File
from tuichat.sizes import shown_size
from tuichat.tui import file_words
from tuichat.tui.clipboard import copied_words
from tuichat.tui.context import Context
from tuichat.tui.direction import isolated_parts
from tuichat.tui.file_deeds import FileDeeds
from tuichat.tui.harmless import harmless
from tuichat.tui.pace import Pace
from tuichat.tui.paths import whole
from tuichat.tui.pictures import is_picture
from tuichat.tui.screens.dialog import Dialog
from tuichat.tui.session import Happening
from tuichat.tui.widgets.field import Field
from tuichat.tui.widgets.keys_line import KeysLine
from tuichat.tui.words import error_text
from tuichat.tui.wrapping import wrap, wrap_whole

PICTURE_SECONDS = 0.2
"""What happens to the file is drawn at most so often."""

_BAR = 24
_LOW = 20
"""Where there are fewer rows the keys come first."""


class FileCard(Dialog[None]):
    """Follows the file while it is open. Nothing here opens a file: it tells where that is."""

    CSS_PATH: ClassVar[CSSPathType | None] = ["dialog.tcss", "file_card.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "fetch", show=False),
        Binding("a", "take_all", show=False),
        Binding("s", "directory", show=False),
        Binding("c", "copy_path", show=False),
        Binding("f", "copy_folder", show=False),
        Binding("F", "open_folder", show=False),
        Binding("d", "end", show=False),
        Binding("p", "rest", show=False),
        Binding("v", "view", show=False),
    ]

    def __init__(self, shared: Context, file: int) -> None:
        super().__init__(shared.glyphs)
        self._shared = shared
        self._file = file
        self._with_group = False
        self._group_to = 0
        self._deeds = FileDeeds(shared, self)
        self._pace = Pace(self, PICTURE_SECONDS, self._show)

    @property
    def file(self) -> File | None:
        """Whose card it is; None after its contact was removed."""
        return self._shared.session.known.files.get(self._file)

    def compose(self) -> ComposeResult:
        """Facts, then keys; where there are few rows the keys come first."""
        with VerticalScroll(classes="box"):
            yield Static("", id="facts", markup=False)
            yield Field(id="directory", placeholder=_("a directory, such as ~/Downloads"), compact=True)
            yield Static("", classes="problem", markup=False)
            yield KeysLine("", classes="keys")

    def on_mount(self) -> None:
        self.query_one("#directory").display = False
        self.query_one(".problem").display = False
        self._show()

    def on_resize(self) -> None:
        """The keys stay in sight, and the rows are broken anew."""
        box, keys = self.query_one(VerticalScroll), self.query_one(KeysLine)
        low = self.app.size.height < _LOW
        self.set_class(low, "-low")
        if low and box.children[0] is not keys:
            box.move_child(keys, before=0)
        elif not low and box.children[-1] is not keys:
            box.move_child(keys, after=len(box.children) - 1)
        self._show()

    def recolour(self) -> None:
        """In the colours of another theme."""
        self._show()

    def happened(self, happening: Happening) -> None:
        """Something changed, this file perhaps."""
        self._pace.ask()

    def on_screen_resume(self) -> None:
        self._show()

    def say(self, text: str) -> None:
        """Say what was done or why not."""
        problem = self.query_one(".problem", Static)
        problem.display = bool(text)
        problem.update(Text(text))

    def fail(self, error: TuichatError) -> None:
        """Say what went wrong and what to do."""
        self.say(error_text(error))

    # Keys.

    def action_close(self) -> None:
        """Esc leaves the input first, then the card."""
        field = self.query_one("#directory", Input)
        if field.display:
            self._hide(field)
        else:
            self.dismiss(None)

    @work(exclusive=True, group="deed")
    async def action_fetch(self) -> None:
        """Into the inbox."""
        file = self.file
        if file is not None and is_open(file):
            await self._deeds.fetch(file, group_to=self._group_to)

    def action_take_all(self) -> None:
        """Take along what was offered in one go with it, or not."""
        if self._others():
            self._with_group = not self._with_group
            self._show()

    def action_directory(self) -> None:
        """Ask for a directory."""
        file = self.file
        if file is not None and (is_open(file) or is_here(file)):
            field = self.query_one("#directory", Input)
            field.display = True
            field.focus()

    def action_copy_path(self) -> None:
        """Hand the path to the terminal's clipboard."""
        file = self.file
        if file is not None and file.path:
            self._copy(file.path)

    def action_copy_folder(self) -> None:
        """Hand the path of the folder to the terminal's clipboard."""
        file = self.file
        if file is not None and file.path:
            self._copy(str(Path(file.path).parent))

    @work(exclusive=True, group="deed")
    async def action_open_folder(self) -> None:
        """Show the folder in the person's file manager; without a display its path is copied."""
        from tuichat.tui.file_manager import file_manager, show_folder

        file = self.file
        if file is None or not is_here(file):
            return
        folder, program = Path(file.path).parent, file_manager(os.environ)
        if program is None:
            self.app.copy_to_clipboard(str(folder))
            none = _("No file manager can be shown here; this copies the path of the folder.")
            self.say(f"{none} {copied_words()}")
            return
        try:
            await show_folder(program, folder)
        except TuichatError as error:
            self.fail(error)
        else:
            self.say(_("Your file manager shows the folder, and may make previews of what is in it."))

    @work(exclusive=True, group="deed")
    async def action_end(self) -> None:
        """Decline, stop or take back."""
        if self.file is not None:
            await self._deeds.end(self.file)

    @work(exclusive=True, group="deed")
    async def action_rest(self) -> None:
        """Let it rest, or go on."""
        if self.file is not None:
            await self._deeds.rest_or_go_on(self.file)

    @work(exclusive=True, group="deed")
    async def action_view(self) -> None:
        """See a picture as large as fits."""
        if self.file is not None:
            await self._deeds.view(self.file)

    @on(Input.Submitted)
    @work(exclusive=True, group="directory")  # a long copy goes on behind whatever is done meanwhile
    async def _directory_given(self, event: Input.Submitted) -> None:
        file, typed = self.file, event.value.strip()
        if file is None or not typed:
            return
        try:
            directory = whole(typed)
            if is_open(file):
                if await self._deeds.fetch(file, directory, group_to=self._group_to):
                    self._hide(event.input)
            elif is_here(file):
                await self._save(file, directory)
                self._hide(event.input)
        except TuichatError as error:
            self.fail(error)

    async def _save(self, file: File, directory: str) -> None:
        """A copy under its own name; leaving the card stops it. Raises TuichatError."""
        from tuichat.bootstrap import save_copy

        self.say(_("Copying..."))
        stopped = threading.Event()
        try:
            copy = await asyncio.to_thread(
                save_copy, Path(file.path), file.name, Path(directory), stopped.is_set
            )
        finally:
            stopped.set()
        if copy is not None:
            self.say(_("Copied to {path}.").format(path=harmless(str(copy))))

    def _hide(self, field: Input) -> None:
        field.display = False
        self.query_one(VerticalScroll).focus()

    def _copy(self, path: str) -> None:
        self.app.copy_to_clipboard(path)
        self.say(copied_words())

    # What is shown.

    def _others(self) -> int:
        """How many more were offered in one go with it and wait for an answer."""
        return max(len(self._group()) - 1, 0)

    def _group(self) -> list[File]:
        """What was offered in one go with it and waits for an answer, itself too."""
        file = self.file
        if file is None or not is_open(file):
            return []
        return list(self._shared.session.known.files.group_of(file))

    def _show(self) -> None:
        file = self.file
        if not self.query("#facts"):
            return  # nothing is there before it is composed
        if file is None:
            if self.is_active:  # else a question in front would be closed in its place
                self.dismiss(None)
            return
        self.query_one("#facts", Static).update(self._facts(file))
        # What is fetched with it is what the keys say here, though more may come before one is pressed.
        self._group_to = max(each.id for each in self._group()) if self._with_group and self._others() else 0
        self.query_one(".keys", KeysLine).update(Text(self._keys(file)))

    def _facts(self, file: File) -> Text:
        known, glyphs = self._shared.session.known, self.glyphs
        person = known.people.get(file.contact)
        name = "?" if person is None else person.name
        rows = wrap(file_words.full_name(file), self._width)
        text = Text("\n".join(map(isolated_parts, rows)), "bold")
        who = _("from {name}") if file.direction == "in" else _("to {name}")
        told = "  ".join([who.format(name=name), *file_words.facts(file, glyphs)])
        text.append(f"\n{isolated_parts(told)}\n", "not bold")
        linked = person is not None and person.stage == "linked"
        calendar = self._shared.calendar()
        part, words = file_words.standing(file, name, glyphs, calendar, linked=linked)
        if file.state == "active":
            words = f"{glyphs.bar(percent(file), min(_BAR, self._width))} {words}"
        text.append(f"\n{words}", self._style(part))
        if file_words.is_disguised(file):
            text.append(f"\n{glyphs.failed} {file_words.disguise(file)}", self._style("danger"))
        for label, value in self._places(file):
            text.append(f"\n\n{label}\n", "not bold dim")
            text.append("\n".join(wrap(value, self._width)), "not bold")
        return text

    @property
    def _width(self) -> int:
        return max(8, min(72, self.app.size.width) - 5)

    def _style(self, part: str) -> Style:
        roles = {"mark": "accent", "text": "foreground"}
        colour = Color.parse(self.app.theme_variables[roles.get(part, part)]).rich_color
        return Style(bold=False, color=colour)

    def _places(self, file: File) -> list[tuple[str, str]]:
        """Where it is: the folder too, for whoever wants to go there."""
        if not file.path:
            return []
        if file.direction == "out":
            return [(_("read from"), harmless(file.path))]
        folder = harmless(str(Path(file.path).parent))
        return [(_("file"), harmless(file.path)), (_("folder"), folder)]

    def _keys(self, file: File) -> str:
        if is_open(file):
            keys = [*self._offer_keys(), *file_words.ending_keys(file)]
        elif is_here(file):
            keys = [_("c copy path"), _("f copy folder's path"), _("F folder in your file manager")]
            keys.append(_("s save a copy elsewhere"))
        else:
            keys = [*file_words.ending_keys(file), *([_("c copy path")] if file.path else [])]
        if self._shared.session.known.files.pictures.enabled and is_picture(file):
            keys.insert(0, _("v view"))
        return "\n".join(wrap_whole([*keys, _("Esc close")], self._width))

    def _offer_keys(self) -> list[str]:
        others, into = self._others(), _("s fetch into a directory")
        if not others:
            return [_("o fetch into the inbox"), into]
        if self._with_group:
            size = shown_size(sum(each.size for each in self._group()))
            count = ngettext("o fetch {count} file", "o fetch all {count} files ({size})", others + 1)
            return [count.format(count=others + 1, size=size), into, _("a only this one")]
        more = ngettext("a with the other one", "a with the {count} others", others)
        return [_("o fetch into the inbox"), into, more.format(count=others)]
