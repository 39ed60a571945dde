"""Mutants of the invites' states."""

from __future__ import annotations

import pytest

from tests.mutants.planting import planted
from tests.support import invariants_invites as invites
from tuichat.node.invites import Invites


@planted(invites.an_invite_makes_one_contact_whatever_is_cut)
def used_invite_is_anybodys(patch: pytest.MonkeyPatch) -> None:
    """Whose it is does not count."""

    def is_gone(self: Invites, number: int, _onion: bytes) -> bool:
        row = self._store.invites.get(number)
        return row is None or row.state in ("closed", "revoked")

    patch.setattr(Invites, "is_gone", is_gone)


@planted(
    invites.an_invite_makes_one_contact_whatever_is_cut, invites.an_invite_makes_one_contact_whoever_crashes
)
def used_invite_stays_open(patch: pytest.MonkeyPatch) -> None:
    """It is nobody's, however many come by it."""
    patch.setattr(Invites, "bind", lambda _self, _number, _onion: None)


@planted(
    invites.an_invite_makes_one_contact_whatever_is_cut, invites.an_invite_makes_one_contact_whoever_crashes
)
def invite_is_never_closed(patch: pytest.MonkeyPatch) -> None:
    """Its bearer may come by it as long as it is good."""
    patch.setattr(Invites, "close_bound", lambda _self, _onion: None)


@planted(invites.an_invite_brings_nobody_back_who_was_removed)
def invite_outlives_a_removal(patch: pytest.MonkeyPatch) -> None:
    """Who is removed comes by it again."""
    patch.setattr(Invites, "revoke_bound", lambda _self, _onion: None)
