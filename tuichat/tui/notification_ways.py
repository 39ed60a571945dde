"""What is told to somebody who looks elsewhere, and how: by a terminal's notification, or the desktop's."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final

from tuichat.i18n import _
from tuichat.model import Contact, Message

MOST_LETTERS: Final = 120

_PROGRAM: Final = ("notify-send", "--app-name=tuichat", "--", "tuichat")
_PROGRAM_SECONDS: Final = 5.0


def message_words(person: Contact, message: Message, *, content: bool) -> str:
    """That a message came; with `content` from whom and what, unless it is not to be kept."""
    kept = person.conversation
    passes = kept.timer or kept.memory or message.timer  # which may be longer off than it took to come
    if not content or passes:  # who shows it may keep it
        return _("A new message.")
    return f"{person.name}: {message.text}" if message.text else person.name


def request_words() -> str:
    """That somebody asks; what strangers write stays here."""
    return _("Somebody asks to be a contact.")


def in_one_line(words: str) -> str:
    """What may be told of it: one line of at most `MOST_LETTERS`."""
    return " ".join(words.split())[:MOST_LETTERS]


def sequence_of(way: str, words: str) -> str:
    """The control sequence by which a terminal is told in one of two ways; "" for every other way."""
    words = in_one_line(words)
    sequences = {
        "osc9": f"\x1b]9;tuichat: {words}\x07",  # digits at the beginning would mean something else
        "osc777": f"\x1b]777;notify;tuichat;{words}\x07",
    }
    return sequences.get(way, "")


async def show_on_desktop(words: str) -> bool:
    """By the desktop's own program; whether there is one. The text is markup to it, so it is escaped."""
    body = in_one_line(words).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    quiet = asyncio.subprocess.DEVNULL
    try:
        process = await asyncio.create_subprocess_exec(
            *_PROGRAM, body, stdin=quiet, stdout=quiet, stderr=quiet
        )
    except OSError:
        return False
    try:
        async with asyncio.timeout(_PROGRAM_SECONDS):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    return True


def no_desktop_words() -> str:
    """What is said where that program is missing."""
    return _("There is no notify-send, so the bell rings instead. It is in the package libnotify-bin.")
