"""The local API: its methods, the server on a UNIX socket, and the client for programs of your own.

A program needs no more than is named here. Each is loaded when first asked for: neither side of the API needs
the other, and a program that talks to a running node starts fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tuichat.api.client import AsyncClient
    from tuichat.api.program import run
    from tuichat.errors import (
        DeniedError,
        KeyNotTrustedError,
        LockedError,
        NotFoundError,
        StorageError,
        TuichatError,
        UnreachableError,
        UsageError,
    )
    from tuichat.model import (
        AnyEvent,
        ClosingEvent,
        Contact,
        ContactEvent,
        File,
        FileEvent,
        LockedEvent,
        Message,
        MessageEvent,
        MissedEvent,
        Status,
    )

__all__ = [
    "AnyEvent",
    "AsyncClient",
    "ClosingEvent",
    "Contact",
    "ContactEvent",
    "DeniedError",
    "File",
    "FileEvent",
    "KeyNotTrustedError",
    "LockedError",
    "LockedEvent",
    "Message",
    "MessageEvent",
    "MissedEvent",
    "NotFoundError",
    "Status",
    "StorageError",
    "TuichatError",
    "UnreachableError",
    "UsageError",
    "run",
]

_HOMES = {"AsyncClient": "tuichat.api.client", "run": "tuichat.api.program"}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(name)
    return getattr(import_module(_HOMES.get(name) or _home_of_record(name)), name)


def _home_of_record(name: str) -> str:
    return "tuichat.errors" if name.endswith("Error") else "tuichat.model"
