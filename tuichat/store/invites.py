"""Invites that this person made (C2)."""

from __future__ import annotations

from typing import Final

from tuichat.store.database import Database
from tuichat.store.records import InviteRow, InviteState

_SELECT: Final = "SELECT id, secret, created_at, expires_at, state, onion FROM invites"


class Invites:
    """Open, bound to somebody who used it, closed, or revoked."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, secret: bytes, created_at: int, expires_at: int) -> InviteRow:
        """A new open invite; times in milliseconds."""
        query = "INSERT INTO invites (secret, created_at, expires_at) VALUES (?, ?, ?)"
        number = self._database.insert(query, (secret, created_at, expires_at))
        return InviteRow(number, secret, created_at, expires_at)

    def get(self, invite: int) -> InviteRow | None:
        """The invite of this number."""
        values = self._database.row(f"{_SELECT} WHERE id = ?", (invite,))
        return None if values is None else InviteRow(*values)

    def all(self) -> list[InviteRow]:
        """Every invite that is kept, oldest first."""
        return [InviteRow(*values) for values in self._database.rows(f"{_SELECT} ORDER BY id")]

    def unexpired(self, now: int) -> list[InviteRow]:
        """Those whose knock is answered at this time, in milliseconds, whatever their state."""
        rows = self._database.rows(f"{_SELECT} WHERE expires_at > ? ORDER BY id", (now,))
        return [InviteRow(*values) for values in rows]

    def set_state(self, invite: int, state: InviteState, onion: bytes | None = None) -> None:
        """Move an invite to another state; `onion` is who used it."""
        query = "UPDATE invites SET state = ?, onion = coalesce(?, onion) WHERE id = ?"
        self._database.run(query, (state, onion, invite))

    def has_bound(self, onion: bytes) -> bool:
        """Whether an invite is bound to this onion."""
        query = "SELECT 1 FROM invites WHERE state = 'bound' AND onion = ?"
        return self._database.row(query, (onion,)) is not None

    def close_bound(self, onion: bytes) -> int:
        """Invites bound to this onion are closed (C5); how many were."""
        query = "UPDATE invites SET state = 'closed' WHERE state = 'bound' AND onion = ?"
        return self._database.run(query, (onion,))

    def revoke_bound(self, onion: bytes) -> int:
        """Invites bound to this onion are withdrawn (C8); how many were."""
        query = "UPDATE invites SET state = 'revoked' WHERE state = 'bound' AND onion = ?"
        return self._database.run(query, (onion,))

    def forget_expired(self, before: int) -> int:
        """Drop invites that expired before this time; how many."""
        return self._database.run("DELETE FROM invites WHERE expires_at < ?", (before,))
