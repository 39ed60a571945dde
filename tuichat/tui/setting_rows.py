"""What the screen of settings lists: each with its value and where that stands, under headings."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tuichat.i18n import _
from tuichat.running_text import paragraph
from tuichat.settings import HOOKS, SETTINGS
from tuichat.tui.choices import shown_value
from tuichat.tui.setting_words import effect_words, explained, group_title
from tuichat.tui.standing import Source, Standing, Standings


class Row(msgspec.Struct, frozen=True):
    """A setting, or a hook.

    Attributes:
        name: of the setting, "hooks" for a hook.
        value: as people read it.
        source: where it stands.
        words: all by which it is found.
    """

    name: str
    label: str
    value: str
    source: Source
    words: str

    @property
    def section(self) -> str:
        """What it is listed under."""
        return self.name.partition(".")[0]


def all_rows(standings: Standings) -> list[Row]:
    """Every setting, and the hooks."""
    rows = []
    for name, words in explained().items():
        standing = standings.settings[name]
        value = shown_value(name, standing.value)
        found = " ".join((name, group_title(name.partition(".")[0]), words.meaning, *words.values.values()))
        rows.append(Row(name, name.partition(".")[2], value, standing.source, found.casefold()))
    for number, hook in enumerate(standings.hooks or (_("none"),), 1):
        source: Source = "file" if standings.hooks else "default"
        found = f"{HOOKS} {group_title(HOOKS)} {hook}".casefold()
        rows.append(Row(HOOKS, str(number) if standings.hooks else HOOKS, hook, source, found))
    return rows


def fitting(rows: Sequence[Row], typed: str) -> list[Row]:
    """Those that have every word that was typed."""
    wanted = typed.casefold().split()
    return [row for row in rows if all(word in row.words for word in wanted)]


def source_word(source: Source) -> str:
    """Where a value stands, in a word."""
    words = {"default": "", "file": _("file"), "environment": _("environment"), "session": _("for now")}
    return words[source]


def standing_words(name: str, standing: Standing) -> str:
    """What a setting is now, where that stands, and when a change takes effect."""
    said = {
        "default": _("Now: {value}, as it is by itself."),
        "file": _("Now: {value}, as line {line} of the file says."),
        "environment": _("Now: {value}, as {variable} in the environment says; it wins over the file."),
        "session": _("Now: {value}, until you leave."),
    }[standing.source]
    value, variable = shown_value(name, standing.value), SETTINGS[name].variable
    now = said.format(value=value, line=standing.line, variable=variable)
    return paragraph(now, effect_words(explained()[name].effect))


def hooks_words() -> str:
    """What hooks are."""
    return _(
        "Programs of yours that the node runs when something happens. They are written into the file: "
        "man tuichat.toml tells how."
    )
