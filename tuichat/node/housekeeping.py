"""What has to be done now and then so that nothing stays on disk longer than it should."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from tuichat.clock import Clock
from tuichat.crypto.ratchet import Ratchet
from tuichat.errors import DamagedError, StorageError
from tuichat.node.events import EventHub
from tuichat.store.store import Store

HOUSE_SECONDS: Final = 30.0
"""How long a used ratchet state may lie in the write-ahead log."""

EXPIRY_SECONDS: Final = 86_400.0
"""Between two searches for skipped message keys that were kept too long."""


class Housekeeper:
    """Runs beside the node.

    Args:
        admit: publishes our service anew if somebody holds a key that it does not admit yet.
        tend_files: ends offers of files whose time is over, and takes what waited for its hour.
    """

    def __init__(
        self,
        store: Store,
        hub: EventHub,
        clock: Clock,
        admit: Callable[[], Awaitable[None]],
        tend_files: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._hub = hub
        self._clock = clock
        self._admit = admit
        self._tend_files = tend_files
        self._searched_at: float | None = None

    async def keep(self) -> None:
        """For as long as the node runs. The disk's failures are told by whoever commits next."""
        while True:
            with contextlib.suppress(StorageError, DamagedError):
                self._tend_files()
                self._forget_expired_keys()
                self._empty_log()
            await self._admit()
            await asyncio.sleep(HOUSE_SECONDS)

    def _empty_log(self) -> None:
        """Old ratchet states must not lie in the write-ahead log: it is emptied soon after each commit."""
        if self._hub.committed:
            self._store.checkpoint()
            self._hub.committed = False

    def _forget_expired_keys(self) -> None:
        """Keys of messages that never came are dropped also while their contact is silent (R5)."""
        now = self._clock.monotonic()
        if self._searched_at is not None and now - self._searched_at < EXPIRY_SECONDS:
            return
        self._searched_at = now
        for row in self._store.contacts.all():
            session = self._store.sessions.get(row.id)
            if session.ratchet:
                ratchet = Ratchet.decode(session.ratchet)
                if ratchet.forget_expired(self._clock.now()):
                    with self._hub.change():
                        self._store.sessions.put(replace(session, ratchet=ratchet.encode()))
