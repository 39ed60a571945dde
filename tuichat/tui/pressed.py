"""What a pressed key is taken for, by the chosen keymap and by where it is pressed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from textual import events
from textual.app import App
from textual.widgets import Input

from tuichat.errors import UsageError
from tuichat.i18n import _
from tuichat.tui.keymap import Keymap, Place
from tuichat.tui.slash import Command, read_line
from tuichat.tui.widgets.history import History
from tuichat.tui.widgets.typed_over import TypedOver
from tuichat.tui.written_key import WrittenKey

_NOTHING = "nothing"
"""A key that is bound nowhere."""


class Pressed:
    """Turns keys into those that they stand for.

    Args:
        load: reads them by name; a person's own may change. Raises UsageError.
        name: of the one in force.

    Raises:
        UsageError: there is none of that name, or one cannot be read.
    """

    def __init__(self, app: App[int], load: Callable[[], Mapping[str, Keymap]], name: str) -> None:
        self._app = app
        self._load = load
        self.choose(name)

    def names(self) -> list[str]:
        """The keymaps one can choose."""
        return sorted(self._keymaps)

    def choose(self, name: str) -> None:
        """Use another keymap from now on, as its file is now. Raises UsageError as the making does."""
        self._keymaps = self._load()
        self.keymap = self._found(name)

    def take(self, event: events.Key) -> Command | None:
        """Change `event` into the key that it stands for, or give the command that is to be run instead.

        Alt+1 carries the character 1, which it does not mean: fields and lists would take it for text.
        """
        if event.key.startswith("alt+"):
            event.character = None
        meaning = None if isinstance(event, WrittenKey) else self._meaning(event.key)
        if meaning is None:
            return None
        if meaning.startswith("/"):
            line = read_line(meaning)
            assert isinstance(line, Command)  # or the keymap had not been read
            return line
        event.key = meaning or _NOTHING
        event.character = meaning if len(meaning) == 1 else None
        return None

    def _meaning(self, key: str) -> str | None:
        place = self._place()
        if place == "lists" and self._is_bound(key):
            return None  # a letter that means something there of itself
        return self.keymap.meaning(place, key)

    def _place(self) -> Place | None:
        from textual.widgets import TextArea  # it takes long, and comes behind the first picture

        from tuichat.tui.widgets.composer import Composer

        focused = self._app.focused
        match focused:
            case Composer():
                return "input"
            case Input() | TextArea():
                return None
            case TypedOver() if focused.typing:
                return "input"
            case History():
                return "messages"
            case _:
                return "lists"

    def _is_bound(self, key: str) -> bool:
        chain = (self._app.focused, self._app.screen)
        return any(node is not None and key in node._bindings.key_to_bindings for node in chain)

    def _found(self, name: str) -> Keymap:
        try:
            return self._keymaps[name]
        except KeyError:
            raise UsageError(
                _("There is no keymap called {name}.").format(name=name), candidates=tuple(self.names())
            ) from None
