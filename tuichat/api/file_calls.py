"""The calls of the local API that concern files."""

from __future__ import annotations

from tuichat.api.calls import Calls
from tuichat.api.wire import MAX_PAGE
from tuichat.model import File, Sent


class FileCalls(Calls):
    """That part of a client; see `NodeApi` for each."""

    async def file_send(
        self, ref: str, paths: list[str], caption: str = "", as_is: bool = False
    ) -> list[Sent]:
        return await self._ask(list[Sent], "file.send", ref=ref, paths=paths, caption=caption, as_is=as_is)

    async def file_list(
        self, ref: str | None = None, limit: int = 500, before: int | None = None
    ) -> list[File]:
        """As `NodeApi.file_list`; what does not fit into an answer is fetched page by page."""
        found: list[File] = []
        while True:
            count = min(limit - len(found), MAX_PAGE)
            page = await self._ask(list[File], "file.list", ref=ref, limit=count, before=before)
            found = page + found
            if len(page) < count or len(found) >= limit:
                return found
            before = page[0].id

    async def file_get(self, file: int) -> File:
        return await self._ask(File, "file.get", file=file)

    async def file_accept(
        self, file: int, to: str = "", whole_group: bool = False, newest: int = 0
    ) -> list[File]:
        asked = {"file": file, "to": to, "whole_group": whole_group, "newest": newest}
        return await self._ask(list[File], "file.accept", **asked)

    async def file_decline(self, file: int) -> File:
        return await self._ask(File, "file.decline", file=file)

    async def file_cancel(self, file: int) -> File:
        return await self._ask(File, "file.cancel", file=file)

    async def file_pause(self, file: int) -> File:
        return await self._ask(File, "file.pause", file=file)

    async def file_resume(self, file: int) -> File:
        return await self._ask(File, "file.resume", file=file)

    async def file_prepare(self, file: int) -> None:
        await self._raw("file.prepare", {"file": file})
