"""What the rows of the main screen say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from rich.cells import cell_len

from tuichat.i18n import _, ngettext
from tuichat.model import Contact, File, Message
from tuichat.timer_words import short_time
from tuichat.tui.glyphs import Glyphs
from tuichat.tui.known import Known
from tuichat.tui.message_keys import answer_words, key_hints
from tuichat.tui.session import Lost
from tuichat.tui.widths import width_class
from tuichat.tui.words import error_text, key_sentence, link, link_sign, reachability, tor_progress

_BESIDE_KEYS: Final = 5
"""Columns of the sign before the input, and of what stands empty beside the keys."""

if TYPE_CHECKING:  # these words are said without Textual, too
    from tuichat.tui.widgets.parts_line import Parts


def top_parts(
    known: Known, person: Contact | None, glyphs: Glyphs, *, narrow: bool = False, requests: bool = False
) -> tuple[Parts, Parts, Parts]:
    """The first row: our own state; in a narrow window the open conversation's, or the requests, if shown.

    Returns:
        The left side, the right side, and the right side in fewer words; nothing where there are none.
    """
    gap = "   " if person is None else "  "
    unlisted = narrow and (person is not None or not known.conversations())
    asking = _asking(known, gap) if unlisted else ()
    last: Parts = [*_moving(known, glyphs, gap, narrow=narrow), *_new(known, gap), *asking, ("text", " ")]
    if person is not None:
        tick = f" {glyphs.verified}" if person.verified and not person.key_changed else ""
        left: Parts = [
            ("accent", f" {glyphs.back} ", "switch"),
            ("strong", person.name, "card"),
            ("linked", tick, "card"),
        ]
        signs: Parts = [("text", "  "), *_signs(person, glyphs, short=True)]
        stage, sign = (*link(person, glyphs), "card"), (*link_sign(person, glyphs), "card")
        return left, [*signs, stage, *last], [*signs, sign, *last]
    role, words = reachability(known.tor, known.service, glyphs)
    if known.without_node:
        role, words = "danger", f"{glyphs.failed} {_('no node')}"
    elif not narrow and known.service.stage == "tor" and not known.tor.problem:
        words = f"{words}, {tor_progress(known.tor)}"
    state = (role, words, "status")
    name: Parts = [("accent", " tuichat", "help")]
    if narrow and requests:
        name = [("accent", f" {glyphs.back} ", "switch"), ("strong", _("requests"))]
    return name, [state, *_queued(known, glyphs, gap), *last], ()


def title_parts(known: Known, person: Contact | None, glyphs: Glyphs, requests: bool) -> tuple[Parts, Parts]:
    """The row above the messages."""
    if requests:
        return [("strong", " " + _("requests"))], []
    if person is None:
        return [], []
    return [("text", " "), *_name_parts(person, glyphs)], [
        ("text", " "),
        *_signs(person, glyphs),
        link(person, glyphs),
        ("muted", known.link_times.took(person.id)),
        ("text", " "),
    ]


def banner_text(person: Contact, glyphs: Glyphs) -> str:
    """What stands above the messages of somebody whose key changed, or who has not accepted yet."""
    if person.key_changed:
        return f"{key_sentence()} {_('/card shows both keys and lets you decide.')}"
    if person.state != "requested":
        return ""
    text = _("You asked {name} to be your contact.").format(name=person.name)
    if person.request_text:
        said = glyphs.quoted(person.request_text)
        text = _("You asked {name} to be your contact: {text}").format(name=person.name, text=said)
    if person.stage == "linked":
        return text + " " + _("They have not answered yet.")
    return text + " " + _("It waits until you are both online; keep tuichat running.")


def empty_text(known: Known, person: Contact | None, glyphs: Glyphs) -> str:
    """What stands in place of messages while there are none."""
    if person is not None and person.conversation.memory:
        return _("In memory only: nothing said here is kept when tuichat ends or locks.")
    if person is not None:
        first = _("No messages yet. Write the first one below.")
        waits = _("{name} is not reachable now: what you write waits until you are both online.")
        said = [first] if person.stage == "linked" else [first, waits.format(name=person.name)]
        if person.suggested_name not in {"", person.name}:
            name = glyphs.quoted(person.suggested_name)
            said.insert(0, _("They call themselves {name}. /rename gives another name.").format(name=name))
        return "\n".join(said)
    if known.conversations():
        return _("No conversation is open. Alt+1 opens the first, Alt+K finds one; or click on a name.")
    if known.address:
        lines = [
            _("Nobody here yet."),
            _("/address   shows your address, to be given to people"),
            _("/add       asks somebody whose address you have"),
        ]
        if known.requests():
            lines.append(_("/requests  shows who asks to be your contact"))
        if known.blocked():
            lines.append(_("/blocked   shows whom you blocked"))
        if known.archived():
            lines.append(_("/archived  shows what you archived"))
        return "\n".join(lines)
    return ""


def placeholder_text(known: Known, person: Contact | None, *, narrow: bool) -> str:
    """What stands in the empty input while there is nobody to write to, or it would not be sent."""
    if person is not None and person.key_changed:
        look = _("Alt+I: look at both keys")
        return look if narrow else _("Alt+I: look at both keys, or leave it blocked")
    if person is not None or known.conversations() or not known.address:
        return ""
    return _("an address or invite") if narrow else _("an address or invite, or /help")


def hint_text() -> str:
    """The keys at the right of the input."""
    return _("Esc choose  F1 help")


def short_hint_text() -> str:
    """The key beside an empty input in a narrow window."""
    return _("F1 help")


def lost_text(lost: Lost, known: Known) -> tuple[str, Literal["info", "warning", "error"]]:
    """What it means that the node is gone, and how loud that is."""
    text, level = _lost_text(lost)
    in_memory = any(person.conversation.memory for person in known.people.values())
    if not in_memory or lost.error is not None:
        return text, level
    return f"{text} {_('What was in memory only is gone.')}", level


def _lost_text(lost: Lost) -> tuple[str, Literal["info", "warning", "error"]]:
    if lost.reason == "handover":
        return _("Another node takes over; looking for it..."), "info"
    if lost.error is not None:
        return error_text(lost.error), "error"
    if lost.reason == "stop":
        return _("Your node was stopped. What waits stays queued. /connect starts it again."), "warning"
    return _("Your node cannot be found. What waits stays queued. /connect starts it again."), "error"


def choosing_text(message: Message, file: File | None, *, columns: int, pictures: bool) -> str:
    """The keys while this message, perhaps with a file, is chosen: only those that do something with it.

    Args:
        columns: of the whole window.
        pictures: they can be shown.
    """
    narrow = width_class(columns) == "-narrow"
    if file is None:
        return key_hints(message, narrow=narrow)
    from tuichat.tui import file_words  # what most first pictures do without

    keys = file_words.keys(file, every=not narrow, pictures=pictures)
    every = "  ".join([*keys, *answer_words(message), _("c copy  Esc write")])
    if cell_len(every) <= columns - _BESIDE_KEYS:
        return every
    short = narrow and len(keys) > 1
    return "  ".join([*keys, _("Esc write") if short else _("c copy  Esc write")])


def _name_parts(person: Contact, glyphs: Glyphs) -> Parts:
    if person.verified and not person.key_changed:
        return [("strong", person.name), ("linked", f" {glyphs.verified} {_('verified')}")]
    return [("strong", person.name)]


def _signs(person: Contact, glyphs: Glyphs, *, short: bool = False) -> Parts:
    """How long messages stay; what a person lets us know of themself over the link."""
    timer: Parts = []
    if person.conversation.timer:
        time = short_time(person.conversation.timer)
        timer = [("muted", _("timer {time}").format(time=time) + "  ", "timer")]
    if person.conversation.memory:
        only = _("memory") if short else _("memory only")
        timer = [*timer, ("waiting", f"{glyphs.memory} {only}  ", "memory")]
    if person.typing:
        return [*timer, ("accent", _("writing") + glyphs.ellipsis + "  ")]
    words = {"here": _("here"), "away": _("away"), "": ""}[person.presence]
    return [*timer, ("muted", words + "  ")] if words else timer


def _queued(known: Known, glyphs: Glyphs, gap: str) -> Parts:
    return [("waiting", gap + glyphs.waiting(known.queued()), "status")] if known.queued() else []


def _moving(known: Known, glyphs: Glyphs, gap: str, *, narrow: bool) -> Parts:
    """How many files are on their way, and where there is room how fast all of them are together."""
    count, rate = known.files.moving()
    if not count or known.without_node:
        return []
    if narrow or not rate:
        return [("accent", f"{gap}{glyphs.transfers} {count}", "files")]
    from tuichat.file_words import rate as rate_text

    return [("accent", f"{gap}{glyphs.transfers} {count}  {rate_text(rate)}", "files")]


def _asking(known: Known, gap: str) -> Parts:
    """How many ask to be a contact."""
    count = len(known.requests())
    words = ngettext("{count} asks", "{count} ask", count).format(count=count)
    return [("title", gap + words, "requests")] if count else []


def _new(known: Known, gap: str) -> Parts:
    if not known.unread():
        return []
    text = ngettext("{count} new", "{count} new", known.unread()).format(count=f"{known.unread():,}")
    return [("unread", gap + text, "next")]
