"""What the doctor finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from tuichat.cli.context import Context


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `hint` says what to do unless `state` is "ok"."""

    check: str
    state: Literal["ok", "warning", "error"]
    text: str
    hint: str = ""


Probe = Callable[[Context], Iterator[Finding]]
