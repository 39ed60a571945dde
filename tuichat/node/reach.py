"""Who may connect at all: the client-authorization keys of our service, and how they come to contacts (C1).

Every contact is given a key of its own from the first, whether the service admits only some or everybody:
so the setting can change without anybody being locked out. With `visibility = contacts` spare keys are
published beforehand, so that giving one to a new contact changes nothing that others could watch. Each open
invite has one that is kept for whom it will make a contact: using it needs no room that was not there before.
"""

from __future__ import annotations

from collections import Counter
from typing import Final, Literal

from tuichat.clock import Rng
from tuichat.crypto.curve25519 import x25519_public
from tuichat.errors import TuichatError
from tuichat.i18n import _
from tuichat.protocol.invites import invite_reach
from tuichat.store.store import Store

Visibility = Literal["public", "contacts"]

SPARE_KEYS: Final = 8
"""Published for contacts to come, beside those that open invites and contacts without a key will need."""

INVITE_KEYS: Final = 2
"""An open invite's own key, and the one that its bearer will be given."""

MAX_KEYS: Final = 320
"""tor publishes 352 client keys and silently never 400; our own probe needs one as well."""

_KEY_LENGTH: Final = 32


class Reach:
    """Keeps the keys.

    Args:
        own_onion: 32 bytes.
        visibility: "contacts" when only who holds a key may connect.
    """

    def __init__(self, store: Store, own_onion: bytes, visibility: Visibility, rng: Rng) -> None:
        self._store = store
        self._own_onion = own_onion
        self._visibility = visibility
        self._rng = rng
        self._published: frozenset[bytes] = frozenset()

    @property
    def hidden(self) -> bool:
        """Whether only who holds a key may connect."""
        return self._visibility == "contacts"

    def admitted(self, now: int) -> list[bytes] | None:
        """Public keys to publish the service with, at `now` in milliseconds; None for everybody."""
        if not self.hidden:
            return None
        needed = self._needed(now)
        private = [*needed, *self._spare(self._expected(now), MAX_KEYS - len(needed))]
        self._published = frozenset(private)
        return [x25519_public(key) for key in private]

    def must_republish(self, now: int) -> bool:
        """Whether a key is in use that the published service does not admit."""
        return self.hidden and not self._published.issuperset(self._needed(now))

    def key_for(self, contact: int) -> bytes:
        """As the function `key_for`."""
        return key_for(self._store, self._rng, contact)

    def check_room(self, now: int, more: int = 0) -> None:
        """Refuse `more` keys than tor would publish.

        Raises:
            TuichatError: contacts and invites need over 320 keys then.
        """
        if self.hidden and self._places(now) + more > MAX_KEYS:
            raise TuichatError(
                _(
                    "With visibility = contacts at most {most} keys fit: one for each contact, "
                    "{each} for each open invite."
                ).format(most=MAX_KEYS, each=INVITE_KEYS),
                _("Remove contacts, revoke invites, or set privacy.visibility to public."),
            )

    def _places(self, now: int) -> int:
        """How many keys contacts and invites have or will be given."""
        invites = Counter(invite.state for invite in self._store.invites.unexpired(now))
        return self._contacts() + INVITE_KEYS * invites["open"] + invites["bound"]

    def _contacts(self) -> int:
        return self._store.contacts.count("accepted") + self._store.contacts.count("requested")

    def _needed(self, now: int) -> list[bytes]:
        """The keys that somebody holds; if a clock was set back, not all that may have expired fit in."""
        invites = self._store.invites.unexpired(now)
        secrets = [
            invite.secret for state in ("open", "bound") for invite in invites if invite.state == state
        ]
        held = [invite_reach(secret, self._own_onion) for secret in secrets]
        return [*self._store.reach_keys.given(), *held][:MAX_KEYS]

    def _expected(self, now: int) -> int:
        """How many spare keys to publish: what is promised already, and some more."""
        keyless = self._contacts() - len(self._store.reach_keys.given())
        invites = [invite for invite in self._store.invites.unexpired(now) if invite.state == "open"]
        return SPARE_KEYS + keyless + len(invites)

    def _spare(self, wanted: int, most: int) -> list[bytes]:
        """The spare keys that are given out next, oldest first."""
        number = min(wanted, most)
        missing = number - len(self._store.reach_keys.spare())
        if missing > 0:
            self._store.reach_keys.add([self._rng.bytes(_KEY_LENGTH) for _number in range(missing)])
        return self._store.reach_keys.spare()[:number]


def key_for(store: Store, rng: Rng, contact: int) -> bytes:
    """The private key that the contact has or gets, one that is published already if there is one."""
    key = store.reach_keys.of(contact)
    if key is not None:
        return key
    if not store.reach_keys.spare():
        store.reach_keys.add([rng.bytes(_KEY_LENGTH)])
    key = store.reach_keys.spare()[0]
    store.reach_keys.give(key, contact)
    return key
