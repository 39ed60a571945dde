"""The local control API: its methods, the server on a UNIX socket, and the client."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tuichat.api.client import AsyncClient as AsyncClient

__all__ = ["AsyncClient"]


def __getattr__(name: str) -> object:
    """`AsyncClient` is loaded when first asked for: the node's side of the API does not need it."""
    if name != "AsyncClient":
        raise AttributeError(name)
    from tuichat.api.client import AsyncClient

    return AsyncClient
