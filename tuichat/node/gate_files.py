"""What may be done with files while the profile is unlocked: passed on to the node behind the gate."""

from __future__ import annotations

from tuichat.model import File, Sent
from tuichat.node.gate_calls import GateCalls


class GateFiles(GateCalls):
    """That part of `NodeApi`, for the gate."""

    async def file_send(
        self, ref: str, paths: list[str], caption: str = "", as_is: bool = False
    ) -> list[Sent]:
        return await self._ask_online(lambda node: node.file_send(ref, paths, caption, as_is))

    async def file_list(
        self, ref: str | None = None, limit: int = 500, before: int | None = None
    ) -> list[File]:
        return await self._ask(lambda node: node.file_list(ref, limit, before))

    async def file_get(self, file: int) -> File:
        return await self._ask(lambda node: node.file_get(file))

    async def file_accept(
        self, file: int, to: str = "", whole_group: bool = False, newest: int = 0
    ) -> list[File]:
        return await self._ask_online(lambda node: node.file_accept(file, to, whole_group, newest))

    async def file_decline(self, file: int) -> File:
        return await self._ask_online(lambda node: node.file_decline(file))

    async def file_cancel(self, file: int) -> File:
        return await self._ask_online(lambda node: node.file_cancel(file))

    async def file_pause(self, file: int) -> File:
        return await self._ask_online(lambda node: node.file_pause(file))

    async def file_resume(self, file: int) -> File:
        return await self._ask_online(lambda node: node.file_resume(file))

    async def file_prepare(self, file: int) -> None:
        await self._ask(lambda node: node.file_prepare(file))
