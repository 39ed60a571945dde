r"""Carries lines: what is written to it goes to a contact, what the contact says comes out.

    tail -f log | python examples/bridge.py bob
    python examples/bridge.py bob < questions > answers

A line is a message and a message is a line: a line break inside a message is written \n, a backslash \\, both
ways. It ends when its input does; what it took in is queued by then, and sent when both people are online.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import threading
from contextlib import suppress

from tuichat.api import AsyncClient, LockedError, Message, UnreachableError, UsageError, run

LOCKED_SECONDS = 1.0
"""How long to wait before a profile that is locked is tried again."""


def to_line(text: str) -> str:
    """A message as one line."""
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")


def to_text(line: str) -> str:
    """The message that a line stands for."""
    meant = {"\\n": "\n", "\\r": "\r", "\\\\": "\\"}
    return re.sub(r"\\[nr\\]", lambda found: meant[found[0]], line)


def read_lines() -> asyncio.Queue[bytes]:
    """The lines of standard input as they come, b"" at its end."""
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[bytes] = asyncio.Queue(maxsize=16)

    def put(line: bytes) -> None:
        asyncio.run_coroutine_threadsafe(lines.put(line), loop).result()

    def read() -> None:
        rest = b""
        while piece := os.read(
            sys.stdin.fileno(), 65_536
        ):  # sys.stdin has a lock, which the end would wait for
            *whole, rest = (rest + piece).split(b"\n")
            for line in whole:
                put(line + b"\n")
        if rest:
            put(rest)
        put(b"")

    threading.Thread(target=read, daemon=True).start()  # nobody waits for it at the end
    return lines


async def send_lines(node: AsyncClient, ref: str) -> None:
    """Send every line; one that the node had when it ended may go twice rather than be lost."""
    lines = read_lines()
    while line := await lines.get():
        text = to_text(line.decode("utf-8", "replace").rstrip("\r\n"))
        while text.strip():
            try:
                await node.send(ref, text)
                break
            except LockedError:
                await asyncio.sleep(LOCKED_SECONDS)
            except UnreachableError:
                await node.reconnect()
            except UsageError as error:  # such as a text that is too long
                sys.stderr.write(f"{error.message}\n")
                break


async def print_messages(node: AsyncClient, contact: int) -> None:
    """Print what the contact says."""
    async for message in node.incoming():
        if message.contact == contact:
            await print_message(node, message)


async def print_message(node: AsyncClient, message: Message) -> None:
    """Print one message. It is read once it is printed; if the node has ended, it comes again."""
    sys.stdout.buffer.write(to_line(message.text).encode() + b"\n")
    sys.stdout.buffer.flush()
    with suppress(LockedError, UnreachableError):
        await node.done(message)


async def main(ref: str) -> None:
    async with AsyncClient.connect(start=True) as node:
        contact = await node.contact(ref)
        sending = asyncio.create_task(send_lines(node, contact.address))
        printing = asyncio.create_task(print_messages(node, contact.id))
        await asyncio.wait([sending, printing], return_when=asyncio.FIRST_COMPLETED)
        if not sending.done():  # nobody reads what is printed any more, or no node will come
            sending.cancel()
            await printing
        printing.cancel()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: bridge.py CONTACT")
    try:
        run(main(sys.argv[1]))
    except BrokenPipeError:  # nobody reads any more, and what is left in the buffer need not go anywhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
