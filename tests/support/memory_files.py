"""The files of a node in memory: offered, fetched, paused and ended as a test says; no byte of them is read.

What is sent is looked up in `sizes` first, so that tests may send files that are nowhere, then on the disk.
With `fetches` whatever is accepted comes at once; otherwise the test moves it with `progress` and `end`.
"""

from __future__ import annotations

import asyncio
import mimetypes
from abc import ABC, abstractmethod
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tuichat.errors import KeyNotTrustedError, NotFoundError, UsageError
from tuichat.model import (
    MENDABLE,
    AnyEvent,
    Direction,
    File,
    FileEvent,
    FileReason,
    FileState,
    Message,
    MessageState,
    Sent,
)

if TYPE_CHECKING:
    from tests.support.memory_node import Person

INBOX = "/home/you/.local/share/tuichat/default/inbox"
LIFE = timedelta(days=30)
ENDED: Final[tuple[FileState, ...]] = ("complete", "declined", "cancelled", "failed")
PICTURES = ("image/jpeg", "image/png")
DOCUMENTS = ("application/pdf", "application/vnd.oasis.opendocument.spreadsheet")


def is_open(file: File) -> bool:
    """Whether it is an offer that waits for an answer."""
    return file.direction == "in" and not file.accepted and file.state in ("offered", "paused")


class MemoryFiles(ABC):
    """What a `MemoryNode` is besides: `NodeApi`'s file methods, and what tests do to files.

    Attributes:
        sizes: paths that can be sent although they are not on the disk, and how many bytes they have.
        fetches: accepted files come at once, in a few steps.
        prepared: the ids that `file_prepare` was told of.
    """

    def __init__(self) -> None:
        super().__init__()
        self.sizes: dict[str, int] = {}
        self.fetches = False
        self.prepared: list[int] = []
        self._files: dict[int, File] = {}
        self._to: dict[int, str] = {}

    # What tests do to it.

    def offer(
        self,
        ref: str,
        name: str,
        size: int,
        *,
        media_type: str = "",
        caption: str = "",
        group: int | None = None,
        place: str = "",
        pixels: tuple[int, int] | None = None,
    ) -> File:
        """A contact offers a file. `group` is the id of the first of several, which belongs to them then."""
        width, height = pixels or (None, None)
        if group is not None:
            self._files[group] = msgspec.structs.replace(self._files[group], group=group)
        made = self._made(ref, "in", name, size, media_type)
        made = msgspec.structs.replace(made, group=group, place=place, width=width, height=height)
        return self._offer(ref, made, caption, "delivered")

    def progress(self, file: int, bytes_done: int, rate: int = 0, circuits: int = 0) -> File:
        """A file goes on; the first time its state becomes active."""
        return self.set_file(file, state="active", bytes_done=bytes_done, rate=rate, circuits=circuits)

    def end(self, file: int, state: FileState, reason: FileReason = "") -> File:
        """A file is complete, declined, cancelled or failed."""
        known = self._files[file]
        changes: dict[str, Any] = {"state": state, "reason": reason, "rate": 0, "circuits": 0}
        if state == "complete":
            changes |= {"bytes_done": known.size, "sniffed_type": known.media_type}
            changes |= {"path": self._path(known)} if known.direction == "in" else {}
        return self.set_file(file, paused_by="", **changes)

    def set_file(self, file: int, **changes: Any) -> File:
        """Any fields of a file change; the event has a number unless only the progress's do."""
        known = self._files[file]
        if changes.get("state") in ("waiting", "active", "complete"):
            changes["accepted"] = True
        changed = msgspec.structs.replace(known, **changes)
        self._files[file] = changed
        passing = known.state == changed.state and known.paused_by == changed.paused_by
        self._emit(FileEvent(at=self.now(), seq=None if passing else self._next(), file=changed))
        return changed

    def sample_files(self) -> tuple[File, File, File]:
        """bob offers a picture, a spreadsheet of his is on its way, and 小明 has accepted a picture."""
        picture = self.offer(
            "bob",
            "harbour.jpg",
            2_412_544,
            media_type="image/jpeg",
            caption="from the ferry",
            pixels=(2048, 1536),
        )
        sheet = self.offer(
            "bob",
            "figures.ods",
            2_097_152,
            media_type="application/vnd.oasis.opendocument.spreadsheet",
        )
        sheet = self.progress(sheet.id, 1_426_064, rate=1_900_000, circuits=8)
        mine = self._made("小明", "out", "晚饭.jpg", 5_242_880, "image/jpeg")
        mine = self._offer("小明", msgspec.structs.replace(mine, path="/home/you/晚饭.jpg"), "", "delivered")
        return picture, sheet, self.set_file(mine.id, state="waiting")

    # NodeApi.

    async def file_send(
        self, ref: str, paths: list[str], caption: str = "", as_is: bool = False
    ) -> list[Sent]:
        person = self._find(ref)
        if person.record.state in ("pending", "blocked"):
            raise UsageError(f"{person.record.name} is not an accepted contact.")
        if person.record.key_changed:
            raise KeyNotTrustedError(f"{person.record.name}'s key has changed.", "tuichat contact trust")
        found = [each for path in paths for each in self._found(path)]
        if not found:
            raise UsageError("There is no file to send.")
        group = len(self._files) + 1 if len(found) > 1 else None
        return [
            self._send(ref, path, place, size, "" if number else caption, as_is, group)
            for number, (path, place, size) in enumerate(found)
        ]

    async def file_list(
        self, ref: str | None = None, limit: int = 500, before: int | None = None
    ) -> list[File]:
        self._check_open()
        contact = None if ref is None else self._find(ref).record.id
        found = [file for file in self._files.values() if contact in (None, file.contact)]
        return [file for file in found if before is None or file.id < before][-limit:]

    def under_way(self) -> int:
        """How many files are on their way, or wait to be."""
        return sum(file.state in ("waiting", "active") for file in self._files.values())

    async def file_get(self, file: int) -> File:
        return self._file(file)

    async def file_accept(
        self, file: int, to: str = "", whole_group: bool = False, newest: int = 0
    ) -> list[File]:
        known = self._file(file)
        wanted = [known]
        if whole_group and known.group is not None:
            same = [each for each in self._files.values() if each.group == known.group]
            wanted = [each for each in same if is_open(each) and (not newest or each.id <= newest)]
        if not wanted or not whole_group:
            self._check_state(known, is_open(known))
        return [self._accept(each, to) for each in wanted]

    async def file_decline(self, file: int) -> File:
        known = self._file(file)
        self._check_state(known, is_open(known))
        return self.end(file, "declined")

    async def file_cancel(self, file: int) -> File:
        known = self._file(file)
        self._check_state(known, known.state not in ENDED)
        return self.end(file, "cancelled")

    async def file_pause(self, file: int) -> File:
        known = self._file(file)
        resting = known.state == "paused" and known.paused_by == "them"
        self._check_state(known, resting or known.state in ("waiting", "active"))
        by = "both" if resting else "me"
        return self.set_file(file, state="paused", paused_by=by, rate=0, circuits=0)

    async def file_resume(self, file: int) -> File:
        known = self._file(file)
        if known.state == "paused" and known.paused_by == "both":
            return self.set_file(file, paused_by="them")
        mendable = known.state == "failed" and known.reason in MENDABLE
        mine = known.state == "paused" and known.paused_by == "me"
        self._check_state(known, mine or mendable)
        return self._wait(self.set_file(file, state="waiting", paused_by="", reason=""))

    async def file_prepare(self, file: int) -> None:
        self._check_open()
        self.prepared.append(file)

    # Inside; the node itself gives what is abstract.

    @abstractmethod
    def now(self) -> datetime:
        """The clock's time as the records have it."""

    @abstractmethod
    def _check_open(self) -> None: ...

    @abstractmethod
    def _find(self, ref: str) -> Person: ...

    @abstractmethod
    def _next(self) -> int: ...

    @abstractmethod
    def _emit(self, event: AnyEvent) -> None: ...

    @abstractmethod
    def _append(
        self, person: Person, direction: Direction, text: str, state: MessageState, file: int | None = None
    ) -> Message: ...

    def _forget_files(self, contact: int) -> None:
        """A contact is gone, and what it offered or was offered with it."""
        self._files = {number: file for number, file in self._files.items() if file.contact != contact}

    def _file(self, file: int) -> File:
        self._check_open()
        if file not in self._files:
            raise NotFoundError(f"There is no file {file}.", "They are listed by: tuichat files list")
        return self._files[file]

    def _check_state(self, file: File, fits: bool) -> None:
        if not fits:
            raise UsageError(f"This is not something to do with the file {file.id} now.")

    def _made(self, ref: str, direction: Direction, name: str, size: int, media_type: str = "") -> File:
        return File(
            id=max(self._files, default=0) + 1,
            contact=self._find(ref).record.id,
            message=None,
            direction=direction,
            name=name,
            size=size,
            media_type=media_type or mimetypes.guess_type(name)[0] or "application/octet-stream",
            state="offered",
            offered_at=self.now(),
            expires_at=self.now() + LIFE,
        )

    def _offer(self, ref: str, made: File, caption: str, state: MessageState) -> File:
        self._files[made.id] = made
        message = self._append(self._find(ref), made.direction, caption, state, made.id)
        offered = msgspec.structs.replace(made, message=message.id)
        self._files[made.id] = offered
        self._emit(FileEvent(at=self.now(), seq=self._next(), file=offered))
        return offered

    def _found(self, path: str) -> Iterator[tuple[str, str, int]]:
        """Paths, the folders that they are in, and sizes, of one path that was given."""
        if path in self.sizes:
            yield path, "", self.sizes[path]
        elif Path(path).is_dir():
            for each in sorted(file for file in Path(path).rglob("*") if file.is_file()):
                place = each.parent.relative_to(Path(path).parent)
                yield str(each), place.as_posix(), each.stat().st_size
        elif Path(path).is_file():
            yield path, "", Path(path).stat().st_size
        else:
            raise NotFoundError(f"There is no file {path}.")

    def _send(
        self, ref: str, path: str, place: str, size: int, caption: str, as_is: bool, group: int | None
    ) -> Sent:
        made = self._made(ref, "out", PurePosixPath(path).name, size)
        made = msgspec.structs.replace(made, path=path, place=place, group=group)
        offered = self._offer(ref, made, caption, "queued")
        line = next(m for m in self._find(ref).history if m.id == offered.message)
        clean = offered.media_type in PICTURES and not as_is
        doubtful = offered.media_type in DOCUMENTS or (offered.media_type in PICTURES and as_is)
        return Sent(
            message=line,
            file=offered,
            cleaned=("place", "camera") if clean else (),
            warnings=("It may tell who made it, and where.",) if doubtful else (),
        )

    def _accept(self, known: File, to: str) -> File:
        self._to[known.id] = to
        state: FileState = "paused" if known.paused_by else "waiting"
        return self._wait(self.set_file(known.id, accepted=True, state=state))

    def _wait(self, known: File) -> File:
        """A file waits for circuits, which are there in a moment if this node `fetches`."""
        if self.fetches and known.direction == "in":
            asyncio.get_running_loop().call_soon(self._fetch, known.id)
        return known

    def _fetch(self, file: int) -> None:
        known = self._files[file]
        if known.state != "waiting":
            return
        for percent in (0, 40, 68):
            self.progress(file, -(-known.size * percent // 100), rate=1_900_000, circuits=8)
        self.end(file, "complete")

    def _path(self, known: File) -> str:
        to = self._to.get(known.id, "")
        return str(PurePosixPath(to, known.place, known.name)) if to else f"{INBOX}/{known.id:032x}"
