"""What is said after something about oneself was changed, in the interface and line by line."""

from __future__ import annotations

from tuichat.i18n import _
from tuichat.model import Backup
from tuichat.tui.standing import Standings


def presence_words(standings: Standings, *, away: bool) -> str:
    """After /away or /back: what contacts learn of it, which is as the settings say."""
    if standings.settings["privacy.presence"].value not in (True, "true"):
        return _("Your contacts are not told whether you are here. /set privacy.presence true tells them.")
    if away:
        return _("Your contacts see you as away until /back.")
    return _("Your contacts see that you are here.")


def passphrase_words(*, removed: bool) -> str:
    """After the passphrase was changed or taken away."""
    if removed:
        return _("No passphrase: whoever can read your files can read your messages.")
    return _("The new passphrase opens the profile.")


def without_words() -> str:
    """Before a passphrase is taken away."""
    return _(
        "Enter again goes on without a passphrase. Contacts, messages and the key that is your identity then "
        "lie open on this disk."
    )


def duress_words(*, removed: bool) -> str:
    """After the duress passphrase was set or taken away."""
    if removed:
        return _("There is no duress passphrase now.")
    return _("Whoever gives this passphrase wipes the profile, and is told that it is wrong.")


def backup_words(made: Backup) -> str:
    """After a backup was written."""
    whose = _("its own passphrase") if made.own_passphrase else _("your passphrase")
    text = _("Whoever has this file and {whose} has your identity. Keep it on another disk.")
    return f"{made.path}\n{text.format(whose=whose)}"
