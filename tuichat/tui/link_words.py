"""How a link comes about and whether others reach us, for people who do not know tor."""

from __future__ import annotations

from tuichat.i18n import _
from tuichat.model import LinkStage, ServiceState


def stage_sentence(stage: LinkStage) -> str:
    """What happens while a link is at this stage."""
    sentences = {
        "offline": _("tor is not connected yet"),
        "waiting": _("they are offline, or their tor is; tuichat tries again by itself"),
        "descriptor": _("looking up in the Tor network where they can be met"),
        "rendezvous": _("meeting them at a relay in the middle, so that neither learns where the other is"),
        "handshake": _("both prove who they are and agree on keys"),
        "linked": _("what either writes is with the other at once"),
    }
    return sentences[stage]


def service_sentence(service: ServiceState) -> str:
    """Whether others can reach us, and what is done about it."""
    sentences = {
        "offline": _("not asked for yet"),
        "tor": _("once tor is connected, your address is made known"),
        "publishing": _("your address is being made known to the Tor network"),
        "unpublished": _("your address could not be made known yet; tuichat goes on trying"),
        "checking": _("your address is known; whether it answers is being tried"),
        "reachable": _("who has your address can reach you"),
        "no_answer": _("your address is known but did not answer; tuichat goes on trying"),
    }
    return sentences[service.stage]
