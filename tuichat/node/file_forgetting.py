"""Files of messages that disappear: they go as their messages do, but for what a person has put elsewhere."""

from __future__ import annotations

from tuichat.node.events import Changes
from tuichat.node.file_places import is_in_inbox
from tuichat.store.records import FileRow
from tuichat.store.store import Store


def forget(store: Store, file: FileRow, changes: Changes) -> None:
    """Take a file out of the store: its name, keys, path and list. Belongs inside a transaction.

    What of it is on disk is swept afterwards: what was received in part, a copy that was made to be sent, and
    what came into the inbox.
    """
    if file.direction == "in" and file.state == "complete" and is_in_inbox(file):
        store.transfers.leave(file.stored_as)
    store.transfers.remove(file.id)
    changes.file_removed(file.id, file.contact)


def forget_disappearing(store: Store, contact: int, changes: Changes) -> None:
    """The same of all that would disappear some day, with a contact or a history that goes before."""
    for file in store.transfers.disappearing(contact):
        forget(store, file, changes)
