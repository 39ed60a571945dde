"""Where in the command line an unfinished command is: its parser, and what is there already."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tuichat.cli.commands import build_parser, parser_for
from tuichat.cli.parser import Parser


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a command a word is to come.

    Attributes:
        parser: of the command.
        path: its words.
        given: the positional arguments that are there already.
        awaiting: the option whose value is next.
        options: whether an option may come.
        before: the options before the command, with their values.
    """

    parser: Parser
    path: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    awaiting: argparse.Action | None = None
    options: bool = True
    before: tuple[str, ...] = ()

    def option(self, word: str) -> argparse.Action | None:
        """The option that is called so."""
        return next((action for action in self.parser.arguments if word in action.option_strings), None)

    def positional(self) -> argparse.Action | None:
        """The positional argument that is next, None if none is."""
        positionals = [action for action in self.parser.arguments if not action.option_strings]
        if len(self.given) < len(positionals):
            return positionals[len(self.given)]
        return positionals[-1] if positionals and positionals[-1].nargs in ("*", "+") else None


def place_behind(words: Sequence[str], parser: Parser | None = None) -> Place:
    """Where one is behind these words, the first of which stands behind `tuichat`.

    `parser` is the whole one if it is at hand; else what is needed of it is made.
    """
    if parser is None:
        parser = parser_for(words) if words else build_parser()
    place = Place(parser if parser.subcommands else build_parser())
    for word in words:
        place = _after(place, word)
    return place


def _after(place: Place, word: str) -> Place:
    before = place.before if place.path else (*place.before, word)
    if place.awaiting is not None:
        return replace(place, awaiting=None, before=before)
    if place.options and word == "--":
        return replace(place, options=False)
    if place.options and word.startswith("-") and word != "-":
        action = None if "=" in word else place.option(word)
        takes_value = action is not None and action.nargs != 0
        return replace(place, awaiting=action if takes_value else None, before=before)
    command = place.parser.subcommands.get(word)
    if command is not None:
        return replace(place, parser=command, path=(*place.path, word))
    return replace(place, given=(*place.given, word))
