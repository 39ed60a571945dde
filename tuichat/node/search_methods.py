"""The method of the local API that finds messages."""

from __future__ import annotations

from abc import ABC

from tuichat.model import FoundPage
from tuichat.node.searching import Searching


class SearchMethods(ABC):
    """That part of `NodeApi`, for whoever has a `Searching`."""

    _searching: Searching

    async def search(self, query: str, limit: int = 50, before: int | None = None) -> FoundPage:
        return await self._searching.find(query, limit, before)
