"""Colour themes: data files that say eleven colours, read and checked here and handed to Textual."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn, cast

import msgspec
from textual.color import Color, ColorParseError
from textual.theme import Theme

from tuichat.errors import UsageError
from tuichat.i18n import _
from tuichat.system_reasons import reason_of
from tuichat.toml_words import toml_reason
from tuichat.tui.person_colours import PEOPLE

ROLES = (
    "background",
    "text",
    "muted",
    "rule",
    "chosen",
    "accent",
    "unread",
    "danger",
    "linked",
    "waiting",
)

_TERMINAL_VARIABLES = {
    "ansi-background": "ansi_default",
    "ansi-foreground": "ansi_default",
    "block-cursor-text-style": "reverse",
}
"""Textual's style sheets need these in a theme of the terminal's colours; what is chosen stands reversed."""

_PACKAGE = Path(__file__).parents[1]
_SHIPPED = (_PACKAGE / "data" / "themes", _PACKAGE.parent / "themes")


class Palette(msgspec.Struct, frozen=True, kw_only=True):
    """A theme as its file says it: a colour for each role and for people."""

    name: str
    dark: bool
    terminal_colours: bool
    colours: dict[str, str]
    people: tuple[str, ...]

    def variables(self) -> dict[str, str]:
        """The names that the style sheets use."""
        named = {role: self.colours[role] for role in ROLES if role not in {"background", "text"}}
        named |= {f"person-{index}": self.people[index % len(self.people)] for index in range(PEOPLE)}
        if self.terminal_colours:
            named |= _TERMINAL_VARIABLES
        return named | {
            "input-cursor-background": self.colours["text"],
            "input-cursor-foreground": self.colours["background"],
            "input-selection-background": self.colours["chosen"],
            "input-selection-foreground": self.colours["text"],
            "block-cursor-background": self.colours["chosen" if self.terminal_colours else "accent"],
            "block-cursor-foreground": self.colours["background"],
            "scrollbar": self.colours["rule"],
            "scrollbar-hover": self.colours["accent"],
            "scrollbar-active": self.colours["accent"],
            "scrollbar-background": self.colours["background"],
            "scrollbar-background-hover": self.colours["background"],
            "scrollbar-background-active": self.colours["background"],
            "scrollbar-corner-color": self.colours["background"],
            "border": self.colours["accent"],
            "border-blurred": self.colours["rule"],
        }

    def theme(self) -> Theme:
        """The same for Textual."""
        colours = self.colours
        return Theme(
            name=self.name,
            primary=colours["accent"],
            secondary=colours["accent"],
            accent=colours["accent"],
            warning=colours["waiting"],
            error=colours["danger"],
            success=colours["linked"],
            foreground=colours["text"],
            background=colours["background"],
            surface=colours["background"],
            panel=colours["background"],
            boost=colours["background"],
            dark=self.dark,
            variables=self.variables(),
            ansi=self.terminal_colours,
        )


def fitting_theme(colours: str | None) -> str:
    """A theme for a terminal that has these colours, as Rich names them, or None."""
    return "sixteen" if colours in {None, "standard"} else "dark"


def load_palettes(directories: Iterable[Path] = ()) -> dict[str, Palette]:
    """Every theme by name: the shipped ones, then those of `directories`, which may replace them.

    Raises:
        UsageError: a file is not a theme; names the file, the line and what belongs there.
    """
    shipped = next((directory for directory in _SHIPPED if directory.is_dir()), _SHIPPED[0])
    palettes: dict[str, Palette] = {}
    for directory in (shipped, *directories):
        for path in sorted(directory.glob("*.toml")):
            palette = read_palette(path)
            palettes[palette.name] = palette
    return palettes


def read_palette(path: Path) -> Palette:
    """One theme file.

    Raises:
        UsageError: it cannot be read or lacks something; names the line.
    """
    try:
        source = path.read_text(encoding="utf-8")
        table = tomllib.loads(source)
    except OSError as error:
        raise UsageError(
            _("The theme {file} cannot be read: {reason}.").format(file=path, reason=reason_of(error))
        ) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(
            _("The theme {file} is not TOML: {reason}.").format(file=path, reason=toml_reason(error))
        ) from error
    return _Reader(path, source, table).palette()


class _Reader:
    """Checks one parsed file, and finds the line of what is wrong with it."""

    def __init__(self, path: Path, source: str, table: dict[str, object]) -> None:
        self._path = path
        self._source = source
        self._table = table

    def palette(self) -> Palette:
        for key in self._table.keys() - {"name", "dark", "terminal_colours", "colours"}:
            self._fail(key, _("Known are: name, dark, terminal_colours, colours."))
        name, colours = self._table.get("name"), self._table.get("colours")
        if not isinstance(name, str) or not re.fullmatch(r"[a-z0-9-]{1,32}", name):
            self._fail("name", _("It is a word of lower-case letters, digits and hyphens."))
        if not isinstance(colours, dict):
            self._fail("colours", _("It is a table of colours."))
        return Palette(
            name=name,
            dark=self._flag("dark"),
            terminal_colours=self._flag("terminal_colours", default=False),
            colours=self._roles(colours),
            people=self._people(colours),
        )

    def _flag(self, key: str, default: bool | None = None) -> bool:
        value = self._table.get(key, default)
        if not isinstance(value, bool):
            self._fail(key, _("It is true or false."))
        return value

    def _roles(self, colours: dict[str, object]) -> dict[str, str]:
        for key in colours.keys() - {*ROLES, "people"}:
            self._fail(key, _("Known are: {names}.").format(names=", ".join((*ROLES, "people"))))
        return {role: self._colour(role, colours.get(role)) for role in ROLES}

    def _people(self, colours: dict[str, object]) -> tuple[str, ...]:
        people = colours.get("people")
        if not isinstance(people, list) or not people:
            self._fail("people", _("It is a list of colours."))
        return tuple(self._colour("people", colour) for colour in cast(list[object], people))

    def _colour(self, key: str, value: object) -> str:
        if isinstance(value, str):
            try:
                Color.parse(value)
            except ColorParseError:
                pass
            else:
                return value
        return self._fail(key, _("It is a colour like #8fc7e8 or ansi_cyan."))

    def _fail(self, key: str, valid: str) -> NoReturn:
        lines = self._source.splitlines()
        pattern = re.compile(rf"\s*\[?{re.escape(key)}\b")
        number = next((index for index, line in enumerate(lines, 1) if pattern.match(line)), 0)
        if number:
            sentence = _("{file}, line {line}: “{key}” does not fit a theme.")
        else:
            sentence = _("{file}: “{key}” is missing.")
        raise UsageError(sentence.format(file=self._path, line=number, key=key), valid)
