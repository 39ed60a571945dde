"""How far files are, and how fast they go: what is in no database, and what people see of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from tuichat.crypto.file_chunks import Layout
from tuichat.model import File, FileState, from_milliseconds
from tuichat.node.pieces import ChunkMap
from tuichat.store.records import FileRow
from tuichat.store.store import Store
from tuichat.store.transfers import HASHES_IN_PART

RATE_SECONDS: Final = 5.0
"""A rate is that of so many last seconds."""

ACTIVE_SECONDS: Final = 15.0
"""A file that nothing was fetched of for so long only waits."""


class Progress:
    """One file that is on its way.

    Attributes:
        bytes_done: of plaintext; circuits: how many carry it.

    Args:
        monotonic: seconds.
    """

    def __init__(self, bytes_done: int, monotonic: Callable[[], float]) -> None:
        self.bytes_done = bytes_done
        self.circuits = 0
        self._monotonic = monotonic
        self._moments: deque[tuple[float, int]] = deque()

    def add(self, count: int) -> None:
        """So many more bytes."""
        self.bytes_done += count
        self._moments.append((self._monotonic(), count))

    @property
    def rate(self) -> int:
        """Bytes a second, now."""
        now = self._monotonic()
        while self._moments and self._moments[0][0] < now - RATE_SECONDS:
            self._moments.popleft()
        if not self._moments:
            return 0
        span = max(now - self._moments[0][0], 1.0)
        return int(sum(count for _at, count in self._moments) / span)

    @property
    def active(self) -> bool:
        """Whether something came lately."""
        return bool(self._moments) and self._monotonic() - self._moments[-1][0] < ACTIVE_SECONDS


class FileBook:
    """Reads files out of the store for people."""

    def __init__(self, store: Store, monotonic: Callable[[], float]) -> None:
        self._store = store
        self._monotonic = monotonic
        self._moving: dict[int, Progress] = {}

    def progress(self, row: FileRow) -> Progress:
        """That of an unfinished file, kept until `settle`."""
        if row.id not in self._moving:
            self._moving[row.id] = Progress(self._bytes_done(row), self._monotonic)
        return self._moving[row.id]

    def settle(self, file: int) -> None:
        """It does not move any more."""
        self._moving.pop(file, None)

    def get(self, file: int) -> File | None:
        """The record of a file, None if it is gone."""
        row = self._store.transfers.get(file)
        return None if row is None else self.record(row)

    def record(self, row: FileRow) -> File:
        """A file as people see it; "active" is only true while something moves, so it is not stored."""
        moving = self._moving.get(row.id)
        state: FileState = row.state
        if state == "waiting" and moving is not None and (moving.circuits or moving.active):
            state = "active"
        return File(
            id=row.id,
            contact=row.contact,
            message=row.message,
            direction=row.direction,
            name=row.name,
            place=row.place,
            size=row.size,
            media_type=row.media_type,
            sniffed_type=row.sniffed_type,
            state=state,
            accepted=row.accepted,
            reason=row.reason,
            paused_by=row.paused_by,
            bytes_done=self._bytes_done(row) if moving is None else moving.bytes_done,
            circuits=0 if moving is None else moving.circuits,
            rate=0 if moving is None else moving.rate,
            path=row.source if row.direction == "out" else row.stored_as if row.state == "complete" else "",
            group=row.group,
            width=row.width,
            height=row.height,
            offered_at=from_milliseconds(row.offered_at),
            expires_at=from_milliseconds(row.expires_at),
        )

    def _bytes_done(self, row: FileRow) -> int:
        if row.state == "complete":
            return row.size
        if row.direction == "out" or not row.accepted or row.ended_at is not None:
            return 0
        done, layout = load_map(self._store, row), Layout(row.size)
        if not layout.chunks:
            return 0
        last = layout.chunks - 1
        short = layout.chunk - layout.plain_length(last) if last in done else 0
        return done.set_count * layout.chunk - short


def load_map(store: Store, row: FileRow) -> ChunkMap:
    """Which chunks of a file are on disk."""
    layout = Layout(row.size)
    done = ChunkMap(layout.chunks)
    for part in range(-(-layout.chunks // HASHES_IN_PART)):
        done.load(part, HASHES_IN_PART, store.transfers.done(row.id, part))
    return done
