"""Onion addresses as people write them, and as the 32-byte keys that the node works with."""

from __future__ import annotations

from onion.address import OnionAddress
from onion.errors import AddressError
from tuichat.errors import UsageError
from tuichat.i18n import translated


def onion_of(text: str) -> bytes:
    """The 32-byte onion key of an address, however it is written.

    Raises:
        UsageError: it is no address; the sentence says which character or what else is wrong.
    """
    try:
        return OnionAddress.parse(text).public_key
    except AddressError as error:
        raise UsageError(translated(error.message), translated(error.hint)) from None


def address_of(onion: bytes) -> str:
    """The 56 characters of an onion key."""
    return str(OnionAddress.from_public_key(onion))
