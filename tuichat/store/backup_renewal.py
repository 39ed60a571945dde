"""What a database from a backup must forget before it is used: others may know what came after it.

Since the backup was made its profile may have gone on. So no session is continued (its message keys were
used), no invite, no token and no spare key to the service is good any more (somebody may have had it and been
turned away since), and what is queued may have left already: it is sealed afresh in each contact's next
session, under the message ids by which contacts know what they have, and it can no longer be cancelled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec

from tuichat.crypto.kdf import blake2b_256
from tuichat.protocol.bodies import THE_TWO_OF_US, FileState, encode_body
from tuichat.store.records import ContactRow, SessionRow
from tuichat.store.store import Store

SETTING = "restored"
_PAGE = 500
_CANCELLED: Final = 3
"""The state of a file as on the wire (docs/protocol.md, Files)."""


class Restored(msgspec.Struct, frozen=True):
    """When a database came out of a backup, and when that had been made; milliseconds."""

    made_at: int
    restored_at: int


@dataclass(frozen=True, slots=True)
class Renewal:
    """What was found in a backup: accepted contacts, invites that were closed, messages that are queued."""

    contacts: tuple[ContactRow, ...]
    invites: int
    queued: int


def renew(store: Store, restored: Restored) -> Renewal:
    """Make the database of a backup fit to go on, in one transaction."""
    with store.transaction():
        rows = store.contacts.all()
        for row in rows:
            _end_session(store, row.id)
        _end_files(store, restored.restored_at)
        invites = [invite for invite in store.invites.all() if invite.state in ("open", "bound")]
        for invite in invites:
            store.invites.set_state(invite.id, "revoked")
        store.reach_keys.forget_spare()
        store.events.begin_log()
        store.tokens.remove_all()
        store.settings.put(SETTING, msgspec.json.encode(restored))
    accepted = tuple(row for row in rows if row.state == "accepted")
    return Renewal(accepted, len(invites), store.outbox.totals()[0])


def last_restored(store: Store) -> Restored | None:
    """When the database came out of a backup last; None if it never did."""
    kept = store.settings.get(SETTING)
    return None if kept is None else msgspec.json.decode(kept, type=Restored)


def _end_files(store: Store, now: int) -> None:
    """No offer is good any more: mine may be withdrawn, and of theirs nothing is on this disk. The others are
    told, who would wait; behind an offer that is still queued. What lies where a partial file or a copy lay
    may be another profile's, the one that was saved among them: it is not touched.
    """
    store.transfers.disown()
    for row in store.transfers.unfinished():
        if row.direction == "out" and row.message is None:
            store.transfers.remove(row.id)
            continue
        store.transfers.end(row.id, "failed", "restored", now)
        # The id is the same however often this backup is used, so that nobody is told twice.
        note = FileState(THE_TWO_OF_US, blake2b_256(b"restored" + row.wire_id)[:16], row.wire_id, _CANCELLED)
        store.outbox.add(
            row.contact, message=None, wire_id=note.id, body=encode_body(note), queued_at=now, given=True
        )


def _end_session(store: Store, contact: int) -> None:
    session = store.sessions.get(contact)
    store.sessions.forget(contact)
    store.sessions.put(SessionRow(contact, gen=session.gen))
    store.outbox.unseal(contact)
    after = 0
    while rows := store.outbox.unacked(contact, after_id=after, limit=_PAGE):
        store.outbox.mark_given(row.id for row in rows)
        after = rows[-1].id
