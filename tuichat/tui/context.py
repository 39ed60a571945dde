"""What every screen is given: the node, the signs, the time, and the choices of whoever started it."""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Literal

import msgspec
from textual.widget import Widget

from tuichat.clock import Clock, SystemClock
from tuichat.times import Hours
from tuichat.tui.dates import Calendar
from tuichat.tui.glyphs import UNICODE, Glyphs
from tuichat.tui.session import Session
from tuichat.tui.standing import Standings

WipeProfile = Callable[[bool], Awaitable[object]]
"""Wipes the profile, whether its node answers or not; True: received files stay."""

CreateProfile = Callable[[str | None, str | None], Awaitable[object]]
"""Makes the profile of a first run from a name and a passphrase, both optional."""

Graphics = Callable[[bytes, int, int], Widget]
"""Makes what shows a picture: of its red, green and blue in rows from the top, its width and its height."""


def _temporary() -> Path:
    return Path(tempfile.gettempdir())


def _none() -> None:
    return None


Way = Literal["off", "bell", "osc9", "osc777", "desktop"]
"""How one is told that something came: not at all; by the terminal's bell; by a terminal's notification, in
either of two spellings; by the desktop's."""


class Options(msgspec.Struct, frozen=True):
    """How the interface is to look and behave.

    Attributes:
        theme: a theme's name; "" for one that fits the terminal.
        theme_directories: where the person's own themes are.
        keys: a keymap's name.
        keymap_directories: where the person's own keymaps are.
        notify: how somebody who looks elsewhere is told that something came.
        notify_content: whether that says from whom, and what.
        hint: one line above the input at the start; "" for none.
        glyphs: the signs that the terminal can show.
        zone: the reader's time zone; None for the system's.
        hours: how the reader's clock is read.
        save: keeps a setting ("ui.theme", what a person wrote) for the next start; None where nothing is.
        reset: keeps it no longer.
        standings: how all settings stand; None where nothing is kept. Raises TuichatError.
        bridges: the bridge lines of the settings, as they are now.
        save_bridges: keeps others for the next start; None where nothing is kept.
        blink: whether anything moves by itself: the cursor blinks, what is scrolled to glides there.
        create_profile: set if there is no profile yet.
        sealed: whether it takes a passphrase to open the profile; then that is asked for at once.
        name: the profile's, to be typed before it is wiped.
        wipe: how that is done; None: by asking the node.
        panic_key: wipes when it is pressed three times; "" for none.
        key_file: gives the content of the key file, None where none is named. Raises LockedError.
        scratch: gives a directory for what is nobody else's business and is removed soon.
        images: whether pictures are shown, where the terminal has the colours for them.
        graphics: makes a widget of a picture, its width and its height in pixels, on a terminal that has
            graphics of its own; None: pictures are half blocks.
    """

    theme: str = ""
    theme_directories: tuple[Path, ...] = ()
    keys: str = "default"
    keymap_directories: tuple[Path, ...] = ()
    notify: Way = "bell"
    notify_content: bool = False
    hint: str = ""
    glyphs: Glyphs = UNICODE
    zone: tzinfo | None = None
    hours: Hours = "24h"
    save: Callable[[str, str], None] | None = None
    reset: Callable[[str], None] | None = None
    standings: Callable[[], Standings] | None = None
    bridges: Callable[[], tuple[str, ...]] = tuple
    save_bridges: Callable[[str], None] | None = None
    blink: bool = True
    create_profile: CreateProfile | None = None
    sealed: bool = False
    scratch: Callable[[], Path] = _temporary
    images: bool = False
    graphics: Graphics | None = None
    name: str = "default"
    wipe: WipeProfile | None = None
    panic_key: str = ""
    key_file: Callable[[], bytes | None] = _none


class Context(msgspec.Struct, frozen=True):
    """One for the whole interface."""

    session: Session
    options: Options = msgspec.field(default_factory=Options)
    clock: Clock = msgspec.field(default_factory=SystemClock)

    @property
    def glyphs(self) -> Glyphs:
        """The signs that the terminal can show."""
        return self.options.glyphs

    def calendar(self) -> Calendar:
        """The reader's calendar, as of now."""
        now = datetime.fromtimestamp(self.clock.now(), tz=UTC)
        return Calendar(self.options.zone, now.astimezone(self.options.zone).date(), self.options.hours)
