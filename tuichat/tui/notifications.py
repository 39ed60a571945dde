"""Telling somebody who looks elsewhere that something came."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from typing import Final, get_args

from textual.app import App

from tuichat.errors import UsageError
from tuichat.i18n import _
from tuichat.model import Contact, ContactEvent, MessageEvent
from tuichat.tui.context import Options, Way
from tuichat.tui.notification_ways import (
    message_words,
    no_desktop_words,
    request_words,
    sequence_of,
    show_on_desktop,
)
from tuichat.tui.terminal import passed_on

WAYS: Final[tuple[str, ...]] = get_args(Way)

REST_SECONDS: Final = 2.0
"""After telling of something so long nothing is told: what comes together is one interruption."""


class Notifications:
    """Tells of messages and requests, with who and what only if the person wants that.

    Args:
        app: whose terminal it is.
        options: how, and whether names and texts may be shown: projectors show them to everybody.
        monotonic: seconds.
        failed: is given a sentence, once, if it cannot be done that way.
    """

    def __init__(
        self,
        app: App[int],
        options: Options,
        *,
        monotonic: Callable[[], float],
        failed: Callable[[str], None],
    ) -> None:
        self.way: Way = options.notify
        self._app = app
        self._content = options.notify_content
        self._monotonic = monotonic
        self._failed = failed
        self._rests_until = float("-inf")
        self._asked: set[int] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def happened(self, happening: object, people: Mapping[int, Contact], looked_at: int | None) -> None:
        """Tell of it if it is worth it, unless it came into the conversation that is looked at."""
        match happening:
            case MessageEvent(message=message, new=True) if message.direction == "in":
                person = people.get(message.contact)
                if person is not None and not person.conversation.muted and person.id != looked_at:
                    self._tell(message_words(person, message, content=self._content))
            case ContactEvent(contact=Contact(state="pending", id=asking)) if asking not in self._asked:
                self._asked.add(asking)
                self._tell(request_words())

    def choose(self, way: str) -> None:
        """Tell in this way from now on. Raises UsageError if there is no such way."""
        for known in get_args(Way):
            if way == known:
                self.way = known
                return
        raise UsageError(_("There is no such way to notify: {way}.").format(way=way), candidates=WAYS)

    def show_content(self, wanted: str) -> None:
        """Say from whom it is and what, from now on, if `wanted` is "true"."""
        self._content = wanted == "true"

    def _tell(self, words: str) -> None:
        now = self._monotonic()
        if self.way == "off" or now < self._rests_until:
            return
        self._rests_until = now + REST_SECONDS
        match self.way:
            case "bell":
                self._app.bell()
            case "osc9" | "osc777":
                self._write(sequence_of(self.way, words))
            case "desktop":
                task = asyncio.create_task(self._show(words))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    def _write(self, sequence: str) -> None:
        driver = self._app._driver
        if driver is not None and not self._app.is_headless:
            driver.write(passed_on(sequence, os.environ))
            driver.flush()

    async def _show(self, words: str) -> None:
        if not await show_on_desktop(words):
            self.way = "bell"
            self._failed(no_desktop_words())
            self._app.bell()
