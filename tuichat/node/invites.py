"""The invites I made: created, used once, closed by the contact's next link, or revoked (C2, C4, C5)."""

from __future__ import annotations

from typing import Final

from tuichat.clock import Rng
from tuichat.crypto.identity import Identity
from tuichat.errors import NotFoundError, UsageError
from tuichat.i18n import _
from tuichat.model import Invite as InviteRecord
from tuichat.model import from_milliseconds
from tuichat.network.addresses import address_of
from tuichat.protocol.invites import SECRET_LENGTH, Invite, InviteError, parse_invite, sig_hash
from tuichat.store.records import InviteRow
from tuichat.store.store import Store

SHORTEST_SECONDS: Final = 60
LONGEST_SECONDS: Final = 366 * 86_400
KEPT_MILLISECONDS: Final = 30 * 86_400_000
"""How long an expired invite is still listed."""


class Invites:
    """Makes invites and judges those who come with one."""

    def __init__(self, store: Store, identity: Identity, rng: Rng) -> None:
        self._store = store
        self._identity = identity
        self._rng = rng

    def create(self, seconds: int, now: int) -> InviteRecord:
        """A new invite that expires after `seconds`.

        Raises:
            UsageError: under a minute or over a year.
        """
        if not SHORTEST_SECONDS <= seconds <= LONGEST_SECONDS:
            raise UsageError(_("An invite is good for one minute to one year."))
        self._store.invites.forget_expired(now - KEPT_MILLISECONDS)
        row = self._store.invites.add(self._rng.bytes(SECRET_LENGTH), now, now + seconds * 1000)
        return self._record(row, now, text=str(self._invite(row)))

    def list(self, now: int) -> list[InviteRecord]:
        """Every invite that is remembered, without its text."""
        return [self._record(row, now) for row in self._store.invites.all()]

    def revoke(self, number: int) -> None:
        """Nobody can use it any more; who was made a contact by it stays one.

        Raises:
            NotFoundError: there is none of this number.
        """
        row = self._store.invites.get(number)
        if row is None:
            raise NotFoundError(
                _("There is no invite {id}.").format(id=number), _("See: tuichat invite list")
            )
        if row.state in ("open", "bound"):
            self._store.invites.set_state(number, "revoked")

    def is_gone(self, number: int, onion: bytes) -> bool:
        """Whether the invite is closed, withdrawn, or somebody else's by now (C4)."""
        row = self._store.invites.get(number)
        if row is None or row.state in ("closed", "revoked"):
            return True
        return row.state == "bound" and row.onion != onion

    def bind(self, number: int, onion: bytes) -> None:
        """The invite belongs to who used it now."""
        row = self._store.invites.get(number)
        if row is not None and row.state == "open":
            self._store.invites.set_state(number, "bound", onion)

    def has_bound(self, onion: bytes) -> bool:
        """Whether an invite is bound to this onion and not closed yet."""
        return self._store.invites.has_bound(onion)

    def close_bound(self, onion: bytes) -> None:
        """The contact has linked under a pair secret: the invite that made it one is closed (C5)."""
        self._store.invites.close_bound(onion)

    def revoke_bound(self, onion: bytes) -> None:
        """The contact is removed or blocked: the invite that made it one does not do so again (C8)."""
        self._store.invites.revoke_bound(onion)

    def _invite(self, row: InviteRow) -> Invite:
        me = self._identity
        return Invite(me.onion, row.secret, sig_hash(me.sig), row.expires_at // 1000)

    def _record(self, row: InviteRow, now: int, text: str = "") -> InviteRecord:
        expired = row.state == "open" and row.expires_at <= now
        return InviteRecord(
            id=row.id,
            text=text,
            state="expired" if expired else row.state,
            created_at=from_milliseconds(row.created_at),
            expires_at=from_milliseconds(row.expires_at),
            used_by=None if row.onion is None else address_of(row.onion),
        )


def read_invite(text: str, now: float) -> Invite:
    """An invite that somebody pasted.

    Raises:
        UsageError: mistyped, or expired: told apart. Used and withdrawn ones show only when they are tried.
    """
    try:
        invite = parse_invite(text)
    except InviteError as error:
        unusable = error.reason == "key"
        hint = _("Ask for a new one.") if unusable else _("Copy the whole line that begins with tuichat1:")
        raise UsageError(_why(error.reason), hint) from None
    if invite.expires_at <= now:
        raise UsageError(_("This invite has expired."), _("Ask for a new one."))
    return invite


def _why(reason: str) -> str:
    return {
        "prefix": _("This is no invite: one begins with tuichat1:"),
        "length": _("This invite is cut off or too long."),
        "character": _("There is a character in this invite that does not belong there."),
        "check": _("This invite was mistyped: its check does not match."),
        "version": _("This invite was made by a newer tuichat."),
        "key": _("This invite leads to an address that nobody can own."),
    }[reason]
