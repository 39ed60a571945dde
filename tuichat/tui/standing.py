"""How the settings stand: what each is set to, and where that was said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from tuichat.settings import Value

Source = Literal["default", "file", "environment", "session"]
"""By itself; in the file; in the environment; or chosen where nothing is kept."""


class Standing(msgspec.Struct, frozen=True):
    """One setting.

    Attributes:
        value: as it was written, or would be.
        source: where; the environment wins over the file.
        line: of the file, from 1; 0 if it stands elsewhere.
    """

    value: Value
    source: Source = "default"
    line: int = 0


class Standings(msgspec.Struct, frozen=True):
    """All of them.

    Attributes:
        settings: by name.
        hooks: each in a row of words.
        path: of the file, "" where there is none.
    """

    settings: Mapping[str, Standing]
    hooks: tuple[str, ...] = ()
    path: str = ""
