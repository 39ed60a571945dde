"""What a node tells to run in a shell, as it is typed in the interface and line by line.

A node answers scripts and the command line, too, so that its hints name commands of those, the same in every
language. Whoever sits in front of a conversation has one for the input; `tuichat doctor`, say, has none.
"""

from __future__ import annotations

import re
import shlex
from typing import Final

_TWINS: Final = tuple(
    (re.compile(shell), typed)
    for shell, typed in (
        (r"tuichat contact (accept|add|remove|rename|requests|unblock)\b", r"/\1"),
        (r"tuichat contact list\b", "/switch"),
        (r"tuichat contact erase \w+", "/erase"),
        (r"tuichat contact memory .+ off\b", "/memory off"),
        (r"tuichat contact trust (.+?)( --yes)?$", r"/card \1"),
        (r"tuichat config set tor\.bridges \w+", "/bridges"),
        (r"tuichat files (list\b|cancel ID)", "/files"),
        (r"tuichat invite list\b", "/invites"),
        (r"tuichat send (?!.*--)(.+ \w+)$", r"/msg \1"),
        (r"tuichat timer \w+ off\b", "/timer off"),
        (r"tuichat unsend \d+", "/unsend"),
    )
)

_QUOTED: Final = re.compile(r"""(?<![^\s:：(（])(/[a-z]+ )('[^']*'(?:"'"'[^']*')*)""")
"""A name behind a command, as a shell needs it for its blanks or quotes; here it is typed as it is."""


def typed_here(hint: str) -> str:
    """A sentence that may name a command of a shell, with what does the same here."""
    for shell, typed in _TWINS:
        hint = shell.sub(typed, hint)
    return _QUOTED.sub(lambda match: match[1] + shlex.split(match[2])[0], hint)
