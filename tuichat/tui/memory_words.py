"""What it means that a conversation is in memory only, and where what is said is kept."""

from __future__ import annotations

from tuichat.i18n import _
from tuichat.model import Contact
from tuichat.tui.wrapping import fit

_NAME = 40


def memory_question(name: str, *, said_before: bool) -> str:
    """Whether what is said with somebody is to be in memory only; `said_before`: there is a history."""
    text = _(
        "Keep what is said with {name} in memory only?\n\n"
        "It is gone when tuichat ends or locks, and what waits then is never sent. No files are sent or "
        "taken. What {name} keeps is theirs."
    ).format(name=name)
    return f"{text}\n\n{_('What was said before is on disk.')}" if said_before else text


def changed(person: Contact, *, memory: bool) -> str:
    """What is told once it is so."""
    if memory:
        text = _("From now on what is said with {name} is in memory only. /memory off undoes it.")
    else:
        text = _(
            "What is said with {name} is kept on disk from now on. What was said in memory goes when tuichat "
            "ends or locks."
        )
    return text.format(name=fit(person.name, _NAME))


def where_kept(person: Contact) -> str:
    """Where what is said with somebody is kept."""
    if person.conversation.memory:
        return _("In memory only: it is gone when tuichat ends or locks. /memory off keeps it on disk.")
    return _("What is said is kept on disk. /memory on keeps it in memory only.")
