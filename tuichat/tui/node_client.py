"""What the interface asks of whoever connects it to a node."""

from __future__ import annotations

from typing import Protocol

from tuichat.api.node_api import NodeApi


class NodeClient(NodeApi, Protocol):
    """A client of a node that can be let go of."""

    async def close(self) -> None:
        """Let go; a detached node may end some seconds later."""
        ...
