"""Messages in words, for people: what one says and answers, how it stands, and reactions."""

from __future__ import annotations

from collections import Counter

from tuichat.i18n import _
from tuichat.model import Message, MessageState, Quote
from tuichat.timer_words import timer_line

_ACTION = "/me "


def said(message: Message, name: str) -> str:
    """What a message says; `name` is the contact's."""
    if message.unsent == "asked":
        return _("taken back here; your contact's node was asked")
    if message.unsent:
        return _("taken back")
    if message.kind == "timer":
        return timer_line(message.timer or 0)
    if message.kind == "unsupported":
        return _("This message needs a newer tuichat.")
    if message.text.startswith(_ACTION):
        who = _("me") if message.direction == "out" else name
        return f"* {who} {message.text.removeprefix(_ACTION)}"
    return message.text


def state_word(state: MessageState) -> str:
    """How a message of one's own stands."""
    words: dict[MessageState, str] = {
        "queued": _("queued"),
        "sent": _("sent"),
        "delivered": _("delivered"),
        "read": _("read"),
        "failed": _("failed"),
        "cancelled": _("cancelled"),
    }
    return words[state]


def quoted(quote: Quote, name: str) -> str:
    """What a message answers, in one line; `name` is the contact's."""
    if quote.message is None:
        return _("answers a message you do not have")
    who = _("me") if quote.direction == "out" else name
    words = f"{who}: {_('taken back') if quote.unsent else quote.text}"
    return " ".join(words.split())


def reactions(message: Message) -> str:
    """The reactions to a message, each with how many there are; "" for none."""
    counts = Counter(message.reactions)
    return "  ".join(emoji if count == 1 else f"{emoji} {count}" for emoji, count in counts.items())
