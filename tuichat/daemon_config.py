"""The settings of a node that runs by itself: who may watch it, and what it says of itself."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec


class HttpConfig(msgspec.Struct, frozen=True):
    """Where a daemon answers programs that watch it.

    Attributes:
        listen: the absolute path of a UNIX socket, or a loopback HOST:PORT; "" for nowhere.
        token_file: what they have to show lies there; None for the profile's own.
    """

    listen: str = ""
    token_file: Path | None = None


class LogConfig(msgspec.Struct, frozen=True):
    """What a node says on standard error: from which level on, and in which form."""

    level: Literal["error", "warning", "info", "debug"] = "warning"
    format: Literal["text", "json"] = "text"
