"""`tuichat --plain`: the interface line by line."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING

from tuichat.cli.context import ATTACH_SECONDS, Context
from tuichat.cli.profile_deeds import ProfileDeeds
from tuichat.cli.streams import heeded_signals, raise_on_ending_signals
from tuichat.signals_heard import waking_signals

if TYPE_CHECKING:
    from tuichat.api.client import AsyncClient
    from tuichat.clock import Clock
    from tuichat.plain.lines import Lines
    from tuichat.plain.options import Options
    from tuichat.tui.session import Attach

INTERRUPTED = 130


def is_wanted(context: Context) -> bool:
    """Whether it was asked for, or there is a terminal on which nothing else can be shown."""
    on_terminal = os.isatty(0) and os.isatty(1)
    return context.words.plain or (on_terminal and os.environ.get("TERM", "") in ("", "dumb"))


def run(context: Context) -> int:
    """Read lines and show lines until the input or somebody's patience ends. Gives the exit code."""
    options = _options(context)

    async def attach() -> AsyncClient:
        from tuichat import bootstrap

        return await bootstrap.attach(context.paths(), timeout=ATTACH_SECONDS)

    return run_on(attach, options, context.clock)


def run_on(attach: Attach, options: Options, clock: Clock) -> int:
    """The same on whatever node `attach` gives a client of."""
    from tuichat.plain.lines import kept_terminal

    async def run_program() -> int:
        from tuichat.plain.program import Program

        loop = asyncio.get_running_loop()
        lines = _lines(lambda: loop.call_soon_threadsafe(program.end))
        program = Program(attach, lines, options, clock)
        _heed_signals(program.interrupted, lambda: program.end(INTERRUPTED))
        with waking_signals():
            return await program.run()

    with kept_terminal():
        try:
            return asyncio.run(run_program())
        finally:
            raise_on_ending_signals()


def _lines(lost: Callable[[], object]) -> Lines:
    """Lines that can be edited, where the terminal and the system allow it."""
    from tuichat.plain.lines import StandardLines

    try:
        from tuichat.plain.edited_lines import EditedLines, can_edit
    except ImportError:  # a Python without readline
        return StandardLines(lost)
    return EditedLines(lost) if can_edit() else StandardLines(lost)


def _heed_signals(interrupted: Callable[[], None], ended: Callable[[], None]) -> None:
    """Ctrl+C at a terminal quits nothing; what else is to end us ends the loop in good order."""
    loop, on_terminal = asyncio.get_running_loop(), os.isatty(0)

    def heard(number: int, _frame: FrameType | None) -> None:
        asked = number == signal.SIGINT and on_terminal
        loop.call_soon_threadsafe(interrupted if asked else ended)

    for number in heeded_signals():
        signal.signal(number, heard)


def _options(context: Context) -> Options:
    from tuichat import bootstrap
    from tuichat.cli.interface import fitting_glyphs
    from tuichat.plain.options import Options, spoken

    context.finish_wipe()
    paths, config, deeds = context.paths(), context.config(), ProfileDeeds(context)
    made = bootstrap.profile_exists(paths)
    return Options(
        create_profile=None if made else deeds.create,
        sealed=made and bootstrap.has_passphrase(paths),
        given=context.passphrase.given(),
        name=paths.home.name,
        wipe=deeds.wipe,
        key_file=lambda: context.key_file(warn=False),
        glyphs=spoken(fitting_glyphs()),
        notify=config.ui.notify,
        notify_content=config.ui.notify_content,
        hours=context.hours(),
        save=deeds.save,
        reset=deeds.reset,
        standings=deeds.standings,
        bridges=lambda: context.config().tor.bridges,
        save_bridges=deeds.save_bridges,
        scratch=lambda: paths.run_directory(create=True),
    )
