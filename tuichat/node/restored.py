"""What a person should know after their profile came out of a backup, told for some days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from tuichat.i18n import _
from tuichat.model import NoticeEvent, from_milliseconds
from tuichat.store.backup_renewal import last_restored
from tuichat.store.store import Store

TOLD_MILLISECONDS: Final = 3 * 86_400_000
"""How long after the restoring everyone who begins to listen is told."""

MOST_CONTACTS: Final = 300
"""How many contacts have a notice of their own; the last notice is about all of them."""


def notices(store: Store, now: int) -> Iterator[NoticeEvent]:
    """A sentence for each contact, then one for all, if the profile was restored lately; `now` in ms."""
    restored = last_restored(store)
    if restored is None or now - restored.restored_at >= TOLD_MILLISECONDS:
        return
    since, until = _moment(restored.made_at), _moment(restored.restored_at)
    at = from_milliseconds(now)
    accepted = [row for row in store.contacts.all() if row.state == "accepted"]
    text = _("{name}: messages between {since} and {until} may be missing: a backup was restored.")
    for row in accepted[:MOST_CONTACTS]:
        told = text.format(name=row.petname, since=since, until=until)
        yield NoticeEvent(at=at, text=told, level="warning", contact=row.id)
    text = _(
        "A backup was restored: messages between {since} and {until} may be missing, and whom you removed or "
        "blocked then is a contact again. The old copy must not run any more."
    )
    yield NoticeEvent(at=at, text=text.format(since=since, until=until), level="warning")


def _moment(milliseconds: int) -> str:
    moment: datetime = from_milliseconds(milliseconds)
    return f"{moment:%Y-%m-%d %H:%M} UTC"
