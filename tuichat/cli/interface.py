"""`tuichat` alone: the interface."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from typing import TYPE_CHECKING

from tuichat.cli import plain
from tuichat.cli.context import ATTACH_SECONDS, Context
from tuichat.cli.profile_deeds import ProfileDeeds
from tuichat.cli.streams import graceful_ending
from tuichat.errors import LockedError, UsageError
from tuichat.i18n import _

if TYPE_CHECKING:
    from tuichat.api.client import AsyncClient
    from tuichat.tui.context import Options
    from tuichat.tui.glyphs import Glyphs


def run(context: Context) -> int:
    """Open the interface on the profile; its first run makes one. Gives the exit code."""
    if plain.is_wanted(context):
        return plain.run(context)
    need_terminal()
    gc.disable()  # the imports make no garbage; the interface looks for it once it is on screen
    options = _options(context)
    passphrase = context.passphrase.given()  # once: a descriptor can be read only once
    from tuichat.tui.app import run_app

    async def attach() -> AsyncClient:
        from tuichat import bootstrap

        node = await bootstrap.attach(context.paths(), timeout=ATTACH_SECONDS)
        if passphrase is not None and (await node.hello()).locked:
            with contextlib.suppress(LockedError):  # a wrong one is asked for on the screen
                await node.unlock(passphrase, context.key_file(warn=False))
        return node

    with graceful_ending():
        return run_app(attach, options, context.clock)


def need_terminal() -> None:
    """Raise UsageError unless there is a terminal that the interface can draw on."""
    term = os.environ.get("TERM", "")
    if not (os.isatty(0) and os.isatty(1)):
        raise UsageError(
            _("The interface needs a terminal."), _("For scripts there are commands: see tuichat --help.")
        )
    if term in ("", "dumb"):
        raise UsageError(
            _("The interface cannot draw on this terminal: TERM is {term!r}.").format(term=term),
            _("Set TERM to what the terminal is, or use the commands: see tuichat --help."),
        )


def _options(context: Context) -> Options:
    from tuichat import bootstrap
    from tuichat.config import KEYS_DIRECTORY, THEMES_DIRECTORY
    from tuichat.tui.context import Options
    from tuichat.tui.terminal import is_remote

    paths, config, deeds = context.paths(), context.config(), ProfileDeeds(context)
    context.finish_wipe()
    made = bootstrap.profile_exists(paths)
    return Options(
        theme=config.ui.theme,
        theme_directories=(paths.config.parent / THEMES_DIRECTORY,),
        notify=config.ui.notify,
        notify_content=config.ui.notify_content,
        keys=config.ui.keys or "default",
        keymap_directories=(paths.config.parent / KEYS_DIRECTORY,),
        glyphs=fitting_glyphs(),
        blink=not is_remote(os.environ),
        hours=context.hours(),
        save=deeds.save,
        reset=deeds.reset,
        standings=deeds.standings,
        bridges=lambda: context.config().tor.bridges,
        save_bridges=deeds.save_bridges,
        create_profile=None if made else deeds.create,
        sealed=made and bootstrap.has_passphrase(paths),
        scratch=lambda: paths.run_directory(create=True),
        images=config.ui.images and _can_show_pictures(),
        name=paths.home.name,
        wipe=deeds.wipe,
        panic_key=config.ui.panic_key,
        key_file=lambda: context.key_file(warn=False),
    )


def _can_show_pictures() -> bool:
    """Whether the extra for them is installed; without it everything is as it is without pictures."""
    from tuichat.tui.terminal_pictures import is_installed

    return is_installed()


def fitting_glyphs() -> Glyphs:
    """The signs that the terminal can show."""
    from tuichat.tui.glyphs import glyphs_for

    return glyphs_for("" if sys.stdout is None else sys.stdout.encoding, os.environ)
