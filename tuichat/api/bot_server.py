"""The socket for bots: whoever may open it, under whatever user, comes no further than a token allows."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from tuichat.api.limits import BOTS, Limits
from tuichat.api.scoped import ServedApi
from tuichat.api.server import ApiServer
from tuichat.errors import StorageError, TuichatError
from tuichat.i18n import _
from tuichat.system_reasons import reason_of


class BotServer(ApiServer):
    """Serves on a socket that a group may use.

    Args:
        api: what answers.
        path: in a directory that others may pass through and not write to.
        group: the group's number; None for the one of our own files.
    """

    def __init__(self, api: ServedApi, path: Path, group: int | None, limits: Limits = BOTS) -> None:
        super().__init__(api, path, limits=limits)
        self._group = group

    def _stranger(self, peer: int) -> TuichatError | None:
        return None

    def _check_directory(self, directory: Path) -> None:
        try:
            status = directory.stat()
        except OSError as error:
            raise StorageError(
                _("The directory {path} cannot be used: {why}.").format(path=directory, why=reason_of(error))
            ) from error
        if not stat.S_ISDIR(status.st_mode) or status.st_uid not in (0, os.getuid()):
            raise StorageError(_("The directory {path} is not yours.").format(path=directory))
        if status.st_mode & 0o022:
            raise StorageError(
                _("Others can write to {path}, and put a socket of theirs in the place of this one.").format(
                    path=directory
                ),
                _("Take that from them: chmod go-w."),
            )

    def _open(self, path: Path) -> None:
        path.chmod(0o600)
        if self._group is not None and not path.parent.stat().st_mode & stat.S_ISGID:
            self._give_away(path, self._group)
        path.chmod(0o660)

    def _give_away(self, path: Path, group: int) -> None:
        """A service may be forbidden to: in a directory that gives its group on, nothing has to be given."""
        try:
            os.chown(path, -1, group)
        except OSError as error:
            raise StorageError(
                _("The socket {path} cannot be given to the group: {why}.").format(
                    path=path, why=reason_of(error)
                ),
                _("Make its directory one that gives its group on: install -d -m 2750 -o USER -g GROUP DIR"),
            ) from error
