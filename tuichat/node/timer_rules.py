"""Which timer holds in a conversation, and when a message disappears at the latest."""

from __future__ import annotations

from typing import Final

from tuichat.node.events import Changes
from tuichat.protocol.bodies import MAX_REVISION, Timer
from tuichat.store.records import ConversationRow
from tuichat.store.store import Store

UNSEEN_SECONDS: Final = 30 * 86_400
"""How long a timer waits at most for what it begins with: that a message is seen, or acknowledged."""


def last_moment(now: int, ttl: int | None) -> int | None:
    """When a message of `now` disappears at the latest, both in milliseconds; None for never."""
    return None if ttl is None else now + (ttl + UNSEEN_SECONDS) * 1000


def holds(timer: Timer, known: ConversationRow) -> bool:
    """Whether a change comes before what is known: the greater revision, else the shorter time."""
    return _rank(timer.revision, timer.seconds) > _rank(known.timer_revision, known.timer)


def next_revision(known: ConversationRow, now: int) -> int | None:
    """The revision of a change made at `now` milliseconds; None if there is none after the known one.

    The clock is in it so that a change counts also after a return to an old backup.
    """
    revision = max(known.timer_revision + 1, now // 1000)
    return revision if revision <= MAX_REVISION else None


def take_timer(
    store: Store, contact: int, body: Timer, now: int, changes: Changes, at: int | None = None
) -> None:
    """The other has set the timer: a line of the history, and what holds from now on.

    Belongs inside a transaction; `now` in milliseconds, `at` as in `Inbox`.
    """
    row = store.messages.add(
        contact,
        "in",
        body.id,
        "timer",
        "",
        sent_at=body.sent_at,
        received_at=now,
        state="delivered",
        at=at,
        timer=body.seconds,
    )
    changes.message(row.id, new=True)
    if holds(body, store.conversations.get(contact) or ConversationRow(contact)):
        store.conversations.update(contact, timer=body.seconds, timer_revision=body.revision)
        changes.contact(contact)


def _rank(revision: int, seconds: int) -> tuple[int, bool, int]:
    return revision, seconds != 0, -seconds
