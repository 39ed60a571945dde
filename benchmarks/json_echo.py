"""`python -m benchmarks.json_echo SOCKET`: the least that answers JSON on a UNIX socket, in asyncio.

A line is read, decoded, and its value encoded and written again, until the standard input ends.
"""

from __future__ import annotations

import asyncio
import json
import sys


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while line := await reader.readline():
        writer.write(json.dumps(json.loads(line)).encode() + b"\n")
        await writer.drain()
    writer.close()


async def _serve(path: str) -> None:
    server = await asyncio.start_unix_server(_echo, path)
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]))
