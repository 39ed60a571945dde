"""Who may connect at all: the client-authorization keys of our service, and how they come to contacts (C1).

Every contact is given a key of its own from the first, whether the service admits only some or everybody:
so the setting can change without anybody being locked out. With `visibility = contacts` some spare keys are
published beforehand, so that giving one to a new contact changes nothing that others could watch.
"""

from __future__ import annotations

from typing import Final, Literal

from tuichat.clock import Rng
from tuichat.crypto.curve25519 import x25519_public
from tuichat.errors import TuichatError
from tuichat.i18n import _
from tuichat.protocol.invites import invite_reach
from tuichat.store.store import Store

Visibility = Literal["public", "contacts"]

SPARE_KEYS: Final = 8
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
        self._fill_up()
        needed = self._needed(now)
        private = [*needed, *self._store.reach_keys.spare()][:MAX_KEYS]
        self._published = frozenset(private)
        return [x25519_public(key) for key in private]

    def must_republish(self, now: int) -> bool:
        """Whether a key is in use that the published service does not admit."""
        return self.hidden and not self._published.issuperset(self._needed(now))

    def key_for(self, contact: int) -> bytes:
        """As the function `key_for`."""
        return key_for(self._store, self._rng, contact)

    def check_room(self, now: int) -> None:
        """Refuse one more contact or invite when tor would not publish its key.

        Raises:
            TuichatError: 320 keys are in use.
        """
        if self.hidden and len(self._needed(now)) >= MAX_KEYS:
            raise TuichatError(
                _("With visibility = contacts at most {most} contacts and invites fit.").format(
                    most=MAX_KEYS
                ),
                _("Remove contacts or revoke invites that you no longer need."),
            )

    def _needed(self, now: int) -> list[bytes]:
        """The keys that somebody holds."""
        return self._store.reach_keys.given() + self._of_invites(now)

    def _of_invites(self, now: int) -> list[bytes]:
        return [
            invite_reach(invite.secret, self._own_onion)
            for invite in self._store.invites.unexpired(now)
            if invite.state in ("open", "bound")
        ]

    def _fill_up(self) -> None:
        for _number in range(SPARE_KEYS - len(self._store.reach_keys.spare())):
            _add_spare(self._store, self._rng)


def key_for(store: Store, rng: Rng, contact: int) -> bytes:
    """The private key that the contact has or gets, one that is published already if there is one."""
    key = store.reach_keys.of(contact)
    if key is not None:
        return key
    spare = store.reach_keys.spare()
    key = spare[0] if spare else _add_spare(store, rng)
    store.reach_keys.give(key, contact)
    return key


def _add_spare(store: Store, rng: Rng) -> bytes:
    key = rng.bytes(_KEY_LENGTH)
    store.reach_keys.add(key)
    return key
