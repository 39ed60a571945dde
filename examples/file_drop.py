"""A drop box: takes files of accepted contacts into a directory, and answers each with its SHA-256.

    python examples/file_drop.py DIRECTORY [QUOTA_BYTES]

What would not fit below the quota (a gigabyte if none is given) is declined. A file's message stays unread
until it is answered, so nothing is forgotten over an end of this program or of the node. Files may come at
the same time; each contact's are answered in the order in which they were offered.
"""

from __future__ import annotations

import asyncio
import hashlib
import sys
from contextlib import suppress
from pathlib import Path

from tuichat.api import (
    AsyncClient,
    File,
    FileEvent,
    LockedError,
    LockedEvent,
    Message,
    MessageEvent,
    MissedEvent,
    StorageError,
    UnreachableError,
    UsageError,
    run,
)

UNDER_WAY = ("waiting", "active", "paused")


def digest(path: str) -> str:
    """The SHA-256 of a file."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class DropBox:
    """Takes files into `directory` until they are `quota` bytes together."""

    def __init__(self, node: AsyncClient, directory: Path, quota: int) -> None:
        self._node = node
        self._directory = directory
        self._quota = quota

    async def run(self) -> None:
        """Look after the box for as long as there are nodes."""
        events = self._node.events()  # listens from here on
        await self._tend()
        async for event in events:
            match event:
                case MessageEvent(new=True) | MissedEvent() | LockedEvent(locked=False):
                    await self._tend()
                case FileEvent(seq=int()):  # without a number it is only further on
                    await self._tend()

    async def _tend(self) -> None:
        """Take what was offered, answer what has come; an event tells when there is more to do."""
        with suppress(LockedError, UnreachableError):
            waited_for: set[int] = set()
            for message in await self._node.unread():
                if await self._is_coming(message):
                    waited_for.add(message.contact)
                elif message.contact not in waited_for:
                    await self._node.reply(message, await self._answer(message))
                    await self._node.done(message)

    async def _is_coming(self, message: Message) -> bool:
        """Whether the message's file is on its way; if it was offered, it is taken or declined."""
        if message.file is None:
            return False
        file = await self._node.file_get(message.file)
        if file.state == "offered":
            file = await self._decide(file)
        return file.state in UNDER_WAY

    async def _decide(self, file: File) -> File:
        if file.size > self._quota - await self._used():
            return await self._node.file_decline(file.id)
        try:
            return (await self._node.file_accept(file.id, to=str(self._directory)))[0]
        except StorageError:  # the disk has less room than the quota
            return await self._node.file_decline(file.id)
        except UsageError:  # it was taken back just now
            return await self._node.file_get(file.id)

    async def _used(self) -> int:
        """The bytes that are in the directory and on the way into it."""
        coming = [each for each in await self._node.file_list() if each.direction == "in"]
        return sum(path.stat().st_size for path in self._directory.iterdir() if path.is_file()) + sum(
            each.size for each in coming if each.state in UNDER_WAY
        )

    async def _answer(self, message: Message) -> str:
        if message.file is None:
            return "Send me a file, and I answer with its SHA-256."
        file = await self._node.file_get(message.file)
        if file.state != "complete":
            return (
                f"{file.name}: {'my directory is full' if file.state == 'declined' else 'it did not come'}."
            )
        try:
            return f"{await asyncio.to_thread(digest, file.path)}  {file.name}"
        except OSError:
            return f"{file.name} came whole, but was taken away before I could read it."


async def main(directory: Path, quota: int) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    async with AsyncClient.connect(start=True) as node:
        await DropBox(node, directory, quota).run()


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3) or not all(word.isdigit() for word in sys.argv[2:]):
        sys.exit("usage: file_drop.py DIRECTORY [QUOTA_BYTES]")
    run(main(Path(sys.argv[1]).absolute(), int(sys.argv[2]) if sys.argv[2:] else 10**9))
