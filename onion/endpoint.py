"""Where a port of tor's is: a UNIX socket, or an address and port."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from onion.errors import TorError
from onion.sentence import Sentence

_HINT = Sentence("Write the path of a UNIX socket, or an address and port such as 127.0.0.1:9051.")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A UNIX socket if `path` is set, else `host` (an IP address, never a name to resolve) and `port`."""

    path: Path | None = None
    host: str = ""
    port: int = 0

    @classmethod
    def parse(cls, text: str) -> Endpoint:
        """Read `/path`, `unix:/path`, `127.0.0.1:9051`, `[::1]:9051`, `localhost:9051` or `9051`.

        Raises:
            TorError: none of these (code "endpoint").
        """
        text = text.strip()
        if (path := text.removeprefix("unix:").strip('"')).startswith(("/", "~")):
            with contextlib.suppress(RuntimeError):  # there is no such user
                return cls(path=Path(path).expanduser())
        host, _, port = text.rpartition(":")
        host = host.strip("[]") or "127.0.0.1"
        if host == "localhost":
            host = "127.0.0.1"
        try:
            ipaddress.ip_address(host)
            number = int(port)
        except ValueError:
            number = 0
        if not 0 < number < 65536:
            raise TorError("endpoint", "“{text}” is no place to reach a tor.", _HINT, text=text)
        return cls(host=host, port=number)

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect; raises OSError."""
        if self.path is not None:
            return await asyncio.open_unix_connection(self.path)
        return await asyncio.open_connection(self.host, self.port)

    def __str__(self) -> str:
        if self.path is not None:
            return str(self.path)
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
