"""Answers every message with its own text: python examples/echo_bot.py"""

from __future__ import annotations

from contextlib import suppress

from tuichat.api import AsyncClient, TuichatError, run


async def main() -> None:
    async with AsyncClient.connect(start=True) as node:
        async for message in node.incoming():
            with suppress(TuichatError):  # it stays unread then, and comes again
                await node.reply(message, message.text or "Thank you.")
                await node.done(message)


if __name__ == "__main__":
    run(main())
