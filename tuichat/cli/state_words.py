"""States in words, for people; programs get them by their names, with `--json`."""

from __future__ import annotations

from tuichat.i18n import _
from tuichat.model import ContactState, MessageState


def contact_state(state: ContactState) -> str:
    """How far somebody is a contact."""
    words: dict[ContactState, str] = {
        "requested": _("requested"),
        "pending": _("pending"),
        "accepted": _("accepted"),
        "blocked": _("blocked"),
    }
    return words[state]


def message_state(state: MessageState) -> str:
    """How far a message of ours is."""
    words: dict[MessageState, str] = {
        "queued": _("queued"),
        "sent": _("sent"),
        "delivered": _("delivered"),
        "read": _("read"),
        "failed": _("failed"),
        "cancelled": _("cancelled"),
    }
    return words[state]
