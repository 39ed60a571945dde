"""Keys and commands on one page."""

from __future__ import annotations

from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.color import Color
from textual.containers import VerticalScroll
from textual.types import CSSPathType
from textual.widgets import Static

from tuichat.i18n import _
from tuichat.tui.glyphs import Glyphs
from tuichat.tui.keymap import Keymap, Place
from tuichat.tui.screens.dialog import Dialog
from tuichat.tui.slash import usages
from tuichat.tui.wrapping import cells, pad, wrap


def key_rows() -> list[tuple[str, str]]:
    """Every key of the main screen and what it does."""
    return [
        ("Enter", _("send")),
        ("Ctrl+J", _("new line")),
        ("Esc", _("choose a message: arrows, then c copy, x take back")),
        ("Esc r, Esc e", _("answer it; edit your own")),
        ("Esc +, Esc d", _("react to it; take back your own, on both sides")),
        ("Esc o", _("on a file: fetch it, or show where it is; O chooses a directory")),
        (_("Esc o, on a link"), _("see where it leads, then open or copy it")),
        (_("Esc o, then F"), _("on a received file: its folder in your file manager")),
        ("Esc d, Esc p", _("on a file: decline or cancel; pause or go on")),
        ("Esc v", _("on a picture: view it as large as fits")),
        ("Up Down", _("earlier inputs, on the first or last line")),
        ("Ctrl+R", _("search earlier inputs")),
        ("Ctrl+F", _("search messages")),
        ("Tab", _("complete names, commands, paths, :pictures")),
        ("PgUp PgDn", _("scroll")),
        ("Alt+Home Alt+End", _("oldest, newest message")),
        ("Alt+U", _("first unread message")),
        ("Alt+1 ... Alt+0", _("go to conversation 1 to 10")),
        ("Alt+Up Alt+Down", _("neighbour in the list; also Ctrl+B, Ctrl+N")),
        ("Alt+A", _("next unread conversation")),
        ("Alt+K", _("go to a name; in a narrow window: list or conversation")),
        ("Ctrl+K", _("the same, while the input is empty")),
        ("Alt+I", _("the contact's card")),
        ("Alt+R", _("requests")),
        ("Alt+C", _("copy the chosen or the newest message")),
        ("Alt+E", _("write in your editor: VISUAL or EDITOR")),
        ("Alt+L", _("messages only, to select with the terminal")),
        ("Alt+M", _("mouse on or off")),
        ("Ctrl+L", _("draw everything anew")),
        ("Ctrl+P", _("all commands")),
        ("F1", _("this page")),
        ("Ctrl+Q", _("quit")),
    ]


def mouse_words() -> str:
    """What can be clicked."""
    return _(
        "A click does what a key would: on a name, a message, a link, a quote, a reaction, a file, on a key "
        "that is named somewhere, on a word of the top rows. The sign before the input has all commands."
    )


def place_words() -> dict[Place, str]:
    """Where a key of a keymap is pressed, in words; wherever needs none."""
    return {
        "anywhere": "",
        "input": _("in the input"),
        "messages": _("on a chosen message"),
        "lists": _("in lists"),
    }


class Help(Dialog[None]):
    """Scrolled with the arrow and page keys; any of Esc, q, F1 closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("q,f1", "close", show=False)]
    CSS_PATH: ClassVar[CSSPathType | None] = ["dialog.tcss", "help.tcss"]

    def __init__(self, glyphs: Glyphs, keymap: Keymap) -> None:
        super().__init__(glyphs)
        self._keymap = keymap
        self._column = 0

    def compose(self) -> ComposeResult:
        """The page."""
        with VerticalScroll(classes="box") as box:
            box.border_title = _("Help")
            yield Static(self._page(), id="page", markup=False)

    def on_resize(self) -> None:
        self.recolour()

    def recolour(self) -> None:
        """For another width or theme."""
        self.query_one("#page", Static).update(self._page())

    def _page(self) -> Text:
        width = min(72, self.app.size.width) - 8
        text = Text()
        commands = [(f"/{name} {words}".rstrip(), meaning) for name, (words, meaning) in usages().items()]
        self._column = max(cells(head) for head, _meaning in (*key_rows(), *commands)) + 2
        self._heading(text, _("Keys"))
        for key, meaning in key_rows():
            self._entry(text, key, meaning, width)
        self._keymap_rows(text, width)
        text.append("\n")
        self._heading(text, _("Commands"))
        for command, meaning in commands:
            self._entry(text, command, meaning, width)
        text.append(
            "\n" + _("// at the beginning sends a literal slash; /1 opens the first conversation.") + "\n\n"
        )
        self._heading(text, _("Mouse"))
        text.append("\n".join(wrap(mouse_words(), width)) + "\n\n")
        self._heading(text, _("Signs"))
        text.append(self._signs())
        return text

    def _keymap_rows(self, text: Text, width: int) -> None:
        """What the keymap changes, if anything."""
        where = place_words()
        rows = self._keymap.rows()
        if rows:
            text.append("\n")
            self._heading(text, _("Keys of the keymap {name}").format(name=self._keymap.name))
        for key, meaning, place in rows:
            self._entry(text, key, f"{meaning or _('nothing')}  {where[place]}".rstrip(), width)

    def _heading(self, text: Text, words: str) -> None:
        accent = Color.parse(self.app.theme_variables["accent"]).rich_color
        text.append(f"{words}\n", Style(bold=True, color=accent))

    def _entry(self, text: Text, head: str, meaning: str, width: int) -> None:
        """A key or command, and beside it, or in a narrow window below it, what it does."""
        column = self._column if width > 50 else 3
        rows = wrap(meaning, width - column)
        if width > 50:
            text.append(pad(head, column, self.glyphs.ellipsis), "bold")
            text.append(rows.pop(0) + "\n")
        else:
            text.append(head + "\n", "bold")
        for row in rows:
            text.append(" " * column + row + "\n")

    def _signs(self) -> str:
        glyphs = self.glyphs
        return "\n".join(
            (
                _("{sign} linked  {other} not reachable").format(
                    sign=glyphs.linked, other=glyphs.unreachable
                ),
                _("{queued} queued  {sent} sent  {delivered} delivered").format(
                    queued=glyphs.queued, sent=glyphs.sent, delivered=glyphs.delivered
                ),
                _("{pinned} pinned  {muted} muted  {memory} in memory only").format(
                    pinned=glyphs.pinned, muted=glyphs.muted, memory=glyphs.memory
                ),
                _("{incoming} offered to you  {resting} paused  {moving} files on their way").format(
                    incoming=glyphs.incoming, resting=glyphs.resting, moving=glyphs.transfers
                ),
            )
        )
