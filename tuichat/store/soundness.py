"""Whether a database may be used: at its opening either all of it is looked at, or what every start needs.

Each page carries a seal that is checked whenever the page is read, so damage is never taken for data: it is
an error, now or later. Looking at all of it finds it now, and also what seals cannot show: pages that fit the
key but not each other, as a disk leaves them that lost a write. That takes as long as the file is large, so a
large file is read to its end only where something may have happened: after an end that was not clean.
"""

from __future__ import annotations

from typing import Final

from tuichat.store import schema
from tuichat.store.database import Database
from tuichat.store.search import Search

WHOLE_BYTES: Final = 8 << 20
"""Up to this size a file is always read to its end: about a tenth of a second."""

_GROWING: Final = frozenset(
    (
        *("messages", "outbox", "events", "known", "opened", "held"),
        *("search_index", "search_index_data", "search_index_idx"),
    )
)
"""What grows with all that was ever said. The other tables grow with the people one knows, if at all."""

_INDEX: Final = "search_index"
_TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table'"
_SAMPLES: Final = 64
_SAMPLE = "SELECT text, body FROM messages WHERE id >= ? ORDER BY id LIMIT 1"


def whole(database: Database) -> bool:
    """Whether all of it is sound. If so, it is trusted.

    The index of the search is made of the rest: where nothing but that is wrong, it is made anew.
    """
    if not schema.version(database):
        return False
    if not database.sound():
        if _INDEX not in database.complaint():
            return False
        Search(database).begin_anew()
        return database.sound()
    return True


def in_part(database: Database) -> bool:
    """Whether the schema and all tables that do not grow are sound, and some messages can be read.

    If so, the database is trusted: closing it will be a clean end.

    Raises:
        DamagedError: some of it cannot be read.
    """
    tables = {str(name) for (name,) in database.rows(_TABLES)} - _GROWING
    if not (schema.version(database) and all(map(database.sound, sorted(tables)))):
        return False
    newest = database.one("SELECT coalesce(max(id), 0) FROM messages")
    for number in range(_SAMPLES):
        database.row(_SAMPLE, (newest * number // (_SAMPLES - 1),))
    database.trust()
    return True
