"""Lengths of time as people write them: a whole number and a unit, s, m, h, d or w."""

from __future__ import annotations

import re

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
_WRITTEN = re.compile(r"([0-9]{1,6})([smhdw])")


def parse_duration(text: str) -> int | None:
    """The seconds of "90s", "30m", "24h", "7d" or "2w"; None if it is no length of time."""
    found = _WRITTEN.fullmatch(text.strip().lower())
    return None if found is None else int(found[1]) * _UNITS[found[2]]
