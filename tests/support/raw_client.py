"""A client of the local API that sends and reads lines as they are."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any


class Raw:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, path: Path) -> Raw:
        return cls(*await asyncio.open_unix_connection(path, limit=2**26))

    async def ask(self, method: str, params: object = None, request_id: object = 1) -> Any:
        message = {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params or {}}
        return await self.line(json.dumps(message).encode())

    async def line(self, line: bytes) -> Any:
        self.writer.write(line + b"\n")
        return await self.read()

    async def read(self) -> Any:
        return json.loads(await self.reader.readline())

    async def close(self) -> None:
        self.writer.close()
        await self.writer.wait_closed()
