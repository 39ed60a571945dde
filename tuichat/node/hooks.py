"""The programs that a person wants run at events: few at a time, none for long, none while it is locked."""

from __future__ import annotations

import asyncio
import logging
import os
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from tuichat.hook_settings import Hook
from tuichat.model import AnyEvent
from tuichat.node.hook_events import contact_of, hook_line, hook_name
from tuichat.node.hook_process import HookProcess
from tuichat.supervisor import place_of

MOST_AT_ONCE: Final = 4
MOST_WAITING: Final = 64

_log: Final = logging.getLogger("tuichat.hooks")


@dataclass(frozen=True, slots=True)
class _Due:
    """One run that is to come: of which hook, counted from 1, at which event."""

    number: int
    hook: Hook
    name: str
    event: AnyEvent


class Hooks:
    """Runs hooks as their events come, in the order in which they came, `MOST_AT_ONCE` at a time.

    What a program says is thrown away. How a hook fails is logged once for each way, with nothing of the
    event. When more than `MOST_WAITING` wait, the oldest of whomever most are about are dropped, which is
    logged once.

    Args:
        hooks: of the settings, in order.
        petname: from a contact's id, "" for one that is gone.
    """

    def __init__(self, hooks: Sequence[Hook], petname: Callable[[int], str]) -> None:
        self._hooks = tuple(enumerate(hooks, 1))
        self._petname = petname
        self._waiting: deque[_Due] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self._said: set[tuple[int, str]] = set()
        self._starters = ThreadPoolExecutor(MOST_AT_ONCE, "hook") if hooks else None

    def take(self, event: AnyEvent) -> None:
        """Something happened; never waits."""
        if self._starters is None or (name := hook_name(event)) is None:
            return
        for number, hook in self._hooks:
            if hook.wants(name):
                self._waiting.append(_Due(number, hook, name, event))
        while len(self._waiting) > MOST_WAITING:
            self._drop()
            self._say(0, "more events than hooks can be run for: old ones of the busiest contact are dropped")
        self._fill()

    def _drop(self) -> None:
        """Drop the oldest of whomever most are about: no contact drives out what others do."""
        whose = [contact_of(due.event) for due in self._waiting]
        loudest, _count = Counter(whose).most_common(1)[0]
        del self._waiting[whose.index(loudest)]

    async def close(self) -> None:
        """Run no more, and end those that run."""
        self._waiting.clear()
        if self._starters is None:
            return
        starters, self._starters = self._starters, None
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        starters.shutdown(wait=False, cancel_futures=True)

    def _fill(self) -> None:
        while self._starters is not None and self._waiting and len(self._running) < MOST_AT_ONCE:
            due = self._waiting.popleft()
            task = asyncio.get_running_loop().create_task(self._run(due, self._starters), name="hook")
            self._running.add(task)
            task.add_done_callback(self._has_run)

    def _has_run(self, task: asyncio.Task[None]) -> None:
        """Supervise: a mistake here ends neither the node nor the hooks that follow."""
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._say(0, f"failed: {type(error).__name__} at {place_of(error)}")
        self._fill()

    async def _run(self, due: _Due, starters: ThreadPoolExecutor) -> None:
        line = hook_line(due.name, due.event, self._petname)
        try:
            async with asyncio.timeout(due.hook.deadline):
                process = await HookProcess.start(due.hook.words, line, os.environ, starters)
        except OSError as error:  # TimeoutError, too
            self._say(due.number, f"cannot be started: {os.strerror(error.errno) if error.errno else 'late'}")
            return
        code = await process.wait(due.hook.deadline)
        if code is None:
            self._say(due.number, f"was ended after {due.hook.deadline} seconds")
        elif code:
            self._say(due.number, f"ended with {code}")

    def _say(self, number: int, how: str) -> None:
        if (number, how) not in self._said:
            self._said.add((number, how))
            _log.warning("hooks: %s" if not number else "hook %d: %s", *([number] if number else []), how)
