"""What may be done to a message, and the keys for it while it is chosen."""

from __future__ import annotations

from typing import Literal

from tuichat.i18n import _
from tuichat.model import Message
from tuichat.tui.links import links

MessageKey = Literal["r", "e", "d", "+"]
"""Answer, edit, take back, react."""

FileKey = Literal["o", "O", "d", "p", "v"]
"""Fetch or open, choose how, end, let rest or go on, view."""


def keys_of(message: Message) -> frozenset[MessageKey]:
    """The keys that do something with this message."""
    if message.kind in ("unsupported", "timer") or message.unsent or message.state == "cancelled":
        return frozenset()
    if message.direction == "in":
        return frozenset({"r", "+"})
    return frozenset({"r", "e", "d", "+"} if message.kind == "text" else {"r", "d", "+"})


def why_not(key: MessageKey | FileKey, message: Message) -> str:
    """Why this key does nothing with this message, in one sentence."""
    if key == "o":
        return _("There is neither a link nor a file in it to open.")
    if key in ("O", "p", "v"):
        return _("There is no file in it.")
    if message.unsent or message.state == "cancelled":
        return _("This message was taken back already.")
    if message.kind in ("unsupported", "timer"):
        return _("That can be done with what somebody wrote or sent, not with this.")
    if key == "e":
        return _("Only texts of your own can be edited.")
    return _("Only your own messages can be taken back.")


def answer_words(message: Message) -> list[str]:
    """The keys that say something to it, and what they do."""
    keys = keys_of(message)
    return [words for key, words in (("r", _("r answer")), ("+", _("+ react"))) if key in keys]


def key_hints(message: Message, *, narrow: bool) -> str:
    """Those keys and what they do, as far as there is room."""
    keys, link = keys_of(message), bool(links(message.text)) and not message.unsent
    if message.state == "queued" and "d" in keys:
        fits = "e" in keys and not narrow
        return _("e edit  c copy  x take back  Esc write") if fits else _("c copy  x take back  Esc write")
    if not keys:
        return _("c copy  Esc write")
    if narrow:
        shown = " ".join(["o"] * link + [key for key in "red+" if key in keys])
        return f"{shown}  {_('c copy  Esc write')}"
    words: dict[MessageKey, str] = {
        "r": _("r answer"),
        "e": _("e edit"),
        "d": _("d take back"),
        "+": _("+ react"),
    }
    opening = [_("o open link")] if link else []
    return "  ".join(
        [*opening, *(word for key, word in words.items() if key in keys), _("c copy  Esc write")]
    )
