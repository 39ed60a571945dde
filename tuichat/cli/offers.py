"""What may stand where a word of an unfinished command is being typed."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from tuichat.cli.context import Context
from tuichat.cli.known_words import known_words
from tuichat.cli.parser import file_or_stream, some_path
from tuichat.cli.unfinished import Place, place_behind

_DIRECTORIES = ("home", "to", "directory")


@dataclass(frozen=True, slots=True)
class Offer:
    """Words, or paths, which the shell knows better."""

    kind: Literal["words", "files", "directories"]
    words: tuple[str, ...] = ()


def offer(context: Context, words: Sequence[str], current: str) -> Offer:
    """What may come behind `words`, beginning with `current` or not. It starts nothing and asks nobody."""
    place = place_behind(words)
    if place.awaiting is not None:
        return _for_argument(context, place, place.awaiting)
    name, equals, _value = current.partition("=")
    if place.options and equals and (action := place.option(name)) is not None:
        found = _for_argument(context, place, action)
        return replace(found, words=tuple(f"{name}={word}" for word in found.words))
    if current.startswith("-") and place.options:
        return Offer("words", _options(place))
    shown = tuple(name for name, command in place.parser.subcommands.items() if not command.hidden)
    if shown:
        return Offer("words", shown)
    if (argument := place.positional()) is not None:
        return _for_argument(context, place, argument)
    return Offer("words", _options(place) if place.options else ())


def _options(place: Place) -> tuple[str, ...]:
    """Its long options; help at last, which every command has."""
    names = [word for action in place.parser.arguments for word in action.option_strings]
    return tuple(sorted((word for word in names if word.startswith("--")), key=lambda word: word == "--help"))


def _for_argument(context: Context, place: Place, action: argparse.Action) -> Offer:
    if action.choices:
        return Offer("words", tuple(str(choice) for choice in action.choices))
    if action.type in (some_path, file_or_stream):
        return Offer("directories" if action.dest in _DIRECTORIES else "files")
    if place.path == ("config", "set"):
        return Offer("words", _settings(place))
    return Offer("words", known_words(context, place, action.dest))


def _settings(place: Place) -> tuple[str, ...]:
    """The names of all settings; behind one its values, if they can be told."""
    from tuichat.settings import SETTINGS

    if not place.given:
        return tuple(SETTINGS)
    setting = SETTINGS.get(place.given[0])
    if setting is None:
        return ()
    if setting.form == "switch":
        return ("true", "false")
    return setting.choices() if setting.choices is not None else ()
