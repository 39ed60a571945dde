"""What tokens allow: bots that present one see some contacts, and call some methods.

A method that is in no group can never be had by a token: those that open, lock, end or destroy the profile,
that read or write paths, that decide about keys, that erase, and that are about tokens themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tuichat.model.records import Record

MAX_TOKENS: Final = 100
MAX_TOKEN_CONTACTS: Final = 64
"""More contacts than these are named by EVERYBODY."""

EVERYBODY: Final = "*"

METHOD_GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "read": (
        *("status", "contact.list", "contact.get", "message.get", "message.earlier", "messages", "search"),
        *("file.list", "file.get", "event_log", "subscribe"),
    ),
    "send": ("send", "edit", "unsend", "react", "cancel", "mark_read", "mark_shown", "typing"),
    "files": ("file.accept", "file.decline", "file.cancel", "file.pause", "file.resume"),
    "contacts": (
        *("contact.accept", "contact.reject", "contact.block", "contact.unblock"),
        *("contact.tag", "contact.untag", "conversation.set", "contact.rename", "contact.add"),
    ),
    "invites": ("invite.create", "invite.list", "invite.revoke"),
}
"""The words that stand for methods, and those."""

NEED_EVERYBODY: Final = frozenset(
    {"search", "contact.rename", "contact.add", "invite.create", "invite.list", "invite.revoke"}
)
"""Methods that would tell of other contacts than a token's, or reach them."""

EVENT_TYPES: Final = (
    *("message", "message_removed", "file", "file_removed", "contact", "contact_removed"),
    *("conversation_erased", "link", "sign", "tor", "service", "notice"),
)
"""What a token may be told. Drafts and inputs it never is, and always that the node is locked or ends, and
what was missed.
"""


class Token(Record, frozen=True, kw_only=True):
    """A key of a bot's.

    Attributes:
        contacts: the petnames of those it is about, None for everybody.
        methods, events: what it may call, and be told.
        expires_at: None for never.
        text: what the bot presents; told once, when it is made.
    """

    id: int
    name: str
    contacts: tuple[str, ...] | None
    methods: tuple[str, ...]
    events: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a client that has presented a token may do.

    Attributes:
        token: its number.
        addresses: of the contacts, by their ids; None for everybody.
    """

    token: int
    name: str
    addresses: Mapping[int, str] | None
    methods: frozenset[str]
    events: frozenset[str]

    @property
    def everybody(self) -> bool:
        """Whether it is about every contact."""
        return self.addresses is None


def grantable() -> frozenset[str]:
    """Every method that a token may allow."""
    return frozenset(method for group in METHOD_GROUPS.values() for method in group)


def spelled_out(words: Iterable[str], *, everybody: bool) -> tuple[str, ...]:
    """The methods that groups and names stand for, in order; of a group, those that fit the contacts."""
    methods: set[str] = set()
    for word in words:
        members = METHOD_GROUPS.get(word)
        if members is None:
            methods.add(word)
        else:
            methods |= {each for each in members if everybody or each not in NEED_EVERYBODY}
    return tuple(sorted(methods))
