"""The layout of help: argparse's, which counts characters, made to count cells.

Behind each wide character stands an unused one while argparse measures, and is taken away from what it made.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from typing import Any

from tuichat.cli.output import width_of
from tuichat.i18n import _

_SECOND_CELL = "\uf8fe"


class Layout(argparse.HelpFormatter):
    """argparse's, in the language and with the widths of what people see."""

    def add_usage(
        self, usage: str | None, actions: Iterable[Any], groups: Iterable[Any], prefix: str | None = None
    ) -> None:
        """As argparse's, with its one word translated."""
        super().add_usage(usage, actions, groups, _spread(_("usage: ") if prefix is None else prefix))

    def start_section(self, heading: str | None) -> None:
        """As argparse's."""
        super().start_section(heading and _spread(heading))

    def add_text(self, text: str | None) -> None:
        """As argparse's."""
        super().add_text(text and _spread(text))

    def format_help(self) -> str:
        """As argparse's."""
        return super().format_help().replace(_SECOND_CELL, "")

    def _expand_help(self, action: argparse.Action) -> str:
        return _spread(super()._expand_help(action))

    def _metavar_formatter(
        self, action: argparse.Action, default_metavar: str
    ) -> Callable[[int], tuple[str, ...]]:
        named = super()._metavar_formatter(action, default_metavar)
        return lambda count: tuple(_spread(name) for name in named(count))


def _spread(text: str) -> str:
    """With as many characters as it takes cells."""
    if text.isascii():
        return text
    return "".join(each + _SECOND_CELL if width_of(each) == 2 else each for each in text)
