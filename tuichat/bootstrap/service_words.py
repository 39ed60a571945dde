"""How a node stands, in a line for whoever looks at the service: no address, no name, and nobody counted."""

from __future__ import annotations

import msgspec

from tuichat.i18n import _
from tuichat.model import Status
from tuichat.tor_words import hindrance


def standing(status: Status) -> str:
    """That line, for `systemctl status`."""
    if status.locked:
        return _("Locked; it waits for: tuichat unlock")
    # Everybody on the machine may see this line, so that tor's own words, which name files, are left out.
    if problem := hindrance(msgspec.structs.replace(status.tor, detail="")):
        return _("{problem}.").format(problem=problem[0].upper() + problem[1:])
    stages = {
        "offline": _("Not connected to the Tor network."),
        "tor": _("Tor connects: {percent}%, {summary}").format(
            percent=status.tor.bootstrap, summary=status.tor.summary or "..."
        ),
        "publishing": _("Connected to the Tor network; the onion service is being published."),
        "unpublished": _("The onion service cannot be published, trying on. Why: tuichat status"),
        "checking": _("The onion service is published, not yet known to be reachable."),
        "reachable": _("Others can reach you."),
        "no_answer": _("Not reachable: the own onion service gave no answer, trying on."),
    }
    return stages[status.service.stage]
