"""A message as people see it, put together of the rows about it."""

from __future__ import annotations

from typing import Final

from tuichat.model import Direction, Message, MessageState, Quote, from_milliseconds
from tuichat.store.records import MessageRow
from tuichat.store.store import Store

QUOTED_CHARACTERS: Final = 200
"""So much of a message stands in the quotes of it."""


def message_record(store: Store, row: MessageRow, *, in_flight: bool) -> Message:
    """The record of a row; "sent" is only true while its link lives, so it is not stored."""
    state: MessageState = "sent" if row.state == "queued" and in_flight else row.state
    reactions = store.deeds.reactions(row.id) if row.reacted else []
    quote = None if row.reply_to is None else quote_of(store, row)
    return Message(
        id=row.id,
        contact=row.contact,
        direction=row.direction,
        kind=row.kind,
        text=row.text,
        sent_at=from_milliseconds(row.sent_at),
        received_at=None if row.received_at is None else from_milliseconds(row.received_at),
        state=state,
        reply_to=None if quote is None else quote.message,
        edited=row.edited > 0,
        reactions=tuple(emoji for _by, emoji in reactions),
        my_reactions=tuple(emoji for by, emoji in reactions if by == "out"),
        file=_file_of(store, row),
        quote=quote,
        unsent=row.unsent,
        timer=row.timer,
        expires_at=None if row.expires_at is None else from_milliseconds(row.expires_at),
    )


def quote_of(store: Store, row: MessageRow) -> Quote:
    """What a reply answers. Should both people have a message of that id, it is the other one's."""
    assert row.reply_to is not None
    other: Direction = "out" if row.direction == "in" else "in"
    found = store.messages.by_wire_id(row.contact, other, row.reply_to)
    found = found or store.messages.by_wire_id(row.contact, row.direction, row.reply_to)
    if found is None:
        return Quote()
    text = "" if found.unsent else found.text or _file_name(store, found)
    return Quote(
        message=found.id,
        direction=found.direction,
        text=text[:QUOTED_CHARACTERS],
        unsent=bool(found.unsent),
    )


def _file_of(store: Store, row: MessageRow) -> int | None:
    file = store.transfers.by_message(row.id) if row.kind == "file" and not row.unsent else None
    return None if file is None else file.id


def _file_name(store: Store, row: MessageRow) -> str:
    file = store.transfers.by_message(row.id) if row.kind == "file" else None
    return "" if file is None else file.name
