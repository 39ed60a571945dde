"""What stays queued for a contact who is blocked, or with whom all that was said is erased.

The session goes with either: what stays waits unsealed for the next one, and until then no link takes it.
"""

from __future__ import annotations

from tuichat.clock import Rng
from tuichat.node.events import Changes
from tuichat.node.file_steps import Step
from tuichat.protocol.bodies import (
    ID_LENGTH,
    THE_TWO_OF_US,
    File,
    FileState,
    Timer,
    Unsend,
    decode_body,
    encode_body,
)
from tuichat.store.store import Store


def keep_what_left(store: Store, contact: int, now: int, changes: Changes, rng: Rng) -> None:
    """At a block: messages that no link ever had never leave, nor does what was done to them.

    The others may have arrived. They stay until they are acknowledged, and so does what was done to messages
    since: should the block be undone, both histories come to say the same. An offer has behind it that it is
    over; a change of the timer stays, for it holds here. Belongs inside a transaction that ends the session.
    """
    never: set[int] = set()
    offers: list[bytes] = []
    for row in store.outbox.queue(contact):
        body = decode_body(row.body)
        if row.message is not None and not row.given and not isinstance(body, Timer):
            never.add(row.message)
            store.messages.mark_cancelled(row.message, now)
            changes.message(row.message)
        if row.subject in never or (row.subject is None and not isinstance(body, Unsend | Timer)):
            store.outbox.remove(row.id)
        elif isinstance(body, File):
            offers.append(body.id)
    for offer in offers:
        over = FileState(THE_TWO_OF_US, rng.bytes(ID_LENGTH), offer, Step.CANCELLED.value)
        store.outbox.add(contact, message=None, wire_id=over.id, body=encode_body(over), queued_at=now)
    store.outbox.unseal(contact)


def keep_what_says_nothing(store: Store, contact: int) -> None:
    """At an erasing: unsends stay, which hold ids alone, and the last change of the timer, which holds here.

    All else that waits goes, an edit too: its text is to be erased. Belongs inside a transaction that ends
    the session, before the messages go.
    """
    timer: int | None = None
    for row in store.outbox.queue(contact):
        body = decode_body(row.body)
        if isinstance(body, Unsend | Timer):
            store.outbox.part(row.id)
        else:
            store.outbox.remove(row.id)
        if isinstance(body, Timer):
            if timer is not None:
                store.outbox.remove(timer)
            timer = row.id
    store.outbox.unseal(contact)
