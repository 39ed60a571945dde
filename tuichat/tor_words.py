"""What hinders tor, in words for everybody who has to tell it."""

from __future__ import annotations

from tuichat.i18n import _
from tuichat.model import TorState


def hindrance(tor: TorState) -> str:
    """What hinders tor, with its own words about it if it has any; "" if nothing does."""
    if not tor.problem:
        return ""
    words = {
        "missing": "" if tor.detail else _("tor is not installed"),
        "too_old": "" if tor.detail else _("the installed tor is too old"),
        "clock_skew": _("this computer's clock is wrong"),
        "blocked": _("the Tor network cannot be reached; it may be blocked here"),
        "bridge": _("none of your bridges can be reached, or there is no network"),
        "no_network": _("there is no network"),
        "died": _("tor has ended and is started again"),
        "control": _("tor cannot be started or asked"),
    }
    said = tor.detail.strip().rstrip(".")
    return ": ".join(part for part in (words.get(tor.problem, tor.problem), said) if part)


def next_step(tor: TorState) -> str:
    """What to do about that."""
    if tor.problem == "clock_skew":
        return _("Set the clock: Tor works only with the right time and date.")
    if tor.problem == "blocked":
        return _(
            "Set a bridge: tuichat config set tor.bridges LINE, or the word snowflake in place of LINE; see "
            "docs/bridges.md"
        )
    if tor.problem == "bridge":
        return _("Look at them with tuichat doctor, or set others: tuichat config set tor.bridges LINE")
    if tor.problem == "no_network":
        return _("Messages wait; it is tried again by itself.")
    if tor.problem == "missing":
        return _(
            "Install tor 0.4.8 or newer (tuichat doctor tells how), or say where it is: "
            "tuichat config set tor.binary PATH"
        )
    if tor.problem == "too_old":
        return _("Install tor 0.4.8 or newer (tuichat doctor tells how).")
    return _("If tor's settings are the cause, change them and start the node again: tuichat config show")
