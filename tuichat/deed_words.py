"""Messages in words, for people: what one says and answers, how it stands, and reactions."""

from __future__ import annotations

import unicodedata
from collections import Counter

from tuichat.i18n import _
from tuichat.model import Direction, Message, MessageState, Quote
from tuichat.timer_words import timer_line

_ACTION = "/me "
_BEHIND_A_NAME = frozenset("[:")


def speaker(direction: Direction, name: str) -> str:
    """Who says something; `name` is the contact's, in quotes if it looks like me or like what stands behind a
    name: it may be one that they suggested.
    """
    me = _("me")
    if direction == "out":
        return me
    plain = unicodedata.normalize("NFKC", name).casefold()
    like_me = plain.startswith(me.casefold()) and not plain.removeprefix(me.casefold())[:1].isalnum()
    doubtful = like_me or "  " in plain or not _BEHIND_A_NAME.isdisjoint(plain)
    return f'"{name}"' if doubtful else name


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
        who = speaker(message.direction, name)
        return f"* {who} {message.text.removeprefix(_ACTION)}"
    return message.text


def take_back_question(message: Message) -> str:
    """What is asked before a message of one's own is taken back; to be filled with its `text`."""
    if message.state == "queued":
        return _("Take back {text}? It is not sent then; if it may have left, your contact's node is asked.")
    return _("Take back {text}? It is erased here and at your contact's, who may have read it.")


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
    who = speaker(quote.direction or "in", name)
    words = f"{who}: {_('taken back') if quote.unsent else quote.text}"
    return " ".join(words.split())


def reactions(message: Message) -> str:
    """The reactions to a message, each with how many there are; "" for none."""
    counts = Counter(message.reactions)
    return "  ".join(emoji if count == 1 else f"{emoji} {count}" for emoji, count in counts.items())
