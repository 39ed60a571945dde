"""The one place where SQLite's failures become sentences for the person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import apsw

from tuichat.errors import DamagedError, StorageError, TuichatError
from tuichat.i18n import _


def translate(failure: apsw.Error) -> TuichatError | None:
    """What to tell the person about `failure`; None when it is a mistake in a query, which must stay loud."""
    match failure:
        case apsw.FullError():
            return StorageError(
                _("The disk is full: nothing of this step was kept."),
                _("Free some space, then try again."),
            )
        case apsw.CorruptError() | apsw.NotADBError() | apsw.FormatError():
            return DamagedError(
                _("The database cannot be read: it is damaged, or belongs to another profile."),
                _("Restore a backup, or restart tuichat: it sets the damaged file aside and says where."),
            )
        case apsw.BusyError() | apsw.LockedError():
            return StorageError(
                _("Another program has the database open."), _("Close that program, then try again.")
            )
        case apsw.ReadOnlyError() | apsw.PermissionsError() | apsw.CantOpenError():
            return StorageError(
                _("The database cannot be opened for writing."),
                _("Check the permissions of the profile's directory."),
            )
        case apsw.ConnectionClosedError():  # to what was under way, and took longer than locking waits for it
            return StorageError(_("The node was locked, or ended, before this was done."))
        case apsw.IOError():
            return StorageError(
                _("The disk could not be read or written: it is failing, or a quota is used up."),
                _("Check the disk and its free space, then try again."),
            )
        case _:
            return None


@contextmanager
def translated() -> Iterator[None]:
    """Raise SQLite's failures as DamagedError or StorageError."""
    try:
        yield
    except apsw.Error as failure:
        error = translate(failure)
        if error is None:
            raise
        raise error from failure
