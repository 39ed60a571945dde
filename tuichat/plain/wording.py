"""Messages, files and people as lines."""

from __future__ import annotations

from datetime import date

from tuichat.deed_words import quoted, reactions, said, speaker, state_word
from tuichat.file_words import is_here, is_open
from tuichat.i18n import _, ngettext
from tuichat.model import Contact, File, Message
from tuichat.running_text import enumerated
from tuichat.timer_words import time_words
from tuichat.tui import file_words
from tuichat.tui.dates import Calendar
from tuichat.tui.direction import isolated
from tuichat.tui.glyphs import Glyphs
from tuichat.tui.words import cautions, stage_word

CONTINUED = "  | "
"""Before every line of a text but its first, so that none of them can look like a line of our own."""


def day_of(message: Message, calendar: Calendar) -> date:
    """On which day it stands in the history."""
    return calendar.day(message.received_at or message.sent_at)


def day_line(day: date, calendar: Calendar) -> str:
    """What is said when the day changes."""
    return f"-- {calendar.day_name(day)} --"


def message_text(
    message: Message, name: str, calendar: Calendar, file: str = "", *, numbered: bool = False
) -> str:
    """`14:02 bob [answers me: so]: text`, with how it stands; a long text goes on behind marks.

    What is not their words stands in brackets behind the name, where no text of theirs comes.

    Args:
        name: the contact's; `file`: the line of its file, if it has one.
        numbered: its number stands before it.
    """
    who = speaker(message.direction, name)
    time = calendar.time(message.received_at or message.sent_at)
    head = f"#{message.id} {time} {isolated(who)}" if numbered else f"{time} {isolated(who)}"
    words = said(message, name)
    ours = [] if message.quote is None else [_("answers {text}").format(text=quoted(message.quote, name))]
    ours += [file] if file else []
    if message.unsent or message.kind not in ("text", "file"):
        ours, words = [*ours, words], ""
    notes = [
        *([state_word(message.state)] if message.direction == "out" and not message.unsent else []),
        *([_("edited")] if message.edited else []),
        *([reactions(message)] if message.reactions else []),
    ]
    head += "".join(f" [{isolated(each)}]" for each in ours)
    first, *others = map(isolated, words.split("\n"))
    lines = [f"{head}: {first}" if words else head, *(CONTINUED + line for line in others)]
    return "\n".join(lines) + (f" [{enumerated(notes)}]" if notes else "")


def draft_text(text: str) -> str:
    """What is being written, and was not sent."""
    return _("Draft: {text}").format(text=text).replace("\n", f"\n{CONTINUED}")


def file_text(file: File, name: str, glyphs: Glyphs, calendar: Calendar, *, linked: bool) -> str:
    """`file 3: name, size, kind, state`, with what can be typed."""
    _role, standing = file_words.standing(file, name, glyphs, calendar, linked=linked)
    facts = enumerated(file_words.facts(file, glyphs))
    line = _("file {number}: {name}, {facts}: {state}").format(
        number=file.id, name=isolated(file_words.full_name(file)), facts=facts, state=standing.strip()
    )
    if file_words.is_disguised(file):
        line = f"{line}; {file_words.disguise(file)}"
    if file.path and file.state == "complete" and file.direction == "in":
        line = f"{line}; {file.path}"
    ways = file_ways(file)
    return f"{line} ({', '.join(ways)})" if ways else line


def file_ways(file: File) -> list[str]:
    """What can be typed about it."""
    number = file.id
    if is_open(file):
        whole_group = [f"/files fetch {number} --all"] if file.group is not None else []
        return [f"/files fetch {number}", *whole_group, f"/files decline {number}"]
    ways = [f"/files save {number} " + _("DIR")] if is_here(file) else []
    if file_words.can_resume(file):
        ways.append(f"/files resume {number}")
    elif file_words.can_pause(file):
        ways.append(f"/files pause {number}")
    if file_words.can_end(file):
        ways.append(f"/files cancel {number}")
    return ways


def link_word(person: Contact) -> str:
    """Where the link to somebody stands, roughly: whoever cannot be reached is dialled again and again."""
    if person.key_changed:
        return _("another key")
    return stage_word("linked" if person.stage == "linked" else "offline")


def person_line(person: Contact, place: int) -> str:
    """A contact in a list, with the number that opens the conversation."""
    words = [link_word(person)]
    if person.state == "requested":
        words.append(_("has not answered yet"))
    if person.verified and not person.key_changed:
        words.append(_("verified"))
    if person.unread:
        words.append(ngettext("{count} new", "{count} new", person.unread).format(count=f"{person.unread:,}"))
    if person.queued:
        words.append(_("{count} queued").format(count=f"{person.queued:,}"))
    kept = person.conversation
    if kept.timer:
        words.append(_("timer {time}").format(time=time_words(kept.timer)))
    signs = (
        (kept.memory, _("memory only")),
        (kept.pinned, _("pinned")),
        (kept.muted, _("muted")),
        (kept.archived, _("archived")),
    )
    words += [word for shown, word in signs if shown]
    words += [f"#{tag}" for tag in person.tags]
    line = f"{isolated(person.name)}: {enumerated(map(isolated, words))}"
    return f"/{place} {line}" if place else line


def request_text(person: Contact) -> str:
    """Somebody who asks to be a contact, and what to type."""
    lines = [_("[request] {name} asks to be your contact.").format(name=isolated(person.name))]
    lines += [CONTINUED + isolated(line) for line in person.request_text.split("\n") if line.strip()]
    lines += [CONTINUED + each for each in cautions(person)]
    ways = _("/accept {name}, /reject {name} or /block {name}").format(name=person.name)
    return "\n".join([*lines, f"  {person.address}", f"  {ways}"])
