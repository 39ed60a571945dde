"""Reminds people: "remind me in 10m of the tea" is answered ten minutes later with "the tea".

    python examples/reminder_bot.py [FILE]

What is to be said is kept in FILE (reminders.json if none is named), so that an end of this program or of the
node makes it late at most. A reminder that fell due at such a moment may come twice.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NoReturn

from tuichat.api import AsyncClient, LockedError, Message, TuichatError, UnreachableError, run

ASKED = re.compile(
    r"remind me in (\d{1,6})\s*([smhd])\w*\s+(?:of|to|about)\s+(.+)", re.IGNORECASE | re.DOTALL
)
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
LONGEST_SECONDS = 366 * 86_400
MOST = 100
"""Reminders that one person may have waiting."""

HELP = "Write for example: remind me in 10m of the tea. I know s, m, h and d, up to a year."
LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class Reminder:
    """What to say, to whom (an address), as the answer to which message, and when (Unix time)."""

    due: float
    address: str
    message: int
    text: str


class Reminders:
    """What waits, on disk."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.waiting: list[Reminder] = []
        if path.exists():
            self.waiting = [Reminder(**each) for each in json.loads(path.read_text(encoding="utf-8"))]

    def add(self, reminder: Reminder) -> None:
        """Keep one; asked anew by the same message, it takes the earlier one's place."""
        others = [each for each in self.waiting if each.message != reminder.message]
        self._keep([*others, reminder])

    def remove(self, reminder: Reminder) -> None:
        """It was said."""
        self._keep([each for each in self.waiting if each != reminder])

    def _keep(self, waiting: list[Reminder]) -> None:
        new = self._path.with_name(self._path.name + ".new")
        new.write_text(json.dumps([asdict(each) for each in waiting]), encoding="utf-8")
        new.replace(self._path)
        self.waiting = waiting


async def take(node: AsyncClient, reminders: Reminders, message: Message) -> None:
    """Understand one message, and answer it."""
    address = (await node.contact(message.contact)).address
    asked = ASKED.fullmatch(message.text.strip())
    seconds = int(asked[1]) * SECONDS[asked[2].lower()] if asked else 0
    if asked is None or seconds > LONGEST_SECONDS:
        await node.reply(message, HELP)
    elif sum(each.address == address for each in reminders.waiting) >= MOST:
        await node.reply(message, f"You have {MOST} reminders waiting already.")
    else:
        due = message.sent_at.timestamp() if message.received_at is None else message.received_at.timestamp()
        reminders.add(Reminder(due + seconds, address, message.id, asked[3]))
        await node.reply(message, f"I will, in {asked[1]}{asked[2].lower()}.")
    await node.done(message)


async def listen(node: AsyncClient, reminders: Reminders) -> None:
    """Take messages for as long as there are nodes."""
    async for message in node.incoming():
        with suppress(TuichatError):  # it stays unread then, and comes again
            await take(node, reminders, message)


async def remind(node: AsyncClient, reminders: Reminders) -> NoReturn:
    """Say what is due, and again what could not be said."""
    while True:
        for each in [each for each in reminders.waiting if each.due <= time.time()]:
            try:
                await node.send(each.address, each.text, reply_to=each.message)
            except (LockedError, UnreachableError):
                continue  # `listen` waits for the next node, or for it to be unlocked
            except TuichatError as error:  # the contact is gone, or the message it answers
                sys.stderr.write(f"A reminder was given up: {error.message}\n")
            reminders.remove(each)
        await asyncio.sleep(LOOK_SECONDS)


async def main(path: Path) -> None:
    reminders = Reminders(path)
    async with AsyncClient.connect(start=True) as node:
        await asyncio.gather(listen(node, reminders), remind(node, reminders))


if __name__ == "__main__":
    run(main(Path(sys.argv[1] if sys.argv[1:] else "reminders.json")))
