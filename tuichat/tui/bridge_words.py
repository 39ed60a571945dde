"""What is said of bridges."""

from __future__ import annotations

from tuichat.i18n import _, ngettext
from tuichat.running_text import enumerated


def bridges_lead() -> str:
    """What they are for, and where they come from."""
    return _(
        "Where Tor is blocked, bridges lead around. Paste their lines from bridges.torproject.org or "
        "a friend, or take snowflake."
    )


def told(transports: list[str]) -> str:
    """What lines are, by their transports."""
    if not transports:
        return _("No bridges: Tor is reached directly.")
    kinds = enumerated(sorted({transport or _("without transport") for transport in transports}))
    count = ngettext("{count} bridge: {kinds}", "{count} bridges: {kinds}", len(transports))
    return count.format(count=len(transports), kinds=kinds)


def bridges_used() -> str:
    """What is said once they are used."""
    return _("Tor takes the new way now, and from here on at each start.")
