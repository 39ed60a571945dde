"""States in words, for people; programs get them by their names, with `--json`."""

from __future__ import annotations

from tuichat.i18n import _
from tuichat.model import ContactState


def contact_state(state: ContactState) -> str:
    """How far somebody is a contact."""
    words: dict[ContactState, str] = {
        "requested": _("requested"),
        "pending": _("pending"),
        "accepted": _("accepted"),
        "blocked": _("blocked"),
    }
    return words[state]
