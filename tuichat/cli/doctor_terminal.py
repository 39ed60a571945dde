"""What the doctor finds about the terminal: what the interface can show on it, and which keys arrive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tuichat.cli.finding import Finding
from tuichat.cli.surroundings import Surroundings
from tuichat.i18n import _
from tuichat.tui.terminal import is_console, is_in_screen, is_remote, is_without_colours

_LEAST_COLUMNS: Final = 40
_LEAST_LINES: Final = 15
_SLOW_ESCAPE: Final = 100
"""Milliseconds after Esc that a person notices."""

_WIDE: Final = {"第": 2, "ä": 1, "😀": 2}
"""Texts, and the cells that the interface counts on: a Chinese character, a letter with a mark, an emoji."""


def terminal(seen: Surroundings) -> Iterator[Finding]:
    """All about the terminal; little where there is none."""
    term = seen.environment.get("TERM", "")
    if not seen.is_terminal:
        yield Finding("terminal", "ok", _("not a terminal: commands only"), what="none")
        return
    if term in ("", "dumb"):
        yield Finding(
            "terminal",
            "warning",
            _("TERM={term} cannot show the interface").format(term=term),
            _("Set TERM to what the terminal is, such as xterm-256color; or use tuichat --plain."),
            "dumb",
        )
        return
    yield _size(seen, term)
    yield _colours(seen, term)
    yield from _widths(seen)
    yield _keys(seen)
    if is_remote(seen.environment):
        text = _("on another computer than tuichat (ssh): nothing moves by itself")
        yield Finding("terminal", "ok", text, what="remote")
    yield from _between(seen, term)


def _size(seen: Surroundings, term: str) -> Finding:
    text = f"{term}, {seen.columns}x{seen.lines}"
    if seen.columns >= _LEAST_COLUMNS and seen.lines >= _LEAST_LINES:
        return Finding("terminal", "ok", text)
    hint = _("Make it larger: the interface needs {columns}x{lines}.")
    return Finding(
        "terminal", "warning", text, hint.format(columns=_LEAST_COLUMNS, lines=_LEAST_LINES), "small"
    )


def _colours(seen: Surroundings, term: str) -> Finding:
    true = seen.environment.get("COLORTERM") in ("truecolor", "24bit") or "direct" in term
    if seen.environment.get("NO_COLOR"):
        text = _("no colours, as NO_COLOR asks for")
    elif is_without_colours(seen.environment):
        text = _("no colours, for a {term} has none; if it has, set TERM, such as xterm-256color").format(
            term=term
        )
    elif true and not is_in_screen(seen.environment):
        text = _("16 million colours")
    elif "256color" in term:
        text = _("256 colours")
    else:
        text = _("16 colours; if it can show more, set TERM, such as xterm-256color")
    return Finding("terminal", "ok", text, what="colours")


def _widths(seen: Surroundings) -> Iterator[Finding]:
    cells = seen.cells(tuple(_WIDE))
    if cells is None:
        return
    wrong = [text for text, taken in zip(_WIDE, cells, strict=True) if taken != _WIDE[text]]
    if not wrong:
        yield Finding("terminal", "ok", _("wide characters take two cells"), what="width")
        return
    text = _("it shows {characters} in another width than other programs count: lines may be out of place")
    hint = _("Look in its settings for ambiguous or wide characters and UTF-8, or use a newer terminal.")
    yield Finding("terminal", "warning", text.format(characters=" ".join(wrong)), hint, "width")


def _keys(seen: Surroundings) -> Finding:
    if is_console(seen.environment):
        text = _("it takes Alt with arrows for itself, to go to another console")
        hint = _("Use Ctrl+N and Ctrl+B in their place; Alt+digit arrives.")
    elif "VTE_VERSION" in seen.environment:
        text = _("it may take Alt+digit (its own tabs) and F1 (its help) for itself")
        hint = _("Turn these shortcuts off in its settings, or use Ctrl+N, Ctrl+B and Ctrl+P.")
    elif seen.environment.get("TERM_PROGRAM") in ("Apple_Terminal", "iTerm.app"):
        text = _("Option writes characters unless it is set to be Alt")
        hint = _("In its settings for the keyboard let Option be Meta (Esc+), or use Ctrl+N and Ctrl+B.")
    else:
        return Finding("terminal", "ok", _("Alt+digit should arrive; if not: Ctrl+N, Ctrl+B"), what="keys")
    return Finding("terminal", "warning", text, hint, "keys")


def _between(seen: Surroundings, term: str) -> Iterator[Finding]:
    """What stands between tuichat and the terminal, and whether a text can be copied through it (OSC 52)."""
    if "TMUX" in seen.environment:
        yield from _tmux(seen)
    elif is_in_screen(seen.environment):
        text = _("screen passes on what is copied (OSC 52), but neither pictures nor 16 million colours")
        yield Finding("terminal", "ok", text, what="screen")
    elif term.split(".")[0] == "screen":
        text = _("a screen or tmux on another computer may keep what is copied (OSC 52) to itself")
        hint = _("Where copying does nothing: select with the mouse while Shift is held.")
        yield Finding("terminal", "warning", text, hint, "screen")
    elif "mosh-server" in seen.parents():
        text = _("mosh passes no pictures on, and what is copied (OSC 52) from version 1.4")
        hint = _("Where copying does nothing: select with the mouse while Shift is held, or connect by ssh.")
        yield Finding("terminal", "warning", text, hint, "mosh")
    else:
        yield _clipboard(seen)


def _clipboard(seen: Surroundings) -> Finding:
    if is_console(seen.environment):
        text = _("the Linux console has no clipboard, and its fonts have few signs and no Chinese")
        hint = _("Use tmux to copy; docs/terminals.md says how Chinese can be shown.")
        return Finding("terminal", "warning", text, hint, "console")
    unable = seen.environment.get("TERM_PROGRAM") == "Apple_Terminal"
    if unable or "VTE_VERSION" in seen.environment:
        text = _("it may not take what is copied (OSC 52)")
        hint = _("Where copying does nothing: select with the mouse while Shift is held.")
        return Finding("terminal", "warning", text, hint, "clipboard")
    text = _("what is copied goes to it (OSC 52), if its settings allow that")
    return Finding("terminal", "ok", text, what="clipboard")


def _tmux(seen: Surroundings) -> Iterator[Finding]:
    said = seen.ask(("tmux", "show-options", "-s"))
    if said is None:
        text = _("tmux does not tell its settings")
        yield Finding("terminal", "warning", text, _("Is it in PATH? tmux show-options -s"), "tmux")
        return
    options = dict(line.split(" ", 1) for line in said.splitlines() if " " in line)
    text = _("tmux has what is copied (its prefix, then ]), and passes it to the terminal (OSC 52)")
    yield Finding("terminal", "ok", text, what="clipboard")
    yield _escape_time(options.get("escape-time", "500"))
    extended = _("tmux: extended-keys is {value}; a new line is Ctrl+J in any case")
    text = extended.format(value=options.get("extended-keys", "off"))
    yield Finding("terminal", "ok", text, what="extended_keys")


def _escape_time(value: str) -> Finding:
    if value.isdigit() and int(value) <= _SLOW_ESCAPE:
        text = _("tmux passes Esc on within {value} ms")
        return Finding("terminal", "ok", text.format(value=value), what="escape_time")
    text = _("tmux holds Esc back for {value} ms: it comes late, or makes the next key another")
    hint = _("In ~/.tmux.conf: set -s escape-time 10")
    return Finding("terminal", "warning", text.format(value=value), hint, "escape_time")
