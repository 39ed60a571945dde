"""Handing a text to a clipboard: to the terminal's by OSC 52, through tmux or screen where one is between.

tmux takes OSC 52 from programs only if `set-clipboard` is on, which it usually is not; asked by its own
program it has the text and passes it to the terminal whatever is set. screen swallows the sequence unless it
is handed over in pieces.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
from typing import Final

from textual.app import App

from tuichat.i18n import _
from tuichat.tui.terminal import is_console, is_in_screen, passed_on

_TMUX: Final = ("tmux", "load-buffer", "-w", "-")
_TMUX_SECONDS: Final = 2.0


def copy(app: App[int], text: str) -> None:
    """Hand it over, as far as there is a terminal."""
    if app._driver is None or app.is_headless:
        return
    if "TMUX" in os.environ:
        app.run_worker(_through_tmux(app, text), group="clipboard")
    else:
        _write(app, text)


def _write(app: App[int], text: str) -> None:
    encoded = base64.b64encode(text.encode()).decode()
    sequence = f"\x1b]52;c;{encoded}\x07"
    if app._driver is not None:
        app._driver.write(passed_on(sequence, os.environ) if is_in_screen(os.environ) else sequence)
        app._driver.flush()


async def _through_tmux(app: App[int], text: str) -> None:
    """Ask tmux; one that is older than 3.2 does not know -w, and takes OSC 52 if it is set to."""
    pipe, quiet = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    try:
        tmux = await asyncio.create_subprocess_exec(*_TMUX, stdin=pipe, stdout=quiet, stderr=quiet)
    except OSError:
        _write(app, text)
        return
    try:
        async with asyncio.timeout(_TMUX_SECONDS):
            await tmux.communicate(text.encode())
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            tmux.kill()
        await tmux.wait()
    if tmux.returncode:
        _write(app, text)


def copied_words() -> str:
    """What is said after a text was handed over: where it is, as far as that can be known."""
    if "TMUX" in os.environ:
        return _("Copied into tmux (its prefix, then ] pastes it), and to your terminal if that allows it.")
    if is_console(os.environ):
        return _("The Linux console has no clipboard: use tmux, or select with the mouse (gpm).")
    return _("Copied, if your terminal allows that (OSC 52).")
