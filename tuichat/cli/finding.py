"""What the doctor finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from tuichat.cli.context import Context


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `hint` says what to do unless `state` is "ok".

    Attributes:
        what: which of the things that its check may find, a word that never changes; "" for the usual one.
    """

    check: str
    state: Literal["ok", "warning", "error"]
    text: str
    hint: str = ""
    what: str = ""

    @property
    def id(self) -> str:
        """What a script knows it by, whatever its words are in whichever language."""
        return f"{self.check}.{self.what}" if self.what else self.check


Probe = Callable[[Context], Iterator[Finding]]
