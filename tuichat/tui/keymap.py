"""Keymaps: data files that say which keys stand for which others, or for commands.

A keymap changes nothing but what a key press is taken for, before anything else sees it; what the keys do is
said where they are bound.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, Literal, NoReturn, get_args

import msgspec
from textual.keys import Keys, _character_to_key

from tuichat.errors import UsageError
from tuichat.i18n import _
from tuichat.system_reasons import reason_of
from tuichat.toml_words import toml_reason
from tuichat.tui.slash import Command, read_line

Place = Literal["anywhere", "input", "messages", "lists"]
"""Where a key is pressed: with the input in focus, while a message is chosen, in a list; or wherever."""

PLACES: Final[tuple[Place, ...]] = get_args(Place)
WITH_CHARACTERS: Final[frozenset[Place]] = frozenset({"messages", "lists"})
"""Where single characters are keys and not text."""

SHIPPED: Final = Path(__file__).parent / "keymaps"

_MODIFIERS: Final = re.compile(r"(?:(?:ctrl|alt|shift)\+)*")
_NAMES: Final = frozenset(key.value for key in Keys if re.fullmatch(r"[a-z]+[0-9]*", key.value))


class Keymap(msgspec.Struct, frozen=True):
    """A keymap as its file says it: of each place the keys, and what they stand for.

    Keys are named as Textual names them; a command begins with a slash, and "" is nothing at all.
    """

    name: str
    places: Mapping[Place, Mapping[str, str]]

    def meaning(self, place: Place | None, key: str) -> str | None:
        """What `key` stands for in `place`, where `None` is none of them; None if for itself."""
        here = self.places[place].get(key) if place is not None else None
        return self.places["anywhere"].get(key) if here is None else here

    def rows(self) -> list[tuple[str, str, Place]]:
        """Each key, what it stands for and where, as people read them."""
        return [
            (shown(key), meaning if meaning.startswith("/") else shown(meaning), place)
            for place in PLACES
            for key, meaning in self.places[place].items()
        ]


def load_keymaps(directories: Iterable[Path] = ()) -> dict[str, Keymap]:
    """Every keymap by name: the shipped ones, then those of `directories`, which may replace them.

    Raises:
        UsageError: a file is not a keymap; names the file, the line and what belongs there.
    """
    found = [read_keymap(file) for place in (SHIPPED, *directories) for file in sorted(place.glob("*.toml"))]
    return {keymap.name: keymap for keymap in found}


def read_keymap(path: Path) -> Keymap:
    """One keymap file. Raises UsageError as `load_keymaps` does."""
    try:
        source = path.read_text(encoding="utf-8")
        table = tomllib.loads(source)
    except OSError as error:
        raise UsageError(
            _("The keymap {file} cannot be read: {reason}.").format(file=path, reason=reason_of(error))
        ) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(
            _("The keymap {file} is not TOML: {reason}.").format(file=path, reason=toml_reason(error))
        ) from error
    return _Reader(path, source).keymap(table)


def key_name(written: str) -> str:
    """Textual's name of a key as people write it; "" if there is no such key."""
    modifiers = _MODIFIERS.match(written)
    assert modifiers is not None
    key = written[modifiers.end() :]
    if len(key) == 1 and key.isprintable() and key != " ":
        key = _character_to_key(key)
    elif key not in _NAMES:
        return ""
    return modifiers[0] + key


def shown(key: str) -> str:
    """The key as the help page writes it: Alt+Up, PgUp, j."""
    words = {"pageup": "PgUp", "pagedown": "PgDn", "escape": "Esc"}
    *modifiers, last = key.split("+")
    character = _CHARACTERS.get(last, last)
    if len(character) == 1:
        last = character.upper() if modifiers else character
    else:
        last = words.get(character, character.capitalize())
    return "+".join([*(modifier.capitalize() for modifier in modifiers), last])


_CHARACTERS: Final = {_character_to_key(chr(code)): chr(code) for code in range(33, 127)}


class _Reader:
    """Checks one parsed file, and finds the line of what is wrong with it."""

    def __init__(self, path: Path, source: str) -> None:
        self._path = path
        self._source = source

    def keymap(self, table: Mapping[str, object]) -> Keymap:
        for key in table.keys() - {"name", *PLACES}:
            self._fail(key, _("Known are: {names}.").format(names=", ".join(("name", *PLACES))))
        name = table.get("name")
        if not isinstance(name, str) or not re.fullmatch(r"[a-z0-9-]{1,32}", name):
            self._fail("name", _("It is a word of lower-case letters, digits and hyphens."))
        return Keymap(name, {place: self._keys(place, table.get(place, {})) for place in PLACES})

    def _keys(self, place: Place, keys: object) -> dict[str, str]:
        if not isinstance(keys, dict):
            self._fail(place, _("It is a table of keys."))
        return {self._key(place, key): self._meaning(key, meaning) for key, meaning in keys.items()}

    def _key(self, place: Place, written: str) -> str:
        key = key_name(written)
        if not key:
            self._fail(written, _("There is no such key. Write it like j, alt+up, ctrl+x or f5."))
        if len(written) == 1 and place not in WITH_CHARACTERS:
            self._fail(written, _("It is text there: single characters are keys in messages and lists only."))
        return key

    def _meaning(self, key: str, meaning: object) -> str:
        if isinstance(meaning, str):
            if meaning == "" or (meaning.startswith("/") and isinstance(read_line(meaning), Command)):
                return meaning
            if named := key_name(meaning):
                return named
        return self._fail(
            key, _("It stands for a key such as alt+up, a command such as /search, or nothing.")
        )

    def _fail(self, key: str, valid: str) -> NoReturn:
        pattern = re.compile(rf"\s*\[?[\"']?{re.escape(key)}[\"']?\s*[=\]]")
        lines = self._source.splitlines()
        number = next((index for index, line in enumerate(lines, 1) if pattern.match(line)), 0)
        if number:
            sentence = _("{file}, line {line}: “{key}” does not fit a keymap.")
        else:
            sentence = _("{file}: “{key}” is missing.")
        raise UsageError(sentence.format(file=self._path, line=number, key=key), valid)
