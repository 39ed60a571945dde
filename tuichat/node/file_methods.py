"""The methods of the local API that concern files."""

from __future__ import annotations

from abc import ABC, abstractmethod

from tuichat.model import File, Sent
from tuichat.node.transfers import Transfers


class FileMethods(ABC):
    """That part of `NodeApi`, for whoever has `Transfers`."""

    _transfers: Transfers

    @abstractmethod
    async def go_online(self) -> None:
        """See `NodeApi`."""

    async def file_send(
        self, ref: str, paths: list[str], caption: str = "", as_is: bool = False
    ) -> list[Sent]:
        sent = await self._transfers.send(ref, paths, caption, as_is=as_is)
        await self.go_online()
        return sent

    async def file_list(
        self, ref: str | None = None, limit: int = 500, before: int | None = None
    ) -> list[File]:
        return self._transfers.page(ref, limit, before)

    async def file_get(self, file: int) -> File:
        return self._transfers.get(file)

    async def file_accept(
        self, file: int, to: str = "", whole_group: bool = False, newest: int = 0
    ) -> list[File]:
        return await self._transfers.accept(file, to, whole_group=whole_group, newest=newest)

    async def file_decline(self, file: int) -> File:
        return self._transfers.decline(file)

    async def file_cancel(self, file: int) -> File:
        return self._transfers.cancel(file)

    async def file_pause(self, file: int) -> File:
        return self._transfers.pause(file)

    async def file_resume(self, file: int) -> File:
        return await self._transfers.resume(file)

    async def file_prepare(self, file: int) -> None:
        self._transfers.prepare(file)
