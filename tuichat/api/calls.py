"""How the parts of a client call the node."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from tuichat.api.node_api import NodeApi

Result = TypeVar("Result")


class Calls(NodeApi, ABC):
    """What the client gives to its parts, each of which has some methods of `NodeApi`
    and what is said of them there."""

    @abstractmethod
    async def _ask(self, kind: type[Result], method: str, **params: object) -> Result:
        """Call a method; the answer as a record."""

    @abstractmethod
    async def _raw(self, method: str, params: Mapping[str, Any] | list[Any]) -> msgspec.Raw:
        """Call a method; the answer as it came."""
