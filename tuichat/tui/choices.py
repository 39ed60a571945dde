"""What one can choose while the interface runs: it takes effect at once, and is kept for the next start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tuichat.errors import UsageError
from tuichat.i18n import _


@dataclass(frozen=True, slots=True)
class Choice:
    """One of them.

    Attributes:
        names: of what can be chosen.
        choose: takes one of the names; raises UsageError for any other.
    """

    names: Callable[[], list[str]]
    choose: Callable[[str], None]


class Choices:
    """All of them, by the names that they have in the section [ui] of the settings.

    Args:
        choices: by name.
        save: keeps a setting and its value; None where nothing is kept.
    """

    def __init__(self, choices: dict[str, Choice], save: Callable[[str, str], None] | None) -> None:
        self._choices = choices
        self._save = save

    def names(self, setting: str) -> list[str]:
        """What `setting` can be."""
        return self._choices[setting].names()

    def choose(self, setting: str, value: str) -> None:
        """Use `value` from now on. Raises UsageError with what can be chosen."""
        choice = self._choices.get(setting)
        if choice is None:
            raise UsageError(
                _("What can be set here: {names}.").format(names=", ".join(self._choices)), self._usage()
            )
        choice.choose(value)
        if self._save is not None:
            self._save(setting, value)

    def _usage(self) -> str:
        return "; ".join(f"/set {name} {'|'.join(each.names())}" for name, each in self._choices.items())
