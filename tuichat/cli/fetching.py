"""Waiting for files that were accepted, with a bar on a terminal or with their events as JSON."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Final

import msgspec

from tuichat.api.client import AsyncClient
from tuichat.cli.context import Context
from tuichat.cli.following import follow
from tuichat.cli.output import though_unread
from tuichat.cli.status_line import StatusLine
from tuichat.errors import NotYetError, TuichatError, UnreachableError
from tuichat.file_words import ENDED, how_far
from tuichat.i18n import _
from tuichat.model import MENDABLE, AnyEvent, File, FileEvent, FileRemovedEvent, MissedEvent

QUIET_SECONDS: Final = 60.0
"""So long whoever only waits because the node ends with the command waits without a byte."""

_Happenings = AsyncGenerator[tuple[AsyncClient, AnyEvent | None], None]


async def fetch(
    context: Context,
    node: AsyncClient,
    accept: Callable[[], Awaitable[list[File]]],
    limit: float | None,
    quiet: float | None = None,
) -> list[File]:
    """The files that `accept` gives, once each has ended, the node has, or `limit` seconds have passed, or
    `quiet` seconds in which nothing came.
    """
    wanted = _Wanted(context)
    async with aclosing(follow(context, node)) as happenings:
        await anext(happenings)  # from here on no event is missed
        wanted.files = {file.id: file for file in await accept()}
        try:
            with though_unread():
                async with asyncio.timeout(limit), asyncio.timeout(None) as patience:
                    wanted.be_patient(patience, quiet)
                    await wanted.follow(happenings)
        except (TimeoutError, UnreachableError):
            pass
        finally:
            wanted.line.clear()
    return list(wanted.files.values())


class _Wanted:
    """The files that are waited for, by their ids."""

    def __init__(self, context: Context) -> None:
        self.files: dict[int, File] = {}
        self.line = StatusLine()
        self._context = context
        self._patience: tuple[asyncio.Timeout, float] | None = None

    def be_patient(self, patience: asyncio.Timeout, quiet: float | None) -> None:
        """Give up once nothing came for so many seconds."""
        if quiet is not None:
            self._patience = (patience, quiet)
            self._came()

    def _came(self) -> None:
        if self._patience is not None:
            patience, quiet = self._patience
            patience.reschedule(asyncio.get_running_loop().time() + quiet)

    async def follow(self, happenings: _Happenings) -> None:
        """Keep up with them until each has ended."""
        while not all(file.state in ENDED for file in self.files.values()):
            node, event = await anext(happenings)
            if event is None or isinstance(event, MissedEvent):
                self.files = {number: await node.file_get(number) for number in self.files}
            elif isinstance(event, FileEvent) and event.file.id in self.files:
                self._take(event)

            elif isinstance(event, FileRemovedEvent) and event.file in self.files:
                self._gone(self.files[event.file])

    def _gone(self, file: File) -> None:
        """Its message has disappeared, and so has what of it was not complete."""
        if file.state not in ENDED:
            gone = msgspec.structs.replace(file, state="cancelled", reason="expired")
            self.files[file.id] = gone

    def _take(self, event: FileEvent) -> None:
        if event.file.bytes_done != self.files[event.file.id].bytes_done:
            self._came()
        self.files[event.file.id] = event.file
        if self._context.output.json:
            self._context.output.json_line(event)
        else:
            number = list(self.files).index(event.file.id) + 1
            self.line.show_file(event.file, number, len(self.files))


def what_is_missing(files: list[File]) -> TuichatError | None:
    """What to say of the first file that ended otherwise than complete, or else that has not ended."""
    for file in files:
        if file.state in ENDED and file.state != "complete":
            text = _("File {id} was not fetched, it is {state}.").format(id=file.id, state=how_far(file))
            hint = _("To try again: tuichat files resume {id}").format(id=file.id)
            return TuichatError(text, hint if file.state == "failed" and file.reason in MENDABLE else "")
    for file in files:
        if file.state not in ENDED:
            return NotYetError(
                _("File {id} is not complete yet: {state}.").format(id=file.id, state=how_far(file)),
                _("It goes on while a node runs. To wait on: tuichat files accept {id} --wait").format(
                    id=file.id
                ),
            )
    return None
