"""The interface: puts screens, session and theme together."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, Protocol, runtime_checkable

import msgspec
from textual import events
from textual.binding import Binding, BindingType
from textual.command import Provider
from textual.screen import Screen
from textual.types import CSSPathType

from tuichat.clock import Clock, SystemClock
from tuichat.errors import TuichatError, UsageError
from tuichat.i18n import _
from tuichat.model import LockedEvent
from tuichat.tui.choices import Choice, Choices, Keeping
from tuichat.tui.context import Context, Options
from tuichat.tui.garbage import look_for_garbage
from tuichat.tui.guard import Guard
from tuichat.tui.keymap import load_keymaps
from tuichat.tui.live_settings import live_settings, node_told
from tuichat.tui.mending import mend_textual
from tuichat.tui.notifications import Notifications
from tuichat.tui.pressed import Pressed
from tuichat.tui.screens.main import MainScreen
from tuichat.tui.session import Attach, Connected, Happening, Lost, Session
from tuichat.tui.slash import Command, needs_words
from tuichat.tui.terminal import assume_a_size, is_in_screen, tells_pastes, told_of_colours
from tuichat.tui.terminal_keys import know_alt_keys, take_any_bytes
from tuichat.tui.themes import Palette, fitting_theme, load_palettes
from tuichat.tui.typed_ahead import TypedAhead
from tuichat.tui.widths import width_class

if TYPE_CHECKING:
    from textual.driver import Driver

    from tuichat.tui.screens.first_run import FirstRun

_HERE = Path(__file__).parent


@runtime_checkable
class Listener(Protocol):
    """A screen that follows what happens in the node."""

    def happened(self, happening: Happening) -> None:
        """One event, in the order of the node."""
        ...


def _palette() -> type[Provider]:
    from tuichat.tui.palette import CommandPalette

    return CommandPalette


class TuichatApp(TypedAhead):
    """One person's interface to one node."""

    CSS_PATH: ClassVar[CSSPathType | None] = [_HERE / "app.tcss", _HERE / "screens" / "main.tcss"]
    """Textual reads the style sheet of a default screen only from here."""
    TITLE = "tuichat"
    COMMANDS = {_palette}  # noqa: RUF012 -- as Textual declares it
    COMMAND_PALETTE_BINDING = "ctrl+p"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit", show=False, priority=True),
        Binding("ctrl+c", "say_how_to_quit", show=False),
        Binding("ctrl+l", "draw_anew", show=False, priority=True),
    ]

    def __init__(self, attach: Attach, options: Options | None = None, clock: Clock | None = None) -> None:
        self._options = options = options or Options()
        without_colour = told_of_colours(os.environ)
        super().__init__(ansi_color=True if without_colour else None)
        if not options.blink:
            self.animation_level = "none"
        mend_textual()
        self._read_themes()
        self._node_ends_with_us = True
        self.sealed = options.sealed
        """Whether it takes a passphrase to open the profile, as far as is known."""
        self.mouse = True
        self.session = Session(attach, self._happened)
        self.shared = Context(self.session, options, clock or SystemClock())
        self.guard = Guard(self, self.shared)
        self.came = self.guard.saw
        self.notifications = Notifications(
            self, options, monotonic=self.shared.clock.monotonic, failed=self._say
        )
        self.pressed = Pressed(self, partial(load_keymaps, options.keymap_directories), options.keys)
        self._fitting_theme = fitting_theme(None if without_colour else self.console.color_system)
        theme = Choice(lambda: sorted(self._palettes), self._choose_theme, self._fitting_theme)
        self.choices = Choices(
            live_settings(theme, self.pressed, self.notifications, self.guard),
            Keeping(options.save, options.reset, options.standings),
            node_told(self, self.session, self._say),
        )
        self.theme = self._fitting_theme if without_colour else self._first_theme()
        self._first_colours: dict[str, str] | None = self.get_css_variables()
        self.stylesheet.set_variables(self._first_colours)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Names that the style sheets use, for the moment before a theme of ours is chosen."""
        return self._palettes["dark"].variables() if hasattr(self, "_palettes") else {}

    def refresh_css(self, animate: bool = True) -> None:
        """As Textual's, but not for the first theme, whose colours are in the style sheet already."""
        if self._first_colours != self.get_css_variables():
            super().refresh_css(animate)
            for screen in set(self.screen_stack[-1:]).difference(self.children):
                self.stylesheet.update(screen, animate=animate)  # the palette, which Textual forgets
        self._first_colours = None

    def get_driver_class(self) -> type[Driver]:
        """For a terminal, one that places what stands behind pictures of disputed width."""
        chosen = super().get_driver_class()
        if chosen.__name__ != "LinuxDriver":
            return chosen
        from tuichat.tui.columns import ColumnDriver, FarDriver

        return ColumnDriver if self._options.blink else FarDriver

    def copy_to_clipboard(self, text: str) -> None:
        """As Textual's, and through what is between here and the terminal."""
        from tuichat.tui.clipboard import copy

        self._clipboard = text
        copy(self, text)

    def get_default_screen(self) -> Screen[None]:
        """The main screen, so that no empty one is drawn before it."""
        screen = MainScreen(self.shared)
        screen.add_class(width_class(self.size.width))  # else everything is styled twice
        return screen

    def on_mount(self) -> None:
        look_for_garbage(self)
        if is_in_screen(os.environ):
            self.use_mouse(False)  # while the mouse is told of, screen keeps Esc until another key comes
        if self._options.create_profile is None:
            if self.sealed:
                self._ask_to_unlock()
        else:
            self._first_run()

    def on_conversation_screen_ready(self) -> None:
        if self._options.create_profile is None:
            self._attach_to_node()

    def _first_run(self) -> None:
        from tuichat.tui.screens.first_run import FirstRun

        assert self._options.create_profile is not None
        self.push_screen(FirstRun(self.shared, self._options.create_profile), self._first_run_over)

    def _first_run_over(self, following: str | None) -> None:
        main = self.main_screen()
        if following == "invite":
            self.run_command(following)
        elif following and main is not None:
            main.add_somebody("" if following == "add" else following)

    def on_first_run_created(self, event: FirstRun.Created) -> None:
        """The profile of a first run exists: attach to its node."""
        self.sealed = event.sealed
        self._attach_to_node()

    def start_session(self) -> None:
        """Attach to the node and follow it; a passphrase that it will want goes where it is not seen."""
        if self.sealed:
            self._ask_to_unlock()
        self._attach_to_node()

    def on_unlock_node_wanted(self) -> None:
        """Somebody in front of a locked profile wants the node that could not be had."""
        self._attach_to_node()

    def _attach_to_node(self) -> None:
        self.run_worker(self.session.run(), group="session", exclusive=True)

    async def on_unmount(self) -> None:
        await self.session.close()

    async def heed(self, event: events.Event) -> None:
        """As Textual's; whatever key comes, what was said for a moment has been read."""
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            main = self.main_screen()
            if main is not None:
                main.key_came()
                main.notice_read()
            if isinstance(event, events.Key) and (command := self.pressed.take(event)) is not None:
                if main is not None and main is self.screen:  # over a question nothing else is asked
                    main.run(command)
                return
        await super().heed(event)

    # What happens in the node.

    def _happened(self, happening: Happening) -> None:
        match happening:
            case Connected(hello=hello):
                self._node_ends_with_us = hello.node == "detached"
                if hello.locked:
                    self._ask_to_unlock()
            case LockedEvent(locked=True):
                self._ask_to_unlock()
            case Lost(reason="wiped"):
                self.guard.wiped()
        for screen in list(self.screen_stack):
            if isinstance(screen, Listener):
                screen.happened(happening)
        main = self.main_screen()
        if main is not None and not self.session.locked:
            looked_at = main.looked_at if main is self.screen else None
            self.notifications.happened(happening, self.session.known.people, looked_at)

    def _ask_to_unlock(self) -> None:
        """Cover everything; but while a first run makes the profile, its passphrase is at hand."""
        from tuichat.tui.screens.first_run import FirstRun
        from tuichat.tui.screens.unlock import Unlock

        if any(isinstance(each, Unlock | FirstRun) and each.opens_profile for each in self.screen_stack):
            return
        while len(self.screen_stack) > 1:
            self.pop_screen()
        self.push_screen(Unlock(self.shared, sealed=self.sealed))

    # Commands.

    def main_screen(self) -> MainScreen | None:
        """The main screen, if it is there already."""
        return next((screen for screen in self.screen_stack if isinstance(screen, MainScreen)), None)

    def run_command(self, name: str) -> None:
        """Run a command of the palette; one that needs words is put into the input instead."""
        main = self.main_screen()
        if main is None:
            return
        if needs_words(name) and name != "add":
            main.begin_command(name)
        else:
            main.run(Command(name, ""))

    def action_command_palette(self) -> None:
        """Only over the main screen: its commands are what the palette offers."""
        if isinstance(self.screen, MainScreen) and not self.session.locked:
            from tuichat.tui.palette import PaletteScreen

            self.push_screen(PaletteScreen(self.shared.glyphs))

    async def action_quit(self) -> None:
        """Leave; if anything is under way and the node would end with us, ask what becomes of it."""
        from tuichat.tui.screens.quit import Quit

        if isinstance(self.screen, Quit):
            return
        counts = await self.session.under_way() if self._node_ends_with_us else (0, 0, 0)
        if any(counts):
            await self.push_screen(Quit(*counts, self.shared.glyphs), self._quit_answered)
        else:
            self.exit(0)

    def _quit_answered(self, answer: str | None) -> None:
        if answer == "leave":
            self.exit(0)
        elif answer == "keep":
            self.run_worker(self._keep_and_leave(), group="quit", exclusive=True)

    async def _keep_and_leave(self) -> None:
        try:
            await self.session.node.keep_until_delivered()
        except TuichatError as error:
            main = self.main_screen()
            if main is not None:
                main.fail(error)
            return
        self.exit(0)

    def action_say_how_to_quit(self) -> None:
        """Ctrl+C never quits."""
        self._say(_("Ctrl+Q quits."))

    def action_draw_anew(self) -> None:
        """Every cell, where something else wrote upon the terminal."""
        self.refresh(layout=True)

    def _say(self, words: str) -> None:
        main = self.main_screen()
        if main is not None:
            main.say(words)

    # Looks.

    def _read_themes(self) -> None:
        self._palettes: dict[str, Palette] = load_palettes(self._options.theme_directories)
        for palette in self._palettes.values():
            self.register_theme(palette.theme())

    def _choose_theme(self, name: str) -> None:
        self._read_themes()  # one's own may be newer than the interface
        if name not in self._palettes:
            raise UsageError(
                _("There is no theme called {name}.").format(name=name), candidates=tuple(self._palettes)
            )
        self.set_reactive(TuichatApp.theme, name)
        self.mutate_reactive(TuichatApp.theme)  # also where it is the same: its colours may be others

    def use_mouse(self, on: bool) -> bool:
        """Let the mouse come here or stay with the terminal; whether it comes here now."""
        from textual.drivers.linux_driver import LinuxDriver

        self.mouse = on
        if isinstance(self._driver, LinuxDriver):
            if on:
                self._driver._enable_mouse_support()
            else:
                self._driver._disable_mouse_support()
        return on

    @contextmanager
    def out_of_the_way(self) -> Iterator[None]:
        """Leave the terminal to another program; nothing is drawn meanwhile."""
        if self.is_headless:
            yield
            return
        with self.batch_update():  # pictures for nobody would pile up, and after thirty everything waits
            suspended = self.suspend()
            suspended.__enter__()
            try:
                yield
            finally:
                suspended.__exit__(None, None, None)  # told of an error, it would keep the terminal
                self.use_mouse(self.mouse)

    def _first_theme(self) -> str:
        """The chosen theme, else one that fits."""
        chosen = self._options.theme or self._fitting_theme
        if chosen not in self._palettes:
            raise UsageError(
                _("There is no theme called {name}.").format(name=chosen), candidates=tuple(self._palettes)
            )
        return chosen

    def _fatal_error(self) -> None:
        """Textual's own shows the local variables of every frame: texts, names and keys among them."""
        from rich.segment import Segments
        from rich.traceback import Traceback

        self.bell()
        traceback = Traceback(show_locals=False, width=None)
        self._exit_renderables.append(Segments(self.console.render(traceback, self.console.options)))
        self._close_messages_no_wait()


INTERRUPTED: Final = 130
"""Textual swallows the cancellation that a signal is made into: then nobody gave the app a code."""


def run_app(attach: Attach, options: Options | None = None, clock: Clock | None = None) -> int:
    """Run the interface until the person leaves.

    Args:
        attach: gives a client of the profile's node, starting a node if there is none; called again after
            the node handed over to another.
        options: looks, and `create_profile` for a first run.
        clock: what time it is.

    Returns:
        The exit code: 0, Textual's own after a crash, or 130 when a signal ended it.

    Raises:
        UsageError: a theme cannot be used.
    """
    know_alt_keys()
    take_any_bytes(sys.stdin.encoding, pastes_told=tells_pastes(os.environ))
    assume_a_size()
    if options is not None and options.images:
        from tuichat.tui.terminal_pictures import find_graphics

        options = msgspec.structs.replace(options, graphics=find_graphics())
    if options is not None and options.glyphs.ascii_only:
        from tuichat.tui.bars import draw_whole_bars

        draw_whole_bars()
    app = TuichatApp(attach, options, clock)
    gc.disable()
    try:
        code = app.run()
    finally:
        gc.enable()
    return (app.return_code or INTERRUPTED) if code is None else code
