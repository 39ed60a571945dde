"""The methods of the local API about the profile's files as a whole."""

from __future__ import annotations

from tuichat.model import Backup, DatabaseCheck
from tuichat.node.backups import backups_in
from tuichat.node.parts import NodeParts
from tuichat.store.backup_file import BackupKey


class BackupMethods:
    """That part of `NodeApi`, for whoever has these."""

    _with: NodeParts

    def sealed_by(self, key: BackupKey | None) -> None:
        """The profile has another passphrase: what its backups are sealed by from now on."""
        backups_in(self._with.backups).sealed_by = key

    async def backup(self, path: str, passphrase: str | None = None, force: bool = False) -> Backup:
        return await backups_in(self._with.backups).write(path, passphrase, force)

    async def check_database(self) -> DatabaseCheck:
        return await backups_in(self._with.backups).check_database()
