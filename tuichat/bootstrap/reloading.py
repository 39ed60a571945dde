"""Settings that are read again while a node runs: what changes at once, and what the next start is for."""

from __future__ import annotations

from typing import Any, Final

from msgspec.structs import replace

from tuichat.config import Config, value_of
from tuichat.settings import SETTINGS

LIVE: Final = frozenset(
    (
        *("privacy.receipts", "privacy.typing", "privacy.presence", "privacy.auto_lock", "privacy.retention"),
        *("files.circuits", "files.auto_accept_below", "files.quota", "ui.language"),
    )
)
"""What a running node goes by as soon as it has read it; the rest of `ui` is the interface's."""


def changed(before: Config, found: Config) -> tuple[list[str], list[str]]:
    """The settings that differ: those that change at once, and those that need another start."""
    names = [name for name in SETTINGS if value_of(before, name) != value_of(found, name)]
    later = [name for name in names if name not in LIVE and not name.startswith("ui.")]
    hooks = ["hooks"] if before.hooks != found.hooks else []
    return [name for name in names if name in LIVE], [*later, *hooks]


def merged(before: Config, found: Config) -> Config:
    """What is in force after the settings were read again."""
    sections: dict[str, Any] = {}
    for name in LIVE:
        section, key = name.split(".")
        present = sections.get(section, getattr(before, section))
        sections[section] = replace(present, **{key: getattr(getattr(found, section), key)})
    return replace(before, **sections)
