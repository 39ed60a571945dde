"""Work that nobody waits for, beside what the interface does."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.app import App


def run_aside(app: App[int], work: Callable[[], Coroutine[Any, Any, None]], group: str) -> None:
    """Start `work` as a worker of `group`. It is called there, so that none is left uncalled when all ends."""
    start: Callable[..., Any] = partial(app.run_worker, work)
    start(group=group)
