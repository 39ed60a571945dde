"""What the plain mode is started with."""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Callable
from datetime import tzinfo
from pathlib import Path
from typing import Final

import msgspec

from tuichat.times import Hours
from tuichat.tui.glyphs import UNICODE, Glyphs
from tuichat.tui.standing import Standings

_SIGNS: Final = ("linked", "connecting", "unreachable", "queued", "sent", "failed", "incoming", "outgoing")
_OTHER_SIGNS: Final = ("delivered", "resting", "ended", "verified")


def spoken(glyphs: Glyphs) -> Glyphs:
    """The same without the signs that words stand beside: each would be read aloud, or be a gap."""
    return msgspec.structs.replace(glyphs, **dict.fromkeys((*_SIGNS, *_OTHER_SIGNS), ""))


def _temporary() -> Path:
    return Path(tempfile.gettempdir())


def _none() -> None:
    return None


class Options(msgspec.Struct, frozen=True):
    """How it is to behave.

    Attributes:
        create_profile: makes one from a name and a passphrase, both optional; set if there is none yet.
        sealed: whether it takes a passphrase to open the profile.
        given: the passphrase, if it needs nobody to ask for it.
        name: the profile's, to be typed before it is wiped.
        wipe: wipes the profile, whether its node answers or not; True: received files stay. None: by asking
            the node.
        key_file: gives the content of the key file, None where none is named. Raises LockedError.
        glyphs: the quotation marks and the like that the terminal can show, without other signs.
        zone: the reader's time zone; None for the system's.
        hours: how the reader's clock is read.
        notify: how somebody who looks elsewhere is told that something came.
        notify_content: whether that says from whom, and what.
        hint: one line at the start; "" for none.
        save: keeps a setting, by its whole name, for the next start; None where nothing is kept.
        reset: keeps it no longer.
        standings: how all settings stand; None where nothing is kept. Raises TuichatError.
        bridges: the bridge lines of the settings, as they are now.
        save_bridges: keeps others for the next start; None where nothing is kept.
        scratch: gives a directory for what is nobody else's business and is removed soon.
    """

    create_profile: Callable[[str | None, str | None], Awaitable[object]] | None = None
    sealed: bool = False
    given: str | None = None
    name: str = "default"
    wipe: Callable[[bool], Awaitable[object]] | None = None
    key_file: Callable[[], bytes | None] = _none
    glyphs: Glyphs = spoken(UNICODE)
    zone: tzinfo | None = None
    hours: Hours = "24h"
    notify: str = "bell"
    notify_content: bool = False
    hint: str = ""
    save: Callable[[str, str], None] | None = None
    reset: Callable[[str], None] | None = None
    standings: Callable[[], Standings] | None = None
    bridges: Callable[[], tuple[str, ...]] = tuple
    save_bridges: Callable[[str], None] | None = None
    scratch: Callable[[], Path] = _temporary
