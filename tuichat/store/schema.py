"""Bring a database's schema up to this version, step by step; never back."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

from tuichat.errors import StorageError
from tuichat.i18n import _
from tuichat.store import migrations
from tuichat.store.database import Database

_FILE = re.compile(r"m(\d{4})_\w+\.sql")


@cache
def steps() -> tuple[str, ...]:
    """The migrations' SQL, in order: the first brings an empty database to version 1."""
    found = [
        (int(match[1]), entry)
        for entry in resources.files(migrations).iterdir()
        if (match := _FILE.fullmatch(entry.name))
    ]
    numbers = sorted(number for number, _entry in found)
    assert numbers == list(range(1, len(found) + 1)), "migrations are numbered without gaps, each once"
    numbered = dict(found)
    return tuple(numbered[number].read_text(encoding="utf-8") for number in numbers)


def version(database: Database) -> int:
    """The schema's version; 0 for an empty database."""
    return int(database.one("PRAGMA user_version"))


def refuse_newer(database: Database) -> None:
    """Before anything else is asked of the tables: those of a newer schema may have other columns.

    Raises:
        StorageError: the schema is newer than this program, which must not touch it.
    """
    present = version(database)
    if present > len(steps()):
        raise StorageError(
            _(
                "The database was written by a newer tuichat (schema {present}; this one knows {known})."
            ).format(present=present, known=len(steps())),
            _("Use the newer version."),
        )


def migrate(database: Database, known: tuple[str, ...] | None = None) -> None:
    """Run what is missing of `known` (all that this version ships by default), each step in a transaction."""
    wanted = steps() if known is None else known
    for number in range(version(database) + 1, len(wanted) + 1):
        with database.transaction():
            database.run(wanted[number - 1])
            database.run(f"PRAGMA user_version = {number}")
