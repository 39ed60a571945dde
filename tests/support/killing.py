"""A process that is killed at its nth change of the disk: that one and all later ones do not happen.

What a `finally` or an `except` would clear away stays, as it does when a process is killed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Self

import pytest

_CHANGES = ("open", "pwrite", "fsync", "rename", "replace", "unlink", "rmdir", "mkdir", "link")


class Killed(BaseException):
    """The process is gone."""


class KilledAt:
    """Within it, the change with this number, from 1, is never made; 0 for none. `count` is how many came."""

    def __init__(self, number: int) -> None:
        self._number = number
        self.count = 0

    def __enter__(self) -> Self:
        self._patch = pytest.MonkeyPatch()
        for name in _CHANGES:
            self._patch.setattr(os, name, self._guarded(name, getattr(os, name)))
        return self

    def __exit__(self, *_exception: object) -> None:
        self._patch.undo()

    def _guarded(self, name: str, change: Callable[..., Any]) -> Callable[..., Any]:
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if name != "open" or args[1] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
                self.count += 1
                if 0 < self._number <= self.count:
                    raise Killed
            return change(*args, **kwargs)

        return guarded
