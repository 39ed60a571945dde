"""What is told to who gave an invite, when somebody has used it."""

from __future__ import annotations

from typing import Final

from tuichat.i18n import _
from tuichat.model import NoticeEvent, from_milliseconds
from tuichat.running_text import paragraph

MAX_QUOTED_CHARACTERS: Final = 120
"""How much of somebody's text a notice repeats."""


def invite_used(petname: str, own_name: str, text: str, now: int) -> NoticeEvent:
    """Who came by it: nobody was asked, and a name that was never seen would be all there is.

    Args:
        own_name, text: what they call themselves and wrote along, sanitised; "" for nothing.
        now: milliseconds.
    """
    said = [_("Your invite was used: {name} is a contact now.").format(name=petname)]
    if own_name:
        said.append(_("They call themselves “{name}”.").format(name=own_name))
    if text:
        said.append(_("They wrote: “{text}”.").format(text=_shortened(text)))
    said.append(_("/rename gives another name."))
    return NoticeEvent(at=from_milliseconds(now), text=paragraph(*said), level="info")


def _shortened(text: str) -> str:
    """As it may stand inside a sentence: one line, and not longer than a glance."""
    line = " ".join(text.split())
    return line if len(line) <= MAX_QUOTED_CHARACTERS else f"{line[: MAX_QUOTED_CHARACTERS - 3]}..."
