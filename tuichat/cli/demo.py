"""`tuichat demo`: the interface on a private Tor network, with somebody who answers."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING

from tuichat.cli import plain
from tuichat.cli.context import Context
from tuichat.cli.interface import fitting_glyphs, need_terminal
from tuichat.cli.parser import Parser
from tuichat.cli.streams import graceful_ending, heeded_signals
from tuichat.clock import Clock
from tuichat.i18n import _

if TYPE_CHECKING:
    from tuichat.bootstrap.backstage import Backstage

_TIME_WIDTH = len(" 100.0 s")
_NARROWEST = 20


def add(parser: Parser) -> None:
    """Add the command."""
    parser.add_command("demo", run, _("try it on a Tor network of its own, with somebody who answers"))


def run(context: Context) -> int:
    """Bring everything up, open the interface, and leave nothing behind. Gives the exit code."""
    in_lines = plain.is_wanted(context)
    if not in_lines:
        need_terminal()
    _forget_settings()
    from tuichat.bootstrap.backstage import Backstage

    _show(_fitted(_("A Tor network of its own starts on this computer, for you and robin.")) + "\n")
    _show(_fitted(_("This takes about half a minute; Ctrl+C ends it.")) + "\n\n")
    backstage = Backstage()
    try:
        _show_parts(backstage.parts(), context.clock)
        return _lines(backstage, context.clock) if in_lines else _interface(backstage, context.clock)
    finally:
        for number in heeded_signals():
            signal.signal(number, signal.SIG_IGN)
        _show("\n" + _("Clearing up ..."))
        backstage.close()
        _show(" " + _("nothing is left of it.") + "\n")


def _forget_settings() -> None:
    """Settings, profile and passphrase that this person keeps in the environment concern other nodes."""
    for name in [name for name in os.environ if name.startswith("TUICHAT_")]:
        del os.environ[name]


def _show_parts(parts: Iterable[str], clock: Clock) -> None:
    """One line a part, and behind it how long it took."""
    began = None
    for part in parts:
        _end_part(began, clock)
        _show(_fitted(f"{part} ...", indent="  ", room=_TIME_WIDTH))
        began = clock.monotonic()
    _end_part(began, clock)


def _end_part(began: float | None, clock: Clock) -> None:
    if began is not None:
        _show(" " + _("{seconds:.1f} s").format(seconds=clock.monotonic() - began) + "\n")


def _interface(backstage: Backstage, clock: Clock) -> int:
    from tuichat.tui.app import run_app
    from tuichat.tui.context import Options
    from tuichat.tui.terminal import is_remote

    hint = _('Try: ask robin "what is this?" or 你好; fetch robin\'s file: Esc, then o; F1: all keys')
    glyphs, blink = fitting_glyphs(), not is_remote(os.environ)
    with graceful_ending():
        return run_app(backstage.attach, Options(hint=hint, glyphs=glyphs, blink=blink), clock)


def _lines(backstage: Backstage, clock: Clock) -> int:
    from tuichat.plain.options import Options, spoken

    hint = _('Try: /1 and then "what is this?", and /files, which says how to fetch what robin sends.')
    return plain.run_on(backstage.attach, Options(hint=hint, glyphs=spoken(fitting_glyphs())), clock)


def _fitted(text: str, indent: str = "", room: int = 0) -> str:
    """`text` in lines that the terminal need not break, with `room` cells left free at their ends."""
    width = max(shutil.get_terminal_size().columns - room, _NARROWEST)
    return textwrap.fill(text, width, initial_indent=indent, subsequent_indent=indent)


def _show(text: str) -> None:
    """Write to the terminal, which may be gone."""
    with contextlib.suppress(OSError):
        os.write(1, text.encode(sys.stdout.encoding, "backslashreplace"))
