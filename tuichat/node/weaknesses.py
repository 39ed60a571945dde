"""Known weaknesses of the tor that runs: told once for each of its versions, to whoever listens first."""

from __future__ import annotations

import contextlib
import logging
from typing import Final

from tuichat.errors import DamagedError, StorageError
from tuichat.model import NoticeEvent, from_milliseconds
from tuichat.node.events import EventHub
from tuichat.store.store import Store

_TOLD: Final = "tor weakness told"
_log: Final = logging.getLogger("tuichat.node")


class Weaknesses:
    """What somebody is still to be told; a daemon's own output has it once in any case."""

    def __init__(self, store: Store, hub: EventHub) -> None:
        self._store = store
        self._hub = hub
        self._version = ""
        self._waiting: tuple[str, ...] = ()

    def heard(self, version: str, sentences: tuple[str, ...]) -> None:
        """This version of tor runs, and has these weaknesses."""
        if version == self._version:
            return
        self._version = version
        for sentence in sentences:
            _log.warning("%s", sentence)
        self._waiting = () if self._is_told() else sentences
        if self._hub.has_listeners:
            for notice in self.take():
                self._hub.tell(notice)

    def _is_told(self) -> bool:
        with contextlib.suppress(StorageError, DamagedError):
            return self._store.settings.get(_TOLD) == self._version.encode()
        return False

    def take(self) -> list[NoticeEvent]:
        """What is to be told now, and then never again."""
        waiting, self._waiting = self._waiting, ()
        if waiting:
            # Where the disk fails it is told at the next start, too: neither tor nor a listener waits for it.
            with contextlib.suppress(StorageError, DamagedError):
                self._store.settings.put(_TOLD, self._version.encode())
        at = from_milliseconds(self._hub.now())
        return [NoticeEvent(at=at, text=sentence, level="warning") for sentence in waiting]
