"""What a contact's card says, row by row, and the key that does something about each row."""

from __future__ import annotations

import msgspec

from tuichat.i18n import _
from tuichat.model import Contact, SafetyNumber
from tuichat.timer_words import retention_words, time_words
from tuichat.tui.glyphs import Glyphs
from tuichat.tui.widgets.pick_list import Line
from tuichat.tui.words import cautions, key_sentence
from tuichat.tui.wrapping import cells, fit, pad, wrap

_LABEL = 9
_WIDE = 50
"""From this many cells on it is said what a key does, and not the key alone."""


class CardRow(msgspec.Struct, frozen=True):
    """One thing to know, or to do.

    Attributes:
        key: what is pressed for it, "" for nothing.
        does: what that does, in a word; without a key, what else stands at the right.
    """

    key: str
    label: str
    value: str
    does: str
    role: str = "text"


def card_rows(
    person: Contact, number: SafetyNumber | None, link: tuple[str, str], width: int
) -> list[CardRow]:
    """All but the name at the top.

    Args:
        link: how the link stands, and for how long.
        width: of the card, in cells.
    """
    return [
        CardRow("c", _("address"), person.address, _("copy")),
        CardRow("q", "", _("its QR code"), _("show")),
        CardRow("", _("link"), *link),
        *_key_rows(person, number, 40 if width >= _WIDE else 30),
        CardRow("r", _("name"), person.name, _("rename")),
        *_kept_rows(person),
        _block_row(person),
        CardRow("x", _("remove"), _("with keys and history, for good"), _("remove"), "muted"),
    ]


def _key_rows(person: Contact, number: SafetyNumber | None, width: int) -> list[CardRow]:
    """The safety number; both, if the address showed another key."""
    if number is None:
        return [CardRow("v", _("safety"), "...", _("compare"))]
    known = grouped(number.digits, width) if number.digits else _("none known")
    if not person.key_changed or not number.changed_digits:
        return [CardRow("v", _("safety"), known, _("compare"))]
    return [
        CardRow("s", _("old key"), known, _("keep it")),
        CardRow("t", _("new key"), grouped(number.changed_digits, width), _("trust it")),
    ]


def _kept_rows(person: Contact) -> list[CardRow]:
    """How the conversation is kept."""
    kept = person.conversation
    timer = _("disappear after {time}").format(time=time_words(kept.timer)) if kept.timer else _("off")
    memory = _("in memory only") if kept.memory else _("on disk, encrypted")
    archived = _("hidden until something comes in") if kept.archived else _("listed")
    tags = " ".join(f"#{tag}" for tag in person.tags) or _("none")
    return [
        *([] if person.key_changed else [CardRow("t", _("timer"), timer, _("change"))]),
        CardRow("d", _("deleting"), retention_words(kept.retention), _("change")),
        CardRow(
            "m", _("mute"), _("muted") if kept.muted else _("off"), _("unmute") if kept.muted else _("mute")
        ),
        CardRow("o", _("kept"), memory, _("to disk") if kept.memory else _("memory")),
        CardRow(
            "p", _("pinned"), _("first") if kept.pinned else _("off"), _("unpin") if kept.pinned else _("pin")
        ),
        CardRow("a", _("archive"), archived, _("list") if kept.archived else _("archive")),
        CardRow("g", _("tags"), tags, _("change")),
    ]


def _block_row(person: Contact) -> CardRow:
    if person.state == "blocked":
        return CardRow("b", _("blocked"), _("nothing from them gets through"), _("unblock"), "danger")
    return CardRow("b", _("block"), _("never hear of this person again"), _("block"), "muted")


def place_of(row: CardRow | None, rows: list[CardRow], before: int) -> int:
    """Where a row stands among others now, found by its key and what it is; the nearest if it is gone."""
    meant = (
        []
        if row is None
        else [at for at, each in enumerate(rows) if (each.key, each.label) == (row.key, row.label)]
    )
    return meant[0] if meant else min(before, len(rows) - 1)


def lines(person: Contact, rows: list[CardRow], width: int, glyphs: Glyphs) -> list[Line]:
    """The card in `width` cells; each row is an item."""
    made = [*_head(person, width, glyphs), Line(())]
    hints = [_hint(row, width) for row in rows]
    hint_width = max(map(cells, hints))
    label_width = max(_LABEL, *(cells(row.label) + 1 for row in rows))
    room = width - 3 - label_width - hint_width
    for item, (row, hint) in enumerate(zip(rows, hints, strict=True)):
        first, line_feed, rest = row.value.partition("\n")
        value_words = row.value if row.key or hint else f"{first}  {row.does}".rstrip() + line_feed + rest
        for index, part in enumerate(wrap(value_words, room)):
            label = ("muted", f" {pad('' if index else row.label, label_width)}")
            behind = pad("" if index else hint, hint_width)
            value = (row.role, pad(part, room + 1, glyphs.ellipsis))
            made.append(Line((label, value, ("accent" if row.key else "muted", behind)), item))
    return made


def _hint(row: CardRow, width: int) -> str:
    """What stands at the right; where there is little room the key alone."""
    return f"{row.key} {row.does}".strip() if width >= _WIDE else row.key


def _head(person: Contact, width: int, glyphs: Glyphs) -> list[Line]:
    """The name and whether it was verified; what they call themselves; what to beware of."""
    state = (
        ("linked", f"{glyphs.verified} {_('verified')}") if person.verified else ("muted", _("not verified"))
    )
    if person.key_changed:
        state = ("danger", f"{glyphs.failed} {_('another key')}")
    room = width - 4 - cells(state[1])
    made = [Line((("strong", f" {pad(person.name, room, glyphs.ellipsis)} "), state))]
    if person.suggested_name not in {"", person.name}:
        called = _("calls themselves {name}").format(name=glyphs.quoted(person.suggested_name))
        made.append(Line((("muted", f" {fit(called, width - 2, glyphs.ellipsis)}"),)))
    warnings = [key_sentence()] if person.key_changed else []
    for warning in (*warnings, *cautions(person)):
        marked = wrap(f"{glyphs.failed} {warning}", width - 2)
        made.extend(Line((("danger", f" {each}"),)) for each in marked)
    return made


def grouped(digits: str, width: int) -> str:
    """Sixty digits in groups of five, as many a row as fit into `width` cells and divide them evenly."""
    groups = [digits[at : at + 5] for at in range(0, len(digits), 5)]
    a_row = 6 if width >= 35 else 4
    return "\n".join(" ".join(groups[at : at + a_row]) for at in range(0, len(groups), a_row))
