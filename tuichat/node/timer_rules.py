"""Which timer holds in a conversation, and when a message disappears at the latest."""

from __future__ import annotations

from typing import Final

from tuichat.node.events import Changes
from tuichat.protocol.bodies import MAX_REVISION, Timer
from tuichat.store.records import ConversationRow
from tuichat.store.store import Store

UNSEEN_SECONDS: Final = 30 * 86_400
"""How long a timer waits at most for what it begins with: that a message is seen, or acknowledged."""

LOOK_BACK: Final = 2**40
"""A revision is earlier than another if it is at most so far behind it on the circle of all revisions: no two
clocks are so far apart.
"""


def time_to_live(store: Store, contact: int) -> int | None:
    """After how many seconds what is sent to a contact now disappears; None for never."""
    row = store.conversations.get(contact)
    return None if row is None or not row.timer else row.timer


def last_moment(now: int, ttl: int | None) -> int | None:
    """When a message of `now` disappears at the latest, both in milliseconds; None for never."""
    return None if ttl is None else now + (ttl + UNSEEN_SECONDS) * 1000


def holds(timer: Timer, known: ConversationRow) -> bool:
    """Whether a change holds in place of what is known: it is later, or as late and of a shorter time."""
    if timer.revision == known.timer_revision:
        return _is_shorter(timer.seconds, known.timer)
    return is_later(timer.revision, known.timer_revision)


def is_later(revision: int, known: int) -> bool:
    """Whether a revision is later than a known one, 0 for none.

    Revisions are counted round a circle, so that each has a later one: whatever a contact says, the timer can
    be changed again, and after what no clock says the next change goes by the clock again.
    """
    return known == 0 or (known - revision) % MAX_REVISION > LOOK_BACK


def next_revision(known: ConversationRow, now: int) -> int:
    """The revision of a change made at `now` milliseconds: the clock's second, if that is later than what is
    known.

    The clock is in it so that a change counts also after a return to an old backup.
    """
    second = min(max(now // 1000, 1), MAX_REVISION)
    if is_later(second, known.timer_revision):
        return second
    return known.timer_revision % MAX_REVISION + 1


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


def _is_shorter(seconds: int, than: int) -> bool:
    """Off is longer than any time."""
    return seconds != 0 and (than == 0 or seconds < than)
