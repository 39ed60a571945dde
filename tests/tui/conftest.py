"""The interface's tests look often whether it has come to rest.

Textual's pilot looks once in 20 ms whether this process computes. With a node in memory it hardly ever does
by then, and three quarters of the time of these tests would go by in waiting.
"""

from __future__ import annotations

import os

from textual import _wait

_LOOK_SECONDS = 0.004

for name in ("TMUX", "STY", "SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT", "NO_COLOR"):
    os.environ.pop(name, None)  # what this person sits at

_wait.SLEEP_GRANULARITY = _LOOK_SECONDS
_wait.SLEEP_IDLE = _LOOK_SECONDS / 20  # as idle as Textual asks for
