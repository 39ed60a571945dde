"""One setting: what it means, what each value means, and another one for it, checked while it is typed."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from tuichat.errors import TuichatError
from tuichat.i18n import _
from tuichat.tui.choices import Choices, shown_value
from tuichat.tui.context import Context
from tuichat.tui.screens.setting_dialog import LOW, SettingDialog
from tuichat.tui.setting_rows import standing_words
from tuichat.tui.setting_words import FILE_ONLY, explained
from tuichat.tui.standing import Standing
from tuichat.tui.widgets.field import Field
from tuichat.tui.widgets.keys_line import KeysLine
from tuichat.tui.widgets.pick_list import Line, PickList
from tuichat.tui.words import error_text
from tuichat.tui.wrapping import cells, pad, wrap, wrap_whole

_BESIDE = 56
"""From this many cells on what a value means stands beside it."""


class SettingScreen(SettingDialog[str]):
    """Gives what is to be said of a change, None if there was none."""

    WIDEST = 80
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("home", "step(-1000)", show=False),
        Binding("end", "step(1000)", show=False),
        Binding("enter", "choose", show=False),
    ]

    def __init__(self, shared: Context, choices: Choices, name: str, standing: Standing) -> None:
        super().__init__(shared.glyphs)
        self._choices = choices
        self._setting = name
        self._standing = standing
        self._values = [] if name in FILE_ONLY else choices.names(name)
        written = str(standing.value).lower() if isinstance(standing.value, bool) else str(standing.value)
        self._written = written
        self._cursor = self._values.index(written) if written in self._values else 0

    def compose(self) -> ComposeResult:
        """What it is, how it stands, and the values or a field."""
        with Vertical(classes="box") as box:
            box.border_title = self._setting
            yield Static(explained()[self._setting].meaning, id="meaning", markup=False)
            yield Static(standing_words(self._setting, self._standing), id="standing", markup=False)
            if self._values:
                yield PickList(self.glyphs, id="values")
            elif self._setting not in FILE_ONLY:
                yield Field(self._written, compact=True)
            yield Static("", classes="problem", markup=False)
            yield KeysLine("", classes="keys")

    def on_mount(self) -> None:
        self.say("")
        if self._written not in self._values and self.app.theme in self._values:
            self._cursor = self._values.index(self.app.theme)  # one that fits was taken

    def on_resize(self) -> None:
        self.query_one(".keys", KeysLine).update(Text("\n".join(self._keys())))
        self._show()

    def _keys(self) -> list[str]:
        keys = [_("Enter keep"), _("Ctrl+R default"), _("Esc back")]
        if self._values:
            keys.insert(0, _("Up Down choose"))
        elif self._setting in FILE_ONLY:
            keys = keys[-1:]
        return wrap_whole(keys, self.inner_width, "  ")

    def _show(self) -> None:
        if not self._values:
            return
        rows = [line for item, value in enumerate(self._values) for line in self._lines(item, value)]
        words = (explained()[self._setting].meaning, standing_words(self._setting, self._standing))
        around = sum(len(wrap(text, self.inner_width)) for text in words) + len(self._keys()) + 2
        around += 0 if self.app.size.height < LOW else 2
        values = self.query_one(PickList)
        values.styles.height = max(3, min(len(rows), self.app.size.height - around))
        values.show(rows, self._cursor)

    def _lines(self, item: int, value: str) -> list[Line]:
        """A value, and beside it or below it what it means."""
        label = shown_value(self._setting, value == "true" if value in ("true", "false") else value)
        meaning = explained()[self._setting].values.get(value, "")
        widest = max(cells(each) for each in (*self._values, label)) + 2
        if self.inner_width >= _BESIDE:
            first, *more = wrap(meaning, self.inner_width - widest - 2) if meaning else [""]
            beside = [Line((("text", " " * (widest + 1)), ("text", each)), item) for each in more]
            return [Line((("strong", f" {pad(label, widest)}"), ("text", first)), item), *beside]
        below = wrap(meaning, self.inner_width - 4) if meaning else []
        return [
            Line((("strong", f" {label}"),), item),
            *(Line((("muted", f"   {each}"),), item) for each in below),
        ]

    def action_step(self, step: int) -> None:
        """Another value."""
        self._cursor = max(0, min(len(self._values) - 1, self._cursor + step))
        self._show()

    @on(PickList.Wheeled)
    def _wheeled(self, event: PickList.Wheeled) -> None:
        self.action_step(1 if event.rows > 0 else -1)

    @on(PickList.Picked)
    def _picked(self, event: PickList.Picked) -> None:
        self._cursor = event.item
        self.action_choose() if event.again else self._show()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        try:
            self._choices.check(self._setting, event.value)
        except TuichatError as error:
            self.say(error_text(error))
        else:
            self.say("")

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        self._choose(event.value)

    def action_choose(self) -> None:
        """Take the value under the cursor."""
        if self._values:
            self._choose(self._values[self._cursor])

    def _choose(self, text: str) -> None:
        try:
            self.dismiss(self._choices.choose(self._setting, text))
        except TuichatError as error:
            self.say(error_text(error))

    def action_reset(self) -> None:
        """Have it be what it is by itself."""
        try:
            self.dismiss(self._choices.reset(self._setting))
        except TuichatError as error:
            self.say(error_text(error))
