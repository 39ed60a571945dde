"""Mutants of strangers' requests: how many are kept, and what of each."""

from __future__ import annotations

import pytest

from tests.mutants.planting import planted
from tests.support import invariants_requests as requests
from tuichat.node import first_contact
from tuichat.node.first_contact import FirstContact, Shown
from tuichat.protocol.frames import Accepted, Request
from tuichat.store.contacts import Contacts
from tuichat.store.records import ContactRow


@planted(requests.strangers_make_room_among_themselves)
def requests_are_kept_without_end(patch: pytest.MonkeyPatch) -> None:
    """Strangers fill the disk."""
    patch.setattr(first_contact, "MAX_PENDING", 10**9)


@planted(requests.strangers_make_room_among_themselves)
def anybody_makes_room(patch: pytest.MonkeyPatch) -> None:
    """The oldest contact goes, whoever it is."""
    patch.setattr(Contacts, "oldest_pending", lambda self: self._database.one("SELECT min(id) FROM contacts"))


@planted(requests.strangers_make_room_among_themselves)
def invited_person_takes_a_strangers_place(patch: pytest.MonkeyPatch) -> None:
    """The oldest request goes for somebody who waits for nothing."""
    real = FirstContact._welcome

    def welcome(
        self: FirstContact, row: ContactRow | None, request: Request, shown: Shown, invite: int
    ) -> tuple[Accepted, int]:
        with self._hub.change() as changes:
            self._make_room(changes)
        return real(self, row, request, shown, invite)

    patch.setattr(FirstContact, "_welcome", welcome)


@planted(requests.a_request_is_judged_in_one_commit)
def keys_are_kept_after_the_reply(patch: pytest.MonkeyPatch) -> None:
    """A crash in between leaves a contact of whom nothing is pinned."""

    def keep_request(self: FirstContact, row: ContactRow, request: Request, _shown: Shown) -> None:
        self._store.contacts.update(row.id, state="accepted", pair_received=request.pair)

    patch.setattr(FirstContact, "_keep_request", keep_request)
