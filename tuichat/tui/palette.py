"""The command palette: the same commands as are typed, and no others."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

from textual import command
from textual.content import Content
from textual.widgets.option_list import Option

from tuichat.i18n import _
from tuichat.tui.glyphs import Glyphs
from tuichat.tui.slash import keys_of_commands, usage, usages

if TYPE_CHECKING:
    from tuichat.tui.app import TuichatApp


class PaletteScreen(command.CommandPalette):
    """Textual's, with a heading."""

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(placeholder=_("a few letters of a command"), id="--command-palette")
        self.set_class(glyphs.ascii_only, "-ascii-signs")

    def on_mount(self) -> None:
        self.query_one("#--container").border_title = _("Commands")

    def _action_command_list(self, action: str) -> None:
        """As Textual's, once the list is laid out: before that no page of it is found."""
        if self.query_one(command.CommandList)._index_to_line:
            super()._action_command_list(action)

    def _start_no_matches_countdown(self, search_value: str) -> None:
        """As Textual's, whose words are English in every language."""
        self._stop_no_matches_countdown()

        def show() -> None:
            if search_value:
                nothing = Option(_("No command fits."), disabled=True, id=self._NO_MATCHES)
                self.query_one(command.CommandList).add_option(nothing)
                self._list_visible = True

        self._no_matches_timer = self.set_timer(self._NO_MATCHES_COUNTDOWN, show)


class CommandPalette(command.Provider):
    """Every command with what it does."""

    async def discover(self) -> command.Hits:
        """All of them, before anything is typed."""
        for name, (_argument, meaning) in usages().items():
            title = usage(name)
            shown = Content(title) + _key(name)
            yield command.DiscoveryHit(shown, self._run(name), text=title, help=meaning)

    async def search(self, query: str) -> command.Hits:
        """Those that fit by name or meaning."""
        matcher = self.matcher(query)
        for name, (_argument, meaning) in usages().items():
            points = max(matcher.match(name), matcher.match(meaning) * 0.8)
            if points > 0:
                title = usage(name)
                shown = matcher.highlight(title.replace("[", r"\[")) + _key(name)
                yield command.Hit(points, shown, self._run(name), text=title, help=meaning)

    def _run(self, name: str) -> partial[None]:
        return partial(cast("TuichatApp", self.app).run_command, name)


def _key(name: str) -> Content:
    """The key that does the same, if there is one."""
    key = keys_of_commands().get(name)
    return Content("") if key is None else Content(f"   {key}").stylize("$accent")
