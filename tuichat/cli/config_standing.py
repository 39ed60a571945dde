"""How the settings stand: what the file says of each, what the environment, and what holds by itself."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from tuichat.config import (
    Config,
    environment_values,
    line_of,
    parse_config,
    parse_hooks,
    read_config_text,
    value_of,
)
from tuichat.settings import SETTINGS
from tuichat.tui.standing import Standing, Standings


def standings(path: Path, environment: Mapping[str, str]) -> Standings:
    """Read the file at `path`, which need not exist.

    Raises:
        UsageError: a mistake in it or in the environment.
        StorageError: it cannot be read.
    """
    text = read_config_text(path) or ""
    in_file, in_environment, standard = parse_config(text, path), environment_values(environment), Config()
    found = {}
    for name in SETTINGS:
        if name in in_environment:
            found[name] = Standing(in_environment[name], "environment")
        elif name in in_file:
            found[name] = Standing(in_file[name], "file", line_of(text, name))
        else:
            found[name] = Standing(value_of(standard, name))
    hooks = tuple(f"{hook.event}: {shlex.join(hook.words)}" for hook in parse_hooks(text, path))
    return Standings(found, hooks, str(path))
