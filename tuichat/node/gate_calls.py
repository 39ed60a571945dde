"""How the parts of the gate reach the node behind it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tuichat.node.node import Node

Result = TypeVar("Result")


class GateCalls(ABC):
    """What the gate gives to its parts, each of which has some methods of `NodeApi`."""

    @abstractmethod
    async def _ask(self, call: Callable[[Node], Awaitable[Result]]) -> Result:
        """Pass a call on while the profile is unlocked."""

    @abstractmethod
    async def _ask_online(self, call: Callable[[Node], Awaitable[Result]]) -> Result:
        """The same for what needs the network."""

    @abstractmethod
    async def _ask_at_work(self, call: Callable[[Node], Awaitable[Result]]) -> Result:
        """The same for what a person waits for, however long it takes."""
