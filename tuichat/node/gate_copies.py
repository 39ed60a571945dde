"""Copies of a whole profile that is unlocked, made or taken in: passed on to the node behind the gate."""

from __future__ import annotations

from tuichat.model import Backup, Exported, Imported
from tuichat.node.gate_calls import GateCalls


class GateCopies(GateCalls):
    """That part of `NodeApi`, for the gate. Each may take longer than a node waits until it locks itself."""

    async def backup(self, path: str, passphrase: str | None = None, force: bool = False) -> Backup:
        return await self._ask_at_work(lambda node: node.backup(path, passphrase, force))

    async def export_to(self, path: str, ref: str | None = None, plain_page: bool = False) -> Exported:
        return await self._ask_at_work(lambda node: node.export_to(path, ref, plain_page))

    async def import_from(self, path: str) -> Imported:
        return await self._ask_at_work(lambda node: node.import_from(path))
