"""In which language to speak before the settings are read: of errors of use, and for help."""

from __future__ import annotations

import argparse
import stat
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeVar

from tuichat.cli.commands import VALUED
from tuichat.cli.parser import is_unicode, profile_name, some_path
from tuichat.errors import TuichatError

_SETTING: Final = "ui.language"
_Given = TypeVar("_Given")


def first_language(arguments: Sequence[str], environment: Mapping[str, str]) -> str | None:
    """What the settings of the profile in question say; None if nothing, or if they cannot be read.

    Whatever is wrong with options or settings is said later, where they are needed.
    """
    try:
        from tuichat.settings import checked, find_setting

        variable = environment.get("TUICHAT_UI__LANGUAGE")
        value: object = variable if variable is not None else _in_file(_settings(arguments, environment))
        return str(checked(find_setting(_SETTING, ""), value, "")) if value else None
    except (TuichatError, OSError, ValueError, argparse.ArgumentTypeError):
        return None


def _in_file(path: Path) -> object:
    if not stat.S_ISREG(path.stat().st_mode):  # a pipe can be read only once
        return None
    from tuichat.config import parse_config, read_config_text

    text = read_config_text(path)
    return parse_config(text, path).get(_SETTING) if text and "language" in text else None


def _settings(arguments: Sequence[str], environment: Mapping[str, str]) -> Path:
    from tuichat import bootstrap

    given = _options(arguments)

    def found(option: str, variable: str, kind: Callable[[str], _Given]) -> _Given | None:
        text = given.get(option) or environment.get(variable)
        return kind(text) if text and is_unicode(text) else None

    home = found("--home", "TUICHAT_HOME", some_path)
    profile = found("--profile", "TUICHAT_PROFILE", profile_name)
    config = found("--config", "", some_path)
    return bootstrap.profile_paths(home, profile or "default", config).config


def _options(arguments: Sequence[str]) -> dict[str, str]:
    """The options before the command, as far as they have a value."""
    given: dict[str, str] = {}
    waiting = iter(arguments)
    for argument in waiting:
        option, sign, value = argument.partition("=")
        if not option.startswith("-"):
            break
        if option in VALUED:
            given[option] = value if sign else next(waiting, "")
    return given
