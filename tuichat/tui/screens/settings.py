"""All settings: what each is, where that was said, what it means; found by typing, changed one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from tuichat.errors import TuichatError
from tuichat.i18n import _
from tuichat.settings import HOOKS
from tuichat.tui.bridge_words import bridges_used
from tuichat.tui.choices import BRIDGES, Choices
from tuichat.tui.context import Context
from tuichat.tui.screens.setting import SettingScreen
from tuichat.tui.screens.setting_dialog import SettingDialog
from tuichat.tui.setting_rows import Row, all_rows, fitting, hooks_words, source_word, standing_words
from tuichat.tui.setting_words import explained, group_title
from tuichat.tui.standing import Standings
from tuichat.tui.widgets.field import Field
from tuichat.tui.widgets.keys_line import KeysLine
from tuichat.tui.widgets.pick_list import Line, PickList
from tuichat.tui.words import error_text
from tuichat.tui.wrapping import cells, fit, pad, wrap_whole

_LABEL = 20
_WIDE = 48
"""From this many cells on a row also says where its value stands."""


class SettingsScreen(SettingDialog[None]):
    """What is typed finds; Enter opens the one under the cursor."""

    WIDEST = 100
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
    ]

    def __init__(self, shared: Context, choices: Choices) -> None:
        super().__init__(shared.glyphs)
        self._shared = shared
        self._choices = choices
        self._standings = Standings({})
        self._rows: list[Row] = []
        self._cursor = 0

    def compose(self) -> ComposeResult:
        """The field, the settings, the one under the cursor, and the keys."""
        with Vertical(classes="box") as box:
            box.border_title = _("Settings")
            yield Field(placeholder=_("a few letters of what you look for"), compact=True)
            yield PickList(self.glyphs, id="settings")
            yield Static("", id="about", markup=False)
            yield Static("", classes="problem", markup=False)
            yield KeysLine("", classes="keys")

    def on_mount(self) -> None:
        self.say("")
        self._read()

    def on_resize(self) -> None:
        keys = (_("Enter change"), _("Ctrl+R default"), _("Esc close"))
        self.query_one(".keys", KeysLine).update(Text("\n".join(wrap_whole(keys, self.inner_width, "  "))))
        self.call_after_refresh(self._show)

    @property
    def row(self) -> Row | None:
        """The one under the cursor."""
        return self._rows[self._cursor] if self._rows else None

    def _read(self) -> None:
        """Look again how all of them stand."""
        try:
            self._standings = self._choices.standings()
        except TuichatError as error:
            self.say(error_text(error))
        self._find(self.query_one(Input).value)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self.say("")
        self._cursor = 0
        self._find(event.value)

    def _find(self, typed: str) -> None:
        rows = all_rows(self._standings) if self._standings.settings else []
        self._rows = fitting(rows, typed)
        self._cursor = max(0, min(len(self._rows) - 1, self._cursor))
        self._show()

    def action_step(self, step: int) -> None:
        """Another setting."""
        self._cursor = max(0, min(len(self._rows) - 1, self._cursor + step))
        self._show()

    def action_page(self, step: int) -> None:
        """So many settings as are on screen."""
        self.action_step(step * max(1, self.query_one(PickList).size.height - 2))

    @on(PickList.Wheeled)
    def _wheeled(self, event: PickList.Wheeled) -> None:
        self.action_step(event.rows)

    @on(PickList.Picked)
    def _picked(self, event: PickList.Picked) -> None:
        self._cursor = event.item
        self._show()
        if event.again:
            self._open()

    @on(Input.Submitted)
    def _entered(self) -> None:
        self._open()

    @work(exclusive=True, group="change")
    async def _open(self) -> None:
        from tuichat.tui.screens.bridges import Bridges

        row = self.row
        if row is None:
            return
        if row.name == HOOKS:
            self.say(hooks_words())
        elif row.name == BRIDGES:
            if await self.app.push_screen_wait(Bridges(self._shared)):
                self.say(bridges_used())
        else:
            standing = self._standings.settings[row.name]
            screen = SettingScreen(self._shared, self._choices, row.name, standing)
            self.say(await self.app.push_screen_wait(screen) or "")
        self._read()

    def action_reset(self) -> None:
        """Have the one under the cursor be what it is by itself."""
        row = self.row
        if row is None or row.name == HOOKS:
            return
        try:
            self.say(self._choices.reset(row.name))
        except TuichatError as error:
            self.say(error_text(error))
        self._read()

    def _show(self) -> None:
        found = self.query_one(PickList)
        found.show(lines(self._rows, self.inner_width, self.glyphs.ellipsis), self._cursor)
        self.query_one("#about", Static).update(self._about())

    def _about(self) -> Text:
        row = self.row
        if row is None:
            return Text(_("Nothing fits.") if self._standings.settings else "")
        if row.name == HOOKS:
            return Text(hooks_words())
        text = Text(f"{row.name}  ", "bold")
        text.append(explained()[row.name].meaning, "not bold")
        text.append("\n" + standing_words(row.name, self._standings.settings[row.name]), "not bold dim")
        return text


def lines(rows: Sequence[Row], width: int, ellipsis: str) -> list[Line]:
    """The rows in `width` cells, with a heading above each section's first."""
    made: list[Line] = []
    section = ""
    for item, row in enumerate(rows):
        if row.section != section:
            section = row.section
            made.append(Line((("title", group_title(section)),)))
        source = source_word(row.source) if width >= _WIDE else ""
        label_room = min(_LABEL, width // 2)
        room = width - 3 - label_room - (cells(source) + 2 if source else 0)
        value = pad(row.value, room, ellipsis)
        role = "text" if row.source == "default" else "strong"
        label = ("text", f" {pad(row.label, label_room, ellipsis)} ")
        behind = (("muted", fit(f" {source}", width)),) if source else ()
        made.append(Line((label, (role, value), *behind), item))
    return made
