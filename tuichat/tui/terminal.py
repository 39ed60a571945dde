"""What the environment tells of the terminal: how far away it is, what it can show, what stands before it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, MutableMapping
from typing import Final

_REMOTE: Final = ("SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT")
_WITHOUT_COLOURS: Final = re.compile(r"vt[1-4][0-9]{2}\b.*|.*-m(ono)?")
"""DEC's terminals before the VT525, and what terminfo calls monochrome."""

_SCREEN_PIECE: Final = 240
"""Letters of a string that screen takes at once: it throws a string away that is longer than 768."""


def is_remote(environment: Mapping[str, str]) -> bool:
    """Whether what is drawn goes over a network: by ssh, or by mosh, which ssh has started."""
    return any(environment.get(name) for name in _REMOTE)


def is_console(environment: Mapping[str, str]) -> bool:
    """Whether it is the Linux console, whose fonts have 256 or 512 signs."""
    return environment.get("TERM") == "linux"


def tells_pastes(environment: Mapping[str, str]) -> bool:
    """Whether the terminal may be one that says where a paste begins: old ones and the console do not."""
    return not (is_console(environment) or _WITHOUT_COLOURS.fullmatch(environment.get("TERM", "")))


def is_without_colours(environment: Mapping[str, str]) -> bool:
    """Whether somebody wants no colours (https://no-color.org: set, and not empty), or there are none."""
    return bool(environment.get("NO_COLOR") or _WITHOUT_COLOURS.fullmatch(environment.get("TERM", "")))


def told_of_colours(environment: MutableMapping[str, str]) -> bool:
    """Let Textual and Rich see what is so about colours; whether there are to be none.

    They take an empty NO_COLOR for a wish, and COLORTERM for true also within screen, which has it from
    outside: up to version 4 screen reads the numbers of a colour as attributes, so text is dim and blinks.
    """
    without = is_without_colours(environment)
    if without:
        environment["NO_COLOR"] = "1"
    else:
        environment.pop("NO_COLOR", None)
    if is_in_screen(environment):
        environment.pop("COLORTERM", None)
    return without


def assume_a_size() -> None:
    """Name the size that is assumed of a terminal which does not tell its own.

    Textual and Rich each assume another one then, and the screen is laid out forever between the two.
    """
    try:
        columns, rows = os.get_terminal_size(1)
    except OSError:
        columns, rows = 0, 0
    if not columns or not rows:
        os.environ.setdefault("COLUMNS", "80")
        os.environ.setdefault("LINES", "24")


def is_in_screen(environment: Mapping[str, str]) -> bool:
    """Whether GNU screen is between here and the terminal, and no tmux within it."""
    return "TMUX" not in environment and "STY" in environment


def passed_on(sequence: str, environment: Mapping[str, str]) -> str:
    """The sequence as tmux or screen hand it on to the terminal around them, if there is one of them."""
    if "TMUX" in environment:
        return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    if is_in_screen(environment):
        pieces = (sequence[at : at + _SCREEN_PIECE] for at in range(0, len(sequence), _SCREEN_PIECE))
        return "".join(f"\x1bP{piece}\x1b\\" for piece in pieces)
    return sequence
